"""Many frames into one reading: the median of each ratio and how far it can be trusted."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping

import numpy as np

from effects.clothing_size.girth import Seen
from effects.clothing_size.measure import Reading

KEPT = 300  # frames
LEVEL_SD = (
    0.010  # of a breadth: where exactly on the body the line lies, and the silhouette's edge, the same in all frames
)
INDEPENDENT_S = 0.25  # frames closer in time than this err alike
FIRST_SD = 0.02  # spread assumed of a single frame


class Fusion:
    """Gathers readings of one person."""

    def __init__(self) -> None:
        self.ratios: dict[str, deque[float]] = {}
        self.frames = 0
        self.time_s = 0.0

    def add(self, reading: Reading, dt: float) -> None:
        """Takes one good frame that stood for `dt` seconds."""
        for name, ratio in reading.ratios.items():
            if math.isfinite(ratio) and ratio > 0.0:
                self.ratios.setdefault(name, deque(maxlen=KEPT)).append(ratio)
        self.frames += 1
        self.time_s += dt

    def result(self) -> Mapping[str, Seen]:
        """Median and relative deviation of each ratio (1.4826 MAD, the factor of the median's error 1.2533)."""
        found = {}
        for name, values in self.ratios.items():
            all_of = np.array(values)
            middle = float(np.median(all_of))
            scatter = 1.4826 * float(np.median(np.abs(all_of - middle))) / middle
            if len(all_of) < 5:
                scatter = max(scatter, FIRST_SD)
            independent = max(1.0, min(len(all_of), self.time_s / INDEPENDENT_S))
            found[name] = Seen(middle, math.hypot(LEVEL_SD, 1.2533 * scatter / math.sqrt(independent)))
        return found

    def clear(self) -> None:
        """Forgets the person."""
        self.ratios.clear()
        self.frames, self.time_s = 0, 0.0
