"""Puts a fragment shader together: the prelude, uniforms made from an effect's class, the author's text.

No GLSL is parsed here: what a shader uses is found by its words.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from pathlib import Path
from weakref import WeakKeyDictionary

from ..core.places import SHADERS
from ..core.source_lines import line_at
from ..effect.effect import Effect, Pass, passes_of
from ..effect.mesh import textures_of
from ..effect.origin import folder_of
from ..effect.shader import VERSION, VERTEX, Shader
from .includes import Sources, mark
from .prelude import (
    CLEAN,
    FEATURES,
    MAIN,
    MESH_PRELUDE,
    MESH_VERTEX,
    PRELUDE,
    SPRITE_PRELUDE,
    SPRITE_VERTEX,
    TILE_VERTEX,
    TRACKERS,
    UV_OF_PIXEL,
    UV_VARYING,
)
from .words import features_of, words_of


def declare(effect: type[Effect]) -> str:
    """The uniforms that an effect's parameters and `Uniform` attributes become."""
    lines = [param.declaration for param in effect.params().values()]
    lines += [texture.declaration for texture in textures_of(effect).values()]
    lines += [uniform.declaration for uniform in effect.uniforms().values()]
    return "\n".join(line for line in lines if line) + "\n"


def inline_origin(effect: type[Effect], text: str) -> tuple[str, int]:
    """The file and line where GLSL that stands in a Python class begins, or that is a file of its own."""
    if (own := effect.__dict__.get("shader_file")) is not None:
        return str(own), 1
    try:
        file = inspect.getfile(effect)
        source = Path(file).read_text(encoding="utf-8")
    except (TypeError, OSError, UnicodeDecodeError):
        return f"<{effect.__name__}>", 1
    return file, line_at(source, source.find(text))


def reader(target: str, single: bool) -> str:
    """How a later pass reads `target`: a `single` texel is fetched as it is, which costs a third of sampling it."""
    how = f"texelFetch(_target_{target}, ivec2(0), 0)" if single else f"texture(_target_{target}, uv)"
    return f"uniform sampler2D _target_{target};\nvec4 {target}(vec2 uv) {{ return {how}; }}"


def assemble(effect: type[Effect], step: Pass, targets: Iterable[str], main: str = "effect") -> Shader:
    """The whole fragment shader of one pass; `main` names the way its result is written (a key of MAIN)."""
    if (own := step.own_shader(main)) is not None:
        return own
    sources = Sources((folder_of(effect), SHADERS))
    if is_file(step.shader):
        label = step.shader.strip()
        body = sources.load(label, where=effect.__name__)
    else:
        file, line = inline_origin(effect, step.shader)
        body, label = sources.expand(step.shader, file, line), effect.__name__
    clean, main = main.endswith(CLEAN), main.removesuffix(CLEAN)
    tail = MAIN[main]
    if features_of(body + tail) & {"mask"}:
        tail = f"_mask_here = {'1.0' if main == 'tile-solid' else 'mask(_uv)'}; {tail}"
    tail = f"uniform float _opacity;\nvoid main() {{ {tail} }}\n"
    features = features_of(body + tail)
    words = words_of(body)
    named = [t for t in dict.fromkeys(targets) if t in words]
    single = {s.target for s in passes_of(effect) if s.size == (1, 1)}
    parts = [VERSION, *(["#define _CLEAN"] if clean else []), PRELUDE]
    if step.sprites:
        parts.append(SPRITE_PRELUDE)
    if step.mesh:
        parts = [VERSION, PRELUDE.replace(UV_VARYING, UV_OF_PIXEL), MESH_PRELUDE]
    parts += [FEATURES[f] for f in FEATURES if f in features]
    parts += [reader(target, target in single) for target in named]
    parts += [declare(effect), body, mark(1, 0), tail]
    return Shader(
        "\n".join(parts),
        features,
        tuple(sources.files),
        vertex_of(step, main),
        label,
        frozenset(words),
    )


def vertex_of(step: Pass, main: str) -> str:
    """The vertex shader for what a pass draws."""
    if step.mesh:
        return MESH_VERTEX
    return SPRITE_VERTEX if step.sprites else TILE_VERTEX if main.startswith("tile") else VERTEX


_READ: WeakKeyDictionary[type[Effect], frozenset[str]] = WeakKeyDictionary()


def read_by(effect: type[Effect]) -> frozenset[str]:
    """The trackers whose data an effect's shaders read."""
    if effect in _READ:
        return _READ[effect]
    found: set[str] = set()
    for step in passes_of(effect):
        if (known := step.known_trackers()) is not None:
            found |= known
            continue
        text = step.shader
        if is_file(text):
            sources = Sources((folder_of(effect), SHADERS))
            text = sources.load(text.strip(), where=effect.__name__)
        found.update(TRACKERS[f] for f in features_of(text) if f in TRACKERS)
    _READ[effect] = frozenset(found)
    return _READ[effect]


def is_file(shader: str) -> bool:
    """Whether a pass names a shader file rather than holding GLSL itself."""
    name = shader.strip()
    return name.endswith((".frag", ".glsl")) and "\n" not in name
