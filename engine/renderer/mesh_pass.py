"""Draws meshes: the smooth-edged image with depth in which solid ones are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import moderngl
import numpy as np

from ..effect.effect import Pass
from ..effect.mesh import Triangles
from .gpu import SRGB8_ALPHA8, Gpu

if TYPE_CHECKING:
    from .program import Program


SAMPLES = 4
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels


class Solid:
    """An image with depth and several samples a pixel, in which meshes hide one another and have smooth edges."""

    def __init__(self, gpu: Gpu, size: tuple[int, int], dtype: str) -> None:
        self.gpu, self.kind = gpu, (size, dtype)
        samples = min(SAMPLES, gpu.context.max_samples)
        format_of = {} if dtype else {"internal_format": SRGB8_ALPHA8}
        color = gpu.context.texture(size, 4, samples=samples, dtype=dtype or "f1", **format_of)
        self._color: moderngl.Texture = gpu.keep(color)
        self._depth: moderngl.Renderbuffer = gpu.keep(gpu.context.depth_renderbuffer(size, samples=samples))
        made = gpu.context.framebuffer([self._color], self._depth)
        self._framebuffer: moderngl.Framebuffer = gpu.keep(made)

    def draw(self, target: moderngl.Framebuffer, box: Box, draw: Callable[[moderngl.Framebuffer], None]) -> None:
        """Calls `draw` with a framebuffer that shows what `target` does within `box`, and puts the outcome there."""
        left, top, right, bottom = box
        self.gpu.blit_region(target, self._framebuffer, box)
        self._framebuffer.use()
        context = self.gpu.context
        context.scissor = (left, top, right - left, bottom - top)
        try:
            self._framebuffer.depth_mask = True
            # moderngl clears colour together with depth; the colour was just put there, so depth goes alone.
            self.gpu.clear_depth()
            context.enable(moderngl.DEPTH_TEST)
            context.depth_func = "<="
            draw(self._framebuffer)
        finally:
            context.disable(moderngl.DEPTH_TEST)
            context.scissor = None
        self.gpu.blit_region(self._framebuffer, target, box)

    def release(self) -> None:
        """Gives back every GL object."""
        self.gpu.release(self._framebuffer, self._color, self._depth)


class MeshPainter:
    """Draws the meshes of one effect."""

    def __init__(self, gpu: Gpu) -> None:
        self.gpu = gpu
        self._solid: Solid | None = None

    def draw(self, step: Pass, meshes: Sequence[Triangles], program: Program, target: moderngl.Framebuffer) -> None:
        """Draws `meshes` as `step` says over what `target` holds; nothing where they lie outside."""
        box = box_of(meshes, target.size)
        if box is None:
            return
        if not step.depth:
            program.draw_meshes(target, step.blend, meshes)
            return
        kind = (target.size, "f2" if step.target and step.floats else "")
        if self._solid is None or self._solid.kind != kind:
            self.release()
            self._solid = Solid(self.gpu, *kind)
        self._solid.draw(target, box, lambda into: program.draw_meshes(into, step.blend, meshes))

    def release(self) -> None:
        """Gives back every GL object."""
        if self._solid is not None:
            self._solid.release()
        self._solid = None


def box_of(meshes: Sequence[Triangles], size: tuple[int, int]) -> Box | None:
    """The pixels that `meshes` may touch in an image of `size`; None where they touch none."""
    boxes = [m.box(size[0] / size[1]) for m in meshes if len(m.corners) > m.hides]
    ends = np.array(boxes, np.float64).reshape(-1, 4)
    ends = ends[np.isfinite(ends).all(axis=1)]
    if not len(ends):
        return None
    low = np.floor(ends[:, :2].min(axis=0).clip(-2.0, 2.0) * size) - 1.0
    high = np.ceil(ends[:, 2:].max(axis=0).clip(-2.0, 2.0) * size) + 1.0
    (left, top), (right, bottom) = low.clip(0, size).astype(int).tolist(), high.clip(0, size).astype(int).tolist()
    return (left, top, right, bottom) if right > left and bottom > top else None
