"""How an image is brought to a wanted size."""

from __future__ import annotations

import cv2
import numpy as np

from ..core.frame import Pixels


def cover(pixels: Pixels, size: tuple[int, int] | None) -> Pixels:
    """The image scaled to fill `size` (width, height), keeping its shape, the rest cropped equally at both sides.

    Returns the very same array where nothing has to be done.
    """
    height, width = pixels.shape[:2]
    if size is None or size == (width, height):
        return pixels
    scale = max(size[0] / width, size[1] / height)
    scaled_w, scaled_h = max(size[0], round(width * scale)), max(size[1], round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(pixels, (scaled_w, scaled_h), interpolation=method)
    left, top = (scaled_w - size[0]) // 2, (scaled_h - size[1]) // 2
    cropped: Pixels = np.ascontiguousarray(scaled[top : top + size[1], left : left + size[0]])
    return cropped
