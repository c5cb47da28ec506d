"""Parameters in OSC's words: `person/duotone.amount` is `/person/duotone/amount`, and each kind has its type tags."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote

import numpy as np

from ..core.param_types import Bool, Choice, Color, Float, Int, Point
from ..core.params import Param


@lru_cache(maxsize=4096)  # asked for every parameter of every frame
def to_path(address: str) -> str:
    """The OSC address of a parameter. What OSC cannot write in an address is written as in a web address (`%20`)."""
    layer, _, rest = address.partition("/")
    owner, dot, name = rest.rpartition(".")
    parts = (layer, owner, name) if dot else (layer, rest)
    return "/" + "/".join(quote(part, safe="").replace(".", "%2E") for part in parts)


def to_address(path: str) -> str:
    """The address of the parameter that an OSC address names; `to_path` reversed.

    An address as scene files write it, `/person/duotone.amount`, names itself, and so does a shortened one.
    """
    if "." in path:
        return unquote(path[1:])
    parts = [unquote(part) for part in path[1:].split("/")]
    if len(parts) < 3:
        return "/".join(parts)
    return f"{parts[0]}/{'/'.join(parts[1:-1])}.{parts[-1]}"


def to_value(param: Param[Any] | None, arguments: tuple[Any, ...]) -> Any:
    """What the arguments of a message say, for the parameter that gets it; its descriptor has the last word.

    A fader sends decimal numbers: they are rounded for a whole number, are on from one half up for a switch, and count
    the words of a choice from 0. Without a descriptor the one argument is the value, or the list of several.
    """
    values = [shortened(value) if isinstance(value, float) else value for value in arguments]
    value = values[0] if len(values) == 1 else values
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**31:
        if isinstance(param, Bool):
            return param.clamp(value)
        if isinstance(param, Int):
            return round(value)
        if isinstance(param, Choice) and 0 <= round(value) < len(param.options):
            return param.options[round(value)]
    return float(value) if isinstance(param, Float) and isinstance(value, bool) else value


def shortened(value: float) -> float:
    """The shortest decimal number that is the same in single precision: 0.1 for what OSC makes of 0.1."""
    with np.errstate(over="ignore"):
        single = np.float32(value)
    return float(str(single)) if float(single) == value else value


def to_arguments(param: Param[Any], value: Any) -> tuple[Any, ...]:
    """A parameter's value as arguments of a message: numbers as f and i, switches as T and F, words as s, colours as
    four numbers 0..1, points as two."""
    if isinstance(param, Color | Point):
        return tuple(float(part) for part in value)
    if isinstance(param, Float):
        return (float(value),)
    return (value if isinstance(value, bool | int | str) else param.format(value),)


def tags(param: Param[Any]) -> str:
    """The type tags of what `to_arguments` gives, as OSCQuery lists them."""
    if isinstance(param, Color | Point):
        return "f" * len(param.default)
    return (
        "f" if isinstance(param, Float) else "T" if isinstance(param, Bool) else "i" if isinstance(param, Int) else "s"
    )


def to_signal_path(name: str) -> str:
    """The OSC address of a signal: `face.smile` is `/signal/face/smile`."""
    return "/signal/" + "/".join(quote(part, safe="") for part in name.split("."))
