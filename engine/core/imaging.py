"""The few image operations that a processor does better than a shader: conversions and resizing, by OpenCV."""

from __future__ import annotations

import threading
from weakref import WeakKeyDictionary

import cv2
import numpy as np

from .frame import Floats, Frame, Pixels
from .srgb import LINEAR, encode8


def rgba(pixels: Pixels, out: Pixels | None = None) -> Pixels:
    """RGB (H×W×3) with an opaque alpha, into `out` (H×W×4) where given; what has four channels already is as it is."""
    if pixels.shape[2] == 4:
        return pixels
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA, dst=out))


def resize(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """`pixels` at `size` (width, height): averaged where it shrinks, interpolated where it grows."""
    height, width = pixels.shape[:2]
    if (width, height) == size:
        return pixels
    shrinks = size[0] <= width and size[1] <= height
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR))


_SHRUNK: WeakKeyDictionary[Frame, dict[tuple[int, int], Pixels]] = WeakKeyDictionary()
_LOCK = threading.Lock()


def shrunk(frame: Frame, size: tuple[int, int]) -> Pixels:
    """The frame's image at `size` (width, height), made once for all who ask, in any thread; not to be written to."""
    frame = frame.held_from or frame
    with _LOCK:
        made = _SHRUNK.setdefault(frame, {})
        if size in made:
            return made[size]
    pixels = resize(frame.pixels, size)
    with _LOCK:
        return made.setdefault(size, pixels)


def letterbox(pixels: Pixels, side: int) -> Pixels:
    """`pixels` in the middle of a black square of `side` pixels, its shape kept."""
    height, width = pixels.shape[:2]
    scale = side / max(width, height)
    inner = resize(pixels, (max(1, round(width * scale)), max(1, round(height * scale))))
    square = np.zeros((side, side, 3), np.uint8)
    top, left = (side - inner.shape[0]) // 2, (side - inner.shape[1]) // 2
    square[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return square


def enlarge(image: Pixels, out: Pixels) -> Pixels:
    """`image` stretched to fill `out`, which has as many channels."""
    return np.asarray(cv2.resize(image, (out.shape[1], out.shape[0]), dst=out, interpolation=cv2.INTER_LINEAR))


def box_mean(plane: Floats, radius: int) -> Floats:
    """The mean over (2·radius+1)² neighbours; edges are mirrored."""
    side = 2 * radius + 1
    return np.asarray(cv2.boxFilter(plane, cv2.CV_32F, (side, side), borderType=cv2.BORDER_REFLECT_101))


def gaussian(plane: Floats, sigma: float) -> Floats:
    """Gaussian blur with `sigma` in pixels of `plane`; 0 leaves it as it is."""
    if sigma <= 0.0:
        return plane
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE))


def straight_alpha(image: Pixels) -> Pixels:
    """Premultiplied linear-light RGBA (stored as sRGB) as straight alpha, the way files hold it; an opaque image is
    returned as it is."""
    if image[..., 3].min() == 255:
        return image
    alpha = image[..., 3:4].astype(np.float32) / 255
    linear = LINEAR[image[..., :3]] / np.maximum(alpha, 1 / 255)
    return np.concatenate([encode8(np.minimum(linear, 1.0)), image[..., 3:4]], axis=2)


def light_at(image: Pixels, cells: tuple[int, int], finer: int) -> Pixels:
    """RGBA sRGB codes as a small image of (columns, rows) `cells` in linear light, 8 bits: of each cell the mean of
    `finer`² pixels that are evenly spread."""
    height, width = image.shape[:2]
    columns, rows = cells[0] * finer, cells[1] * finer
    x = ((np.arange(columns) + 0.5) * width / columns).astype(np.intp)
    y = ((np.arange(rows) + 0.5) * height / rows).astype(np.intp)
    codes = image.view(np.uint32)[y[:, None], x[None], 0].view(np.uint8).reshape(rows, columns, 4)
    light = cv2.resize(cv2.LUT(codes, LINEAR), cells, interpolation=cv2.INTER_AREA)
    return np.asarray((light * np.float32(255.0) + np.float32(0.5)).astype(np.uint8))
