"""What the renderer itself writes into images: the slate that stands for the room, and what went wrong."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from ..core.problem import Problem
from ..effect.shapes import Box, Label, Shape

SLATE = 0.006, 0.008, 0.014, 1.0  # its ground, in linear light


def slate_shapes(title: str, reason: str, height_px: int) -> list[Shape]:
    """The words on a slate."""
    size_px = height_px / 14
    return [
        Label(title, (0.5, 0.46), size_px, "#ffffff", (0.5, 0.5), None, True),
        Label(reason, (0.5, 0.57), size_px * 0.55, "#9aa4b8", (0.5, 0.5), None),
    ]


def problem_shapes(problems: Mapping[str, Problem], size: tuple[int, int]) -> list[Shape]:
    """The last of `problems`, at the bottom of an image of `size`."""
    if not problems:
        return []
    problem = list(problems.values())[-1]
    size_px = max(11.0, size[1] / 40)
    width = max(20, int(size[0] / (size_px * 0.55)))
    lines = [part for line in f"{problem.address}: {problem}".splitlines() for part in textwrap.wrap(line, width)][:5]
    top = 1.0 - (len(lines) + 1) * size_px / size[1]
    return [
        Box((0.0, top), (1.0, 1.0), "#300008d8", 0.0),
        Label("\n".join(lines), (0.01, top + 0.4 * size_px / size[1]), size_px, "#ffb4a8", outline=None),
    ]
