"""GLSL assembly: the prelude, uniforms made from an effect's class, `#include`, and errors in the author's own lines.

No GLSL is parsed here: what a shader uses is found by its words. Drivers differ in what they make of `#line` (Mesa 22
forgets which file it names), so the text given to them has none: marks in comments tell where each line comes from.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

from engine.effect import Effect, Pass
from engine.errors import ShaderError
from engine.params import Color, Media

ROOT = Path(__file__).resolve().parent.parent
SHADERS = ROOT / "shaders"
VERSION = "#version 330 core"
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+["<]([^">\n]+)[">][ \t]*$', re.MULTILINE)
MAX_INCLUDES = 64
MARK = re.compile(r"//@ (\d+) (\d+)")  # the next line is this line of this file

VERTEX = f"""{VERSION}
out vec2 _uv;
void main() {{
    _uv = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0;
    gl_Position = vec4(_uv * 2.0 - 1.0, 0.0, 1.0);
}}
"""

SPRITE_VERTEX = f"""{VERSION}
uniform vec2 size_px;
in vec4 _place;   // centre and half size, pixels
in float _angle;
in vec4 _data0;
in vec4 _data1;
out vec2 _uv;
out vec2 sprite;
flat out vec2 sprite_half_px;
flat out vec4 data0;
flat out vec4 data1;
void main() {{
    sprite = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0;
    sprite_half_px = _place.zw;
    data0 = _data0;
    data1 = _data1;
    vec2 p = sprite * _place.zw;
    float c = cos(_angle), s = sin(_angle);
    _uv = (_place.xy + vec2(c * p.x - s * p.y, s * p.x + c * p.y)) / size_px;
    gl_Position = vec4(_uv * 2.0 - 1.0, 0.0, 1.0);
}}
"""

PRELUDE = """
uniform float time_s;      // seconds since the start
uniform float dt;          // seconds since the last frame
uniform vec2 size_px;      // the size of what is drawn
uniform float seed;        // 0..1, fixed for a run
in vec2 _uv;
out vec4 _out;
float luma(vec3 linear_rgb) { return dot(linear_rgb, vec3(0.2126, 0.7152, 0.0722)); }
vec3 to_srgb(vec3 c) {
    c = max(c, vec3(0.0));
    return mix(c * 12.92, 1.055 * pow(c, vec3(1.0 / 2.4)) - 0.055, step(0.0031308, c));
}
vec3 to_linear(vec3 c) {
    c = max(c, vec3(0.0));
    return mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), step(0.04045, c));
}
"""

SPRITE_PRELUDE = """
in vec2 sprite;
flat in vec2 sprite_half_px;
flat in vec4 data0;
flat in vec4 data1;
"""

_CAMERA = """
uniform sampler2D _camera;
vec4 camera(vec2 uv) { return texture(_camera, uv); }
vec4 camera_here() { return texelFetch(_camera, ivec2(gl_FragCoord.xy), 0); }
"""

# What a shader may call, by the word that calls it for: declared only where that word occurs.
FEATURES: dict[str, str] = {
    "frame": """
uniform sampler2D _frame;
vec4 frame(vec2 uv) { return texture(_frame, uv); }
vec4 frame_here() { return texelFetch(_frame, ivec2(gl_FragCoord.xy), 0); }
""",
    "camera": _CAMERA,
    # The matte is a local linear model of the brightness (guided filter, He et al. 2013): alpha = a·guide + b.
    "mask": """
uniform sampler2D _matte;
uniform sampler2D _guide;
uniform vec3 _matte_shape;   // low, high of the soft step; 1 where the matte holds guided coefficients
float mask(vec2 uv) {
    vec4 m = texture(_matte, uv);
    float a = m.r;
    if (_matte_shape.z > 0.5) {
        ivec2 at = clamp(ivec2(uv * vec2(textureSize(_guide, 0))), ivec2(0), textureSize(_guide, 0) - 1);
        a = m.r * sqrt(luma(texelFetch(_guide, at, 0).rgb)) + m.g;
    }
    return smoothstep(_matte_shape.x, _matte_shape.y, a);
}
float _mask_here;   // fetched once for the pixel that is drawn
float mask_here() { return _mask_here; }
""",
    "backdrop": """
uniform sampler2D _backdrop;
vec4 backdrop(vec2 uv) { return texture(_backdrop, uv); }
""",
    "past": """
uniform sampler2D _past;
vec4 past(vec2 uv) { return texture(_past, uv); }
""",
    "face": """
uniform sampler2D _faces;
uniform int face_count;
vec3 face_point(int face, int index) { return texelFetch(_faces, ivec2(index, face), 0).xyz; }
""",
    "pose": """
uniform sampler2D _poses;
uniform int pose_count;
vec3 pose_point(int pose, int index) { return texelFetch(_poses, ivec2(index, pose), 0).xyz; }
float pose_visibility(int pose, int index) { return texelFetch(_poses, ivec2(index, pose), 0).w; }
""",
}
WORDS: dict[str, tuple[str, ...]] = {
    "frame": ("frame", "frame_here"),
    "camera": ("camera", "camera_here"),
    "mask": ("mask", "mask_here"),
    "backdrop": ("backdrop",),
    "past": ("past",),
    "face": ("face_point", "face_count"),
    "pose": ("pose_point", "pose_count", "pose_visibility"),
}
TRACKERS = {"mask": "person", "face": "face", "pose": "pose"}

# How the result of a pass is written. The last pass of a layer also cuts it out and gives it its opacity, so that a
# layer costs no pass of its own.
MAIN = {
    "effect": "_out = effect(_uv);",
    "opacity": "_out = effect(_uv) * _opacity;",
    "cut": "_out = effect(_uv) * (mask_here() * _opacity);",
    "cut-not": "_out = effect(_uv) * ((1.0 - mask_here()) * _opacity);",
}


@dataclass(frozen=True, slots=True)
class Shader:
    """One assembled fragment shader: the text for the driver, what it uses, and the files that its lines come from."""

    text: str
    features: frozenset[str]
    files: tuple[str, ...]
    vertex: str = VERTEX
    name: str = "shader"
    words: frozenset[str] = frozenset()  # every identifier of the author's own text


def words_of(text: str) -> set[str]:
    """The identifiers in `text`, comments left out."""
    return set(re.findall(r"[A-Za-z_]\w*", strip_comments(text)))


def strip_comments(text: str) -> str:
    """`text` without comments, its lines kept."""
    blank = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.DOTALL)
    return re.sub(r"//[^\n]*", "", blank)


def features_of(text: str) -> frozenset[str]:
    """Which of FEATURES the text calls for."""
    words = words_of(text)
    return frozenset(name for name, calls in WORDS.items() if words.intersection(calls))


class Sources:
    """Shader files with their includes put in, each line traceable to its own file."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self.folders = tuple(folders)
        self.files: list[str] = ["prelude"]
        self.seen: set[Path] = set()

    def find(self, name: str, where: str) -> Path:
        """The file called `name` in the effect's folder or in `shaders/`; it may not lie outside them."""
        for folder in self.folders:
            try:
                path = (folder / name).resolve()
                if path.is_relative_to(folder.resolve()) and path.is_file():
                    return path
            except (OSError, ValueError):  # what cannot be the name of a file names none
                continue
        looked = ", ".join(str(f) for f in self.folders)
        raise ShaderError(f"no shader file '{name}'", where=where, hint=f"it is looked for in {looked}")

    def load(self, name: str, where: str = "") -> str:
        """The text of file `name` with its includes."""
        path = self.find(name, where)
        self.seen.add(path)
        return self.expand(read_shader(path), str(path), 1)

    def expand(self, text: str, file: str, first_line: int) -> str:
        """`text` of `file` with its includes put in; each file once, so that including in a circle ends."""
        if len(self.files) > MAX_INCLUDES:
            raise ShaderError(f"more than {MAX_INCLUDES} included files", where=file)
        number = len(self.files)
        self.files.append(file)
        out = [mark(first_line, number)]
        for offset, line in enumerate(text.split("\n")):
            match = INCLUDE.match(line)
            if match is None:
                out.append(line)
                continue
            at = first_line + offset
            path = self.find(match.group(1), f"{file}:{at}")
            if path not in self.seen:
                self.seen.add(path)
                out.append(self.expand(read_shader(path), str(path), 1))
            out.append(mark(at + 1, number))
        return "\n".join(out)


def mark(row: int, file: int) -> str:
    """The comment that says which line of which file comes next."""
    return f"//@ {row} {file}"


def read_shader(path: Path) -> str:
    """A shader file's text, whatever its line ends and byte order mark."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ShaderError(f"cannot be read as text: {error}", where=str(path)) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def folder_of(effect: type[Effect]) -> Path:
    """The folder of the file that defines `effect`."""
    try:
        return Path(inspect.getfile(effect)).resolve().parent
    except (TypeError, OSError):
        return SHADERS


def declare(effect: type[Effect]) -> str:
    """The uniforms that an effect's parameters and `Uniform` attributes become."""
    lines: list[str] = []
    for name, param in effect.params().items():
        if isinstance(param, Media):
            lines += [
                f"uniform sampler2D _media_{name};",
                f"uniform vec2 {name}_size_px;   // 0 where there is none",
                f"vec4 {name}(vec2 uv) {{ return texture(_media_{name}, uv); }}",
            ]
        elif param.gl_type:
            lines.append(f"uniform {param.gl_type} {name};")
            if isinstance(param, Color):
                lines.append(f"uniform float {name}_alpha;")
    for name, uniform in effect.uniforms().items():
        count = f"[{uniform.count}]" if uniform.count > 1 else ""
        lines.append(f"uniform {uniform.type} {name}{count};")
    return "\n".join(lines) + "\n"


def inline_origin(effect: type[Effect], text: str) -> tuple[str, int]:
    """The file and line where GLSL that stands in a Python class begins."""
    try:
        file = inspect.getfile(effect)
        source = Path(file).read_text(encoding="utf-8")
    except (TypeError, OSError, UnicodeDecodeError):
        return f"<{effect.__name__}>", 1
    at = source.find(text)
    return file, (source.count("\n", 0, at) + 1 if at >= 0 else 1)


def assemble(effect: type[Effect], step: Pass, targets: Iterable[str], main: str = "effect") -> Shader:
    """The whole fragment shader of one pass; `main` names the way its result is written (a key of MAIN)."""
    sources = Sources((folder_of(effect), SHADERS))
    if is_file(step.shader):
        label = step.shader.strip()
        body = sources.load(label, where=effect.__name__)
    else:
        file, line = inline_origin(effect, step.shader)
        body, label = sources.expand(step.shader, file, line), effect.__name__
    tail = MAIN[main]
    if features_of(body + tail) & {"mask"}:
        tail = "_mask_here = mask(_uv); " + tail
    tail = f"uniform float _opacity;\nvoid main() {{ {tail} }}\n"
    features = features_of(body + tail)
    words = words_of(body)
    named = [t for t in dict.fromkeys(targets) if t in words]
    parts = [VERSION, PRELUDE]
    if step.sprites:
        parts.append(SPRITE_PRELUDE)
    parts += [FEATURES[f] for f in FEATURES if f in features]
    parts += [
        f"uniform sampler2D _target_{t};\nvec4 {t}(vec2 uv) {{ return texture(_target_{t}, uv); }}" for t in named
    ]
    parts += [declare(effect), body, mark(1, 0), tail]
    return Shader(
        "\n".join(parts),
        features,
        tuple(sources.files),
        SPRITE_VERTEX if step.sprites else VERTEX,
        label,
        frozenset(words),
    )


# Mesa: `1:12(5): error: …`; NVIDIA: `1(12) : error C0000: …`; Apple, AMD, Intel: `ERROR: 1:12: …`.
_ERROR = re.compile(r"^(?:ERROR:\s*)?\d+(?::(\d+)(?:\(\d+\))?|\((\d+)\))\s*:\s*(.*)$")


def author_line(shader: Shader, row: int) -> str:
    """`file:line` of a row, from 1, of an assembled shader."""
    file, line = 0, 0
    for text in shader.text.split("\n")[:row]:
        told = MARK.fullmatch(text)
        if told and int(told[2]) < len(shader.files):
            line, file = int(told[1]) - 1, int(told[2])
        else:
            line += 1
    return f"{shader.files[file]}:{line}"


def explain(error: str, shader: Shader) -> ShaderError:
    """The driver's message as an error in the author's file and line."""
    found: list[tuple[str, str]] = []
    for line in error.splitlines():
        match = _ERROR.match(line.strip())
        if match is None:
            continue
        row, text = int(match[1] or match[2]), match[3]
        if "warning" in text[:8].lower():
            continue
        found.append((author_line(shader, row), re.sub(r"^error\s*\w*:\s*", "", text)))
    own = [f for f in found if not f[0].startswith("prelude:")] or found
    if not own:
        tail = error.strip().splitlines()
        return ShaderError(f"does not compile: {tail[-1] if tail else 'no reason given'}", where=shader.name)
    where, text = own[0]
    more = f" (and {len(own) - 1} more)" if len(own) > 1 else ""
    return ShaderError(f"does not compile: {text}{more}", where=where)


_READ: WeakKeyDictionary[type[Effect], frozenset[str]] = WeakKeyDictionary()


def read_by(effect: type[Effect]) -> frozenset[str]:
    """The trackers whose data an effect's shaders read."""
    if effect in _READ:
        return _READ[effect]
    found: set[str] = set()
    for step in passes_of(effect):
        text = step.shader
        if is_file(text):
            sources = Sources((folder_of(effect), SHADERS))
            text = sources.load(text.strip(), where=effect.__name__)
        found.update(TRACKERS[f] for f in features_of(text) if f in TRACKERS)
    _READ[effect] = frozenset(found)
    return _READ[effect]


def passes_of(effect: type[Effect]) -> tuple[Pass, ...]:
    """The passes of an effect; its one full-picture pass where it has only `glsl`; none where it only draws shapes."""
    return effect.passes or ((Pass(effect.glsl),) if effect.glsl else ())


def is_file(shader: str) -> bool:
    """Whether a pass names a shader file rather than holding GLSL itself."""
    name = shader.strip()
    return name.endswith((".frag", ".glsl")) and "\n" not in name
