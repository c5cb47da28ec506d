"""Foreign shader files without a GPU: headers, size expressions, uniforms in comments, names, and what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phosphene.engine.core.errors import PhospheneError, ShaderError, UsageError
from phosphene.engine.core.param_types import Choice, Color, Float, Int, Point
from phosphene.engine.effect.effect import Effect
from phosphene.engine.effect.foreign import RESERVED, Foreign
from phosphene.engine.glsl.dialects import describe, is_shader, kind_of, load
from phosphene.engine.glsl.dialects.isf_sizes import SizeError, evaluate, parse_size, pixels
from phosphene.engine.glsl.dialects.text import leading_doc, uniforms
from phosphene.engine.scene.describe import describe_effect, name_of
from phosphene.engine.scene.load import load_file
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.toml_read import load_scene

SAMPLES = Path(__file__).resolve().parent.parent / "dialects"
HOSTILE = SAMPLES / "hostile"
MAIN = "\nvoid main() { gl_FragColor = vec4(1.0); }\n"


def isf(tmp_path: Path, *inputs: dict[str, Any], **more: Any) -> type[Effect]:
    """An ISF effect with these inputs."""
    path = tmp_path / "made.fs"
    path.write_text(f"/*{json.dumps({'INPUTS': inputs, **more}, indent=1)}*/{MAIN}", encoding="utf-8")
    return load(path)


# Kinds and names


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("isf_values.fs", "isf"),
        ("wipe.glsl", "gl-transition"),
        ("toy.frag", "shadertoy"),
        ("toy_single.glsl", "shadertoy"),
        ("plain.frag", "glsl"),
    ],
)
def test_the_kind_of_a_file(name: str, kind: str) -> None:
    assert kind_of(SAMPLES / name) == kind


def test_a_transition_may_have_helpers_of_any_name(tmp_path: Path) -> None:
    path = tmp_path / "t.glsl"
    path.write_text("vec4 mainImage(vec2 uv) { return vec4(1.0); }\nvec4 transition(vec2 uv) { return mainImage(uv); }")
    assert kind_of(path) == "gl-transition"


def test_buffers_are_no_effects() -> None:
    assert [p.name for p in sorted(SAMPLES.glob("toy*")) if is_shader(p)] == ["toy.frag", "toy_single.glsl"]


@pytest.mark.parametrize(
    ("file", "name"),
    [("Bump Distortion.fs", "Bump-Distortion"), ("v002-CRT_Mask.fs", "v002-CRT-Mask"), ("ü.fs", "shader")],
)
def test_names_that_can_be_said(file: str, name: str) -> None:
    assert name_of(Path(file)) == name


def test_listing_shows_doc_and_parameters() -> None:
    found = Registry([SAMPLES], []).effects()
    assert found["plain"].doc == "Darkens the edges and lays an ink over them."
    assert found["plain"].params == ("amount", "ink", "middle", "rings", "inverted", "texture_of_paper")
    assert found["isf-values"].doc == "Every input type, as bars from the left."
    assert found["isf-values"].params[:5] == ("a_float", "a_bool", "a_long", "a_number", "a_color")
    assert found["wipe"].doc == "Wipes from the top."
    assert found["isf-emoji"].doc == "Byte order mark, emoji 🎨 and the line ends of Windows"
    assert not [e.name for e in found.values() if e.problem]


def test_every_sample_loads() -> None:
    for path in sorted(SAMPLES.iterdir()):
        if path.is_file() and is_shader(path):
            made = load(path)
            assert describe(path)[1] == tuple(made.params()), path.name
            made()


def test_a_broken_file_is_listed_with_its_problem_and_harms_nothing() -> None:
    found = Registry([HOSTILE], []).effects()
    assert found["broken-json"].problem.startswith(f"{HOSTILE / 'broken_json.fs'}:4: the header is not valid JSON")
    assert found["duotone"].problem == ""
    with pytest.raises(UsageError, match="cannot be used") as caught:
        Registry([HOSTILE], []).effect("broken-json")
    assert "broken_json.fs:4" in caught.value.where


def test_python_comes_before_shaders_of_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "one.frag").write_text("vec4 effect(vec2 uv) { return frame(uv); }")
    (tmp_path / "one.py").write_text('from phosphene import Effect\nclass One(Effect):\n    """Python."""\n')
    assert Registry([tmp_path], []).effects()["one"].doc == "Python."


def test_a_user_file_overrides_a_built_in(tmp_path: Path) -> None:
    (tmp_path / "duotone.frag").write_text("// Mine.\nvec4 effect(vec2 uv) { return frame(uv); }")
    assert Registry([tmp_path], []).effects()["duotone"].doc == "Mine."


def test_values_in_a_scene_are_checked_with_its_line(tmp_path: Path) -> None:
    scene = tmp_path / "s.toml"
    scene.write_text('[[layer]]\neffects = [\n  { use = "isf-values", a_float = 4.0 },\n]\n', encoding="utf-8")
    with pytest.raises(PhospheneError, match="a_float cannot be") as caught:
        load_scene(str(scene), Registry([SAMPLES], []))
    assert caught.value.where == f"{scene}:3"


# ISF inputs


def test_a_long_is_a_choice_by_its_labels(tmp_path: Path) -> None:
    kind = isf(tmp_path, {"NAME": "n", "TYPE": "long", "VALUES": [5, 7], "LABELS": ["five", "seven"], "DEFAULT": 7})
    param = kind.params()["n"]
    assert isinstance(param, Choice)
    assert (param.options, param.default) == (("five", "seven"), "seven")
    effect = kind()
    assert isinstance(effect, Foreign)
    assert effect.inputs[0].value(effect) == 7


@pytest.mark.parametrize(
    ("labels", "options"),
    [(["same", "same"], ("same 5", "same 7")), ([], ("5", "7")), (["five"], ("five", "7")), (None, ("5", "7"))],
)
def test_odd_labels_become_different_words(tmp_path: Path, labels: Any, options: tuple[str, ...]) -> None:
    kind = isf(tmp_path, {"NAME": "n", "TYPE": "long", "VALUES": [5, 7], "LABELS": labels})
    param = kind.params()["n"]
    assert isinstance(param, Choice)
    assert param.options == options


def test_a_long_without_values_is_a_whole_number(tmp_path: Path) -> None:
    param = isf(tmp_path, {"NAME": "n", "TYPE": "long", "MIN": 2, "MAX": 9, "DEFAULT": 4}).params()["n"]
    assert isinstance(param, Int)
    assert (param.low, param.high, param.default) == (2, 9, 4)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, (0.0, 1.0, 0.5)),
        ({"DEFAULT": 3.0}, (0.0, 3.0, 3.0)),
        ({"MIN": 2, "MAX": 5}, (2.0, 5.0, 3.5)),
        ({"MIN": 0, "MAX": 1, "DEFAULT": 5}, (0.0, 5.0, 5.0)),
        ({"MIN": 1, "MAX": 0, "DEFAULT": 0.5}, (0.0, 1.0, 0.5)),
    ],
)
def test_a_range_holds_its_default(tmp_path: Path, values: Any, expected: tuple[float, float, float]) -> None:
    param = isf(tmp_path, {"NAME": "x", "TYPE": "float", **values}).params()["x"]
    assert isinstance(param, Float)
    assert (param.low, param.high, param.default) == expected


def test_a_range_upside_down_is_told(tmp_path: Path) -> None:
    kind = isf(tmp_path, {"NAME": "x", "TYPE": "float", "MIN": 1, "MAX": 0})
    assert issubclass(kind, Foreign)
    assert kind.warnings == (f"{tmp_path / 'made.fs'}:4: x: MIN 1 is above MAX 0",)


def test_points_and_vectors(tmp_path: Path) -> None:
    place = {"NAME": "p", "TYPE": "point2D", "DEFAULT": [0.25, 0.25], "MIN": [0, 0], "MAX": [1, 1]}
    other = {"NAME": "v", "TYPE": "point2D", "DEFAULT": [64, 36], "MIN": [1, 1], "MAX": [900, 600]}
    kind = isf(tmp_path, place, other)
    assert list(kind.params()) == ["p", "v_x", "v_y"]
    param = kind.params()["p"]
    assert isinstance(param, Point)
    assert param.default == (0.25, 0.75)  # ours count from the top
    effect = kind()
    assert isinstance(effect, Foreign)
    assert [g.value(effect) for g in effect.inputs] == [(0.25, 0.25), (64.0, 36.0)]


@pytest.mark.parametrize("name", sorted(RESERVED - {n for n in RESERVED if n.startswith("_")}))
def test_names_that_an_effect_needs_itself_get_another_parameter(tmp_path: Path, name: str) -> None:
    kind = isf(tmp_path, {"NAME": name, "TYPE": "float", "DEFAULT": 0.5})
    assert list(kind.params()) == [f"{name}_"]
    effect = kind()
    assert isinstance(effect, Foreign)
    assert [(g.name, g.value(effect)) for g in effect.inputs] == [(name, 0.5)]


def test_roles(tmp_path: Path) -> None:
    def role(*names: str) -> str:
        kind = isf(tmp_path, *({"NAME": n, "TYPE": "image"} for n in names))
        assert issubclass(kind, Foreign)
        return kind.role

    assert role() == "generator"
    assert role("inputImage") == "filter"
    assert role("startImage", "endImage") == "transition"
    assert role("other") == "generator"


def test_the_trackers_it_needs() -> None:
    assert load(SAMPLES / "isf_person.fs").needs == ("face", "person", "pose")
    assert load(SAMPLES / "isf_values.fs").needs == ("sound",)


def test_the_first_standard_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "p.png").write_bytes((SAMPLES / "quarters.png").read_bytes())
    kind = isf(
        tmp_path,
        PERSISTENT_BUFFERS=["kept"],
        PASSES=[{"TARGET": "kept"}, {}],
        IMPORTED=[{"NAME": "p", "PATH": "p.png"}],
    )
    assert issubclass(kind, Foreign)
    assert kind.fixed == {"p": (tmp_path / "p.png").resolve()}


def test_a_moment_is_all_that_time_comes_from() -> None:
    effect = load(SAMPLES / "isf_builtins.fs")()
    assert isinstance(effect, Foreign)
    effect.advance_to(90000.5, 0.5)
    assert effect.date() == (2000.0, 1.0, 2.0, 3600.5)
    assert effect.frame_index == 0


# Hostile files: every one of them has its line. What only a driver can find is in tests/gpu and test_check.

REFUSED = {
    "broken_json.fs": "4: the header is not valid JSON",
    "no_header.fs": "1: no ISF header",
    "header_list.fs": "1: the header is not valid JSON",
    "empty.fs": "1: the file is empty",
    "empty.frag": "1: the file is empty",
    "deep.fs": "1: the header is not valid JSON: nested too deeply",
    "range_upside_down.frag": "1: level: the range [1, 0] is upside down",
    "no_main_image.frag": "1: has none of",
    "no_main.fs": "1: has no void main()",
    "unknown_type.fs": "4: a: unknown input TYPE 'flaot'",
    "bad_name.fs": "4: the input NAME 'two words' is not a name",
    "injected_name.fs": "4: the input NAME",
    "keyword_name.fs": "4: the input NAME 'float' is not a name",
    "twice.fs": "4: two inputs are called 'a'",
    "nan_in_json.fs": "4: the header is not valid JSON: NaN is not a JSON number",
    "huge_number.fs": "4: the header is not valid JSON: a number of thousands of digits",
    "text_default.fs": '4: a: DEFAULT must be 4 numbers, not "red"',
    "size_code.fs": "6: size expression",
    "size_power.fs": "6: size expression",
    "huge_target.fs": "4: a pass of 1920000×8 pixels is too large",
    "size_unknown.fs": "6: size expression '$WIDHT / 2': unknown name '$WIDHT'",
    "imported_outside.fs": "6: '../../../etc/passwd' lies outside",
    "imported_missing.fs": "6: no file 'nowhere.png'",
    "target_is_input.fs": "4: TARGET 'inputImage' is an input's name too",
    "open_comment.frag": "4: a comment begins here and never ends",
    "binary.frag": "2: cannot be read as text",
    "latin1.fs": "1: cannot be read as text",
    "nul.frag": "1: holds NUL characters",
    "missing_buffer.frag": "1: no buffer bufA",
    "channel_outside.frag": "2: '../../secret.png' lies outside",
    "unknown_channel.frag": "1: unknown channel 'webcam'",
    "reserved.frag": "1: a parameter cannot be called 'size'",
}


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_files_are_refused_in_the_authors_line(name: str) -> None:
    entry = describe_effect(HOSTILE / name, "user")
    with pytest.raises(UsageError) as caught:
        load_file(entry)
    told = entry.problem or f"{caught.value.where}: {caught.value.message}"
    assert told.startswith(f"{HOSTILE / name}:{REFUSED[name]}")


# Size expressions


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("$WIDTH", 640),
        ("$WIDTH/3.0", 640 / 3),
        ("floor($WIDTH/4.0)", 160),
        ("max(floor($WIDTH*0.02),1.0)", 12),
        ("max(8.0, floor($WIDTH * $quality))", 320),
        ("-$WIDTH + 700 % 8", -636),
        ("ceil(2.1) + round(2.6) + abs(-1)", 7),
        ("pow(2, 3) * sqrt(4)", 16),
    ],
)
def test_size_expressions(text: str, value: float) -> None:
    values = {"WIDTH": 640.0, "quality": 0.5}
    assert evaluate(parse_size(text, frozenset(values)), values) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "", "$", "$WIDTH $WIDTH", "WIDTH", "open('x')", "__import__('os')", "().__class__", "[1][0]", "'a' * 9",
        "lambda: 1", "2 ** 9", "9 << 9", "max(*[1])", "floor(x=1)", "(1).real", "f'{1}'", "True", "1e9 and 1",
        "(" * 500, "9" * 500, "1 if 1 else 2",
    ],
)  # fmt: skip
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(SizeError):
        parse_size(text, frozenset({"WIDTH"}))


@pytest.mark.parametrize("text", ["1 / 0", "$WIDTH % 0", "pow(10, 999)", "sqrt(-1)", "log(0)", "1e308 * 1e308"])
def test_what_cannot_be_worked_out_is_the_pictures_own_size(text: str) -> None:
    assert pixels(evaluate(parse_size(text, frozenset({"WIDTH"})), {"WIDTH": 4.0}), 77) == 77


@given(st.text(max_size=60))
def test_any_text_is_a_size_or_refused(text: str) -> None:
    try:
        value = evaluate(parse_size(text, frozenset({"WIDTH", "HEIGHT"})), {"WIDTH": 640.0, "HEIGHT": 360.0})
    except SizeError:
        return
    assert 1 <= pixels(value, 640) <= 8192


# Uniforms with a default in a comment


@pytest.mark.parametrize("line", ["uniform float a; // = 5 [0, 1]", "uniform int a; // = -1 [0, 9] how many"])
def test_a_default_outside_its_own_range_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "dim.frag"
    path.write_text(f"\n{line}\nvec4 effect(vec2 uv) {{ return frame(uv) * float(a); }}\n")
    with pytest.raises(ShaderError, match=r"outside its range \[0, ") as raised:
        load(path, "dim")
    assert str(raised.value.where).endswith("dim.frag:2")


@pytest.mark.parametrize(
    ("line", "default", "low", "high", "doc"),
    [
        ("uniform float a; // = 0.5 [0, 1] how much", (0.5,), 0.0, 1.0, "how much"),
        ("uniform float a; // = .7", (0.7,), -math.inf, math.inf, ""),
        ("uniform float a;// = -1e-2", (-0.01,), -math.inf, math.inf, ""),
        ("uniform float a/* = 0.3 */; // if 0.0, nothing", (0.3,), -math.inf, math.inf, "if 0.0, nothing"),
        ("uniform highp float a; // what it is", None, -math.inf, math.inf, "what it is"),
        ("uniform vec2 a; // = vec2(0.5)", (0.5,), -math.inf, math.inf, ""),
        ("uniform vec4 a; // = vec4(0.,0.,0.,.6)", (0.0, 0.0, 0.0, 0.6), -math.inf, math.inf, ""),
        ("uniform ivec2 a; // = ivec2(10,10)", (10.0, 10.0), -math.inf, math.inf, ""),
        ("uniform bool a; // = true", (1.0,), -math.inf, math.inf, ""),
        ("uniform vec3 a; // = #ff8000 the ink", "#ff8000", -math.inf, math.inf, "the ink"),
        ("uniform int a; // = 3 [1, 9]", (3.0,), 1.0, 9.0, ""),
    ],
)
def test_a_uniform_is_read(line: str, default: Any, low: float, high: float, doc: str) -> None:
    (found,) = uniforms(f"\n{line}\n")
    assert (found.name, found.default, found.low, found.high, found.doc, found.line) == (
        "a",
        default,
        low,
        high,
        doc,
        2,
    )


def test_what_kinds_of_parameters_a_transition_has() -> None:
    params = load(SAMPLES / "wipe.glsl").params()
    assert isinstance(params["edgeColor"], Color)
    assert isinstance(params["tiles_x"], Int)
    assert isinstance(params["direction_y"], Float)
    assert params["direction_y"].default == 1.0
    assert list(params)[:2] == ["progress", "to"]


@pytest.mark.parametrize(
    ("text", "doc"),
    [
        ("// One.\n// Two.", "One."),
        ("// Author: A\n// License: MIT\n// What it does", "What it does"),
        ("/* In a block. */", "In a block."),
        ("/*\n * Starred\n */", "Starred"),
        ("void main() {} // no", ""),
        ("", ""),
    ],
)
def test_the_doc_of_a_file(text: str, doc: str) -> None:
    assert leading_doc(text) == doc


# Any header, any text: an effect or an error, never anything else

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "NAME": st.sampled_from(["a", "b", "size", "inputImage", "mask"]) | VALUES,
        "TYPE": st.sampled_from(["float", "long", "bool", "event", "color", "point2D", "image", "audio", "audioFFT"])
        | VALUES,
        **{
            key: VALUES | st.floats(-10, 10)
            for key in ("DEFAULT", "MIN", "MAX", "IDENTITY", "LABEL", "VALUES", "LABELS")
        },
    },
)
PASSES = st.fixed_dictionaries(
    {},
    optional={
        "TARGET": st.sampled_from(["t", "a"]) | VALUES,
        "WIDTH": st.sampled_from(["$WIDTH/2", "$a", "1/0"]) | VALUES,
        "FLOAT": VALUES,
        "PERSISTENT": VALUES,
    },
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "INPUTS": st.lists(ENTRIES, max_size=4) | VALUES,
        "PASSES": st.lists(PASSES, max_size=4) | VALUES,
        "IMPORTED": VALUES,
        "DESCRIPTION": VALUES,
        "PERSISTENT_BUFFERS": VALUES,
    },
)
FUZZ = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def attempt(path: Path) -> tuple[Effect | None, str]:
    """The effect, or where the error is."""
    try:
        return load(path)(), ""
    except ShaderError as error:
        return None, error.where


@FUZZ
@given(HEADERS)
def test_any_header_is_an_effect_or_an_error_with_a_line(tmp_path: Path, header: Any) -> None:
    path = tmp_path / "fuzz.fs"
    path.write_text(f"/*{json.dumps(header).replace('*/', '')}*/{MAIN}", encoding="utf-8")
    effect, where = attempt(path)
    if effect is None:
        assert where.startswith(f"{path}:")
        return
    assert isinstance(effect, Foreign)
    for step in effect.passes:
        effect.uniform_values(step, (64, 36), {})
        step.target_spec(effect, (64, 36), 1.0)
        step.own_shader("effect")


@FUZZ
@given(st.text(max_size=200), st.sampled_from([".fs", ".frag", ".glsl"]))
def test_any_text_is_an_effect_or_an_error(tmp_path: Path, text: str, suffix: str) -> None:
    path = tmp_path / f"fuzz{suffix}"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    effect, where = attempt(path)
    assert effect is not None or where.startswith(str(path))


@FUZZ
@given(
    st.lists(
        st.sampled_from(["/*", "*/", "{", "}", '"INPUTS"', ":", "[", "]", ",", "void main() {", "\n", "//"]),
        max_size=30,
    )
)
def test_any_pieces_of_a_header(tmp_path: Path, pieces: list[str]) -> None:
    path = tmp_path / "pieces.fs"
    path.write_text(" ".join(pieces), encoding="utf-8")
    effect, where = attempt(path)
    assert effect is not None or where.startswith(f"{path}:")
