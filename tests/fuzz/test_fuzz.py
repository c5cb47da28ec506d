"""Arbitrary input gives a result or an error in words, and never anything else. The same examples every time."""

from __future__ import annotations

import math
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phosphene.engine.control.settings import media_path
from phosphene.engine.core.errors import SceneError, ShaderError, UsageError
from phosphene.engine.core.param_types import Bool, Choice, Color, Float, Int, Media, Point, Text
from phosphene.engine.core.params import Param
from phosphene.engine.effect.effect import Effect, Pass
from phosphene.engine.effect.shader import Shader
from phosphene.engine.glsl.assemble import assemble, read_by
from phosphene.engine.glsl.errors import author_line, explain
from phosphene.engine.glsl.words import features_of, strip_comments
from phosphene.engine.scene.binding import KEYS, Binding
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.scene import Scene
from phosphene.engine.scene.toml_lines import line_of, statement_ends
from phosphene.engine.scene.toml_read import load_scene
from phosphene.engine.scene.toml_write import save_scene
from phosphene.engine.show.options import parse_setting

steady = settings(max_examples=120, suppress_health_check=list(HealthCheck))
few = settings(steady, max_examples=60)

BUILT_IN = Registry([], [])
SCENES = [entry.path.read_text(encoding="utf-8") for entry in BUILT_IN.scenes().values()]
FULL = """
title = "x"
sync = "latest"
private = true
[trackers.pose]
masks = true
[[layer]]
name = "a"
source = "camera"
opacity = 0.5
cut = "person"
blend = "add"
matte = { softness = 0.2, grow = { from = "lfo.2", to = [-1, 1] } }
effects = [
  { use = "duotone", amount = { from = "face.smile", to = [0.2, 1], range = [0, 1], smooth_s = 0.1 }, ink = "red" },
  { use = "duotone", name = "two", amount = { from = "lfo.saw.2@0.5", curve = "ease-in", threshold = 0.5 } },
  { use = "mirror", name = "b", mode = "left" }, "blur",
]
"""
PIECES = [
    "[[layer]]", "[layer]", "effects", "=", "{", "}", "[", "]", '"', "'", '"""', "\n", "#", "use", "duotone", "amount",
    "true", "nan", "inf", "1e999", "-1", "0x" + "f" * 5000, "9" * 5000, "1979-05-27", "\\", "\\u0000", ",", "from",
    "person", "camera", "\x00", "\ud7ff", "🎉", "[" * 500, "name", "matte", "picture", "../..", "trackers", "face", ".",
]  # fmt: skip

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=4)
    | st.sampled_from([math.nan, math.inf, "", "0.5", "nan", "1e999", "#fff", "0.1,0.2", "left"])
    | st.sampled_from([400, 5000]).map(lambda digits: 10**digits),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    | st.tuples(inner, inner),
    max_leaves=5,
)  # fmt: skip

PARAMS: dict[str, Param[Any]] = {
    "float": Float(0.5, 0.0, 2.0),
    "free": Float(0.5),
    "int": Int(3, -5, 7),
    "bool": Bool(True),
    "choice": Choice("left", ("left", "right")),
    "text": Text("x"),
    "media": Media(""),
    "color": Color("red"),
    "point": Point(),
}


def in_range(param: Param[Any], value: Any) -> bool:
    if isinstance(param, Bool):
        return isinstance(value, bool)
    if isinstance(param, Float | Int):
        return not isinstance(value, bool) and math.isfinite(value) and param.low <= value <= param.high
    if isinstance(param, Choice):
        return value in param.options
    if isinstance(param, Color):
        return len(value) == 4 and all(0.0 <= v <= 1.0 for v in value)
    if isinstance(param, Point):
        return len(value) == 2 and all(math.isfinite(v) for v in value)
    return isinstance(value, str)


# Parameters


@pytest.mark.parametrize("name", PARAMS)
@steady
@given(value=values)
def test_a_parameter_takes_a_value_in_its_range_or_refuses(name: str, value: Any) -> None:
    param = PARAMS[name]
    try:
        checked = param.check(value)
    except UsageError:
        return
    assert in_range(param, checked)
    assert param.check(checked) == checked, "what was accepted is accepted again"


@pytest.mark.parametrize("name", PARAMS)
@few
@given(text=st.text(max_size=30) | st.from_regex(r"[-+0-9.eE,#a-f_ ]{0,20}", fullmatch=True))
def test_a_parameter_reads_any_words_or_refuses(name: str, text: str) -> None:
    try:
        value = PARAMS[name].parse(text)
    except UsageError:
        return
    assert in_range(PARAMS[name], value)
    assert isinstance(PARAMS[name].format(value), str)


@steady
@given(table=st.dictionaries(st.sampled_from([*KEYS, "x"]), values, max_size=4))
def test_a_binding_is_one_or_refused(table: dict[str, Any]) -> None:
    try:
        binding = Binding.parse({"from": "time", **table})
    except UsageError:
        return
    assert isinstance(binding.value({"time": 1.0}, 0.1), float)
    assert Binding.parse(binding.table()).table() == binding.table()


# Scenes


def loaded(text: str) -> Scene | None:
    """The scene, or None where it was refused in words that name the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzz.toml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        refused: SceneError | None = None
        try:
            made = load_scene(str(path), BUILT_IN)
        except SceneError as error:
            refused = error
        if refused is not None:
            line = re.search(r":(\d+)$", refused.where)
            assert str(path) in refused.where
            assert line is None or 1 <= int(line.group(1)) <= text.count("\n") + text.count("\r") + 2
            return None
        saved = Path(folder) / "saved.toml"
        save_scene(made, saved)
        again = load_scene(str(saved), BUILT_IN)
        assert list(again.addresses()) == list(made.addresses())
        return made


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A real scene with pieces cut out, doubled and put in."""
    text = draw(st.sampled_from([*SCENES, FULL, FULL]))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.integers(0, 12)))
        kind = draw(st.integers(0, 3))
        if kind == 0:
            text = text[:at] + text[end:]
        elif kind == 1:
            text = text[:at] + draw(st.sampled_from(PIECES)) + text[at:]
        elif kind == 2:
            text = text[:at] + draw(st.sampled_from(PIECES)) + text[end:]
        else:
            text = text[:end] + text[at:end] + text[end:]
    return text


@settings(steady, max_examples=250)
@given(text=mutated())
def test_a_mutated_scene_loads_or_is_refused_in_words(text: str) -> None:
    loaded(text)


@few
@given(text=st.text(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
def test_any_text_is_a_scene_or_refused_in_words(text: str) -> None:
    loaded(text)


@steady
@given(key=st.sampled_from(["amount", "ink", "use", "name", "x"]), value=values)
def test_any_value_in_a_scene_is_taken_or_refused(key: str, value: Any) -> None:
    import tomlkit

    try:
        text = tomlkit.dumps({"layer": [{"effects": [{"use": "duotone", key: value}]}]})
    except (tomlkit.exceptions.TOMLKitError, ValueError, TypeError, AttributeError):
        return  # TOML cannot say it
    loaded(text)


@steady
@given(text=mutated())
def test_every_statement_ends_somewhere(text: str) -> None:
    ends = statement_ends(text)
    assert ends == sorted(ends)
    assert ends[-1] == text.count("\n") + 1


def test_every_place_of_a_scene_has_its_line() -> None:
    import tomllib

    def places(part: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
        return [at, *(place for key, value in inner for place in places(value, (*at, key)))]

    lines = FULL.split("\n")
    for place in places(tomllib.loads(FULL))[1:]:
        if isinstance(place[-1], str):
            assert place[-1] in lines[line_of(FULL, place) - 1], place


# GLSL

WORDS = [
    "vec4 effect(vec2 uv) { return frame(uv); }", "#include", '"lib/noise.glsl"', "<", ">",
    '#include "lib/noise.glsl"\n', '#include "../x"\n', '#include "\x00"\n', "//@ 1 99\n", "//", "/*", "*/", "\n",
    "\\\n", "mask(uv)",
    "past", "#line 5 7\n",
    "#version 100\n", "{", "}", "🎉", "\ud7ff", "face_count", "a.frag", "\r",
]  # fmt: skip
glsl_texts = st.text(max_size=80) | st.lists(st.sampled_from(WORDS), max_size=10).map("".join)


@steady
@given(text=glsl_texts, main=st.sampled_from(["effect", "opacity", "cut", "cut-not"]))
def test_any_glsl_is_assembled_or_refused(text: str, main: str) -> None:
    made = type("Fuzz", (Effect,), {"glsl": text})
    try:
        shader = assemble(made, Pass(text), ("target",), main)
    except ShaderError:
        return
    assert isinstance(shader, Shader)
    for row in range(1, shader.text.count("\n") + 3):
        assert re.fullmatch(r".+:-?\d+", author_line(shader, row), re.DOTALL)
    assert read_by(made) <= {"person", "face", "pose"}


@steady
@given(text=glsl_texts)
def test_taking_comments_out_keeps_the_lines(text: str) -> None:
    stripped = strip_comments(text)
    assert stripped.count("\n") == text.count("\n")
    assert features_of(stripped) == features_of(text)


@steady
@given(
    message=st.text(max_size=60) | st.from_regex(r"(ERROR: )?\d{1,9}[:(]\d{1,9}\)?(\(\d\))? ?: .{0,20}", fullmatch=True)
)
def test_any_drivers_message_becomes_an_error(message: str) -> None:
    shader = Shader("#version 330 core\n//@ 3 1\na\n", frozenset(), ("prelude", "mine"), name="x")
    assert "does not compile" in explain(message, shader).message


# --set


@steady
@given(
    text=st.text(max_size=30)
    | st.tuples(
        st.sampled_from(["amount", "camera/opacity", "ink", "visible", "blend", "cut", "", "x", "camera/", "picture"]),
        st.sampled_from(["=", "==", " = ", ""]),
        st.sampled_from(["", "1", "0.5", "nan", "#fff", "add", "person", "true", "9" * 400, "x", "/no/such", "\x00"]),
    ).map("".join)
)
def test_any_setting_is_applied_or_refused(text: str) -> None:
    made = load_scene("duotone", BUILT_IN)
    try:
        address, value = parse_setting(text)
        full = made.set(address, media_path(made, address, value))
        assert full in made.addresses()
    except UsageError:
        pass  # whatever was refused, every value is still in its range
    for owner, param in made.addresses().values():
        assert in_range(param, getattr(owner, param.name))
