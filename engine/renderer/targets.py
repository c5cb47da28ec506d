"""Render targets: the images that passes draw into."""

from __future__ import annotations

import moderngl

from ..effect.effect import TargetSpec
from .gpu import Gpu


class Target:
    """An image to draw into and to read from; `double` ones keep the last image readable while the next is drawn.

    It holds linear light as 8-bit sRGB, as 16-bit floats (`floats`), or plain numbers of the type `dtype`.
    """

    def __init__(
        self, gpu: Gpu, size: tuple[int, int], *, floats: bool = False, double: bool = False, dtype: str = ""
    ) -> None:
        self.gpu = gpu
        self.size = size
        dtype = dtype or ("f2" if floats else "")
        self.spec = TargetSpec(size, dtype, double)
        self._textures = [
            gpu.texture(size, dtype=dtype) if dtype else gpu.texture(size, srgb=True) for _ in range(2 if double else 1)
        ]
        self._framebuffers = [gpu.framebuffer([t]) for t in self._textures]
        for framebuffer in self._framebuffers:
            framebuffer.clear()
        self._front = 0

    @classmethod
    def of(cls, gpu: Gpu, spec: TargetSpec) -> Target:
        """The target that a pass asks for."""
        return cls(gpu, spec.size, double=spec.double, dtype=spec.dtype)

    @property
    def texture(self) -> moderngl.Texture:
        """What was drawn last."""
        return self._textures[self._front]

    @property
    def framebuffer(self) -> moderngl.Framebuffer:
        """Where the next image is drawn."""
        return self._framebuffers[(self._front + 1) % len(self._framebuffers)]

    @property
    def shown(self) -> moderngl.Framebuffer:
        """What was drawn last, to be read or copied."""
        return self._framebuffers[self._front]

    @property
    def double(self) -> bool:
        """Whether the last image is kept while the next is drawn."""
        return len(self._framebuffers) > 1

    def like(self, other: Target) -> bool:
        """Whether `other` has the same size and format."""
        return self.spec == other.spec

    def blit(self, other: Target) -> None:
        """Takes over what was drawn last into `other`, at this one's size."""
        self.gpu.blit(other.shown, self.shown)

    def clear(self) -> None:
        """Empties it."""
        for framebuffer in self._framebuffers:
            framebuffer.clear()

    def flip(self) -> None:
        """Makes what was just drawn the image to read."""
        self._front = (self._front + 1) % len(self._framebuffers)

    def release(self) -> None:
        """Gives back every GL object."""
        self.gpu.release(*self._framebuffers, *self._textures)


class Pool:
    """Pictures of the frame's size that layers borrow while they are drawn."""

    def __init__(self, gpu: Gpu, size: tuple[int, int]) -> None:
        self.gpu = gpu
        self.size = size
        self._free: list[Target] = []
        self._all: list[Target] = []

    def take(self) -> Target:
        """A target whose content is undefined."""
        if not self._free:
            made = Target(self.gpu, self.size)
            self._all.append(made)
            return made
        return self._free.pop()

    def put_back(self, target: Target | None) -> None:
        """Takes a borrowed target back; None is left alone."""
        if target is not None:
            self._free.append(target)

    def release(self) -> None:
        """Gives back every GL object."""
        for target in self._all:
            target.release()
        self._all.clear()
        self._free.clear()
