"""The vertices of a mesh in the GPU."""

from __future__ import annotations

import moderngl
import numpy as np

from ..core.frame import Floats
from ..effect.mesh import Corners, Triangles
from .gpu import Gpu

# What a vertex holds: attribute of the shader, numbers, and what is taken where an effect gives none.
VERTEX = (
    ("_position", 3, None),
    ("_mesh_uv", 2, (0.0, 0.0)),
    ("_mesh_normal", 3, (0.0, 0.0, 1.0)),
    ("_mesh_color", 4, (1.0, 1.0, 1.0, 1.0)),
)


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
