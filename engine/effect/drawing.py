"""Shapes drawn once, for the textures that an effect makes itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from ..core.frame import Floats, Pixels


def fill_polygon(polygons: Iterable[ArrayLike], size: tuple[int, int], holes: bool = True) -> Floats:
    """1 inside the polygons and 0 outside, with smooth edges: (height, width) float32 for `size` (width, height).

    Each polygon is (N, 2), uv; where two overlap there is a hole, unless `holes` is off.
    """
    import cv2

    plane = np.zeros((size[1], size[0]), np.uint8)
    # OpenCV counts from the middle of the first pixel, in sixteenths of one.
    outlines = [np.round(np.asarray(p, np.float64) * size * 16 - 8).astype(np.int32) for p in polygons]
    for together in [outlines] if holes else [[outline] for outline in outlines]:
        cv2.fillPoly(plane, together, 255, cv2.LINE_AA, 4)
    return plane.astype(np.float32) / np.float32(255)


def blur(plane: Floats, sigma_px: float) -> Floats:
    """Gaussian blur; 0 leaves it as it is."""
    from ..core.imaging import gaussian

    return gaussian(np.asarray(plane, np.float32), sigma_px)


def resample_path(line: ArrayLike, count: int) -> Floats:
    """`count` points at even distances along a line of points (N, 2)."""
    points = np.asarray(line, np.float64)
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    at = np.linspace(0.0, way[-1], count)
    return np.stack([np.interp(at, way, points[:, axis]) for axis in (0, 1)], axis=1).astype(np.float32)


def stroke_path(line: ArrayLike, widths: Sequence[float], count: int = 32) -> Floats:
    """The outline (2·count, 2) of a stroke along `line` (N, 2), whose width goes through `widths` on its way."""
    middle = resample_path(line, count)
    ahead = np.gradient(middle, axis=0)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-9)
    half = np.interp(np.linspace(0, len(widths) - 1, count), np.arange(len(widths)), widths)[:, None] / 2
    side = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) * half
    return np.concatenate([middle + side, (middle - side)[::-1]]).astype(np.float32)


def colorize(layers: Sequence[tuple[str, Floats]]) -> Pixels:
    """Colours (`#rrggbb`) laid over one another, each as thick as its plane (H×W, 0..1) says: for a `Texture`.

    H×W×4 uint8, premultiplied linear light stored as sRGB, transparent where nothing was painted.
    """
    from ..core.srgb import LINEAR, encode8

    light = np.zeros((*layers[0][1].shape, 4), np.float32)
    for color, plane in layers:
        codes = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
        share = plane[..., None]
        light = light * (1.0 - share) + share * np.array([*LINEAR[codes], 1.0], np.float32)
    alpha = (np.clip(light[..., 3:], 0.0, 1.0) * 255 + 0.5).astype(np.uint8)
    return np.concatenate([encode8(np.clip(light[..., :3], 0.0, 1.0)), alpha], axis=2)
