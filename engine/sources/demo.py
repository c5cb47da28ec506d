"""The default input: a public-domain portrait with a gentle camera move, so that everything runs without a camera.

The image is Commodore Grace Hopper's official portrait (US Navy, public domain), which matplotlib ships.
"""

from __future__ import annotations

import importlib.util
import math
import time
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from ..core.closing import Closing
from ..core.errors import SourceError
from ..core.frame import Frame, Pixels
from .read_image import read_image

LOOP_S = 12.0
_FACE = (265.0, 215.0)  # the face's middle in the portrait, pixels
_HEIGHT = 600
_HEADROOM = 40  # background added above the cap
# Outlines in the portrait's pixels (512 wide): the person, and the sleeve that the right edge cuts off.
_PERSON = [
    (140, 120), (150, 60), (190, 20), (330, 20), (380, 90), (382, 250), (350, 310), (420, 350), (480, 372), (508, 400),
    (520, 440), (560, 620), (-20, 620), (-10, 560), (18, 480), (40, 400), (70, 375), (190, 320), (150, 270),
]  # fmt: skip
_SLEEVE = [(440, 372), (480, 380), (498, 396), (509, 424), (520, 470), (538, 540), (556, 620), (440, 620)]


class DemoSource(Closing):
    """The portrait, filling `size`, seen by a camera that slowly zooms, pans and rolls; endless, repeats every 12 s."""

    live = False
    frame_count: int | None = None
    endless = True
    audio_path: str | None = None

    def __init__(self, size: tuple[int, int] = (1280, 720), fps: float = 30.0) -> None:
        self.size = size
        self.fps: float | None = fps
        self._rate = fps
        canvas, self._centre = widened(read_image(portrait_path()), size[0] / size[1])
        self._scale = size[1] / _HEIGHT
        # enlarged once with a good filter, so that the move of each frame is a cheap warp
        self._canvas = cv2.resize(canvas, None, fx=self._scale, fy=self._scale, interpolation=cv2.INTER_LANCZOS4)
        self._next = 0

    @classmethod
    def from_spec(cls, rest: str, *, size: tuple[int, int] | None, fps: float | None) -> Self:
        """`rest` must be empty."""
        if rest:
            raise SourceError(f"'demo:{rest}' is not understood", hint="use demo alone; --size and --fps change it")
        return cls(size or (1280, 720), fps or 30.0)

    def read(self) -> Frame | None:
        """The next frame of the camera move."""
        number, self._next = self._next, self._next + 1
        time_s = number / self._rate
        pixels = cv2.warpAffine(
            self._canvas, self._view(time_s), self.size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        return Frame(number, time_s, pixels, time.perf_counter())

    def _view(self, time_s: float) -> NDArray[np.float64]:
        """The 2×3 matrix from the canvas to the frame at `time_s`: a figure of sines with whole periods in the loop."""
        phase = 2 * math.pi * (time_s % LOOP_S) / LOOP_S
        zoom = 1.13 - 0.08 * math.cos(phase)
        roll_deg = 1.6 * math.sin(phase)
        pan_x, pan_y = 0.012 * math.sin(phase * 2), 0.008 * math.sin(phase + 1.0)
        # the zoom's fixed point lies above the face, so that the cap is never cut
        fixed = (self._centre[0] * self._scale, (_HEADROOM + 20) * self._scale)
        matrix = np.asarray(cv2.getRotationMatrix2D(fixed, roll_deg, zoom), np.float64)
        matrix[0, 2] += self.size[0] * (0.5 + pan_x) - fixed[0]
        matrix[1, 2] += self.size[1] * (pan_y + 0.055) - fixed[1]
        return matrix


def portrait_path() -> Path:
    """Where the portrait lies; SourceError where matplotlib is not installed."""
    found = importlib.util.find_spec("matplotlib")  # finds, does not import
    path = (
        Path(found.origin).parent / "mpl-data" / "sample_data" / "grace_hopper.jpg" if found and found.origin else None
    )
    if path is None or not path.is_file():
        raise SourceError(
            "the portrait of the demo is missing; it comes with matplotlib",
            hint="pip install matplotlib, or choose another --input",
        )
    return path


def widened(portrait: Pixels, aspect: float) -> tuple[Pixels, tuple[float, float]]:
    """The portrait set in an image of `aspect` (width / height), and the face's place in it, in pixels.

    Both sides continue with the portrait's own background, mirrored without the person, and fall out of focus and into
    shade away from it; the sleeve that the photo cuts off is drawn to its end.
    """
    height, width = portrait.shape[:2]
    half = math.ceil(height * max(aspect, 0.3) / 2 * 1.2)  # a margin for pan and roll
    left, right = max(0, half - round(_FACE[0])), max(0, half - (width - round(_FACE[0])))
    background = _without_person(portrait)
    wide = cv2.copyMakeBorder(background, _HEADROOM, 0, left, right, cv2.BORDER_REFLECT)
    columns = np.arange(wide.shape[1], dtype=np.float32)
    outside = np.maximum(np.maximum(left - columns, columns - (left + width - 1)), 0.0)
    soft = _growing_blur(wide.astype(np.float32), outside)
    sleeve = _filled(wide.shape[:2], [(x + left, y + _HEADROOM) for x, y in _SLEEVE], 5.0)
    cloth = portrait[-100:, -60:].reshape(-1, 3).mean(axis=0) * np.float32(0.9)
    soft += (cloth - soft) * sleeve[..., None]
    inside = np.clip(1.0 - outside, 0, 1)[None, :, None]
    whole = cv2.copyMakeBorder(portrait, _HEADROOM, 0, left, right, cv2.BORDER_REPLICATE).astype(np.float32)
    # over the last pixels of the photo its edge melts into the continuation
    melt = np.clip((np.minimum(columns - left, left + width - 1 - columns)) / 14.0, 0, 1)
    from_top = np.clip((np.arange(wide.shape[0], dtype=np.float32) - _HEADROOM) / 14.0, 0, 1)
    melt = (melt * melt * (3 - 2 * melt))[None, :, None] * inside * from_top[:, None, None]
    canvas = whole * melt + soft * (1 - melt)
    shade = 1.0 - 0.42 * np.clip(outside / (height * 0.6), 0, 1) ** 1.2
    canvas *= shade[None, :, None]
    pixels: Pixels = np.clip(canvas + 0.5, 0, 255).astype(np.uint8)
    return pixels, (left + _FACE[0], _HEADROOM + _FACE[1])


def _without_person(portrait: Pixels) -> Pixels:
    """The portrait's background alone, filled in smoothly where the person stands (pull-push over widening blurs)."""
    image = portrait.astype(np.float32)
    known = 1.0 - (_filled(image.shape[:2], _PERSON, 0.0) > 0.01).astype(np.float32)
    filled, have = image * known[..., None], known.copy()
    for sigma in (3, 6, 12, 24, 48, 96, 192):
        weight = _wide_blur(known, sigma)
        spread = _wide_blur(image * known[..., None], sigma) / np.maximum(weight, 1e-6)[..., None]
        trust = np.clip(weight * 4, 0, 1) * (1 - have)
        filled += spread * trust[..., None]
        have += trust
    background: Pixels = np.clip(filled / np.maximum(have, 1e-6)[..., None], 0, 255).astype(np.uint8)
    return background


def _wide_blur(image: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """A Gaussian blur; wide ones on a smaller copy, which looks the same and takes a tenth of the time."""
    shrink = max(1, int(sigma // 4))
    height, width = image.shape[:2]
    small = cv2.resize(image, (width // shrink, height // shrink), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / shrink, borderType=cv2.BORDER_REFLECT)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _growing_blur(image: NDArray[np.float32], outside: NDArray[np.float32]) -> NDArray[np.float32]:
    """Out of focus by the distance of each column from the photo: sharp at its edge, 26 pixels of blur far away."""
    sigmas = (0.0, 3.0, 8.0, 16.0, 26.0)
    stack = [image] + [_wide_blur(image, s) for s in sigmas[1:]]
    level = np.clip(outside / 220.0, 0, 1) ** 0.7 * (len(sigmas) - 1)
    result = np.zeros_like(image)
    for index, blurred in enumerate(stack):
        result += blurred * np.clip(1 - np.abs(level - index), 0, 1)[None, :, None]
    return result


def _filled(shape: tuple[int, ...], outline: list[tuple[int, int]], feather_px: float) -> NDArray[np.float32]:
    """1 inside the outline, 0 outside, with a soft edge."""
    mask = np.zeros(shape, np.float32)
    cv2.fillPoly(mask, [np.array(outline, np.int32)], 1.0, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), feather_px) if feather_px else mask)
