"""Motion JPEG, as webcams record it: libjpeg-turbo decodes an image sooner than FFmpeg."""

from __future__ import annotations

import simplejpeg

from ..core.frame import Pixels


def decode(data: bytes, size: tuple[int, int]) -> Pixels | None:
    """The JPEG image `data` as H×W×3 RGB, where it is a whole one in colour of this `size`; None where it is not, and
    FFmpeg must say what can be had of it."""
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        if (width, height) != size or colours != "YCbCr":
            return None
        pixels: Pixels = simplejpeg.decode_jpeg(data, "RGB")
    except ValueError:
        return None  # damaged: libjpeg-turbo would go on with grey blocks and a line on the terminal
    return pixels
