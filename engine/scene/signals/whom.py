"""Whom a signal speaks of where several people are seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np

from ...core.results import Face, Pose

TAKE_OVER = 1.25  # another must be this much larger before they take over
P = TypeVar("P", Face, Pose)


class Whom(Generic[P]):
    """Stays with one person until another is clearly larger; `extent` says how large somebody is in the picture."""

    def __init__(self, extent: Callable[[P], float]) -> None:
        self._extent: Callable[[P], float] = extent
        self._identity: int | None = None

    def choose(self, people: tuple[P, ...]) -> P | None:
        """Whom the signals speak of, of those that are seen, largest first."""
        if not people:
            return None
        before = next((p for p in people if p.identity == self._identity), None)
        keep = before is not None and self._extent(people[0]) < TAKE_OVER * self._extent(before)
        chosen = before if before is not None and keep else people[0]
        self._identity = chosen.identity
        return chosen


def face_extent(face: Face) -> float:
    """The area of the box round a face, uv."""
    return float(np.prod(np.ptp(face.points[:, :2], axis=0)))


def pose_extent(pose: Pose) -> float:
    """The area of the box round shoulders and hips, uv: arms that move do not change it."""
    return float(np.prod(np.ptp(pose.points[[11, 12, 23, 24], :2], axis=0)))
