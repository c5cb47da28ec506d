"""Shader files made into effects: ISF, gl-transitions, ShaderToy-style files, and plain GLSL files of our own."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ...core.errors import ShaderError
from ...core.source_lines import location

if TYPE_CHECKING:
    from ...effect.effect import Effect

SUFFIXES = (".fs", ".frag", ".glsl")
DIALECTS = ("isf", "gl-transition", "shadertoy", "glsl")


def is_shader(path: Path) -> bool:
    """Whether a file in an effect folder may be an effect: not a buffer or the common part of another one."""
    from .shadertoy import is_part

    return path.suffix.lower() in SUFFIXES and not is_part(path)


def kind_of(path: Path) -> str:
    """The dialect of a shader file. Raises ShaderError where it is none."""
    if path.suffix.lower() == ".fs":
        return "isf"
    from .text import defines, read_author

    text = read_author(path)
    for kind, function in (
        ("gl-transition", "vec4 transition"),
        ("shadertoy", "void mainImage"),
        ("glsl", "vec4 effect"),
    ):
        if defines(text, function):
            return kind
    raise ShaderError(
        "has none of vec4 effect(vec2 uv), void mainImage(out vec4, in vec2) and vec4 transition(vec2 uv)",
        where=location(path, 1),
        hint="write one of them; a file that others include begins its name with _",
    )


def is_transition(path: Path) -> bool:
    """Whether a shader file leads from one image to another; a broken one does not."""
    try:
        kind = kind_of(path)
        if kind == "isf":
            from .isf_header import HeaderReader
            from .text import read_author

            images = {i.name for i in HeaderReader(path, read_author(path)).header().inputs if i.type == "image"}
            return {"startImage", "endImage"} <= images
    except ShaderError:
        return False
    return kind == "gl-transition"


def maker(path: Path) -> ModuleType:
    """The module that makes effects of such files. Raises ShaderError."""
    names = {"isf": "isf", "gl-transition": "gl_transitions", "shadertoy": "shadertoy", "glsl": "plain"}
    return importlib.import_module(f"phosphene.engine.glsl.dialects.{names[kind_of(path)]}")


def describe(path: Path) -> tuple[str, tuple[str, ...]]:
    """The doc and the names of the parameters of a shader file; nothing is compiled. Raises ShaderError."""
    doc, params = maker(path).describe(path)
    return doc, params


def load(path: Path, name: str = "") -> type[Effect]:
    """The effect class of a shader file. Raises ShaderError with the author's line."""
    made: type[Effect] = maker(path).load(path, name or path.stem.replace("_", "-"))
    return made
