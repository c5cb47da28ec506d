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

from engine.dialects.base import ForeignPass
from engine.effect import Effect, Pass
from engine.errors import ShaderError
from engine.glsl_prelude import (
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
    VERSION,
    VERTEX,
    WORDS,
)
from engine.mesh import textures_of
from engine.params import Color, Media

ROOT = Path(__file__).resolve().parent.parent
SHADERS = ROOT / "shaders"
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+["<]([^">\n]+)[">][ \t]*$', re.MULTILINE)
MAX_INCLUDES = 64
MARK = re.compile(r"//@ (\d+) (\d+)")  # the next line is this line of this file


@dataclass(frozen=True, slots=True)
class Shader:
    """One assembled fragment shader: the text for the driver, what it uses, and the files that its lines come from."""

    text: str
    features: frozenset[str]
    files: tuple[str, ...]
    vertex: str = VERTEX
    name: str = "shader"
    words: frozenset[str] = frozenset()  # every identifier of the author's own text
    retry: tuple[str, ...] = ()  # `#version` lines to try where it does not compile as it is
    quad: bool = False  # drawn as four corners rather than as one large triangle
    vertex_file: str = ""  # the author's own vertex shader


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
        self._open: list[str] = []  # from the author's file down to the one that is being read

    def find(self, name: str, where: str) -> Path:
        """The file called `name` in the effect's folder or in `shaders/`; it may not lie outside them."""
        outside = True
        for folder in self.folders:
            try:
                path = (folder / name).resolve()
                inside = path.is_relative_to(folder.resolve())
                outside = outside and not inside
                if inside and path.is_file():
                    return path
            except (OSError, ValueError):  # what cannot be the name of a file names none
                outside = False
        looked = ", ".join(str(f) for f in self.folders)
        if outside:
            raise ShaderError(
                f"'{name}' lies outside the effect's folder", where=where, hint=f"put it into {self.folders[0]}"
            )
        raise ShaderError(f"no shader file '{name}'", where=where, hint=f"it is looked for in {looked}")

    def load(self, name: str, where: str = "") -> str:
        """The text of file `name` with its includes."""
        path = self.find(name, where)
        self.seen.add(path)
        return self.expand(read_shader(path), str(path), 1)

    def expand(self, text: str, file: str, first_line: int) -> str:
        """`text` of `file` with its includes put in, each file once. Raises ShaderError for a circle, and for many."""
        number = len(self.files)
        self.files.append(file)
        self._open.append(str(Path(file).resolve()))
        out = [mark(first_line, number)]
        for offset, line in enumerate(text.split("\n")):
            match = INCLUDE.match(line)
            if match is None:
                out.append(line)
                continue
            at = first_line + offset
            path = self.find(match.group(1), f"{file}:{at}")
            if str(path) in self._open:
                hint = f"put what both need into a file of its own; here it is {circle(self._open, path)}"
                raise ShaderError("files include each other in a circle", where=f"{file}:{at}", hint=hint)
            if len(self.files) > MAX_INCLUDES:
                raise ShaderError(f"more than {MAX_INCLUDES} included files", where=f"{file}:{at}")
            if path not in self.seen:
                self.seen.add(path)
                out.append(self.expand(read_shader(path), str(path), 1))
            out.append(mark(at + 1, number))
        self._open.pop()
        return "\n".join(out)


def circle(files: list[str], path: Path) -> str:
    """The names of the files from `path` on down to itself."""
    return " → ".join(Path(f).name for f in [*files[files.index(str(path)) :], str(path)])


def mark(row: int, file: int) -> str:
    """The comment that says which line of which file comes next."""
    return f"//@ {row} {file}"


def read_shader(path: Path) -> str:
    """A shader file's text, whatever its line ends and byte order mark."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise ShaderError(f"cannot be read: {error}", where=str(path)) from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ShaderError(f"cannot be read as text (UTF-8): {error.reason}", where=f"{path}:{line}") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def file_of(effect: type[Effect]) -> Path | None:
    """The file that defines `effect`: the author's shader, or the Python file of its class."""
    if (file := effect.__dict__.get("shader_file")) is not None:
        return Path(file).resolve()
    try:
        return Path(inspect.getfile(effect)).resolve()
    except (TypeError, OSError):
        return None


def folder_of(effect: type[Effect]) -> Path:
    """The folder of the file that defines `effect`."""
    file = file_of(effect)
    return SHADERS if file is None else file.parent


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
    for name in textures_of(effect):
        lines += [
            f"uniform sampler2D _texture_{name};",
            f"vec4 {name}(vec2 uv) {{ return texture(_texture_{name}, uv); }}",
        ]
    for name, uniform in effect.uniforms().items():
        count = f"[{uniform.count}]" if uniform.count > 1 else ""
        lines.append(f"uniform {uniform.type} {name}{count};")
    return "\n".join(lines) + "\n"


def inline_origin(effect: type[Effect], text: str) -> tuple[str, int]:
    """The file and line where GLSL that stands in a Python class begins, or that is a file of its own."""
    if (own := effect.__dict__.get("shader_file")) is not None:
        return str(own), 1
    try:
        file = inspect.getfile(effect)
        source = Path(file).read_text(encoding="utf-8")
    except (TypeError, OSError, UnicodeDecodeError):
        return f"<{effect.__name__}>", 1
    at = source.find(text)
    return file, (source.count("\n", 0, at) + 1 if at >= 0 else 1)


def reader(target: str, single: bool) -> str:
    """How a later pass reads `target`: a `single` texel is fetched as it is, which costs a third of sampling it."""
    how = f"texelFetch(_target_{target}, ivec2(0), 0)" if single else f"texture(_target_{target}, uv)"
    return f"uniform sampler2D _target_{target};\nvec4 {target}(vec2 uv) {{ return {how}; }}"


def assemble(effect: type[Effect], step: Pass, targets: Iterable[str], main: str = "effect") -> Shader:
    """The whole fragment shader of one pass; `main` names the way its result is written (a key of MAIN)."""
    if isinstance(step, ForeignPass):
        return step.shader_for(main)
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
        if isinstance(step, ForeignPass):
            found.update(step.trackers)
            continue
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
