"""The soak's own camera: somebody who never keeps still, keyed before a room that is nothing but its mark.

The person is the demo's portrait, cut along a drawn outline. She leans, shakes, walks out and in, stands up and comes
near, as fast as people do: a mask that is a frame late shows the room beside her.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from ...core.closing import Closing
from ...core.frame import Floats, Frame, Pixels
from ..score.synthetic import cutout, view_of
from .judge import MARK

EACH_S = 3.0  # how long each motion lasts
BEAT_S = 1.0 / 30.0

# By time, in beats of a thirtieth of a second: (across, down) in widths of the frame, and scale. At 1280 pixels and
# 30 frames a second 0.025 is 32 pixels a frame, 0.094 is 120.
Move = Callable[[float], tuple[float, float, float]]


def triangle(t: float) -> float:
    """From -1 to 1 and back in 4, at a steady pace."""
    return 1.0 - abs(t % 4.0 - 2.0)


MOTIONS: dict[str, Move] = {
    "sway": lambda n: (0.12 * math.sin(n / 6), 0.0, 1.0),
    "lean": lambda n: (0.22 * triangle(n * 0.094 / 0.22), 0.0, 1.0),
    "shake": lambda n: (0.047 * (1 if math.floor(n) % 2 else -1), 0.0, 1.0),
    "enter and leave": lambda n: (0.75 * triangle(n * 0.06 / 0.75), 0.0, 1.0),
    "stand up": lambda n: (0.0, 0.12 + 0.13 * triangle(n * 0.04 / 0.13), 1.0),
    "come near": lambda n: (0.0, 0.0, 0.85 + 0.45 * triangle(n * 0.2)),
}


class RestlessSource(Closing):
    """Endless frames of `size` (width, height) at `fps`: every motion in turn, over and over."""

    live = False
    endless = True
    frame_count: int | None = None
    audio_path: str | None = None

    def __init__(self, size: tuple[int, int] = (640, 360), fps: float = 30.0, motion: str = "") -> None:
        self.size = size
        self.fps: float | None = fps
        self._rate = fps
        self._motions = [MOTIONS[motion]] if motion else list(MOTIONS.values())
        self._next = 0
        person = cutout()
        self._color = np.clip(person.color + 0.5, 0, 255).astype(np.uint8)
        self._alpha = np.round(person.alpha * 255).astype(np.uint8)
        self._room: Pixels = np.empty((size[1], size[0], 3), np.uint8)
        self._room[:] = MARK

    def read(self) -> Frame:
        """The next frame."""
        number, self._next = self._next, self._next + 1
        alpha = self.outline(number)
        color = cv2.warpAffine(self._color, self._view(number), self.size, flags=cv2.INTER_LINEAR)
        pixels: Pixels = np.asarray(cv2.blendLinear(color, self._room, alpha, 1.0 - alpha))
        return Frame(number, number / self._rate, pixels, time.perf_counter())

    def outline(self, number: int) -> Floats:
        """The person's true alpha in frame `number`, (h, w) 0..1."""
        alpha = cv2.warpAffine(self._alpha, self._view(number), self.size, flags=cv2.INTER_LINEAR)
        return np.asarray(alpha.astype(np.float32) / np.float32(255.0))

    def _view(self, number: int) -> NDArray[np.float64]:
        time_s = number / self._rate
        move = self._motions[int(time_s / EACH_S) % len(self._motions)]
        across, down, scale = move(time_s / BEAT_S)
        width, height = self.size
        return view_of((0.5 + across) * width, 0.64 * height + down * width, 0.75 * scale * height / 540.0, 0.0)

    def close(self) -> None:
        """Nothing is held."""
