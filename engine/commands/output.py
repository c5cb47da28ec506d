"""Tables of plain text that fit the terminal."""

from __future__ import annotations

import json
import math
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from ..core.errors import SinkError
from ..core.files.guard import Guard
from ..core.files.put import write_whole
from ..core.files.target import Target
from ..core.paths import check_place, in_words, is_file, named

MOST = 500_000_000  # bytes; larger JSON is none of ours
ANOTHER = "choose another name, or - for standard output"


def table(rows: Sequence[Sequence[str]], indent: str = "  ") -> str:
    """Rows as aligned columns, the last one wrapped to the terminal's width."""
    if not rows:
        return ""
    columns = len(rows[0])
    widths = [max(len(row[i]) for row in rows) for i in range(columns - 1)]
    lead = len(indent) + sum(w + 2 for w in widths)
    room = max(24, shutil.get_terminal_size((110, 24)).columns - lead)
    lines = []
    for row in rows:
        head = indent + "".join(cell.ljust(width + 2) for cell, width in zip(row, widths, strict=False))
        wrapped = textwrap.wrap(row[-1], room) or [""]
        lines.append((head + wrapped[0]).rstrip())
        lines += [" " * lead + more for more in wrapped[1:]]
    return "\n".join(lines)


def plain(value: Any) -> Any:
    """`value` as JSON knows it: numpy's numbers and arrays too; what is no number, and infinity, is null."""
    if hasattr(value, "tolist"):  # numpy's, which printing a table need not import
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(found) for key, found in value.items()}
    if isinstance(value, list | tuple | Set):
        return [plain(found) for found in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int) else str(value)


def write_json(value: Any, where: str) -> None:
    """Writes `value` as JSON to the file `where`, whole or not at all, or to standard output where it is `-`.

    Raises SinkError, as `check_json` does too.
    """
    if where == "-":
        narrow = not (sys.stdout.encoding or "").lower().startswith("utf")
        print(json.dumps(plain(value), indent=2, ensure_ascii=narrow))
        return
    check_json(where)
    write_whole(named(where), as_json(value), overwrite=True)


def as_json(value: Any) -> bytes:
    """`value` as a JSON file's bytes. Half a character of a file's name becomes its escape, which JSON reads as that
    name again."""
    return (json.dumps(plain(value), indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def check_json(*where: str | None, read: Iterable[str | Path] = ()) -> None:
    """Raises PhospheneError where a JSON file that was asked for cannot be written; before the work that it reports.

    A file that holds something else than JSON is not overwritten: a name in the wrong place must not cost a clip or an
    effect. No more is one that is `read`.
    """
    files = [named(name) for name in where if name is not None and name != "-"]
    Guard(read).writes(Target(path) for path in files)
    for path in files:
        check_place(str(path))
        if is_file(path) and path.stat().st_size and not holds_json(path):
            raise SinkError("is not a JSON file, so it is not overwritten", where=str(path), hint=ANOTHER)


def holds_json(path: Path) -> bool:
    """Whether a file is a list or mapping in JSON; a scene begins like a list, and is none."""
    try:
        return path.stat().st_size <= MOST and isinstance(json.loads(path.read_bytes()), dict | list)
    except (ValueError, RecursionError):
        return False
    except OSError as error:
        raise in_words(error, path) from error


def emit(value: Any, where: str | None, text: str) -> None:
    """Prints `text`; or writes `value` as JSON where that was asked for."""
    if where is None:
        print(text)
    else:
        write_json(value, where)
        if where != "-":
            print(f"wrote {where}", file=sys.stderr)
