"""What `check` looks at: parameters at the ends of their ranges, and whether images differ."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..core.frame import Pixels
from ..core.param_types import Bool, Choice, Color, Float, Int, Point
from ..core.params import Param
from ..effect.effect import Effect

FLAT = 2  # codes: an image that differs by less from corner to corner is one colour


def extremes(kind: type[Effect]) -> Iterable[tuple[str, Any]]:
    """Each parameter at both ends of its range."""
    for name, param in kind.params().items():
        yield from ((name, value) for value in ends(param))


def ends(param: Param[Any]) -> list[Any]:
    """The values at the ends of a range."""
    if isinstance(param, Float | Int):
        wide = 1e6
        return [v for v in (param.low, param.high) if abs(v) < wide and v != param.default]
    if isinstance(param, Bool):
        return [not param.default]
    if isinstance(param, Choice):
        return [v for v in dict.fromkeys((param.options[0], param.options[-1])) if v != param.default]
    if isinstance(param, Color):
        return [(0.0, 0.0, 0.0, 1.0), (1.0, 1.0, 1.0, 1.0)]
    if isinstance(param, Point):
        return [(0.0, 0.0), (1.0, 1.0)]
    return []


def is_flat(pixels: Pixels) -> bool:
    """Whether an image is one colour."""
    seen = pixels.reshape(-1, 4).astype(np.int16)
    seen = seen[:, :3] * (seen[:, 3:] > 0)
    return int((seen.max(axis=0) - seen.min(axis=0)).max()) < FLAT


def far(pixels: Pixels, expected: Pixels) -> int:
    """The largest difference of two images in codes."""
    return int(np.abs(pixels[..., :3].astype(np.int16) - expected.astype(np.int16)).max())


def describe_colour(pixels: Pixels) -> str:
    """The colour of an image's corner."""
    r, g, b, a = (int(v) for v in pixels[0, 0])
    return "transparent" if a == 0 else f"#{r:02x}{g:02x}{b:02x}"
