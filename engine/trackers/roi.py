"""The turned square of a picture that a landmark network looks at."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.data import Floats

# BlazePose: the square is so much larger than the circle round the body.
MARGIN = 1.25


@dataclass(frozen=True, slots=True)
class Roi:
    """The square to look at, in pixels: its middle, its side, and its turn in radians (clockwise)."""

    x: float
    y: float
    side: float
    angle: float

    @classmethod
    def around(cls, centre: Floats, circle: Floats) -> Roi:
        """The square round a body whose hips are at `centre`, with a point of the circle round it at `circle`."""
        dx, dy = float(circle[0] - centre[0]), float(circle[1] - centre[1])
        angle = math.pi / 2.0 - math.atan2(-dy, dx)
        angle -= 2.0 * math.pi * math.floor((angle + math.pi) / (2.0 * math.pi))
        return cls(float(centre[0]), float(centre[1]), max(2.0 * math.hypot(dx, dy) * MARGIN, 2.0), angle)

    def to_picture(self, side: int) -> Floats:
        """The 2×3 affine map from a square of `side` pixels into the picture."""
        cosine, sine, scale = math.cos(self.angle), math.sin(self.angle), self.side / side
        a, b = cosine * scale, sine * scale
        half = side / 2.0
        return np.array([[a, -b, self.x - a * half + b * half], [b, a, self.y - b * half - a * half]], np.float32)
