"""Many frames into one reading: the median of each ratio and how far it can be trusted."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping

import numpy as np

from .girth import Seen
from .measure import Reading
from .scale import Length

KEPT = 300  # frames
INDEPENDENT_S = 0.25  # frames closer in time than this err alike


class Fusion:
    """Gathers readings of one person, from each side."""

    def __init__(self) -> None:
        self.ratios: dict[str, deque[float]] = {}
        self.seconds: dict[str, float] = {}
        self.counts: dict[str, int] = {}
        self.lengths: dict[str, deque[Length]] = {}
        self.hints: dict[str, int] = {}
        self.unsure: deque[float] = deque(maxlen=KEPT)

    def add(self, reading: Reading, dt: float, view: str = "front") -> None:
        """Takes one good frame of a view ("front" or "side") that stood for `dt` seconds."""
        for name, ratio in reading.ratios.items():
            if math.isfinite(ratio) and ratio > 0.0:
                self.ratios.setdefault(name, deque(maxlen=KEPT)).append(ratio)
        for hint in reading.hints:
            self.hints[hint] = self.hints.get(hint, 0) + 1
        self.unsure.append(reading.unsure)
        self.counts[view] = self.counts.get(view, 0) + 1
        self.seconds[view] = self.seconds.get(view, 0.0) + dt

    def add_length(self, source: str, length: Length) -> None:
        """Takes a length in centimetres, given by `source` (distance, reference)."""
        self.lengths.setdefault(source, deque(maxlen=KEPT)).append(length)

    def known(self) -> dict[str, Length]:
        """The median of the lengths by their source. What is common to all frames does not shrink."""
        return {source: sorted(found, key=lambda x: x.cm)[len(found) // 2] for source, found in self.lengths.items()}

    def often(self, share: float = 0.3) -> list[str]:
        """The hints that came with more than this share of the frames."""
        return [hint for hint, count in self.hints.items() if count > share * self.frames]

    @property
    def frames(self) -> int:
        """How many frames were taken."""
        return sum(self.counts.values())

    def held(self, view: str, hold_s: float, least: int) -> bool:
        """Whether a view was seen for `hold_s` seconds and, unless that is 0, in `least` frames."""
        count = self.counts.get(view, 0)
        return self.seconds.get(view, 0.0) >= hold_s and count >= (least if hold_s > 0.0 else 1)

    def result(self) -> Mapping[str, Seen]:
        """Median and relative deviation of each ratio (1.4826 MAD, the factor of the median's error 1.2533).

        The scatter of one frame is in the model's links already, as they were fitted on single pictures.
        """
        time_s = max(self.seconds.values(), default=0.0)
        unsure = float(np.median(self.unsure)) if self.unsure else 0.0
        found = {}
        for name, values in self.ratios.items():
            all_of = np.array(values)
            middle = float(np.median(all_of))
            scatter = 1.4826 * float(np.median(np.abs(all_of - middle))) / middle
            independent = max(1.0, min(len(all_of), time_s / INDEPENDENT_S))
            found[name] = Seen(middle, math.hypot(unsure, 1.2533 * scatter / math.sqrt(independent)))
        return found
