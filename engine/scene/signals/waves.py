"""Waves and random numbers: signals that follow from the frame's time alone, so that every run has the same."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from ...core.errors import UsageError, suggestion
from .signal import Signal

# By the part of a period that has passed, 0..1. Each begins at 0, so that a scene does not begin with a jump.
SHAPES: dict[str, Callable[[float], float]] = {
    "sine": lambda part: 0.5 - 0.5 * math.cos(2.0 * math.pi * part),
    "triangle": lambda part: 1.0 - abs(2.0 * part - 1.0),
    "saw": lambda part: part,
    "square": lambda part: 0.0 if part < 0.5 else 1.0,
}
KINDS = {"lfo": tuple(SHAPES), "random": ("steps", "smooth")}
LEAST_S = 1e-3
TABLE = (
    Signal("lfo.SECONDS", "a wave from 0 to 1 and back in so many seconds, e.g. lfo.4"),
    Signal("lfo.SHAPE.SECONDS@PHASE", "as sine, triangle, saw or square, from that part of it on, e.g. lfo.saw.4@0.25"),
    Signal("random.SECONDS", "another number from 0 to 1 every so many seconds, by the show's seed, e.g. random.2"),
    Signal("random.smooth.SECONDS@PHASE", "the same, led over smoothly; another phase, 0 to 1, gives other numbers"),
)


@dataclass(frozen=True, slots=True)
class Wave:
    """What a name such as `lfo.saw.4@0.25` says: its `kind`, the period in seconds, and where in it time 0 lies."""

    group: str
    kind: str
    period_s: float
    phase: float = 0.0

    def value(self, time_s: float, seed: int) -> float:
        """0..1 at `time_s`."""
        part = math.fmod(time_s, self.period_s) / self.period_s + self.phase
        if self.group == "lfo":
            return SHAPES[self.kind](part % 1.0)
        number = math.floor(time_s / self.period_s + self.phase)
        now = self._random(number, seed)
        if self.kind == "steps":
            return now
        return now + (self._random(number + 1, seed) - now) * SHAPES["sine"]((part % 1.0) / 2.0)

    def _random(self, number: int, seed: int) -> float:
        """The number of one period, 0..1: the same for the same seed, period and phase on every machine."""
        state = seed ^ zlib.crc32(f"{self.period_s!r}@{self.phase!r}".encode()) << 32 ^ number * 0x9E3779B97F4A7C15
        state &= 0xFFFFFFFFFFFFFFFF  # splitmix64 (Steele, Lea & Flood, "Fast splittable pseudorandom …", 2014)
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        state = (state ^ state >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
        return float((state ^ state >> 31) >> 11) / float(1 << 53)


def wave(name: str) -> Wave:
    """The wave that `name` says. Raises UsageError."""
    group, _, rest = name.partition(".")
    said, at, phase_said = rest.partition("@")
    kinds = KINDS[group]
    kind, dot, period_said = said.partition(".")
    if kind not in kinds:
        if dot and not kind.strip("+-").isdigit() and kind:
            raise UsageError(f"signal '{name}': unknown shape '{kind}'", hint=suggestion(kind, kinds))
        kind, period_said = kinds[0], said
    period_s, phase = number(period_said), number(phase_said) if at else 0.0
    if period_s is None or period_s < LEAST_S:
        raise UsageError(f"signal '{name}': expected a period in seconds above 0", hint=f"write e.g. {group}.4")
    if phase is None or not 0.0 <= phase <= 1.0:
        hint = f"write e.g. {group}.{kinds[-1]}.4@0.25"
        raise UsageError(f"signal '{name}': expected a phase from 0 to 1 after the @", hint=hint)
    return Wave(group, kind, period_s, phase)


def number(text: str) -> float | None:
    """A finite number, or None where `text` is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
