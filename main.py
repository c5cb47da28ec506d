"""`python main.py …` is the same program as the installed `phosphene …`."""

import sys

try:
    from phosphene.engine.commands.cli import main
except ModuleNotFoundError as error:
    if __name__ != "__main__" or (error.name or "").split(".")[0] == "phosphene":
        raise
    sys.exit(
        f"phosphene: the package {error.name} is not installed here\n"
        "  next: python3 dev.py run …, which sets everything up"
    )

if __name__ == "__main__":
    sys.exit(main())
