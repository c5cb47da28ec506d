"""Python's own parser, for one thread at a time.

CPython 3.11 and 3.12 count how deep they are in a syntax tree for all threads together: two that parse at once may both
get a SystemError ("AST constructor recursion depth mismatch").
"""

from __future__ import annotations

import ast
import threading
from pathlib import Path

_one = threading.Lock()


def module_in(path: Path) -> ast.Module:
    """The syntax tree of a Python file; raises what `ast.parse` does, and OSError."""
    source = path.read_bytes()  # bytes: the parser knows byte order marks and encodings
    with _one:
        return ast.parse(source, str(path))


def expression(text: str) -> ast.expr:
    """The syntax tree of one expression; raises what `ast.parse` does."""
    with _one:
        return ast.parse(text, mode="eval").body
