"""Passes: targets, scales, sprites, what is kept from frame to frame, floats and media."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import draw, drawings, far, flat, glsl, layer, noise, observe, plain, scene, stack, to_codes, to_linear
from phosphene.engine.core.frame import Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.param_types import Media
from phosphene.engine.effect.effect import Effect, Pass, Sprites, Uniform
from phosphene.engine.renderer.gpu import Gpu

pytestmark = pytest.mark.gl

SIZE = (64, 36)
GREY = observe(plain(SIZE, (100, 100, 100)))


def effect(*passes: Pass, **attributes: Any) -> Effect:
    made = type("Made", (Effect,), {"passes": passes, **attributes})
    return made()


class Dots(Effect):
    """Sprites that are handed in from outside."""

    dots = Sprites()
    passes = (Pass(glsl("vec4(data0.rgb, data0.a)"), sprites="dots", blend="add"),)


def with_dots(rows: Any, blend: str = "add") -> Effect:
    shader = glsl("vec4(data0.rgb, data0.a)")
    made = type("Made", (Dots,), {"passes": (Pass(shader, sprites="dots", blend=blend),)})()  # type: ignore[arg-type]
    made.dots = rows
    return made


def row(x: float, y: float, half_w: float, half_h: float, color: Any, angle: float = 0.0) -> list[float]:
    return [x, y, half_w, half_h, angle, *color, 0.0, 0.0, 0.0, 0.0]


# Targets


def test_a_target_is_read_by_later_passes(gpu: Gpu) -> None:
    made = effect(Pass(glsl("vec4(0.5, 0.25, 0.0, 1.0)"), "first"), Pass(glsl("first(uv).gbra")))
    assert far(draw(gpu, scene(made), GREY)[0, 0, :3], to_codes([0.25, 0.0, 0.5])) <= 1


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.25, 0.125, 0.01, 2.0])
def test_a_targets_size_is_scaled(gpu: Gpu, scale: float) -> None:
    size = [max(1, int(np.ceil(n * scale))) for n in SIZE]
    body = f"size_px == vec2({size[0]}.0, {size[1]}.0) ? vec4(0.0, 1.0, 0.0, 1.0) : vec4(1.0, 0.0, 0.0, 1.0)"
    made = effect(Pass(glsl(body), "first", scale=scale), Pass(glsl("first(uv)")))
    assert tuple(draw(gpu, scene(made), GREY)[0, 0, :3]) == (0, 255, 0)


def test_a_target_may_have_a_size_of_its_own(gpu: Gpu) -> None:
    made = effect(Pass(glsl("vec4(to_linear(vec3(uv, 0.0)), 1.0)"), "tiny", size=(2, 1)), Pass(glsl("tiny(uv)")))
    picture = draw(gpu, scene(made), GREY)
    assert far(picture[:, 0, 0], 0.25 * 255) <= 2
    assert far(picture[:, -1, 0], 0.75 * 255) <= 2


@pytest.mark.parametrize(("floats", "kept"), [(True, 4.0), (False, 1.0)])
def test_float_targets_hold_more_than_one(gpu: Gpu, floats: bool, kept: float) -> None:
    made = effect(Pass(glsl("vec4(4.0)"), "bright", floats=floats), Pass(glsl("vec4(bright(uv).rgb / 8.0, 1.0)")))
    assert far(draw(gpu, scene(made), GREY)[0, 0, :3], to_codes([kept / 8] * 3)) <= 1


def test_a_pass_reads_the_picture_so_far(gpu: Gpu) -> None:
    halve = effect(Pass(glsl("vec4(frame(uv).rgb * 0.5, 1.0)")))
    copy = effect(Pass(glsl("frame(uv)"), "seen"), Pass(glsl("seen(uv)")))
    picture = draw(gpu, scene(halve, copy), GREY)
    assert far(picture[0, 0, :3], to_codes(to_linear(np.array([100] * 3)) * 0.5)) <= 1


@pytest.mark.parametrize("shown", [True, False])
def test_a_pass_may_be_left_out(gpu: Gpu, shown: bool) -> None:
    made = effect(Pass(glsl("vec4(1.0, 0.0, 0.0, 1.0)"), when=lambda e: shown))
    assert tuple(draw(gpu, scene(made), GREY)[0, 0, :3]) == ((255, 0, 0) if shown else (100, 100, 100))


def test_a_pass_left_out_for_a_frame_leaves_no_old_picture(gpu: Gpu) -> None:
    class Blinks(Effect):
        on = False
        passes = (Pass(glsl("vec4(1.0, 0.0, 0.0, 1.0)"), when=lambda e: e.on),)

        def update(self, observation: Observation, dt: float) -> None:
            self.on = observation.frame.id % 2 == 0

    pictures = list(drawings(gpu, scene(Blinks()), [observe(plain(SIZE, (9, n, 9)), n) for n in range(4)]))
    assert [tuple(p[0, 0, :3]) for p in pictures] == [(255, 0, 0), (9, 1, 9), (255, 0, 0), (9, 3, 9)]


def test_one_of_several_pictures_is_chosen(gpu: Gpu) -> None:
    class Either(Effect):
        red = True
        passes = (
            Pass(glsl("vec4(1.0, 0.0, 0.0, 1.0)"), when=lambda e: e.red),
            Pass(glsl("vec4(0.0, 1.0, 0.0, 1.0)"), when=lambda e: not e.red),
        )

        def update(self, observation: Observation, dt: float) -> None:
            self.red = observation.frame.id % 2 == 0

    for values in ({}, {"opacity": 0.9}, {"cut": "person", "private": False}):
        seen = [observe(plain(SIZE), n, mask=flat(1.0, n)) for n in range(3)]
        pictures = list(drawings(gpu, scene(Either(), **values), seen))  # type: ignore[arg-type]
        assert [int(p[0, 0, :2].argmax()) for p in pictures] == [0, 1, 0]


# From frame to frame


def counted(gpu: Gpu, made: Effect, count: int = 5, **values: Any) -> list[int]:
    """Red of the first pixel in each of some frames, in steps of 0.1 of light."""
    pictures = drawings(gpu, scene(made, **values), [observe(plain(SIZE), n) for n in range(count)])
    return [round(float(to_linear(p[0, 0, 0])) * 10) for p in pictures]


def test_a_persistent_target_sees_its_last_self(gpu: Gpu) -> None:
    more = Pass(glsl("vec4(sum(uv).rgb + 0.1, 1.0)"), "sum", persistent=True, floats=True)
    assert counted(gpu, effect(more, Pass(glsl("sum(uv)")))) == [1, 2, 3, 4, 5]


def test_a_persistent_target_stays_while_its_pass_is_left_out(gpu: Gpu) -> None:
    class Once(Effect):
        first = True
        passes = (
            Pass(glsl("vec4(0.7, 0.0, 0.0, 1.0)"), "kept", persistent=True, when=lambda e: e.first),
            Pass(glsl("kept(uv)")),
        )

        def update(self, observation: Observation, dt: float) -> None:
            self.first = observation.frame.id == 0

    assert counted(gpu, Once()) == [7, 7, 7, 7, 7]


def test_an_effect_sees_its_own_last_picture(gpu: Gpu) -> None:
    assert counted(gpu, effect(Pass(glsl("vec4(past(uv).rgb + 0.1, 1.0)")))) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("values", [{"opacity": 0.5}, {"blend": "add"}, {"source": "none"}])
def test_the_last_picture_is_the_effects_own_not_the_layers(gpu: Gpu, values: dict[str, Any]) -> None:
    scale = values.get("opacity", 1.0)
    expected = [round(n * scale) for n in (1, 2, 3, 4, 5)]
    found = counted(gpu, effect(Pass(glsl("vec4(past(uv).rgb + 0.1, 1.0)"))), **values)
    assert all(abs(a - b) <= 1 for a, b in zip(found, expected, strict=True))


def test_two_effects_keep_their_own_past(gpu: Gpu) -> None:
    first = effect(Pass(glsl("vec4(past(uv).r + 0.1, 0.0, 0.0, 1.0)")))
    second = effect(Pass(glsl("vec4(frame(uv).r, past(uv).g + 0.2, 0.0, 1.0)")))
    last = list(drawings(gpu, scene(first, second), [observe(plain(SIZE), n) for n in range(3)]))[-1]
    assert np.round(to_linear(last[0, 0, :2]) * 10).tolist() == [3, 6]


# Sprites


def test_a_sprite_covers_its_pixels(gpu: Gpu) -> None:
    picture = draw(gpu, scene(with_dots([row(20, 10, 4, 2, (1, 0, 0, 0))]), source="none"), GREY)
    lit = np.argwhere(picture[..., 0] > 0)
    assert (lit.min(axis=0).tolist(), lit.max(axis=0).tolist()) == ([8, 16], [11, 23])


def test_a_turned_sprite(gpu: Gpu) -> None:
    picture = draw(gpu, scene(with_dots([row(20, 16, 8, 2, (1, 0, 0, 0), np.pi / 2)]), source="none"), GREY)
    lit = np.argwhere(picture[..., 0] > 0)
    assert (lit.min(axis=0).tolist(), lit.max(axis=0).tolist()) == ([8, 18], [23, 21])


def test_a_sprite_turns_clockwise(gpu: Gpu) -> None:
    picture = draw(gpu, scene(with_dots([row(32, 18, 15, 1, (1, 0, 0, 0), np.pi / 6)]), source="none"), GREY)
    assert picture[23, 41, 0] == 255  # right and down
    assert picture[13, 41, 0] == 0


@pytest.mark.parametrize("count", [0, 1, 15, 17, 200, 3])
def test_sprites_add_up(gpu: Gpu, count: int) -> None:
    rows = [row(8, 8, 2, 2, (0.002, 0, 0, 0))] * count
    light = float(to_linear(draw(gpu, scene(with_dots(rows)), observe(plain(SIZE, (128,) * 3)))[8, 8, 0]))
    base = float(to_linear(np.array(128)))
    # each of them is rounded to 8 bits, which at this brightness is a step of 0.0035 of light
    assert light >= base - 0.01
    assert (light > base) == (count > 0) or count == 1


def test_sprites_over_hide_what_is_beneath(gpu: Gpu) -> None:
    rows = [row(8, 8, 4, 4, (1, 0, 0, 1)), row(8, 8, 2, 2, (0, 1, 0, 1))]
    picture = draw(gpu, scene(with_dots(rows, "over")), GREY)
    assert tuple(picture[8, 8, :3]) == (0, 255, 0)
    assert tuple(picture[8, 5, :3]) == (255, 0, 0)
    assert tuple(picture[30, 30, :3]) == (100, 100, 100)


def test_the_number_of_sprites_may_change_from_frame_to_frame(gpu: Gpu) -> None:
    class More(Dots):
        def update(self, observation: Observation, dt: float) -> None:
            count = (0, 40, 1, 0, 300)[observation.frame.id]
            self.dots = [row(i % 60 + 2, 5, 1, 1, (1, 0, 0, 0)) for i in range(count)]

    pictures = drawings(gpu, scene(More(), source="none"), [observe(plain(SIZE), n) for n in range(5)])
    lit = [int((p[5, :, 0] > 0).sum()) for p in pictures]
    assert lit[0] == lit[3] == 0
    assert lit[2] == 2
    assert lit[1] > 35
    assert lit[4] > 55


@pytest.mark.parametrize(
    "values", [{}, {"opacity": 0.5}, {"cut": "person"}, {"blend": "add"}, {"blend": "multiply", "opacity": 0.5}]
)
def test_sprites_belong_to_their_layer(gpu: Gpu, values: dict[str, Any]) -> None:
    """Sprites drawn over a layer's picture and then blended: the same as a pass that draws the same."""
    rows = [row(20, 10, 6, 6, (0.3, 0.1, 0.0, 0.0))]
    inside = "all(lessThan(abs(uv * size_px - vec2(20.0, 10.0)), vec2(6.0)))"
    painted = f"frame(uv) + ({inside} ? vec4(0.3, 0.1, 0.0, 0.0) : vec4(0.0))"
    seen = observe(noise(SIZE) // 2, mask=flat(1.0))  # so dark that nothing is cut off at white

    def over(made: Effect) -> Pixels:
        return draw(gpu, stack(layer(name="under"), layer(made, **values)), seen)

    assert far(over(with_dots(rows)), over(effect(Pass(glsl(painted))))) <= 2


def test_sprites_into_a_target(gpu: Gpu) -> None:
    class Into(Dots):
        passes = (
            Pass(glsl("vec4(0.0)"), "sheet"),
            Pass(glsl("vec4(1.0, 0.0, 0.0, 1.0)"), "sheet", sprites="dots"),
            Pass(glsl("sheet(uv)")),
        )

    made = Into()
    made.dots = [row(10, 10, 3, 3, (0, 0, 0, 0))]
    picture = draw(gpu, scene(made), GREY)
    assert tuple(picture[10, 10]) == (255, 0, 0, 255)


# Uniforms


@pytest.mark.parametrize(
    ("kind", "count", "value", "body"),
    [
        ("float", 1, [0.5], "x == 0.5"),
        ("float", 3, [1, 2, 3], "x[2] == 3.0"),
        ("int", 1, [7], "x == 7"),
        ("int", 2, [7, 8], "x[1] == 8"),
        ("vec2", 2, [1, 2, 3, 4], "x[1] == vec2(3.0, 4.0)"),
        ("vec3", 1, [1, 2, 3], "x == vec3(1.0, 2.0, 3.0)"),
        ("vec4", 2, range(8), "x[1] == vec4(4.0, 5.0, 6.0, 7.0)"),
        ("mat3", 1, range(9), "x[1] == vec3(3.0, 4.0, 5.0)"),
        ("mat4", 1, range(16), "x[3] == vec4(12.0, 13.0, 14.0, 15.0)"),
        ("vec2", 4, range(8), "x[0] == vec2(0.0, 1.0)"),
        ("vec4", 16, range(64), "x[1] == vec4(4.0, 5.0, 6.0, 7.0)"),
    ],
)
def test_uniforms_reach_the_shader(gpu: Gpu, kind: Any, count: int, value: Any, body: str) -> None:
    made = effect(Pass(glsl(f"{body} ? vec4(0.0, 1.0, 0.0, 1.0) : vec4(1.0, 0.0, 0.0, 1.0)")), x=Uniform(kind, count))
    type(made).x.name = "x"  # type: ignore[attr-defined]
    made.x = list(value)  # type: ignore[attr-defined]
    assert tuple(draw(gpu, scene(made), GREY)[0, 0, :3]) == (0, 255, 0)


# Media


class Shows(Effect):
    """A picture, or blue where there is none."""

    picture = Media("", "shown")
    glsl = glsl("picture_size_px.x > 0.0 ? picture(uv) : vec4(0.0, 0.0, 1.0, 1.0)")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    import cv2

    for name, color in (("red.png", (255, 0, 0)), ("green.png", (0, 255, 0))):
        cv2.imwrite(str(tmp_path / name), plain((24, 10), color)[..., ::-1])
    cv2.imwrite(str(tmp_path / "ramp.png"), noise((64, 36))[..., ::-1])
    return tmp_path


def test_a_picture_is_shown(gpu: Gpu, files: Path) -> None:
    made = Shows()
    assert tuple(draw(gpu, scene(made), GREY)[0, 0, :3]) == (0, 0, 255)
    made.picture = str(files / "red.png")
    assert tuple(draw(gpu, scene(made), GREY)[0, 0, :3]) == (255, 0, 0)


def test_a_picture_stands_upright_and_true(gpu: Gpu, files: Path) -> None:
    picture = draw(gpu, scene(Shows(picture=str(files / "ramp.png"))), GREY)
    assert far(picture[..., :3], noise((64, 36))) <= 1


def test_a_picture_may_be_changed_while_it_runs(gpu: Gpu, files: Path) -> None:
    class Changes(Shows):
        def update(self, observation: Observation, dt: float) -> None:
            self.picture = ["", str(files / "red.png"), str(files / "green.png"), ""][min(observation.frame.id, 3)]

    pictures = list(drawings(gpu, scene(Changes()), [observe(plain(SIZE), n) for n in range(5)]))
    # what is set in one frame is there in the next
    assert [tuple(p[0, 0, :3]) for p in pictures][1:] == [(0, 0, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255)]


def test_the_same_picture_in_two_effects(gpu: Gpu, files: Path) -> None:
    path = str(files / "red.png")
    made = stack(layer(Shows(picture=path)), layer(Shows(picture=path), name="b", blend="add", opacity=0.5))
    assert tuple(draw(gpu, made, GREY)[0, 0, :3]) == (255, 0, 0)
