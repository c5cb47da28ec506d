"""The machine behind `phosphene`. It knows no concrete effect; nothing here is promised to anybody outside."""

if __name__ == "engine":  # a second copy of every class: what one makes, the other does not know
    raise ImportError("import phosphene.engine, not engine")
