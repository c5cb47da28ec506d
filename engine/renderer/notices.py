"""What the renderer itself writes into pictures: the slate that stands for the room, and what went wrong."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from ..core.errors import PhospheneError
from ..effect.effect import Effect
from ..effect.origin import file_of, line_in
from ..effect.shapes import Box, Label, Shape
from ..glsl.dialects import is_shader

SLATE = 0.006, 0.008, 0.014, 1.0  # its ground, in linear light


def slate_shapes(title: str, reason: str, height_px: int) -> list[Shape]:
    """The words on a slate."""
    size_px = height_px / 14
    return [
        Label(title, (0.5, 0.46), size_px, "#ffffff", (0.5, 0.5), None, True),
        Label(reason, (0.5, 0.57), size_px * 0.55, "#9aa4b8", (0.5, 0.5), None),
    ]


def problem_shapes(problems: Mapping[str, str], size: tuple[int, int]) -> list[Shape]:
    """The last of `problems` (text by address), at the bottom of a picture of `size`."""
    if not problems:
        return []
    address, text = next(reversed(list(problems.items())))
    size_px = max(11.0, size[1] / 40)
    width = max(20, int(size[0] / (size_px * 0.55)))
    lines = [part for line in f"{address}: {text}".splitlines() for part in textwrap.wrap(line, width)][:5]
    top = 1.0 - (len(lines) + 1) * size_px / size[1]
    return [
        Box((0.0, top), (1.0, 1.0), "#300008d8", 0.0),
        Label("\n".join(lines), (0.01, top + 0.4 * size_px / size[1]), size_px, "#ffb4a8", outline=None),
    ]


def words(error: BaseException, effect: Effect | None = None) -> str:
    """An error as it is told to people; what an effect's own Python does wrong with its file and line."""
    if isinstance(error, PhospheneError):
        return str(error)
    file = None if effect is None else file_of(type(effect))
    where = "" if file is None or is_shader(file) else f"{line_in(error, file)}: "
    return f"{where}{type(error).__name__}: {error}"
