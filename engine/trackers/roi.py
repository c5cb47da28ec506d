"""The turned square of an image that a landmark network looks at."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from ..core.frame import Floats, Pixels

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

    def to_image(self, side: int) -> Floats:
        """The 2×3 affine map from a square of `side` pixels into the image."""
        cosine, sine, scale = math.cos(self.angle), math.sin(self.angle), self.side / side
        a, b = cosine * scale, sine * scale
        half = side / 2.0
        return np.array([[a, -b, self.x - a * half + b * half], [b, a, self.y - b * half - a * half]], np.float32)

    def cut(self, pixels: Pixels, side: int) -> Pixels:
        """The square of `pixels` (H×W×3) as an image of `side` pixels; beyond the image its edge goes on."""
        height, width = pixels.shape[:2]
        to_image = self.to_image(side)
        ends = to_image @ np.array([[0, side, 0, side], [0, 0, side, side], [1, 1, 1, 1]], np.float32)
        # What the square may touch: at least one row and one column, however far beside the image it lies.
        left, top = np.clip(ends.min(axis=1).astype(int) - 2, 0, (width - 1, height - 1))
        right, bottom = np.maximum(ends.max(axis=1).astype(int) + 3, (left + 1, top + 1))
        part = pixels[top:bottom, left:right]
        to_image[:, 2] -= (left, top)
        # OpenCV turns four channels in a third of the time that it takes for three.
        turned = cv2.warpAffine(
            cv2.cvtColor(part, cv2.COLOR_RGB2RGBA),
            to_image,
            (side, side),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,  # as MediaPipe: hips below the image's edge are guessed better so
        )
        return np.asarray(cv2.cvtColor(turned, cv2.COLOR_RGBA2RGB))
