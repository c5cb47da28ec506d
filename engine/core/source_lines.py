"""Where a mistake stands in an author's file: positions, words and errors as `file` or `file:line`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType


def location(file: str | Path, line: int | None) -> str:
    """`file:line`, with lines counted from 1."""
    return f"{file}:{line}"


def line_at(text: str | bytes, position: int) -> int:
    """The line, from 1, of a position in `text`."""
    before = text[: max(position, 0)]
    return (before.count("\n") if isinstance(before, str) else before.count(b"\n")) + 1


def location_at(file: str | Path, text: str, position: int) -> str:
    """`file:line` of a position in `text`, the text of `file`."""
    return location(file, line_at(text, position))


def location_of(file: Path, *patterns: str | re.Pattern[str], cleaned: Callable[[str], str] = lambda text: text) -> str:
    """`file:line` of the first pattern that the file holds, words taken as they stand; `file` where it holds none.

    `cleaned` blanks what does not count, such as comments, and keeps the lines.
    """
    try:
        text = cleaned(file.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return str(file)
    for pattern in patterns:
        if found := re.search(re.escape(pattern) if isinstance(pattern, str) else pattern, text):
            return location_at(file, text, found.start())
    return str(file)


def location_of_assignment(file: Path, name: str) -> str:
    """`file:line` of where a class in `file` gives `name` a value; `file` where none does."""
    pattern = re.compile(rf"^[ \t]+{re.escape(name)}\b[^=\n]*=", re.MULTILINE)
    return location_of(file, pattern)


def location_of_error(error: BaseException, path: Path, otherwise: str = "") -> str:
    """`file:line` of the deepest line of `path` in the error's traceback, or of its folder where that is the effect.

    A syntax error names its own line. `otherwise`, or else `path`, stands for an error that never was in the file.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return location(error.filename, error.lineno)
    where, trace = otherwise or str(path), error.__traceback__
    own = path.resolve()
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.resolve() == own:
            where = location(path, trace.tb_lineno)
        elif path.name == "__init__.py" and file.resolve().is_relative_to(own.parent):
            where = location(file, trace.tb_lineno)
        trace = trace.tb_next
    return where


def location_of_thread(file: Path) -> str:
    """`file:line` where a thread of this process is in the Python file `file`; nothing where none is in it."""
    for frame in sys._current_frames().values():  # a program may draw in any thread
        at: FrameType | None = frame
        while at is not None:
            if Path(at.f_code.co_filename).resolve() == file:
                return location(file, at.f_lineno)
            at = at.f_back
    return ""
