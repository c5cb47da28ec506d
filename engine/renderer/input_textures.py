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
    """One input's image: as a texture in linear light, and its bytes (H×W×4); `codes` are display codes."""

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
        """The image `frame` of the input `name`, at `size`."""
        found = self._layer_inputs.get(name)
        if found is None or found.texture.size != size:
            self._forget(name)
            pixels = np.empty((size[1], size[0], 4), np.uint8)
            found = self._layer_inputs[name] = LayerInput(frame, pixels, self.gpu.texture(size, srgb=True))
        elif found.frame is frame:
            return found
        found.frame = frame
        found.texture.write(rgba(shrunk(frame, size), found.pixels))
        return found

    def codes(self, own: LayerInput) -> moderngl.Texture:
        """The image as plain display codes, for foreign shaders."""
        if own.codes is None:
            own.codes = self.gpu.texture(own.texture.size)
        if own.coded is not own.frame:
            own.codes.write(own.pixels)
            own.coded = own.frame
        return own.codes

    def release(self) -> None:
        """Gives back every GL object."""
        for name in list(self._layer_inputs):
            self._forget(name)

    def _forget(self, name: str) -> None:
        found = self._layer_inputs.pop(name, None)
        if found is not None:
            self.gpu.release(found.texture, found.codes)
