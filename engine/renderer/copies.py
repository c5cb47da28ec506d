"""Effects of the renderer's own, which leave the image as it is."""

from __future__ import annotations

from ..effect.effect import Effect


class Copy(Effect):
    """The image as it is."""

    glsl = "vec4 effect(vec2 uv) { return frame_here(); }"


class Enlarge(Effect):
    """The image, which is smaller, stretched smoothly."""

    glsl = "vec4 effect(vec2 uv) { return frame(uv); }"
