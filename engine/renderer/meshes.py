"""Meshes in the GPU: their buffers, and the smooth-edged picture with depth in which solid ones are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import moderngl
import numpy as np

from engine.data import Floats
from engine.effect import Pass
from engine.mesh import Corners, Triangles
from engine.renderer.gpu import SRGB8_ALPHA8, Gpu

if TYPE_CHECKING:
    from engine.renderer.program import Program

SAMPLES = 4
# What a vertex holds: attribute of the shader, numbers, and what is taken where an effect gives none.
VERTEX = (
    ("_position", 3, None),
    ("_mesh_uv", 2, (0.0, 0.0)),
    ("_mesh_normal", 3, (0.0, 0.0, 1.0)),
    ("_mesh_color", 4, (1.0, 1.0, 1.0, 1.0)),
)
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels


class MeshBuffers:
    """The vertices and corners of what one program draws; arrays that are there already are not uploaded again."""

    def __init__(self, gpu: Gpu, program: moderngl.Program) -> None:
        self.gpu, self._program = gpu, program
        self._vertices: moderngl.Buffer | None = None
        self._indices: moderngl.Buffer | None = None
        self._array: moderngl.VertexArray | None = None
        self._held: tuple[Floats | None, ...] = ()
        self._corners: Corners | None = None

    def draw(self, mesh: Triangles, target: moderngl.Framebuffer) -> None:
        """Draws `mesh` into `target`, which is bound."""
        if not len(mesh.corners):
            return
        if self._corners is not mesh.corners:
            self._indices = self._filled(self._indices, np.ascontiguousarray(mesh.corners, np.int32).tobytes())
            self._corners = mesh.corners
        given = (mesh.positions, mesh.uv, mesh.normals, mesh.colors)
        if len(self._held) != len(given) or any(a is not b for a, b in zip(self._held, given, strict=True)):
            table = np.empty((len(mesh.positions), sum(width for _, width, _ in VERTEX)), np.float32)
            at = 0
            for (_, width, default), column in zip(VERTEX, given, strict=True):
                table[:, at : at + width] = default if column is None else column
                at += width
            self._vertices = self._filled(self._vertices, table.tobytes())
            self._held = given
        if self._array is None:
            used = [name for name, _, _ in VERTEX if name in self._program]
            layout = " ".join(f"{width}f" if name in used else f"{width}x4" for name, width, _ in VERTEX)
            content = [(self._vertices, layout, *used)]
            self._array = self.gpu.keep(self.gpu.context.vertex_array(self._program, content, self._indices))
        if mesh.hides:
            target.color_mask = False, False, False, False
            target.use()  # only then does the mask count
            self._array.render(moderngl.TRIANGLES, vertices=3 * mesh.hides)
            target.color_mask = True, True, True, True
            target.use()
        if len(mesh.corners) > mesh.hides:
            count = 3 * (len(mesh.corners) - mesh.hides)
            self._array.render(moderngl.TRIANGLES, vertices=count, first=3 * mesh.hides)

    def _filled(self, buffer: moderngl.Buffer | None, data: bytes) -> moderngl.Buffer:
        """A buffer that begins with `data`: the same one where it is large enough."""
        if buffer is None or buffer.size < len(data):
            self.gpu.release(self._array, buffer)
            self._array = None
            made: moderngl.Buffer = self.gpu.keep(self.gpu.context.buffer(reserve=len(data), dynamic=True))
            buffer = made
        else:
            buffer.orphan()
        buffer.write(data)
        return buffer

    def release(self) -> None:
        """Gives back every GL object."""
        self.gpu.release(self._array, self._vertices, self._indices)
        self._array = self._vertices = self._indices = None
        self._held, self._corners = (), None


class Solid:
    """A picture with depth and several samples a pixel, in which meshes hide one another and have smooth edges."""

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
        self.gpu.copy_box(target, self._framebuffer, box)
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
        self.gpu.copy_box(self._framebuffer, target, box)

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
    """The pixels that `meshes` may touch in a picture of `size`; None where they touch none."""
    boxes = [m.box(size[0] / size[1]) for m in meshes if len(m.corners) > m.hides]
    ends = np.array(boxes, np.float64).reshape(-1, 4)
    ends = ends[np.isfinite(ends).all(axis=1)]
    if not len(ends):
        return None
    low = np.floor(ends[:, :2].min(axis=0).clip(-2.0, 2.0) * size) - 1.0
    high = np.ceil(ends[:, 2:].max(axis=0).clip(-2.0, 2.0) * size) + 1.0
    (left, top), (right, bottom) = low.clip(0, size).astype(int).tolist(), high.clip(0, size).astype(int).tolist()
    return (left, top, right, bottom) if right > left and bottom > top else None
