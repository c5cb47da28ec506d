"""ShaderToy-style files: `void mainImage(out vec4 fragColor, in vec2 fragCoord)` in a `.frag` or `.glsl` file.

iChannel0 is the picture so far. A line `#iChannel1 "noise.png"` gives a channel something else: a picture beside the
file, `"picture"`, `"camera"`, `"sound"`, `"self"` (the last picture of this very buffer) or `"bufA"` … `"bufD"`; with
or without `file://` in front.
The buffers of `rain.frag` are `rain.bufA.frag` … `rain.bufD.frag`, its common part is `rain.common.frag`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import ShaderError, unknown_name
from ...core.param_types import Bool, Point
from ...core.params import Param
from ...core.results import RATE
from ...core.source_lines import line_at, location
from ...effect.effect import Effect
from ...effect.foreign import Foreign, ForeignPass, Given, Size, make_class
from ...effect.shader import Shader
from ..includes import mark
from .isf import straight_pass
from .isf_header import beside
from .prelude import PICTURE, SAMPLING, TEXTURES, ending, shader
from .text import (
    Written,
    as_params,
    defines,
    for_driver,
    leading_doc,
    read_author,
    together,
    uniforms,
)

BUFFERS = ("bufA", "bufB", "bufC", "bufD")
_CHANNEL = re.compile(r'^[ \t]*#iChannel([0-3])[ \t]+"(?:file://)?([^"\n]+)"[^\n]*$', re.MULTILINE)
BUILTINS = """
uniform vec3 iResolution;
uniform float iTime;
#define iGlobalTime iTime
uniform float iTimeDelta;
uniform float iFrameRate;
uniform int iFrame;
uniform vec4 iMouse;
uniform vec4 iDate;
uniform float iSampleRate;
uniform float iChannelTime[4];
uniform vec3 iChannelResolution[4];
"""


def is_part(path: Path) -> bool:
    """Whether a file is a buffer or the common part of another one."""
    return path.stem.rpartition(".")[2] in (*BUFFERS, "common") and "." in path.stem


def describe(path: Path) -> tuple[str, tuple[str, ...]]:
    """The doc and the parameters' names. Raises ShaderError."""
    toy = Toy(path)
    return leading_doc(toy.texts["image"]), tuple(toy.params)


def load(path: Path, name: str) -> type[Effect]:
    """The effect in the file and its buffers. Raises ShaderError."""
    toy = Toy(path)
    return make_class(name, leading_doc(toy.texts["image"]), Foreign, toy.attributes())


class Toy:
    """One ShaderToy-style effect: the picture's file, and those of its buffers and its common part where there are."""

    def __init__(self, path: Path) -> None:
        self.files = {"image": path}
        for part in ("common", *BUFFERS):
            file = path.with_name(f"{path.stem}.{part}{path.suffix}")
            if file.is_file():
                self.files[part] = file
        self.texts = {part: read_author(file) for part, file in self.files.items()}
        self.drawn = [part for part in (*BUFFERS, "image") if part in self.files]
        self.params: dict[str, Param[Any]] = {}
        self.inputs: list[Given] = []
        self.fixed: dict[str, Path] = {}
        self.channels: dict[str, dict[int, str]] = {}
        written: dict[str, Written] = {}
        for part, text in self.texts.items():
            self.channels[part] = self.read_channels(part, text)
            for uniform in uniforms(text):
                if uniform.name not in written:
                    written[uniform.name] = uniform
                    made, given = as_params(uniform, self.files[part])
                    self.params.update(made)
                    if given is not None:
                        self.inputs.append(given)
            if part != "common" and not defines(text, "void mainImage"):
                where = location(self.files[part], 1)
                raise ShaderError("has no void mainImage(out vec4 fragColor, in vec2 fragCoord)", where=where)
        self.media = {n for n, u in written.items() if u.type == "sampler2D"}
        if any(re.search(r"\biMouse\b", text) for text in self.texts.values()):
            self.params["mouse"] = Point((0.5, 0.5), "where the mouse is")
            self.params["mouse_down"] = Bool(False, "whether its button is held down")

    def read_channels(self, part: str, text: str) -> dict[int, str]:
        """Our sampler of each channel that a file uses."""
        found: dict[int, str] = {0: PICTURE}
        for match in _CHANNEL.finditer(text):
            number, wanted, line = int(match[1]), match[2].strip(), line_at(text, match.start())
            found[number] = self.channel(part, wanted, line)
        return found

    def channel(self, part: str, wanted: str, line: int) -> str:
        """Our sampler for what a `#iChannel` line names."""
        where = location(self.files[part], line)
        if wanted in ("picture", "camera"):
            return PICTURE if wanted == "picture" else "_camera_codes"
        if wanted == "sound":
            return "_sound"
        if wanted == "self":
            if part not in BUFFERS:
                raise ShaderError('"self" is for buffers', where=where, hint="read a buffer, which reads itself")
            return f"_target_{part}"
        stem = Path(wanted).stem.rpartition(".")[2]
        if stem in BUFFERS:
            if stem not in self.files:
                raise ShaderError(f"no buffer {stem}", where=where, hint=f"write {self.part_name(stem)}")
            return f"_target_{stem}"
        if "." not in wanted:
            wrong = unknown_name("channel", wanted, ("picture", "camera", "sound", "self", *BUFFERS))
            raise ShaderError(wrong.message, where=where, hint=wrong.hint)
        path = beside(self.files[part], wanted, line)
        name = next((n for n, held in self.fixed.items() if held == path), f"picture{len(self.fixed)}")
        self.fixed[name] = path
        return f"_fixed_{name}"

    def part_name(self, part: str) -> str:
        """The file name of a buffer."""
        image = self.files["image"]
        return f"{image.stem}.{part}{image.suffix}"

    def attributes(self) -> dict[str, Any]:
        """What the effect's class holds."""
        passes = [self.toy_pass(part) for part in self.drawn]
        samplers = {s for part in self.drawn for s in self.channels[part].values()}
        if PICTURE in samplers:
            passes.insert(0, straight_pass())
        uses = any(re.search(r"\biChannel0\b", self.texts[p]) for p in self.drawn if self.channels[p][0] == PICTURE)
        return {
            **self.params,
            "kind": "shadertoy",
            "role": "filter" if uses else "generator",
            "shader_file": self.files["image"],
            "inputs": tuple(self.inputs),
            "fixed": dict(self.fixed),
            "repeats": True,
            "passes": tuple(passes),
            "needs": ("sound",) if "_sound" in samplers else (),
        }

    def toy_pass(self, part: str) -> ForeignPass:
        """The pass of one file."""
        channels = self.channels[part]

        def builtins(effect: Foreign, _: int, size: Size, samplers: Mapping[str, Size]) -> dict[str, Any]:
            return toy_builtins(effect, size, [samplers.get(channels.get(n, ""), (1, 1)) for n in range(4)])

        return ForeignPass(
            self.files[part].name,
            None if part == "image" else part,
            persistent=part != "image",
            precise=True,
            build=lambda main: self.build(part, main),
            key=part,
            builtins=builtins,
        )

    def build(self, part: str, main: str) -> Shader:
        """The shader of one file."""
        channels = self.channels[part]
        samplers = sorted(set(channels.values()) | {f"_media_{n}" for n in self.media})
        lines = [f"uniform sampler2D {name};" for name in samplers]
        lines += [f"#define iChannel{n} {channels.get(n, '_none')}" for n in range(4)]
        lines += [f"#define {n} _media_{n}" for n in sorted(self.media)]
        lines.append("uniform sampler2D _none;")
        body = blank(for_driver(self.texts[part]))
        more: list[str] = []
        if "common" in self.files and part != "common":
            lines += [mark(1, 2), blank(for_driver(self.texts["common"]))]
            more.append(str(self.files["common"]))
        tail = "vec4 _drawn() { vec4 _c = vec4(0.0); mainImage(_c, gl_FragCoord.xy); return %s; }\n"
        # In ShaderToy the picture has no alpha; its buffers have.
        tail %= "_c" if part != "image" else "vec4(_c.rgb, 1.0)"
        reads = {"frame", "codes"} if PICTURE in channels.values() and "iChannel" in body else set[str]()
        if "_camera_codes" in channels.values():
            reads.add("codes")
        if part == "image" and any(PICTURE in self.channels[p].values() for p in self.drawn):
            reads |= {"frame"} if any("iChannel" in self.texts[p] for p in self.drawn) else set()
        return shader(
            (SAMPLING, TEXTURES, BUILTINS, *lines),
            body,
            self.files[part],
            tail + ending(main, "_drawn()"),
            main,
            reads=reads,
            more_files=more,
        )


def blank(text: str) -> str:
    """The text without its `#iChannel` lines, which no driver knows, line for line."""
    return _CHANNEL.sub("", text)


def toy_builtins(effect: Foreign, size: Size, sizes: Sequence[Size]) -> dict[str, Any]:
    """The variables that ShaderToy gives to every shader; `sizes` are those of the four channels."""
    built = {
        "iResolution": (float(size[0]), float(size[1]), 1.0),
        "iTime": effect.now_s,
        "iTimeDelta": effect.step_s,
        "iFrameRate": 1.0 / effect.step_s if effect.step_s > 0.0 else 30.0,
        "iFrame": effect.frame_index,
        "iDate": effect.date(),
        "iSampleRate": float(RATE),
        "iChannelTime": np.full(4, effect.now_s, np.float32),
        "iChannelResolution": np.array([(w, h, 1.0) for w, h in sizes], np.float32),
    }
    if "mouse" in type(effect).params():
        x, y = (v * s for v, s in zip(together(["mouse"])(effect)[0], size, strict=True))
        down = together(["mouse_down"])(effect)[0]
        place = (x, size[1] - y)
        built["iMouse"] = (*place, *place) if down else (*place, -place[0], -place[1])
    return built
