"""Probabilities over time: smoothed, and crossing one half with hysteresis, so that nothing flutters."""

from __future__ import annotations

import math

import numpy as np

from ..core.frame import Floats

JUST_BELOW = np.float32(0.499)
GAP_S = 0.5  # after a gap of more than this, or a jump back, nothing is remembered


class Hysteresis:
    """One exponential low-pass for each class. A class is on from `on` up until it falls below `off`; while it is on
    its value is at least one half, else it is less."""

    def __init__(self, smooth_s: float, on: float, off: float) -> None:
        self.smooth_s, self.on, self.off = smooth_s, on, off
        self._time_s = 0.0
        self._value: Floats | None = None
        self._is_on = np.zeros(0, bool)

    def __call__(self, scores: Floats, time_s: float) -> Floats:
        """The filtered values (N,) of `scores` (N,), 0..1, at `time_s`."""
        dt = time_s - self._time_s
        if self._value is None or self._value.shape != scores.shape or not 0.0 <= dt <= GAP_S:
            self._value, self._is_on = np.array(scores, np.float32), np.zeros(len(scores), bool)
        elif self.smooth_s > 0.0:
            weight = np.float32(1.0 - math.exp(-dt / self.smooth_s))
            self._value = self._value + weight * (scores - self._value)
        else:
            self._value = np.array(scores, np.float32)
        self._time_s = time_s
        self._is_on = np.where(self._is_on, self._value >= self.off, self._value >= self.on)
        held = np.where(self._is_on, np.maximum(self._value, np.float32(0.5)), np.minimum(self._value, JUST_BELOW))
        return np.asarray(held, np.float32)
