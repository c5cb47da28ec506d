"""The images that an effect makes itself, as textures."""

from __future__ import annotations

import moderngl
import numpy as np

from ..core.frame import Pixels
from ..effect.effect import Effect
from ..effect.mesh import Texture, textures_of
from .gpu import Gpu
from .program import Program


class OwnTextures:
    """Holds what the `Texture` attributes of one effect were set to; a new array is uploaded once."""

    def __init__(self, gpu: Gpu) -> None:
        self.gpu = gpu
        self._held: dict[str, tuple[Pixels, moderngl.Texture]] = {}
        self._blank = gpu.texture((1, 1), 4, b"\0\0\0\0")
        self._declared: dict[str, Texture] = {}

    def follow(self, effect: Effect) -> None:
        """Uploads what is new."""
        self._declared = textures_of(type(effect))
        for name, texture in self._declared.items():
            pixels: Pixels | None = getattr(effect, name)
            held = self._held.get(name)
            if pixels is None or (held is not None and held[0] is pixels):
                continue
            if held is not None:
                self.gpu.release(held[1])
            size = (pixels.shape[1], pixels.shape[0])
            made = self.gpu.texture(size, 4, np.ascontiguousarray(pixels), srgb=texture.srgb)
            made.build_mipmaps()  # so that it does not glitter where it is drawn small
            made.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
            self._held[name] = (pixels, made)

    def bind(self, program: Program) -> None:
        """Binds each one, transparent until it is set."""
        for name, texture in self._declared.items():
            program.texture(texture.sampler, self._held[name][1] if name in self._held else self._blank)

    def release(self) -> None:
        """Gives back every GL object."""
        self.gpu.release(self._blank, *(texture for _, texture in self._held.values()))
        self._held.clear()
