"""Where make-up goes, drawn on the unrolled face: soft shapes from the rings of the mesh's points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from phosphene import FACE_RINGS, face_mesh
from phosphene.drawing import blur, fill_polygon, resample_path

SIZE = (512, 512)
# Upper lid from the outer to the inner corner, and the lower edge of the brow above it, by the person's own sides.
LIDS = {
    "right": ((33, 246, 161, 160, 159, 158, 157, 173, 133), (46, 53, 52, 65, 55)),
    "left": ((263, 466, 388, 387, 386, 385, 384, 398, 362), (276, 283, 282, 295, 285)),
}
CHEEKBONES = {"right": (50, 123, 116), "left": (280, 352, 345)}  # from the apple of the cheek toward the temple
LID_REACH = 0.72  # how far up to the brow the shadow goes
BLUSH_REACH = 0.1  # half the width of the stroke over a cheekbone, in widths of the unrolled face

Plane = NDArray[np.float32]


def draw_masks() -> NDArray[np.uint8]:
    """Strength 0..255 of lip colour (red), eye shadow (green) and blush (blue), H×W×4."""
    uv = face_mesh().uv
    lips = fill_polygon([uv[list(FACE_RINGS["lips"])]], SIZE)
    made = np.full((SIZE[1], SIZE[0], 4), 255, np.uint8)
    for channel, plane in enumerate((blur(lips, 2.0), blur(shadow(uv), 5.0), cheeks(uv))):
        made[..., channel] = np.clip(plane * 255 + 0.5, 0, 255)
    return made


def shadow(uv: Plane) -> Plane:
    """Strongest on the lid, fading upward, with a wing past the outer corner."""
    plane = np.zeros(SIZE[::-1], np.float32)
    for lid, brow in LIDS.values():
        low, high = resample_path(uv[list(lid)], 16), resample_path(uv[list(brow)], 16)
        wing = (low[0] - low[-1]) * np.linspace(0.16, 0.0, len(low))[:, None] ** 1.5
        for share in np.linspace(LID_REACH, 0.02, 24):
            band = low + (high - low) * share + wing * (0.4 + 0.6 * share)
            strength = np.float32((1.0 - share / LID_REACH) ** 0.7)
            np.maximum(plane, fill_polygon([np.concatenate([low, band[::-1]])], SIZE) * strength, out=plane)
    return plane


def cheeks(uv: Plane) -> Plane:
    """A soft stroke along each cheekbone: a distance from it at every eighth pixel, smoothed."""
    coarse = np.stack(np.meshgrid(*((np.arange(n // 8) + 0.5) / (n // 8) for n in SIZE)), axis=2)
    plane = np.zeros(coarse.shape[:2])
    for numbers in CHEEKBONES.values():
        stroke = resample_path(uv[list(numbers)], 24)[:15]
        far = np.min([np.linalg.norm(coarse - point, axis=2) for point in stroke], axis=0)
        np.maximum(plane, np.exp(-0.5 * (far / (0.42 * BLUSH_REACH)) ** 2), out=plane)
    return blur(np.kron(plane, np.ones((8, 8))).astype(np.float32), 5.0)
