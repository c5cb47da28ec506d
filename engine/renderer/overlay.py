"""Draws lines, boxes and labels over an image: every shape is a sprite, so only what it covers costs anything."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence

import moderngl
import numpy as np

from ..core.frame import Floats
from ..core.param_types import Color, Rgba
from ..effect.effect import Effect, Pass
from ..effect.shapes import Box, ColorLike, Label, Line, Shape
from ..glsl.assemble import assemble
from .gpu import Gpu
from .program import Program
from .text import coverage

KEPT_LABELS = 96
LARGEST_PX = 512

# data0: colour (sRGB, straight alpha); data1: corner radius, edge width and glow in pixels
SHAPE = """
vec4 effect(vec2 uv) {
    vec2 p = sprite * sprite_half_px;
    float grow = data1.z + 1.0;
    float radius = data1.x;
    vec2 q = abs(p) - (sprite_half_px - grow) + radius;
    float d = length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - radius;
    float alpha = clamp(0.5 - d, 0.0, 1.0);
    vec3 light = to_linear(data0.rgb) * data0.a;
    float halo = data1.z > 0.0 ? 0.55 * pow(clamp(1.0 - max(d, 0.0) / data1.z, 0.0, 1.0), 2.5) : 0.0;
    return vec4(light * max(alpha, halo), alpha * data0.a);
}
"""

# data0: letters' colour, data1: outline's colour (both sRGB, straight alpha)
TEXT = """
uniform sampler2D _text;
vec4 effect(vec2 uv) {
    vec2 covered = texture(_text, sprite * 0.5 + 0.5).rg;
    vec4 ink = vec4(to_linear(data0.rgb) * data0.a, data0.a) * covered.r;
    vec4 edge = vec4(to_linear(data1.rgb) * data1.a, data1.a) * max(covered.g, covered.r);
    return ink + edge * (1.0 - ink.a);
}
"""

_COLOR = Color("#000000")


def rgba_of(color: ColorLike | None) -> Rgba:
    """A shape's colour as four numbers 0..1, sRGB, straight alpha."""
    return (0.0, 0.0, 0.0, 0.0) if color is None else _COLOR.check(color)


class Overlay:
    """Draws shapes; keeps the images of labels while they are in use."""

    def __init__(self, gpu: Gpu) -> None:
        self.gpu = gpu
        self._shape = Program(gpu, assemble(Effect, Pass(SHAPE, sprites="shapes"), ()))
        self._text = Program(gpu, assemble(Effect, Pass(TEXT, sprites="labels"), ()))
        self._labels: OrderedDict[tuple[str, int, bool, int], moderngl.Texture] = OrderedDict()

    def draw(self, shapes: Sequence[Shape], target: moderngl.Framebuffer) -> None:
        """Draws `shapes` in order, later ones over earlier ones."""
        waiting: list[list[float]] = []
        for shape in shapes:
            if isinstance(shape, Label):
                self._flush(waiting, target)
                self._label(shape, target)
            else:
                size = (target.width, target.height)
                waiting.append(line_row(shape, size) if isinstance(shape, Line) else box_row(shape, size))
        self._flush(waiting, target)

    def _flush(self, rows: list[list[float]], target: moderngl.Framebuffer) -> None:
        if rows:
            self._shape.draw(target, "over", np.array(rows, np.float32))
            rows.clear()

    def _label(self, label: Label, target: moderngl.Framebuffer) -> None:
        if not label.text.strip():
            return
        size_px = min(max(4, round(label.size_px)), LARGEST_PX)
        outline_px = max(1, round(size_px * 0.07)) if label.outline is not None else 0
        key = (label.text, size_px, label.bold, outline_px)
        texture = self._labels.get(key)
        if texture is None:
            image = coverage(*key)
            texture = self.gpu.texture((image.shape[1], image.shape[0]), 2, np.ascontiguousarray(image))
            self._labels[key] = texture
            while len(self._labels) > KEPT_LABELS:
                self.gpu.release(self._labels.popitem(last=False)[1])
        self._labels.move_to_end(key)
        width, height = texture.size
        # Whole pixels, so that the letters stay as crisp as they were drawn.
        left = round(label.at[0] * target.width - label.anchor[0] * width)
        top = round(label.at[1] * target.height - label.anchor[1] * height)
        row = [left + width / 2, top + height / 2, width / 2, height / 2, 0.0]
        self._text.texture("_text", texture)
        rows: Floats = np.array([[*row, *rgba_of(label.color), *rgba_of(label.outline)]], np.float32)
        self._text.draw(target, "over", rows)

    def release(self) -> None:
        """Gives back every GL object."""
        self.gpu.release(*self._labels.values())
        self._labels.clear()
        self._shape.release()
        self._text.release()


def line_row(line: Line, size: tuple[int, int]) -> list[float]:
    """A line as a sprite's row."""
    x0, y0 = line.start[0] * size[0], line.start[1] * size[1]
    x1, y1 = line.end[0] * size[0], line.end[1] * size[1]
    radius, grow = line.width_px / 2, line.glow_px + 1.0
    half = math.hypot(x1 - x0, y1 - y0) / 2 + radius + grow
    place = [(x0 + x1) / 2, (y0 + y1) / 2, half, radius + grow, math.atan2(y1 - y0, x1 - x0)]
    return [*place, *rgba_of(line.color), radius, 0.0, line.glow_px, 0.0]


def box_row(box: Box, size: tuple[int, int]) -> list[float]:
    """A box as a sprite's row."""
    x0, y0 = box.top_left[0] * size[0], box.top_left[1] * size[1]
    x1, y1 = box.bottom_right[0] * size[0], box.bottom_right[1] * size[1]
    half_w, half_h = max(x1 - x0, 0.0) / 2, max(y1 - y0, 0.0) / 2
    place = [(x0 + x1) / 2, (y0 + y1) / 2, half_w + 1.0, half_h + 1.0, 0.0]
    return [*place, *rgba_of(box.color), min(box.radius_px, half_w, half_h), 0.0, 0.0, 0.0]
