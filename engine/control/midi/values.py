"""Between a parameter's values and the positions of a control, 0 to 1."""

from __future__ import annotations

import math
from typing import Any

from ...core.param_types import Bool, Choice, Float, Int
from ...core.params import Param

Span = tuple[float, float]


def span_of(param: Param[Any], span: Span | None) -> Span | None:
    """The values at both ends of a control: `span`, else the parameter's own range; None where there is no end."""
    if span is not None or not isinstance(param, Float | Int):
        return span or (0.0, 1.0)
    own = (float(param.low), float(param.high))
    if isinstance(param, Int) and own[1] - own[0] >= 2**31:  # an Int without a range of its own
        return None
    return own if math.isfinite(own[0]) and math.isfinite(own[1]) else None


def turnable(param: Param[Any]) -> bool:
    """Whether a control can move it at all: numbers, switches and choices."""
    return isinstance(param, Float | Int | Bool | Choice)


def value_at(param: Param[Any], position: float, span: Span) -> Any:
    """The value at a position."""
    if isinstance(param, Bool):
        return position >= 0.5
    if isinstance(param, Choice):
        count = len(param.options)
        return param.options[min(int(position * count), count - 1)]
    assert isinstance(param, Float | Int)
    return param.clamp(span[0] + (span[1] - span[0]) * position)


def position_of(param: Param[Any], value: Any, span: Span) -> float:
    """The position at which `value` stands; `value_at` gives it back."""
    if isinstance(param, Bool):
        return float(value)
    if isinstance(param, Choice):
        return param.options.index(value) / max(len(param.options) - 1, 1)
    return min(max((float(value) - span[0]) / (span[1] - span[0]), 0.0), 1.0)
