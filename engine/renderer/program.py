"""One compiled shader and how it is drawn."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import moderngl
import numpy as np

from ..core.errors import ShaderError
from ..core.frame import Floats
from ..effect.mesh import FOCAL, NEAR_CM, Triangles
from ..effect.shader import VERSION, Shader
from ..glsl.errors import explain
from ..glsl.prelude import IN_SOFTWARE, NO_SOFTWARE
from .gpu import Gpu
from .mesh_buffers import MeshBuffers

ONE, ZERO = moderngl.ONE, moderngl.ZERO
# Premultiplied alpha: source and destination factors (Porter and Duff 1984; W3C Compositing and Blending Level 1).
BLENDS: dict[str, tuple[int, int]] = {
    "normal": (ONE, moderngl.ONE_MINUS_SRC_ALPHA),
    "over": (ONE, moderngl.ONE_MINUS_SRC_ALPHA),
    "add": (ONE, ONE),
    "replace": (ONE, ZERO),
    "screen": (ONE, moderngl.ONE_MINUS_SRC_COLOR),
    "multiply": (moderngl.DST_COLOR, moderngl.ONE_MINUS_SRC_ALPHA),
}


# What a row of sprites or tiles holds, by the attribute that tells the kind.
LAYOUTS: dict[str, tuple[tuple[str, int], ...]] = {
    "_place": (("_place", 4), ("_angle", 1), ("_data0", 4), ("_data1", 4)),
    "_rect": (("_rect", 4),),
}


class Program:
    """A shader ready to draw, over the whole target, sprites, tiles or meshes."""

    def __init__(self, gpu: Gpu, shader: Shader) -> None:
        self.gpu = gpu
        self.shader = shader
        try:
            self._program = gpu.keep(self._compiled(gpu, shader))
        except moderngl.Error as error:
            raise explain_either(str(error), shader) from None
        self._buffer: moderngl.Buffer | None = None
        self._rows = 0
        self._layout = next((layout for name, layout in LAYOUTS.items() if name in self._program), ())
        self._meshes = MeshBuffers(gpu, self._program) if "_position" in self._program else None
        made = self._layout or self._meshes
        self._array = None if made else gpu.keep(gpu.context.vertex_array(self._program, []))
        self._units: dict[str, int] = {}

    @staticmethod
    def _compiled(gpu: Gpu, shader: Shader) -> moderngl.Program:
        """The program in the first version of GLSL that takes it. Raises the error of the version that it stands in."""
        fragment = shader.text.replace(NO_SOFTWARE, IN_SOFTWARE) if gpu.software else shader.text
        try:
            return gpu.context.program(vertex_shader=shader.vertex, fragment_shader=fragment)
        except moderngl.Error as error:
            for version in shader.retry:
                vertex, text = (s.replace(VERSION, version, 1) for s in (shader.vertex, fragment))
                with contextlib.suppress(moderngl.Error):
                    return gpu.context.program(vertex_shader=vertex, fragment_shader=text)
            raise error

    def __contains__(self, name: str) -> bool:
        """Whether the shader really uses the uniform `name`."""
        return name in self._program

    def set(self, name: str, value: Any) -> None:
        """Sets a uniform; one that the shader does not use is left alone."""
        member = self._program.get(name, None)
        if member is None:
            return
        if isinstance(value, np.ndarray):
            # A driver cuts an array off after the last element that the shader reads.
            member.write(value.tobytes()[: member.array_length * member.element_size])
        else:
            member.value = value

    def texture(self, name: str, texture: moderngl.Texture) -> None:
        """Binds a texture to the sampler `name`; one that the shader does not use is left alone."""
        member = self._program.get(name, None)
        if member is None:
            return
        unit = self._units.get(name)
        if unit is None:
            unit = self._units[name] = len(self._units)
            member.value = unit
        texture.use(unit)

    def draw(self, target: moderngl.Framebuffer, blend: str | None = None, rows: Floats | None = None) -> None:
        """Draws into `target`: replacing it where `blend` is None, else blended; once for each row (sprite or tile)."""
        self._ready(target, blend)
        if not self._layout:
            assert self._array is not None
            if self.shader.quad:
                self._array.render(moderngl.TRIANGLE_STRIP, vertices=4)
            else:
                self._array.render(moderngl.TRIANGLES, vertices=3)
        elif rows is not None and len(rows):
            self._fill(rows)
            assert self._array is not None
            self._array.render(moderngl.TRIANGLE_STRIP, vertices=4, instances=len(rows))

    def _ready(self, target: moderngl.Framebuffer, blend: str | None) -> None:
        """Binds `target` and says how what is drawn meets what is there."""
        context = self.gpu.context
        target.use()
        if blend is None:
            context.disable(moderngl.BLEND)
        else:
            context.enable(moderngl.BLEND)
            context.blend_func = BLENDS[blend]
        self.set("size_px", (float(target.width), float(target.height)))

    def draw_meshes(self, target: moderngl.Framebuffer, blend: str, meshes: Sequence[Triangles]) -> None:
        """Draws triangles into `target`, blended."""
        assert self._meshes is not None
        self._ready(target, blend)
        self.set("_focal", FOCAL)
        self.set("_near_cm", NEAR_CM)
        for mesh in meshes:
            self.set("_in_space", float(mesh.transform is not None))
            if mesh.transform is not None:
                self.set("_transform", np.ascontiguousarray(mesh.transform.T, np.float32))
            values = (*mesh.values, *(0.0,) * 8)
            self.set("data0", values[:4])
            self.set("data1", values[4:8])
            self._meshes.draw(mesh, target)

    def _fill(self, rows: Floats) -> None:
        """Uploads the rows, into a larger buffer where they do not fit."""
        columns = sum(width for _, width in self._layout)
        if len(rows) > self._rows:
            self.gpu.release(self._array, self._buffer)
            self._rows = max(16, 2 * len(rows))
            self._buffer = self.gpu.keep(self.gpu.context.buffer(reserve=self._rows * columns * 4, dynamic=True))
            used = [name for name, _ in self._layout if name in self._program]
            layout = " ".join(f"{w}f" if n in used else f"{w}x4" for n, w in self._layout) + "/i"
            self._array = self.gpu.keep(self.gpu.context.vertex_array(self._program, [(self._buffer, layout, *used)]))
        assert self._buffer is not None
        self._buffer.write(np.ascontiguousarray(rows, np.float32).tobytes())

    def release(self) -> None:
        """Gives back every GL object."""
        if self._meshes is not None:
            self._meshes.release()
        self.gpu.release(self._array, self._buffer, self._program)
        self._array = self._buffer = None


def explain_either(error: str, shader: Shader) -> ShaderError:
    """The driver's message about the fragment shader, or about the author's own vertex shader."""
    if shader.vertex_file and "vertex_shader" in error:
        names = (shader.files[0], shader.vertex_file)
        return explain(error, replace(shader, text=shader.vertex, files=names, name=Path(shader.vertex_file).name))
    return explain(error, shader)


def set_all(program: Program, uniforms: Mapping[str, Any], textures: Mapping[str, moderngl.Texture]) -> None:
    """Sets uniforms and binds textures by name."""
    for name, value in uniforms.items():
        program.set(name, value)
    for name, texture in textures.items():
        program.texture(name, texture)
