"""Tables of plain text that fit the terminal."""

from __future__ import annotations

import json
import math
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from engine.errors import SinkError
from engine.paths import check_place, in_words, is_file, named, write_text

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
    """Writes `value` as JSON to the file `where`, or to standard output where it is `-`.

    A file that holds something else is not overwritten: a name in the wrong place must not cost a clip or an effect.
    Raises PhospheneError.
    """
    if where == "-":
        narrow = not (sys.stdout.encoding or "").lower().startswith("utf")
        print(json.dumps(plain(value), indent=2, ensure_ascii=narrow))
        return
    check_json(where)
    # Half a character of a file's name becomes its escape, which JSON reads as that name again.
    write_text(named(where), json.dumps(plain(value), indent=2, ensure_ascii=False) + "\n")


def check_json(where: str | None) -> None:
    """Raises PhospheneError where `write_json` could not write to `where`; commands ask before their work."""
    check_place(where)
    if where is None or where == "-" or not is_file(path := named(where)):
        return
    if path.stat().st_size and not holds_json(path):
        raise SinkError("holds something else than JSON, and is not overwritten", where=where, hint=ANOTHER)


def holds_json(path: Path) -> bool:
    """Whether a file begins as a list or mapping in JSON does."""
    try:
        with path.open("rb") as file:
            return file.read(64).lstrip()[:1] in (b"{", b"[")
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
