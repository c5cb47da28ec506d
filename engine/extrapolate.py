"""Results carried on to a later moment: what `sync = "latest"` draws, so that nothing waits for a tracker.

Landmarks go on with constant velocity; the mask is moved and scaled as the person was between the last two masks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from engine.data import Face, Faces, Floats, Mask, Pose, Poses
from engine.imaging import moved

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
    if isinstance(last, Mask) and isinstance(before, Mask):
        return mask(last, before, steps)
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


def mask(last: Mask, before: Mask, steps: float) -> Mask:
    """A mask moved and scaled as its person was between `before` and `last`."""
    if not (last.present and before.present) or last.confidence.shape != before.confidence.shape:
        return last
    here, there = moments(last.confidence), moments(before.confidence)
    if here is None or there is None:
        return last
    shift = (here[0] - there[0]) * steps, (here[1] - there[1]) * steps
    scale = float(np.clip((here[2] / there[2]) ** steps, 0.8, 1.25))
    return replace(last, confidence=moved(last.confidence, shift, scale, (here[0], here[1])))


def moments(confidence: Floats) -> tuple[float, float, float] | None:
    """Centre x, y and the square root of the area of a mask, in its pixels; None where it is empty."""
    total = float(confidence.sum())
    if total < 1.0:
        return None
    height, width = confidence.shape
    x = float(confidence.sum(axis=0) @ np.arange(width)) / total
    y = float(confidence.sum(axis=1) @ np.arange(height)) / total
    return x, y, total**0.5
