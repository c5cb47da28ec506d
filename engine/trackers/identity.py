"""Who is who from frame to frame: things found anew in each frame keep their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .one_euro import Doubles, smoothing

# A thing that is away for longer than this comes back as a new one.
GAP_S = 0.5
# A match may be off by this much of the thing's own size, plus this much per second of its absence.
REACH = 1.0
REACH_PER_S = 2.0
# What one halving or doubling of the size costs, in sizes of distance.
SIZE_COST = 0.7
VELOCITY_CUTOFF_HZ = 3.0


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a thing is and how large: `x`, `y` and `size` in the same unit (widths of the image)."""

    x: float
    y: float
    size: float


@dataclass(slots=True)
class _Track:
    identity: int
    spot: Spot
    time_s: float
    velocity: Doubles

    def cost(self, spot: Spot, time_s: float) -> float:
        """How badly `spot` fits: distance from where the track should be by now, in sizes, plus the change of size."""
        away = time_s - self.time_s
        seen = np.array([spot.x - self.spot.x, spot.y - self.spot.y])
        size = max((spot.size + self.spot.size) / 2.0, 1e-6)
        change = abs(np.log2(max(spot.size, 1e-6) / max(self.spot.size, 1e-6)))
        distance = float(np.linalg.norm(seen - self.velocity * away)) / size
        if distance > REACH + REACH_PER_S * away or change > 1.5:
            return float("inf")
        return distance + SIZE_COST * float(change)


class Identities:
    """Gives each thing found in a frame the number that it had before.

    Each known thing is expected where its own velocity takes it, so two that cross keep their numbers. Pairs are taken
    best first. A number lives through gaps of half a second and is never given twice.
    """

    def __init__(self) -> None:
        self._tracks: list[_Track] = []
        self._next = 1
        self._time_s = 0.0

    def match(self, spots: Sequence[Spot], time_s: float) -> list[int]:
        """The numbers of `spots` at `time_s`, in their order; after a jump back in time all are new."""
        if time_s < self._time_s:
            self._tracks.clear()
        self._time_s = time_s
        self._tracks = [t for t in self._tracks if time_s - t.time_s <= GAP_S]
        pairs = [(t.cost(s, time_s), i, j) for i, t in enumerate(self._tracks) for j, s in enumerate(spots)]
        found: dict[int, _Track] = {}
        taken: set[int] = set()
        for _, i, j in sorted(p for p in pairs if np.isfinite(p[0])):
            if i not in taken and j not in found:
                taken.add(i)
                found[j] = self._tracks[i]
                self._follow(self._tracks[i], spots[j], time_s)
        for j, spot in enumerate(spots):
            if j not in found:
                found[j] = _Track(self._next, spot, time_s, np.zeros(2))
                self._tracks.append(found[j])
                self._next += 1
        return [found[j].identity for j in range(len(spots))]

    def alive(self) -> set[int]:
        """The numbers that may still come back."""
        return {t.identity for t in self._tracks}

    @staticmethod
    def _follow(track: _Track, spot: Spot, time_s: float) -> None:
        dt = time_s - track.time_s
        if dt > 0.0:
            velocity = np.array([spot.x - track.spot.x, spot.y - track.spot.y]) / dt
            track.velocity = track.velocity + smoothing(VELOCITY_CUTOFF_HZ, dt) * (velocity - track.velocity)
        track.spot, track.time_s = spot, time_s
