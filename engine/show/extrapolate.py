"""Landmarks carried on to a later moment with constant velocity, for images that do not wait for a tracker.

What belongs to pixels, a mask first of all, is never carried on: engine/show/held_pairs.py holds it together with
its image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from ..core.frame import Floats
from ..core.results import Face, Faces, Pose, Poses

REACH_S = 0.15  # results are carried on no further: later a guess is worse than standing still
P = TypeVar("P", Face, Pose)


class Extrapolator:
    """Remembers the last two results of every tracker and carries the newest on."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[float, Any]] = {}
        self._before: dict[str, tuple[float, Any]] = {}

    def add(self, time_s: float, results: Mapping[str, Any]) -> None:
        """Takes the results of the frame at `time_s`; times must rise."""
        for tracker, result in results.items():
            if tracker in self._last:
                self._before[tracker] = self._last[tracker]
            self._last[tracker] = (time_s, result)

    def at(self, time_s: float) -> dict[str, Any]:
        """Every tracker's newest result, carried on to `time_s`; it keeps the id of the frame it was computed from."""
        out: dict[str, Any] = {}
        for tracker, (last_s, last) in self._last.items():
            ahead_s = min(max(time_s - last_s, 0.0), REACH_S)
            before_s, before = self._before.get(tracker, (last_s, last))
            span_s = last_s - before_s
            steps = ahead_s / span_s if 0.0 < span_s <= 2.0 * REACH_S else 0.0
            out[tracker] = carried(last, before, steps) if steps > 0.0 else last
        return out


def carried(last: Any, before: Any, steps: float) -> Any:
    """`last` carried on by `steps` times the way from `before` to it; what cannot be carried stays as it is."""
    if isinstance(last, Faces) and isinstance(before, Faces):
        return replace(last, items=tuple(people(last.items, before.items, steps, face)))
    if isinstance(last, Poses) and isinstance(before, Poses):
        return replace(last, items=tuple(people(last.items, before.items, steps, pose)))
    return last


def people(last: tuple[P, ...], before: tuple[P, ...], steps: float, carry: Any) -> list[P]:
    """Each person carried on from where the same identity was before."""
    known = {p.identity: p for p in before}
    return [carry(p, known[p.identity], steps) if p.identity in known else p for p in last]


def onward(last: Floats, before: Floats, steps: float) -> Floats:
    """Constant velocity."""
    return np.asarray(last + (last - before) * np.float32(steps), np.float32)


def face(last: Face, before: Face, steps: float) -> Face:
    """A face carried on: points and place. The turn of the head stays: a matrix cannot be carried by its numbers."""
    transform = last.transform.copy()
    transform[:3, 3] = onward(last.transform[:3, 3], before.transform[:3, 3], steps)
    return replace(last, points=onward(last.points, before.points, steps), transform=transform)


def pose(last: Pose, before: Pose, steps: float) -> Pose:
    """A body carried on."""
    return replace(
        last,
        points=onward(last.points, before.points, steps),
        world=onward(last.world, before.world, steps),
    )
