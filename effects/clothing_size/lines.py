"""The measuring lines over time: they stay with the body and do not tremble."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from phosphene import Pose

from .measure import Segment
from .straight import HIPS, SHOULDERS

SETTLE_S = 0.35  # time constant of the smoothing


class SteadyLines:
    """Smooths each line in coordinates of the trunk, so that a moving body carries its lines along without lag."""

    def __init__(self) -> None:
        self.held: dict[str, NDArray[np.float64]] = {}

    def follow(self, lines: Mapping[str, Segment], pose: Pose | None, dt: float) -> dict[str, Segment]:
        """This frame's lines, smoothed; those not seen in this frame are not drawn and start anew."""
        if pose is None:
            self.held = {}
            return {}
        trunk = pose.points[[*SHOULDERS, *HIPS], :2].astype(np.float64)
        centre, scale = trunk.mean(axis=0), float(np.ptp(trunk[:, 1])) or 1.0
        new = 1.0 if dt <= 0.0 else 1.0 - math.exp(-dt / SETTLE_S)
        held = {}
        for name, segment in lines.items():
            now = (np.array(segment) - centre) / scale
            old = self.held.get(name)
            held[name] = now if old is None else old + new * (now - old)
        self.held = held
        drawn = {}
        for name, place in held.items():
            (u0, v0), (u1, v1) = (place * scale + centre).tolist()
            drawn[name] = ((u0, v0), (u1, v1))
        return drawn
