"""Numbered OpenEXR images in linear light, for compositing."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np

from ..core.errors import SinkError
from ..core.frame import Pixels
from ..core.srgb import LINEAR
from .png import PngSink


class ExrSink(PngSink):
    """Writes image k to `name_%05d.exr`, counting from 0.

    Linear light with sRGB's primaries, 16-bit floats, ZIP compression; with `alpha` premultiplied, as OpenEXR has it.
    """

    suffix = ".exr"

    def encode(self, image: Pixels) -> bytes:
        """One image as a file's bytes."""
        color = LINEAR[image[..., :3]].astype(np.float32)
        alpha = image[..., 3:].astype(np.float32) / 255 if self.alpha else np.ones_like(color[..., :1])
        context = av.VideoCodecContext.create("exr", "w")
        context.width, context.height, context.pix_fmt = image.shape[1], image.shape[0], "gbrapf32le"
        context.time_base = Fraction(1, 30)
        context.options = {"format": "half", "compression": "zip16"}
        rgba = np.concatenate([color * alpha, alpha], axis=2)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgba), "gbrapf32le")
        frame.pts = 0
        try:
            return b"".join(bytes(packet) for packet in context.encode(frame))
        except av.FFmpegError as error:
            raise SinkError(f"the image could not be encoded ({error})", where=self.name) from error
