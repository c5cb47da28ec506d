"""What tells a saved file from the file before: time and size."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Stamp(NamedTuple):
    """When a file was saved, in nanoseconds since 1970, and how large it is."""

    saved_ns: int
    size_bytes: int


def stamp(path: Path) -> Stamp | None:
    """What changes when the file is saved; None where there is none, or it may not be looked at."""
    try:
        found = path.stat()
    except OSError:
        return None
    return Stamp(found.st_mtime_ns, found.st_size)
