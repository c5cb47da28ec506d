"""Textures of the inputs beside the show's own, uploaded once a frame, and only when a layer asks."""

from __future__ import annotations

from dataclasses import dataclass

import moderngl
import numpy as np

from ..core.frame import Frame, Pixels
from ..core.imaging import rgba, shrunk
from .gpu import Gpu


@dataclass(slots=True)
class LayerInput:
    """One input's picture: as a texture in linear light, and its bytes (H×W×4); `codes` are display codes."""

    frame: Frame
    pixels: Pixels
    texture: moderngl.Texture
    codes: moderngl.Texture | None = None
    coded: Frame | None = None  # whose codes those are


class LayerInputTextures:
    """Holds a texture for every input that was asked for."""

    def __init__(self, gpu: Gpu) -> None:
        self.gpu = gpu
        self._layer_inputs: dict[str, LayerInput] = {}

    def get(self, name: str, frame: Frame, size: tuple[int, int]) -> LayerInput:
        """The picture `frame` of the input `name`, at `size`."""
        side = self._layer_inputs.get(name)
        if side is None or side.texture.size != size:
            self._forget(name)
            pixels = np.empty((size[1], size[0], 4), np.uint8)
            side = self._layer_inputs[name] = LayerInput(frame, pixels, self.gpu.texture(size, srgb=True))
        elif side.frame is frame:
            return side
        side.frame = frame
        side.texture.write(rgba(shrunk(frame, size), side.pixels))
        return side

    def codes(self, side: LayerInput) -> moderngl.Texture:
        """The picture as plain display codes, for foreign shaders."""
        if side.codes is None:
            side.codes = self.gpu.texture(side.texture.size)
        if side.coded is not side.frame:
            side.codes.write(side.pixels)
            side.coded = side.frame
        return side.codes

    def release(self) -> None:
        """Gives back every GL object."""
        for name in list(self._layer_inputs):
            self._forget(name)

    def _forget(self, name: str) -> None:
        side = self._layer_inputs.pop(name, None)
        if side is not None:
            self.gpu.release(side.texture, side.codes)
