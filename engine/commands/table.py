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
    Raises SinkError.
    """
    if where == "-":
        narrow = not (sys.stdout.encoding or "").lower().startswith("utf")
        print(json.dumps(plain(value), indent=2, ensure_ascii=narrow))
        return
    path = Path(where).expanduser()
    text = json.dumps(plain(value), indent=2, ensure_ascii=False) + "\n"
    try:
        if path.is_file() and path.stat().st_size and not holds_json(path):
            raise SinkError("holds something else than JSON, and is not overwritten", where=where, hint=ANOTHER)
        # Half a character of a file's name becomes its escape, which JSON reads as that name again.
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise SinkError(
            f"cannot be written: {error.strerror}", where=where, hint="choose a folder you may write in"
        ) from None


def holds_json(path: Path) -> bool:
    """Whether a file begins as a list or mapping in JSON does."""
    with path.open("rb") as file:
        return file.read(64).lstrip()[:1] in (b"{", b"[")


def emit(value: Any, where: str | None, text: str) -> None:
    """Prints `text`; or writes `value` as JSON where that was asked for."""
    if where is None:
        print(text)
    else:
        write_json(value, where)
        if where != "-":
            print(f"wrote {where}", file=sys.stderr)
