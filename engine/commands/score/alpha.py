"""The alpha that the shader computes, computed in numpy: what is scored is what is drawn."""

from __future__ import annotations

import cv2
import numpy as np

from ...core.frame import Floats, Pixels
from ...core.srgb import LINEAR
from ...matte.guided_filter import soft_step
from ...matte.matte import MatteField

# The two bilinear fetches of the shader's `mask`, half a pixel up and left and half a pixel down and right.
_FETCHES = np.array([[1, 1, 0], [1, 2, 1], [0, 1, 1]], np.float32) / 8


def enlarged(values: Floats, size: tuple[int, int]) -> Floats:
    """Bilinear, as GL samples a texture that ends at its edges; `size` is (width, height)."""
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_LINEAR))


def final_alpha(field: MatteField, pixels: Pixels, shape: tuple[float, float], software: bool = False) -> Floats:
    """What `mask(uv)` gives at every pixel of `pixels` (H×W×3): H×W float32; on a processor where `software`."""
    height, width = pixels.shape[:2]
    values = enlarged(field.values.astype(np.float32), (width, height))
    if not field.guided:
        return soft_step(values.reshape(height, width), *shape)
    light = cv2.LUT(pixels, LINEAR)
    if not software:
        light = cv2.filter2D(light, -1, _FETCHES, borderType=cv2.BORDER_REPLICATE)
    product = values[..., :3] * np.sqrt(light)
    return soft_step(cv2.transform(product, np.ones((1, 3), np.float32)) + values[..., 3], *shape)
