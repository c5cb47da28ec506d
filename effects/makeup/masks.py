"""Where make-up goes, drawn on the unrolled face: soft shapes from the rings of the mesh's points."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from phosphene import FACE_RINGS, face_mesh

SIZE = 512
# Upper lid from the outer to the inner corner, and the lower edge of the brow above it, by the person's own sides.
LIDS = {
    "right": ((33, 246, 161, 160, 159, 158, 157, 173, 133), (46, 53, 52, 65, 55)),
    "left": ((263, 466, 388, 387, 386, 385, 384, 398, 362), (276, 283, 282, 295, 285)),
}
CHEEKBONES = {"right": (50, 123, 116), "left": (280, 352, 345)}  # from the apple of the cheek toward the temple
LID_REACH = 0.72  # how far up to the brow the shadow goes
BLUSH_SIGMA = 0.042  # in widths of the unrolled face

Plane = NDArray[np.float32]


def draw_masks() -> NDArray[np.uint8]:
    """Strength 0..255 of lip colour (red), eye shadow (green) and blush (blue), SIZE × SIZE × 4."""
    uv = face_mesh().uv * SIZE
    lips = filled([uv[list(FACE_RINGS["lips"])]])
    planes = (soft(lips, 2.0), soft(shadow(uv), 5.0), cheeks(uv))
    made = np.full((SIZE, SIZE, 4), 255, np.uint8)
    for channel, plane in enumerate(planes):
        made[..., channel] = np.clip(plane * 255 + 0.5, 0, 255)
    return made


def shadow(uv: Plane) -> Plane:
    """Strongest on the lid, fading upward, with a wing past the outer corner."""
    plane: Plane = np.zeros((SIZE, SIZE), np.float32)
    for lid, brow in LIDS.values():
        low, high = resampled(uv[list(lid)]), resampled(uv[list(brow)])
        wing = (low[0] - low[-1]) * np.linspace(0.16, 0.0, len(low))[:, None] ** 1.5
        for share in np.linspace(LID_REACH, 0.02, 24):
            band = low + (high - low) * share + wing * (0.4 + 0.6 * share)
            strength = (1.0 - share / LID_REACH) ** 0.7
            inside = filled([np.concatenate([low, band[::-1]])])
            np.maximum(plane, inside * np.float32(strength), out=plane)
    return plane


def cheeks(uv: Plane) -> Plane:
    """A soft stroke along each cheekbone."""
    coarse = (np.arange(SIZE // 8) + 0.5) * 8
    grid = np.stack(np.meshgrid(coarse, coarse), axis=2)
    plane: NDArray[Any] = np.zeros(grid.shape[:2])
    for numbers in CHEEKBONES.values():
        stroke = resampled(uv[list(numbers)], 24)
        near = np.min([((grid - point) ** 2).sum(axis=2) for point in stroke[:15]], axis=0)
        plane = np.maximum(plane, np.exp(-near / (2 * (BLUSH_SIGMA * SIZE) ** 2)))
    return soft(cv2.resize(plane, (SIZE, SIZE)), 4.0)


def filled(polygons: list[Plane]) -> Plane:
    """1 inside the polygons (pixels), with smooth edges."""
    plane = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillPoly(plane, [np.round(p * 16).astype(np.int32) for p in polygons], 255, cv2.LINE_AA, 4)
    return plane.astype(np.float32) / np.float32(255)


def soft(plane: NDArray[Any], sigma_px: float) -> Plane:
    """Blurred."""
    blurred: Plane = cv2.GaussianBlur(plane, (0, 0), sigma_px).astype(np.float32)
    return blurred


def resampled(line: Plane, count: int = 16) -> Plane:
    """`count` points evenly along a line of points (N, 2)."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.linspace(0.0, along[-1], count)
    return np.stack([np.interp(at, along, line[:, axis]) for axis in (0, 1)], axis=1).astype(np.float32)
