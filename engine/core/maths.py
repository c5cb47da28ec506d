"""Small functions of numbers that several rooms use."""

from __future__ import annotations

import math

from .results import Face


def ramp(value: float, low: float, high: float) -> float:
    """0 at `low` and below, 1 at `high` and above, straight between."""
    return min(max((value - low) / (high - low), 0.0), 1.0)


def head_angles(face: Face) -> tuple[float, float, float]:
    """(yaw, pitch, roll) of the head in degrees, signs as in `TABLE`; the rotation is taken as yaw · pitch · roll."""
    m = face.transform
    yaw = math.atan2(float(m[0, 2]), float(m[2, 2]))
    pitch = math.asin(min(max(float(m[1, 2]), -1.0), 1.0))
    roll = -math.atan2(float(m[1, 0]), float(m[1, 1]))
    return math.degrees(yaw), math.degrees(pitch), math.degrees(roll)
