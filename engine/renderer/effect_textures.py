"""The pictures that an effect makes itself, in the GPU."""

from __future__ import annotations

from collections.abc import Iterator

import moderngl
import numpy as np

from ..core.frame import Pixels
from ..effect.effect import Effect
from ..effect.mesh import textures_of
from .gpu import Gpu


class OwnTextures:
    """Holds what the `Texture` attributes of one effect were set to; a new array is uploaded once."""

    def __init__(self, gpu: Gpu) -> None:
        self.gpu = gpu
        self._held: dict[str, tuple[Pixels, moderngl.Texture]] = {}
        self._blank = gpu.texture((1, 1), 4, b"\0\0\0\0")
        self._names: tuple[str, ...] = ()

    def follow(self, effect: Effect) -> None:
        """Uploads what is new."""
        declared = textures_of(type(effect))
        self._names = tuple(declared)
        for name, texture in declared.items():
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

    def items(self) -> Iterator[tuple[str, moderngl.Texture]]:
        """Each one's name and texture."""
        for name in self._names:
            yield name, self._held[name][1] if name in self._held else self._blank

    def release(self) -> None:
        """Gives back every GL object."""
        self.gpu.release(self._blank, *(texture for _, texture in self._held.values()))
        self._held.clear()
