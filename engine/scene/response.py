"""How a parameter answers the signal that it follows: curve, switch with hysteresis, attack and release."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from ..core.errors import UsageError, unknown_name
from ..core.params import finite, shown

# From 0..1 to 0..1, both ends kept. The names are those of CSS's timing functions.
CURVES: dict[str, Callable[[float], float]] = {
    "linear": lambda part: part,
    "ease-in": lambda part: part * part,
    "ease-out": lambda part: part * (2.0 - part),
    "ease-in-out": lambda part: part * part * (3.0 - 2.0 * part),
}


@dataclass(frozen=True, slots=True)
class Response:
    """How a parameter answers its signal, beside the ranges of both.

    `curve` is one of CURVES; `invert` turns the signal round. With a `threshold`, in the signal's own unit, it is a
    switch: on from there, off once the signal is `hysteresis` below it. `attack_s` and `release_s` are the time
    constants with which it rises and falls, 0 for at once. Raises UsageError.
    """

    curve: str = "linear"
    invert: bool = False
    threshold: float | None = None
    hysteresis: float = 0.0
    attack_s: float = 0.0
    release_s: float = 0.0

    def __post_init__(self) -> None:
        if self.curve not in CURVES:
            raise unknown_name("curve", self.curve, CURVES)
        if self.hysteresis < 0.0:
            raise UsageError(f"hysteresis cannot be {self.hysteresis:g}: expected how far below the threshold, from 0")
        if self.hysteresis and self.threshold is None:
            raise UsageError("hysteresis needs a threshold", hint="write e.g. threshold = 0.5, hysteresis = 0.1")
        for name, seconds in (("attack_s", self.attack_s), ("release_s", self.release_s)):
            if seconds < 0.0:
                raise UsageError(f"{name} cannot be {seconds:g}: expected seconds from 0")

    @classmethod
    def parse(cls, table: Mapping[str, Any]) -> Self:
        """The response in the table of a binding, whose other keys are passed over. Raises UsageError."""
        said: dict[str, Any] = {}
        for name in (name for name in OPTIONS if name in table):
            value = table[name]
            if name == "curve":
                if not isinstance(value, str):
                    raise UsageError(f"curve cannot be {shown(value)}: expected one of {', '.join(CURVES)}")
            elif name == "invert":
                if not isinstance(value, bool):
                    raise UsageError(f"invert cannot be {shown(value)}: expected true or false")
            else:
                value = number(name, value)
            said[name] = value
        return cls(**said)

    def table(self) -> dict[str, Any]:
        """What differs from a plain response, as TOML says it; `parse` reads it back to the same."""
        plain = type(self)()
        return {name: value for name in OPTIONS if (value := getattr(self, name)) != getattr(plain, name)}


OPTIONS = tuple(field.name for field in fields(Response))
PLAIN = Response()


class Responding:
    """One response at work: it remembers whether it is on, and how far it has come."""

    def __init__(self, response: Response) -> None:
        self._response = response
        self._on = False
        self._level: float | None = None

    def reset(self) -> None:
        """Forgets the past."""
        self._on, self._level = False, None

    def level(self, raw: float, part: float, dt: float) -> float:
        """How much of the parameter's range is reached: `raw` is the signal, `part` how much of its range it fills."""
        response = self._response
        if response.threshold is not None:
            self._on = raw >= response.threshold - (response.hysteresis if self._on else 0.0)
            part = 1.0 if self._on else 0.0
        wanted = CURVES[response.curve](1.0 - part if response.invert else part)
        if self._level is None:
            self._level = wanted
        else:
            self._level = toward(
                self._level, wanted, response.attack_s if wanted > self._level else response.release_s, dt
            )
        return self._level


def toward(value: float, wanted: float, constant_s: float, dt: float) -> float:
    """An exponential low-pass: `value` after `dt` seconds on its way to `wanted`; there at once where `constant_s` is
    0."""
    if constant_s <= 0.0:
        return wanted
    return value + (1.0 - math.exp(-max(dt, 0.0) / constant_s)) * (wanted - value)


def number(key: str, value: Any) -> float:
    """`value` as a finite number. Raises UsageError, which names the key."""
    numbers = finite([value])
    if numbers is None:
        raise UsageError(f"{key} cannot be {shown(value)}: expected a number")
    return numbers[0]
