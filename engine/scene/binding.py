"""A parameter that follows a signal: how its numbers become values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Self

from ..core.errors import UsageError, unknown_name
from ..core.params import shown
from .response import OPTIONS, PLAIN, Responding, Response, number, toward
from .signals import check_name, natural

KEYS = ("from", "to", "range", "smooth_s", *OPTIONS)


class Binding:
    """A parameter that follows a signal: `low_in … high_in` of the signal becomes `low_out … high_out`, smoothed.

    The signal is held to its range (`time` is not); `high_out` may lie below `low_out`. `smooth_s` is the time constant
    of an exponential low-pass, 0 for none; `response` says how else the parameter answers.
    """

    def __init__(
        self,
        source: str,
        low_in: float = 0.0,
        high_in: float = 1.0,
        low_out: float = 0.0,
        high_out: float = 1.0,
        smooth_s: float = 0.0,
        response: Response = PLAIN,
    ) -> None:
        self.source = check_name(source)
        if low_in == high_in:
            raise UsageError(f"range of '{source}' is empty: expected two different numbers, got {low_in:g} twice")
        if smooth_s < 0.0:
            raise UsageError(f"smooth_s cannot be {smooth_s:g}: expected seconds from 0")
        if self.source == "time" and response.curve != "linear":
            raise UsageError("time is not held to a range, so it has no curve", hint="follow a wave: lfo.saw.4")
        self.low_in, self.high_in = low_in, high_in
        self.low_out, self.high_out = low_out, high_out
        self.smooth_s, self.response = smooth_s, response
        self._responding = Responding(response)
        self._value: float | None = None

    @classmethod
    def parse(cls, table: Mapping[str, Any], *, where: str = "") -> Self:
        """The binding in a TOML table: `{ from = "face.smile", to = [0.2, 1.0], range = [0, 1], smooth_s = 0.1 }`.

        All but `from` may be left out: `to` is then 0 … 1, `range` the signal's natural range. The other keys are the
        fields of Response. Raises UsageError that names the key.
        """
        try:
            for key in table:
                if key not in KEYS:
                    raise unknown_name("key of a signal binding", str(key), KEYS)
            source = table.get("from")
            if not isinstance(source, str):
                raise UsageError(
                    f"from cannot be {shown(source)}: expected a signal's name",
                    hint='write e.g. { from = "face.smile" }',
                )
            usual = natural(source)
            low_in, high_in = _pair("range", table.get("range", (usual.low, usual.high)))
            low_out, high_out = _pair("to", table.get("to", (0.0, 1.0)))
            smooth_s = number("smooth_s", table.get("smooth_s", 0.0))
            return cls(source, low_in, high_in, low_out, high_out, smooth_s, Response.parse(table))
        except UsageError as error:
            if where and not error.where:
                error.where = where
            raise

    def table(self) -> dict[str, Any]:
        """The binding as TOML says it; `parse` reads it back to the same."""
        usual = natural(self.source)
        said: dict[str, Any] = {"from": self.source, "to": [self.low_out, self.high_out]}
        if (self.low_in, self.high_in) != (usual.low, usual.high):
            said["range"] = [self.low_in, self.high_in]
        if self.smooth_s:
            said["smooth_s"] = self.smooth_s
        return {**said, **self.response.table()}

    def reset(self) -> None:
        """Forgets the past: the next value is not smoothed."""
        self._value = None
        self._responding.reset()

    def value(self, signals: Mapping[str, float], dt: float) -> float:
        """The parameter's value, `dt` seconds after the last call; the first call is not smoothed."""
        raw = signals.get(self.source, natural(self.source).absent)
        if not math.isfinite(raw):  # a model's answer may be; what is smoothed would never be a number again
            raw = natural(self.source).absent
        part = (raw - self.low_in) / (self.high_in - self.low_in)
        if self.source != "time":
            part = min(max(part, 0.0), 1.0)
        part = self._responding.level(raw, part, dt)
        target = self.low_out + (self.high_out - self.low_out) * part
        self._value = target if self._value is None else toward(self._value, target, self.smooth_s, dt)
        return self._value


def _pair(key: str, value: Any) -> tuple[float, float]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise UsageError(f"{key} cannot be {shown(value)}: expected two numbers, e.g. {key} = [0, 1]")
    return number(key, value[0]), number(key, value[1])
