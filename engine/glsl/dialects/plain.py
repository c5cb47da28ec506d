"""A `.frag` or `.glsl` file of our own: `vec4 effect(vec2 uv)`, its parameters as uniforms with a default in a comment.

// Darkens the edges.
uniform float amount; // = 0.5 [0, 1] how much
vec4 effect(vec2 uv) { return frame_here() * (1.0 - amount * distance(uv, vec2(0.5))); }
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...core.errors import ShaderError
from ...core.param_types import Color, Point
from ...core.params import Param
from ...core.source_lines import location
from ...effect.effect import Effect
from ...effect.foreign import RESERVED, make_class
from .text import Written, as_params, leading_doc, read_author, to_hex, uniforms


def describe(path: Path) -> tuple[str, tuple[str, ...]]:
    """The doc and the parameters' names. Raises ShaderError."""
    text = read_author(path)
    return leading_doc(text), tuple(params(path, text)[0])


def load(path: Path, name: str) -> type[Effect]:
    """The effect in the file. Raises ShaderError."""
    text = read_author(path)
    made, body = params(path, text)
    return make_class(name, leading_doc(text), Effect, {**made, "glsl": body, "shader_file": path})


def params(path: Path, text: str) -> tuple[dict[str, Param[Any]], str]:
    """The parameters, and the text without their uniforms, which the engine declares itself."""
    made: dict[str, Param[Any]] = {}
    body = text
    for written in uniforms(text):
        if written.name in RESERVED:
            raise ShaderError(
                f"a parameter cannot be called '{written.name}'",
                where=location(path, written.line),
                hint="an effect needs that name itself: choose another",
            )
        if written.name in made:
            raise ShaderError(f"two uniforms are called '{written.name}'", where=location(path, written.line))
        made[written.name] = one_param(written, path)
        start, end = written.span
        body = body[:start] + " " * (end - start) + body[end:]
    return made, body


def one_param(written: Written, path: Path) -> Param[Any]:
    """The parameter of one uniform: vec2 is a place in the image, vec3 a colour."""
    numbers = list(written.default) if isinstance(written.default, tuple) else []
    if written.type == "vec2":
        x, y = (numbers * 2)[:2] if numbers else (0.5, 0.5)
        return Point((x, y), written.doc)
    if written.type == "vec3":
        code = written.default if isinstance(written.default, str) else to_hex((numbers * 3)[:3] or [1.0] * 3)
        return Color(code, written.doc)
    if written.low <= written.high and any(not written.low <= number <= written.high for number in numbers):
        raise ShaderError(
            f"{written.name} begins at {numbers[0]:g}, which is outside its range [{written.low:g}, {written.high:g}]",
            where=location(path, written.line),
            hint="change the one or the other",
        )
    found, _ = as_params(written, path)
    if len(found) != 1:
        raise ShaderError(
            f"a parameter of type {written.type}: write float, int, bool, vec2 (a place), vec3 (a colour) or sampler2D",
            where=location(path, written.line),
        )
    return next(iter(found.values()))
