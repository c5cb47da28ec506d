"""The GLSL round foreign shaders. Their origin is bottom left, their colours are display codes with straight alpha.

Every image of ours has its top row first, and so have the images that foreign passes draw: the sampling functions
turn y round, the vertex shader turns the place round, and gl_FragCoord counts from the other side. So the author's text
runs as it is, and no image is ever turned over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ...effect.shader import VERSION, Shader
from ..includes import mark
from ..prelude import FEATURES, MAIN, SRGB

RETRY = ("#version 410 core", "#version 450 core")  # later ones convert between int and uint, and know more functions

SAMPLING = """
layout(origin_upper_left) in vec4 gl_FragCoord;
#define dFdy(p) (-dFdy(p))
"""
TEXTURES = """
#define PHOSPHENE 1
vec4 _tex(sampler2D s, vec2 p) { return texture(s, vec2(p.x, 1.0 - p.y)); }
vec4 _tex(sampler2D s, vec2 p, float bias) { return texture(s, vec2(p.x, 1.0 - p.y)); }
vec4 _texLod(sampler2D s, vec2 p, float lod) { return textureLod(s, vec2(p.x, 1.0 - p.y), 0.0); }
vec4 _texGrad(sampler2D s, vec2 p, vec2 dx, vec2 dy) { return texture(s, vec2(p.x, 1.0 - p.y)); }
vec4 _texFetch(sampler2D s, ivec2 p, int lod) { return texelFetch(s, ivec2(p.x, textureSize(s, 0).y - 1 - p.y), 0); }
#define texture _tex
#define texture2D _tex
#define textureLod _texLod
#define texture2DLod _texLod
#define textureGrad _texGrad
#define texelFetch _texFetch
"""
QUAD = """
vec2 _corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
"""
# The sRGB curve under names that no author has.
_SRGB = SRGB.replace("vec3 to_", "vec3 _to_")
# How the shader's display codes leave it: as linear light with premultiplied alpha.
FINISH = f"""{_SRGB}
uniform float _opacity;
vec4 _finish(vec4 c) {{
    c = clamp(c, 0.0, 1.0);
    return vec4(_to_linear(c.rgb) * c.a, c.a);
}}
"""
MASK = f"""
float _luma(vec3 c) {{ return dot(c, vec3(0.2126, 0.7152, 0.0722)); }}
#define luma _luma
#define mask _mask
#define mask_here _masked
float _mask_here = 1.0;
{FEATURES["mask"]}
#undef luma
#undef mask
#undef mask_here
"""
FLAT_VERTEX = f"""{VERSION}
void main() {{
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    gl_Position = vec4(corner.x * 2.0 - 1.0, 1.0 - corner.y * 2.0, 0.0, 1.0);
}}
"""
RAW = ("target", "probe")  # endings that leave the result as the shader gives it
PICTURE = "_picture"  # the image so far, as display codes with straight alpha


def ending(main: str, colour: str) -> str:
    """The end of a fragment shader whose result is the expression `colour`. Authors define macros, so that nothing here
    has a name that one of theirs may have."""
    if main in RAW:
        return f"void main() {{ _out = {colour}; }}\n"
    tail = MAIN[main].replace("effect(_uv)", f"_finish({colour})").replace("mask_here()", "_masked()")
    if "_masked" in tail:
        place = "vec2(0.0, 1.0) + vec2(1.0, -1.0) * gl_FragCoord.xy / vec2(textureSize(_guide, 0))"
        tail = f"_mask_here = _mask({place}); {tail}"
    return f"void main() {{ {tail} }}\n"


def shader(
    parts: Sequence[str],
    body: str,
    file: Path,
    tail: str,
    main: str,
    *,
    vertex: str = FLAT_VERTEX,
    vertex_file: str = "",
    reads: Iterable[str] = (),
    retry: Sequence[str] = RETRY,
    more_files: Sequence[str] = (),
) -> Shader:
    """The assembled fragment shader: `parts`, the author's `body` (line 1 of `file`), `tail`; `reads`: see FEATURES."""
    before = () if main in RAW else (FINISH, MASK) if main.startswith("cut") else (FINISH,)
    text = "\n".join([VERSION, "out vec4 _out;", *before, *parts, mark(1, 1), body, mark(1, 0), tail])
    features = {*reads, *(("mask",) if main.startswith("cut") else ())}
    return Shader(
        text,
        frozenset(features),
        ("prelude", str(file), *more_files),
        vertex,
        file.name,
        frozenset(reads),
        retry=tuple(retry),
        quad=True,
        vertex_file=vertex_file,
    )


def straight_shader(main: str) -> Shader:
    """The pass that turns the image so far into display codes with straight alpha."""
    body = f"""{_SRGB}
uniform sampler2D _frame;
void main() {{
    ivec2 at = ivec2(gl_FragCoord.xy);
    vec4 c = texelFetch(_frame, clamp(at, ivec2(0), textureSize(_frame, 0) - 1), 0);
    vec3 light = c.a > 0.0 ? min(c.rgb / c.a, vec3(1.0)) : vec3(0.0);
    _out = vec4(_to_srgb(light), c.a);
}}
"""
    return shader((), body, Path("straight alpha"), "", main, reads=("frame",), retry=())


def from_ours(name: str, expression: str, main: str) -> Shader:
    """A pass that writes what our own GLSL gives (`mask`, `face`, `pose`) into a target for a foreign shader."""
    before, call = (MASK, "_mask(") if name == "mask" else (FEATURES[name], "mask(")
    body = f"{_SRGB}{before}\nvoid main() {{ {expression.replace('mask(', call)} }}\n"
    return shader((), body, Path(f"input {name}"), "", main, reads=(name,), retry=())
