"""Where an effect comes from: its file, its folder, and the author's line that an error or a class names."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from ..core.places import SHADERS
from .effect import Effect


def file_of(effect: type[Effect]) -> Path | None:
    """The file that defines `effect`: the author's shader, or the Python file of its class."""
    if (file := effect.__dict__.get("shader_file")) is not None:
        return Path(file).resolve()
    try:
        return Path(inspect.getfile(effect)).resolve()
    except (TypeError, OSError):
        return None


def folder_of(effect: type[Effect]) -> Path:
    """The folder of the file that defines `effect`."""
    file = file_of(effect)
    return SHADERS if file is None else file.parent


def line_in(error: BaseException, path: Path, otherwise: str = "") -> str:
    """`file:line` of the deepest line of `path`, or of its folder where that is the effect, in an error's traceback."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    where, trace = otherwise or str(path), error.__traceback__
    own = path.resolve()
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.resolve() == own:
            where = f"{path}:{trace.tb_lineno}"
        elif path.name == "__init__.py" and file.resolve().is_relative_to(own.parent):
            where = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return where


def line_with(path: Path, name: str) -> str:
    """`file:line` of where a class gives `name` a value."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return str(path)
    found = re.search(rf"^[ \t]+{re.escape(name)}\b[^=\n]*=", text, re.MULTILINE)
    return f"{path}:{text.count(chr(10), 0, found.start()) + 1}" if found else str(path)
