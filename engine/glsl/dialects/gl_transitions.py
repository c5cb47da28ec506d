"""gl-transitions files, unmodified: `vec4 transition(vec2 uv)` between two images (https://gl-transitions.com).

As an effect, the image so far is the first image and the parameter `to` names the second. As the way from one scene
to another: phosphene.engine.renderer.transition.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...core.param_types import Float, Media
from ...core.params import Param
from ...effect.effect import Effect
from ...effect.foreign import Foreign, ForeignPass, Given, Size, make_class
from ...effect.shader import Shader
from .isf import straight_pass
from .prelude import PICTURE, SAMPLING, TEXTURES, ending, shader
from .text import as_params, for_driver, leading_doc, read_author, uniforms

TO = "_media_to"
HOST = f"""
uniform sampler2D {PICTURE};
uniform sampler2D {TO};
uniform float progress;
uniform float ratio;
vec4 getFromColor(vec2 uv) {{ return _tex({PICTURE}, uv); }}
vec4 getToColor(vec2 uv) {{ return _tex({TO}, uv); }}
"""


def describe(path: Path) -> tuple[str, tuple[str, ...]]:
    """The doc and the parameters' names. Raises ShaderError."""
    text = read_author(path)
    return leading_doc(text), tuple(inputs(path, text)[0])


def inputs(path: Path, text: str) -> tuple[dict[str, Param[Any]], list[Given], dict[str, str]]:
    """The parameters, what the uniforms are made from, and the samplers (the author's name: ours)."""
    progress = Float(0.5, 0.0, 1.0, "0 is the first picture, 1 the second")
    made: dict[str, Param[Any]] = {"progress": progress, "to": Media("", "the second picture")}
    given = [Given.of("progress", "progress", progress)]
    samplers: dict[str, str] = {}
    for written in uniforms(text):
        if written.name in ("progress", "ratio"):
            continue
        found, one = as_params(written, path)
        made.update(found)
        if one is not None:
            given.append(one)
        elif written.type == "sampler2D":
            samplers[written.name] = f"_media_{next(iter(found))}"
    return made, given, samplers


def load(path: Path, name: str) -> type[Effect]:
    """The effect in the file. Raises ShaderError."""
    text = read_author(path)
    made, given, samplers = inputs(path, text)
    renames = "".join(f"#define {theirs} {ours}\n" for theirs, ours in samplers.items())
    body = for_driver(text)

    def build(main: str) -> Shader:
        parts = (SAMPLING, TEXTURES, HOST, "uniform vec2 size_px;", renames)
        place = "vec2(gl_FragCoord.xy / size_px)"
        return shader(parts, body, path, ending(main, f"transition({place})"), main, reads=("frame", "codes"))

    drawing = ForeignPass(path.name, build=build, key="transition", builtins=ratio)
    return make_class(
        name,
        leading_doc(text),
        Foreign,
        {
            **made,
            "kind": "gl-transition",
            "role": "transition",
            "shader_file": path,
            "inputs": tuple(given),
            "passes": (straight_pass(), drawing),
        },
    )


def ratio(_: Effect, __: int, size: Size, ___: object) -> dict[str, Any]:
    """Width by height of what is drawn."""
    return {"ratio": size[0] / size[1]}
