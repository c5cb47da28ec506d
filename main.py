"""`python main.py …` is the same program as the installed `phosphene …`."""

import sys

try:
    from engine.cli import main
except ModuleNotFoundError as error:
    if __name__ != "__main__" or (error.name or "").split(".")[0] in ("engine", "effects", "phosphene"):
        raise
    sys.exit(
        f"phosphene: the package {error.name} is not installed here\n"
        "  next: python3 dev.py run …, which sets everything up"
    )

if __name__ == "__main__":
    sys.exit(main())
