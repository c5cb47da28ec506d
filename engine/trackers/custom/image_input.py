"""Images as models want them: cut to shape, resized, and on their scale of numbers."""

from __future__ import annotations

import math

import numpy as np

from ...core.frame import Floats, Pixels
from ...core.imaging import resize
from .spec import InputSettings

# How Teachable Machine's library makes grey of colours (near to ITU-R BT.601).
GREY = np.array([0.2989, 0.587, 0.114], np.float32)


def box(size: tuple[int, int], wanted: tuple[int, int], fit: str) -> tuple[float, float, float, float]:
    """(left, top, right, bottom), in pixels of an image of `size`, of what a model is shown; with `pad` it may reach
    beyond the image."""
    width, height = size
    if fit == "stretch":
        return 0.0, 0.0, float(width), float(height)
    wide = width * wanted[1] > height * wanted[0]
    if (fit == "crop") == wide:  # the height is kept whole
        across, down = height * wanted[0] / wanted[1], float(height)
    else:
        across, down = float(width), width * wanted[1] / wanted[0]
    left, top = (width - across) / 2, (height - down) / 2
    return left, top, left + across, top + down


def fitted(pixels: Pixels, wanted: tuple[int, int], fit: str, filter: str) -> Pixels:
    """`pixels` (H, W, 3) at the size `wanted` (width, height)."""
    height, width = pixels.shape[:2]
    left, top, right, bottom = box((width, height), wanted, fit)
    if fit == "pad":
        scale = wanted[0] / (right - left)
        inner = max(1, round(width * scale)), max(1, round(height * scale))
        small = fitted(pixels, inner, "stretch", filter)
        out = np.zeros((wanted[1], wanted[0], 3), np.uint8)
        x, y = (wanted[0] - inner[0]) // 2, (wanted[1] - inner[1]) // 2
        out[y : y + inner[1], x : x + inner[0]] = small[: wanted[1] - y, : wanted[0] - x]
        return out
    if filter == "area":
        return resize(pixels[int(top) : int(np.ceil(bottom)), int(left) : int(np.ceil(right))], wanted)
    from PIL import Image

    method = Image.Resampling.LANCZOS if filter == "lanczos" else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(pixels).resize(wanted, method, box=(left, top, right, bottom)))


def as_tensorflow(pixels: Pixels, wanted: tuple[int, int], fit: str) -> Floats:
    """`pixels` at the size `wanted`, float32, as TensorFlow's resize_bilinear makes it: from the upper left corner of
    each pixel, and without any smoothing. What `pad` adds is black, and resized along."""
    height, width = pixels.shape[:2]
    left, top = (math.floor(0.5 - v) for v in box((width, height), wanted, fit)[:2])  # added where it is positive
    ys, xs = slice(max(-top, 0), height - max(-top, 0)), slice(max(-left, 0), width - max(-left, 0))
    around = (max(top, 0), max(top, 0)), (max(left, 0), max(left, 0)), (0, 0)
    image = np.pad(pixels[ys, xs], around)
    parts = []
    for here, there in zip(image.shape[:2], wanted[::-1], strict=True):
        at = np.arange(there, dtype=np.float32) * np.float32(here / there)
        low = np.minimum(at.astype(int), here - 1)
        parts.append((low, np.minimum(low + 1, here - 1), (at - low).astype(np.float32)))
    (top_y, below, down), (left_x, right, across) = parts
    rows = image[top_y] + down[:, None, None] * (image[below].astype(np.float32) - image[top_y])
    return np.asarray(rows[:, left_x] + across[:, None] * (rows[:, right] - rows[:, left_x]), np.float32)


def prepared(pixels: Pixels, wanted: tuple[int, int], settings: InputSettings) -> Floats:
    """`pixels` as a model takes them: (h, w, 3) or, in grey, (h, w, 1) float32, black as `low` and white as `high`."""
    if settings.filter == "tensorflow":
        image = as_tensorflow(pixels, wanted, settings.fit)
    else:
        image = fitted(pixels, wanted, settings.fit, settings.filter).astype(np.float32)
    if settings.channels == "grey":
        image = (image @ GREY)[..., None]
    elif settings.channels == "bgr":
        image = image[..., ::-1]
    scale = np.float32((settings.high - settings.low) / 255.0)
    return np.asarray(image * scale + np.float32(settings.low), np.float32)


def to_frame(places: Floats, size: tuple[int, int], wanted: tuple[int, int], fit: str) -> Floats:
    """Places (N, 2) in 0..1 of what the model was shown, as uv of a frame of `size`."""
    left, top, right, bottom = box(size, wanted, fit)
    spread = places * np.array([right - left, bottom - top], np.float32) + np.array([left, top], np.float32)
    return np.asarray(spread / np.array(size, np.float32), np.float32)
