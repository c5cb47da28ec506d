"""What a driver says about an assembled shader, as errors in the author's own file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from ..core.errors import ShaderError
from ..core.source_lines import location
from ..effect.shader import Shader
from .includes import MARK

# Mesa: `1:12(5): error: …`; NVIDIA: `1(12) : error C0000: …`; Apple, AMD, Intel: `ERROR: 1:12: …`.
_ERROR = re.compile(r"^(?:ERROR:\s*)?\d+(?::(\d+)(?:\(\d+\))?|\((\d+)\))\s*:\s*(.*)$")


def author_lines(shader: Shader) -> Iterator[tuple[str, str]]:
    """`file:line` and the text of each row of an assembled shader."""
    file, line = 0, 0
    for text in shader.text.split("\n"):
        marked = MARK.fullmatch(text)
        if marked and int(marked[2]) < len(shader.files):
            line, file = int(marked[1]) - 1, int(marked[2])
        else:
            line += 1
        yield location(shader.files[file], line), text


def author_line(shader: Shader, row: int) -> str:
    """`file:line` of a row, from 1, of an assembled shader."""
    rows = list(islice(author_lines(shader), max(row, 0)))
    return rows[-1][0] if rows else location(shader.files[0], 0)


def named_line(shader: Shader, message: str) -> str:
    """`file:line` where the author first writes a function that a message without a line speaks of, or else the
    effect's own; nothing where that is nowhere."""
    names = re.findall(r"(\w+)(?=['(])", message)
    for name in (*names, "effect", "mainImage", "transition", "main"):
        for where, text in author_lines(shader):
            if not where.startswith("prelude:") and re.search(rf"\b{name}\s*\(", text):
                return where
    return ""


def explain(error: str, shader: Shader) -> ShaderError:
    """The driver's message as an error in the author's file and line."""
    found: list[tuple[str, str]] = []
    for line in error.splitlines():
        match = _ERROR.match(line.strip())
        if match is None:
            continue
        row, text = int(match[1] or match[2]), match[3]
        if "warning" in text[:8].lower():
            continue
        found.append((author_line(shader, row), re.sub(r"^error\s*\w*:\s*", "", text)))
    own = [f for f in found if not f[0].startswith("prelude:")]
    if not own:
        where, said = found[0] if found else (shader.name, (error.strip().splitlines() or ["no reason given"])[-1])
        said = said.removeprefix("error: ")
        return ShaderError(f"does not compile: {said}", where=named_line(shader, said) or where)
    where, text = own[0]
    more = f" (and {len(own) - 1} more)" if len(own) > 1 else ""
    return ShaderError(f"does not compile: {text}{more}", where=where)
