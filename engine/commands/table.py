"""Tables of plain text that fit the terminal."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.errors import SinkError


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


def write_json(value: Any, where: str) -> None:
    """Writes `value` as JSON to the file `where`, or to standard output where it is `-`."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    if where == "-":
        print(text)
        return
    try:
        Path(where).expanduser().write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise SinkError(
            f"cannot be written: {error.strerror}", where=where, hint="choose a folder you may write in"
        ) from None


def emit(value: Any, where: str | None, text: str) -> None:
    """Prints `text`; or writes `value` as JSON where that was asked for."""
    if where is None:
        print(text)
    else:
        write_json(value, where)
        if where != "-":
            print(f"wrote {where}", file=sys.stderr)
