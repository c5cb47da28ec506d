"""ISF 2.0 files (`.fs`, with or without a `.vs`) made into effects, unmodified (https://docs.isf.video).

Generators, filters (`inputImage` is the image so far) and transitions (`startImage` is the image so far, `endImage`
an image). Beyond the standard, an image input called `mask`, `face`, `pose` or `plate` is filled by the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...core.errors import ShaderError
from ...core.params import Param
from ...core.source_lines import location
from ...effect.effect import Effect
from ...effect.foreign import Foreign, ForeignPass, Given, Size, make_class, param_name
from ...effect.shader import VERSION, Shader
from ..includes import mark
from ..words import words_of
from .isf_header import SPECIAL, Header, HeaderReader, IsfPass
from .isf_inputs import make_input
from .isf_sizes import MAX_AREA, evaluate, names_in, pixels
from .prelude import PICTURE, QUAD, SAMPLING, TEXTURES, ending, from_ours, shader, straight_shader
from .text import defines, for_driver, read_author

BUILTINS = """
uniform int PASSINDEX;
uniform int FRAMEINDEX;
uniform vec2 RENDERSIZE;
uniform float TIME;
uniform float TIMEDELTA;
uniform vec4 DATE;
"""
FUNCTIONS = """
vec4 IMG_NORM_PIXEL(sampler2D i, vec2 p) { return _tex(i, p); }
vec4 IMG_PIXEL(sampler2D i, vec2 p) { return _tex(i, p / vec2(textureSize(i, 0))); }
vec2 IMG_SIZE(sampler2D i) { return vec2(textureSize(i, 0)); }
#define IMG_THIS_PIXEL(i) _tex(i, isf_FragNormCoord)
#define IMG_THIS_NORM_PIXEL(i) _tex(i, isf_FragNormCoord)
#define vv_FragNormCoord isf_FragNormCoord
"""
VERTEX_START = f"""{QUAD}
out vec2 isf_FragNormCoord;
void isf_vertShaderInit() {{
    isf_FragNormCoord = _corner;
    gl_Position = vec4(_corner * 2.0 - 1.0, 0.0, 1.0);
}}
#define vv_vertShaderInit isf_vertShaderInit
#define varying out
#define attribute in
#define main _isf_main
"""
VERTEX_BODY = "void main() { isf_vertShaderInit(); }"
VERTEX_END = """
#undef main
void main() { isf_vertShaderInit(); _isf_main(); gl_Position.y = -gl_Position.y; }
"""
FRAGMENT_START = """
in vec2 isf_FragNormCoord;
vec4 _color = vec4(0.0);
#define gl_FragColor _color
#define varying in
#define main _isf_main
"""
FRAGMENT_END = """
#undef main
vec4 _drawn() { _isf_main(); return _color; }
"""
# Landmarks as images: column = point, row = face or body from the bottom; xyz with y from the bottom, alpha = there.
_POINTS = (
    "ivec2 at = ivec2(gl_FragCoord.xy); int row = {rows} - 1 - at.y; bool there = row < {name}_count; "
    "vec3 p = there ? {name}_point(row, at.x) : vec3(0.0); "
    "_out = vec4(p.x, there ? 1.0 - p.y : 0.0, p.z, there ? {alpha} : 0.0);"
)
SPECIALS: dict[str, tuple[str, Size | None]] = {
    "mask": ("_out = vec4(vec3(mask(gl_FragCoord.xy / vec2(textureSize(_guide, 0)))), 1.0);", None),
    "plate": (
        "vec4 p = plate(gl_FragCoord.xy / vec2(textureSize(_plate, 0))); _out = vec4(_to_srgb(p.rgb), p.a);",
        None,
    ),
    "face": (_POINTS.format(name="face", rows=16, alpha="1.0"), (478, 16)),
    "pose": (_POINTS.format(name="pose", rows=16, alpha="pose_visibility(row, at.x)"), (33, 16)),
}


def describe(path: Path) -> tuple[str, tuple[str, ...]]:
    """The doc and the parameters' names, without making anything. Raises ShaderError for a broken header."""
    header = HeaderReader(path, read_author(path)).header()
    names = [n for i in header.inputs for n in make_input(i, {})[0]]
    return header.doc, tuple(names)


def load(path: Path, name: str) -> type[Effect]:
    """The effect in an ISF file. Raises ShaderError with the author's line."""
    text = read_author(path)
    header = HeaderReader(path, text).header()
    if not defines(text, "void main"):
        raise ShaderError(
            "has no void main()", where=location(path, 1), hint="write void main() { gl_FragColor = vec4(1.0); }"
        )
    vertex_path = path.with_suffix(".vs")
    vertex = read_author(vertex_path) if vertex_path.is_file() else None
    return IsfMaker(path, name, text, header, vertex_path, vertex).effect()


class IsfMaker:
    """Makes the effect of one file."""

    def __init__(self, path: Path, name: str, text: str, header: Header, vertex_path: Path, vertex: str | None) -> None:
        self.path, self.name, self.header = path, name, header
        self.text, self.vertex_path = for_driver(text), vertex_path
        self.vertex = VERTEX_BODY if vertex is None else for_driver(vertex)
        self.samplers: dict[str, str] = {}  # the author's name: ours
        self.reads: set[str] = set()
        self.params: dict[str, Param[Any]] = {}
        self.inputs: list[Given] = []
        for entry in header.inputs:
            made, given = make_input(entry, self.samplers)
            self.params.update(made)
            if given is not None:
                self.inputs.append(given)
        self.samplers.update({n: f"_fixed_{n}" for n in header.imported})
        self.samplers.update({p.target: f"_target_{p.target}" for p in header.passes if p.target})
        if PICTURE in self.samplers.values():
            self.reads |= {"frame", "codes"}
        if "_camera_codes" in self.samplers.values():
            self.reads.add("codes")
        self.shared = self.declarations()

    def declarations(self) -> str:
        """The uniforms and samplers of both shaders."""
        lines = [BUILTINS, TEXTURES, FUNCTIONS]
        for own in dict.fromkeys(self.samplers.values()):
            lines.append(f"uniform sampler2D {own};")
        for theirs, own in self.samplers.items():
            lines.append(f"#define {theirs} {own}")
            lines.append(f"#define _{theirs}_imgRect vec4(0.0, 0.0, vec2(textureSize({own}, 0)))")
            lines.append(f"#define _{theirs}_imgSize vec2(textureSize({own}, 0))")
            lines.append(f"#define _{theirs}_flip false")
        lines += [f"uniform {given.type} {given.name};" for given in self.inputs]
        return "\n".join(lines)

    def build(self, main: str) -> Shader:
        """The author's shaders with one ending."""
        vertex = "\n".join([VERSION, self.shared, VERTEX_START, mark(1, 1), self.vertex, mark(1, 0), VERTEX_END])
        return shader(
            (SAMPLING, self.shared, FRAGMENT_START),
            self.text,
            self.path,
            FRAGMENT_END + ending(main, "_drawn()"),
            main,
            vertex=vertex,
            vertex_file=str(self.vertex_path),
            reads=self.reads,
        )

    def effect(self) -> type[Effect]:
        """The effect class."""
        header = self.header
        passes: list[ForeignPass] = []
        if PICTURE in self.samplers.values():
            passes.append(straight_pass())
        for name in SPECIAL:
            if self.samplers.get(name) == f"_target__{name}":
                passes.append(special_pass(name))
        drawn = [p for i, p in enumerate(header.passes) if p.target or i == len(header.passes) - 1]
        for number, step in enumerate(drawn or [IsfPass(None, None, None, False, False)]):
            passes.append(self.isf_pass(number, step))
        if drawn and (last := drawn[-1].target):
            passes.append(ForeignPass(last, build=lambda main: show_target(last, main, self.path), key="show"))
        image = {i.name for i in header.inputs if i.type == "image"}
        transition = {"startImage", "endImage"} <= image
        role = "transition" if transition else "filter" if "inputImage" in image else "generator"
        trackers = {t for p in passes for t in p.trackers}
        if {"_wave", "_spectrum"}.intersection(self.samplers.values()):
            trackers.add("sound")
        identity = {
            param_name(i.name): i.values["IDENTITY"][0]
            for i in header.inputs
            if "IDENTITY" in i.values and i.type == "float"
        }
        return make_class(
            self.name,
            header.doc,
            Foreign,
            {
                **self.params,
                "kind": "isf",
                "role": role,
                "shader_file": self.path,
                "inputs": tuple(self.inputs),
                "fixed": dict(header.imported),
                "warnings": tuple(header.warnings),
                "identity": identity,
                "passes": tuple(passes),
                "needs": tuple(sorted(trackers)),
                "words": frozenset(words_of(self.text)),
            },
        )

    def isf_pass(self, number: int, step: IsfPass) -> ForeignPass:
        """One entry of PASSES."""
        return ForeignPass(
            f"{self.path.name} pass {number}",
            step.target,
            persistent=True,  # the same source reads every target, so none is read while it is drawn into
            precise=step.floats,
            build=self.build,
            key="isf",
            number=number,
            size_of=sized(step, self.inputs) if step.width or step.height else None,
            sized_by=names_in(step.width) | names_in(step.height),
            builtins=isf_builtins,
        )


def isf_builtins(effect: Foreign, number: int, size: Size, _: object) -> dict[str, Any]:
    """The variables that ISF gives to every shader."""
    return {
        "PASSINDEX": number,
        "FRAMEINDEX": effect.frame_index,
        "RENDERSIZE": (float(size[0]), float(size[1])),
        "TIME": effect.now_s,
        "TIMEDELTA": effect.step_s,
        "DATE": effect.date(),
    }


def straight_pass() -> ForeignPass:
    """Makes the image so far readable as display codes; not needed where it is the camera's own."""
    return ForeignPass("straight alpha", "_straight", straightens=True, build=straight_shader, key="straight")


def special_pass(name: str) -> ForeignPass:
    """Makes `mask`, `plate`, `face` or `pose` readable as an image."""
    expression, size = SPECIALS[name]
    return ForeignPass(
        f"input {name}",
        f"_{name}",
        build=lambda main: from_ours(name, expression, main),
        key=name,
        precise=name not in ("mask", "plate"),
        size_of=None if size is None else (lambda _, __: size),
        trackers=frozenset({"person" if name in ("mask", "plate") else name}),
    )


def show_target(name: str, main: str, path: Path) -> Shader:
    """The last pass has a TARGET: what is in it is the image."""
    part = f"uniform sampler2D _target_{name};\nuniform vec2 size_px;"
    tail = ending(main, f"_tex(_target_{name}, gl_FragCoord.xy / size_px)")
    return shader((SAMPLING, TEXTURES, part), "", path, tail, main, retry=())


def sized(step: IsfPass, inputs: list[Given]) -> Callable[[Any, Size], Size]:
    """Works out a target's size."""

    def size_of(effect: Any, size: Size) -> Size:
        values = {"WIDTH": float(size[0]), "HEIGHT": float(size[1])}
        for given in inputs:
            if given.type in ("float", "int", "bool"):
                values[given.name] = float(given.read(effect))
        sides = [
            whole if expression is None else pixels(evaluate(expression, values), whole)
            for expression, whole in zip((step.width, step.height), size, strict=True)
        ]
        if sides[0] * sides[1] > MAX_AREA:
            sides = [min(side, 4096) for side in sides]
        return sides[0], sides[1]

    return size_of
