"""Parameters: what each kind accepts, refuses and says, and the laws that hold for every value."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phosphene.engine.core.errors import UsageError
from phosphene.engine.core.param_types import NAMED_COLORS, Bool, Choice, Color, File, Float, Int, Media, Point, Text
from phosphene.engine.core.params import Param, Parametrized
from phosphene.engine.effect.effect import Uniform

KINDS: dict[str, Param[Any]] = {
    "float": Float(0.5, 0.0, 2.0, "doc", unit="s"),
    "int": Int(3, -5, 7),
    "bool": Bool(True),
    "choice": Choice("b", ("a", "b", "c d")),
    "text": Text("hello"),
    "file": File(""),
    "media": Media(""),
    "color": Color("#ff8000"),
    "point": Point("0.5,0.5"),
}
every_kind = pytest.mark.parametrize("param", KINDS.values(), ids=KINDS)


HUGE: dict[str, Any] = {
    "1e400": 10**400,
    "-1e400": -(10**400),
    "1e5000": 10**5000,
    "three": [10**5000] * 3,
    "two": (10**400, 0),
    "nan": math.nan,
    "inf": math.inf,
}


class Owner(Parametrized):
    level = Float(0.5, 0.0, 1.0, "how much", unit="dB")
    count = Int(2, 0, 4)
    on = Bool(False)


class Heir(Owner):
    level = Float(0.1, 0.0, 0.2)
    extra = Text("x")


def refused(param: Param[Any], value: Any) -> str:
    with pytest.raises(UsageError) as caught:
        param.check(value)
    return str(caught.value)


# What every kind has in common


@every_kind
def test_the_default_passes_its_own_check(param: Param[Any]) -> None:
    assert param.check(param.default) == param.default


@every_kind
def test_the_default_is_read_back_from_its_own_words(param: Param[Any]) -> None:
    assert param.parse(param.format(param.default)) == pytest.approx(param.default, abs=1 / 255)


@every_kind
@pytest.mark.parametrize(
    "value", [None, [], {}, object(), {"from": "time"}, b"", [None], [[], []], 1j, [1, 2, 3, 4, 5]]
)
def test_what_is_no_value_is_refused_with_what_was_expected(param: Param[Any], value: Any) -> None:
    assert "expected" in refused(param, value) or "unknown" in refused(param, value)


@every_kind
@pytest.mark.parametrize("value", HUGE.values(), ids=HUGE)
def test_numbers_beyond_everything_are_refused(param: Param[Any], value: Any) -> None:
    refused(param, value)


@every_kind
def test_a_kind_says_its_name_and_range(param: Param[Any]) -> None:
    assert param.kind == next(k for k, v in KINDS.items() if v is param)
    assert isinstance(param.range_text(), str)


# Float


@pytest.mark.parametrize("value", [0, 0.0, 2, 2.0, 1, "1.5", " 1 ", "2e0"])
def test_float_takes_numbers_up_to_its_ends(value: Any) -> None:
    assert KINDS["float"].check(value) == float(value)


@pytest.mark.parametrize("value", [-1e-9, 2.0000001, "3", "nan", "inf", "-inf", "", "x", "1,5", True, False])
def test_float_refuses(value: Any) -> None:
    assert "0 … 2 s" in refused(KINDS["float"], value)


@given(st.floats(-1e6, 1e6))
def test_float_round_trips_through_words(value: float) -> None:
    param = Float(0.0)
    assert param.parse(param.format(value)) == pytest.approx(value, rel=1e-5)


@given(st.floats(allow_nan=True, allow_infinity=True), st.floats(-10, 0), st.floats(0, 10))
def test_a_clamped_float_always_fits(value: float, low: float, high: float) -> None:
    param = Float(low, low, high)
    assert param.check(param.clamp(value)) == param.clamp(value)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_float_without_ends_clamps_to_something_finite(value: float) -> None:
    assert math.isfinite(Float(0.25).check(Float(0.25).clamp(value)))


@given(st.floats(0.0, 2.0))
def test_clamp_leaves_what_fits(value: float) -> None:
    assert KINDS["float"].clamp(value) == value  # type: ignore[attr-defined]


def test_a_default_outside_the_range_is_refused_at_once() -> None:
    with pytest.raises(UsageError):
        Float(3.0, 0.0, 1.0)


# Int


@pytest.mark.parametrize("value", [-5, 7, 0, 3.0, "4", " -5 ", "7.0"])
def test_int_takes_whole_numbers(value: Any) -> None:
    checked = KINDS["int"].check(value)
    assert checked == float(value)
    assert type(checked) is int


@pytest.mark.parametrize("value", [-6, 8, 0.5, "0.5", True, False, "x", "", "nan", "1e400", math.nan])
def test_int_refuses(value: Any) -> None:
    assert "-5 … 7" in refused(KINDS["int"], value)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_clamped_int_always_fits(value: float) -> None:
    param = KINDS["int"]
    assert -5 <= param.check(param.clamp(value)) <= 7  # type: ignore[attr-defined]


@given(st.integers(-(2**31), 2**31 - 1))
def test_int_round_trips_through_words(value: int) -> None:
    assert Int(0).parse(Int(0).format(value)) == value


# Bool


@pytest.mark.parametrize("value", [True, 1, 1.0, "true", "On", " YES ", "1"])
def test_true_in_many_words(value: Any) -> None:
    assert KINDS["bool"].check(value) is True


@pytest.mark.parametrize("value", [False, 0, 0.0, "false", "oFF", "no", "0"])
def test_false_in_many_words(value: Any) -> None:
    assert KINDS["bool"].check(value) is False


@pytest.mark.parametrize("value", [2, 0.5, -1, "maybe", "", "01", math.nan])
def test_bool_refuses(value: Any) -> None:
    assert "true or false" in refused(KINDS["bool"], value)


@pytest.mark.parametrize(("value", "on"), [(0.49, False), (0.5, True), (-3, False), (9, True), (math.nan, False)])
def test_a_switch_follows_a_signal_from_one_half_up(value: float, on: bool) -> None:
    assert Bool(False).clamp(value) is on


# Choice, Text, Media


@pytest.mark.parametrize("value", ["a", "b", "c d"])
def test_choice_takes_its_options(value: str) -> None:
    assert KINDS["choice"].check(value) == value


@pytest.mark.parametrize("value", ["A", "", " a", "z", 0, True])
def test_choice_refuses(value: Any) -> None:
    refused(KINDS["choice"], value)


def test_choice_suggests_the_nearest_option() -> None:
    assert "did you mean 'normal'" in refused(Choice("normal", ("normal", "screen")), "norml")


@given(st.text())
def test_text_takes_every_text_and_gives_it_back(value: str) -> None:
    param = Text("")
    assert param.check(value) == value
    if value != '""':
        assert param.parse(param.format(value)) == value


@pytest.mark.parametrize("value", [1, 1.5, True])
@pytest.mark.parametrize("kind", ["text", "file", "media", "choice"])
def test_words_are_no_numbers(kind: str, value: Any) -> None:
    refused(KINDS[kind], value)


def test_media_refuses_nul() -> None:
    assert "NUL" in refused(Media(""), "a\0b")


# Color


@pytest.mark.parametrize(
    ("value", "rgba"),
    [
        ("#ff8000", (1, 128 / 255, 0, 1)),
        ("#FF8000", (1, 128 / 255, 0, 1)),
        ("#ff800080", (1, 128 / 255, 0, 128 / 255)),
        ("#fff", (1, 1, 1, 1)),
        (" white ", (1, 1, 1, 1)),
        ("Transparent", (0, 0, 0, 0)),
        ([1, 0, 0.5], (1, 0, 0.5, 1)),
        ((0, 0, 0, 0), (0, 0, 0, 0)),
    ],
)
def test_colors_in_many_words(value: Any, rgba: tuple[float, ...]) -> None:
    assert Color("black").check(value) == pytest.approx(rgba)


@pytest.mark.parametrize(
    "value",
    ["", "#ff", "#fffff", "#ggg", "purplish", "ff8000", [1, 1], [2, 0, 0], [-0.1, 0, 0], [True, False, True],
     ["1", "1", "1"], [math.nan, 0, 0], 1, 0.5, "#ff8000ff0", b"\0\0\0"],
)  # fmt: skip
def test_color_refuses(value: Any) -> None:
    assert "#rrggbb" in refused(Color("black"), value)


@pytest.mark.parametrize("name", NAMED_COLORS)
def test_every_named_color_is_one(name: str) -> None:
    assert Color(name).format(Color(name).default) == NAMED_COLORS[name]


@given(st.tuples(*[st.integers(0, 255)] * 4))
def test_eight_bit_colors_round_trip_exactly(codes: tuple[int, ...]) -> None:
    param = Color("black")
    value = param.check([c / 255 for c in codes])
    assert param.parse(param.format(value)) == value


# Point


@pytest.mark.parametrize(("value", "point"), [("0.5,0.25", (0.5, 0.25)), ([0, 1], (0, 1)), (" 1 , 2 ", (1, 2))])
def test_points_in_many_words(value: Any, point: tuple[float, float]) -> None:
    assert Point("0,0").check(value) == point


@pytest.mark.parametrize(
    "value", ["", "1", "1,2,3", "a,b", [1], [1, 2, 3], "nan,0", [math.inf, 0], [None, 1], [True, False], 5, "11,0"]
)
def test_point_refuses(value: Any) -> None:
    assert "x,y" in refused(Point("0,0"), value)


@given(st.tuples(st.floats(-10, 10), st.floats(-10, 10)))
def test_points_round_trip_through_words(value: tuple[float, float]) -> None:
    param = Point("0,0")
    assert param.parse(param.format(value)) == pytest.approx(value, rel=1e-5)


# Owners


def test_reading_the_class_gives_the_declaration_and_the_instance_the_value() -> None:
    assert isinstance(Owner.level, Float)
    assert Owner().level == 0.5
    assert Owner.level.name == "level"


def test_setting_one_instance_leaves_the_others() -> None:
    first, second = Owner(), Owner()
    first.level = 1
    assert (first.level, second.level, Owner().level) == (1.0, 0.5, 0.5)


def test_a_bad_value_names_the_parameter_and_changes_nothing() -> None:
    owner = Owner()
    with pytest.raises(UsageError, match="level cannot be 7"):
        owner.level = 7
    assert owner.level == 0.5


def test_set_by_name_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'level'"):
        Owner().set("levl", 1)


def test_an_heir_has_its_own_and_its_parents_parameters() -> None:
    assert list(Heir.params()) == ["level", "count", "on", "extra"]
    assert Heir.params()["level"].default == 0.1
    assert Owner.params()["level"].default == 0.5


def test_uniforms_take_their_width_and_nothing_else() -> None:
    class Has:
        place = Uniform("vec2", 2)

    has = Has()
    assert has.place.tolist() == [0, 0, 0, 0]
    has.place = [[1, 2], [3, 4]]
    assert has.place.tolist() == [1, 2, 3, 4]
    with pytest.raises(ValueError, match="takes 4 numbers, got 3"):
        has.place = [1, 2, 3]


# In GLSL


class Shown(Parametrized):
    amount = Float(0.5, 0.0, 1.0)
    count = Int(3)
    on = Bool(True)
    way = Choice("in", ("out", "in"))
    ink = Color("#80808040")
    at = Point((0.25, 0.75))
    words = Text("hello")
    picture = Media("")


DECLARED = {
    "amount": ("uniform float amount;", {"amount": 0.5}),
    "count": ("uniform int count;", {"count": 3}),
    "on": ("uniform bool on;", {"on": True}),
    "way": ("uniform int way;", {"way": 1}),
    "at": ("uniform vec2 at;", {"at": (0.25, 0.75)}),
    "words": ("", {}),
}


@pytest.mark.parametrize("name", DECLARED)
def test_a_parameter_declares_itself_and_gives_its_value(name: str) -> None:
    param = Shown.params()[name]
    assert (param.declaration, param.uniforms(getattr(Shown(), name))) == DECLARED[name]


def test_a_colour_is_linear_light_with_its_opacity_beside_it() -> None:
    param = Shown.params()["ink"]
    assert param.declaration.split("\n") == ["uniform vec3 ink;", "uniform float ink_alpha;"]
    given = param.uniforms(Shown().ink)
    assert given["ink"] == pytest.approx((0.2158605,) * 3)
    assert given["ink_alpha"] == pytest.approx(64 / 255)


def test_media_is_a_sampler_its_size_and_a_function() -> None:
    param = Shown.params()["picture"]
    assert isinstance(param, Media)
    assert param.uniforms("") == {}
    assert param.sampler in param.declaration
    assert "vec4 picture(vec2 uv)" in param.declaration
    name, size = param.size_uniform((640, 360))
    assert f"uniform vec2 {name};" in param.declaration
    assert size == (640.0, 360.0)
