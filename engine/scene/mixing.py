"""What lies between two values of a parameter."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.param_types import Color, Float, Int, Point
from ..core.params import Param
from ..core.srgb import decode, encode
from .binding import Binding


def mixed(param: Param[Any], start: Any, end: Any, position: float) -> Any:
    """The value at `position` on the way from `start` (0) to `end` (1), as `param` holds it.

    Numbers and points go straight, whole numbers rounded; colours go straight in linear light. Everything else, and
    what follows a signal, changes at one half. Both ends are exact.
    """
    if position <= 0.0 or position >= 1.0:
        return start if position <= 0.0 else end
    if isinstance(start, Binding) or isinstance(end, Binding):
        return start if position < 0.5 else end
    if isinstance(param, Int):
        return round(start + (end - start) * position)
    if isinstance(param, Float):
        return start + (end - start) * position
    if isinstance(param, Point):
        return tuple(a + (b - a) * position for a, b in zip(start, end, strict=True))
    if isinstance(param, Color):
        one, other = np.array(start, np.float64), np.array(end, np.float64)
        codes = encode(decode(one) * (1.0 - position) + decode(other) * position)
        alpha = one[3] + (other[3] - one[3]) * position
        return tuple(float(part) for part in np.clip([*codes[:3], alpha], 0.0, 1.0))
    return start if position < 0.5 else end
