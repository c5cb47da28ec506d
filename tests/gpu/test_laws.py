"""Laws of drawing: identities, blending in linear light, cut-outs, premultiplied alpha, against numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import draw, far, flat, layer, noise, observe, plain, ramp, scene, shader, stack, to_codes, to_linear
from phosphene.effects.blur import Blur
from phosphene.effects.duotone import Duotone
from phosphene.effects.mirror import Mirror
from phosphene.engine.core.param_types import Bool, Choice, Color, Float, Int, Point
from phosphene.engine.core.results import Mask
from phosphene.engine.effect.effect import Effect
from phosphene.engine.renderer.gpu import Gpu

from phosphene.testing import fake_mask

pytestmark = pytest.mark.gl

SIZE = (64, 36)
PICTURES = {"noise": noise(SIZE), "ramp": ramp(SIZE), "black": plain(SIZE, (0, 0, 0)), "white": plain(SIZE, (255,) * 3)}
each_picture = pytest.mark.parametrize("pixels", PICTURES.values(), ids=PICTURES)


# Identities


@each_picture
def test_a_layer_without_effects_is_the_camera_bit_for_bit(gpu: Gpu, pixels: Any) -> None:
    assert np.array_equal(draw(gpu, scene(), observe(pixels))[..., :3], pixels)


@each_picture
@pytest.mark.parametrize("body", ["frame(uv)", "frame_here()", "camera(uv)", "camera_here()", "frame(uv) * 1.0"])
def test_passing_on_is_the_camera(gpu: Gpu, pixels: Any, body: str) -> None:
    assert far(draw(gpu, scene(shader(body)), observe(pixels))[..., :3], pixels) <= 1


@pytest.mark.parametrize("size", [(16, 16), (333, 217), (101, 17), (640, 360)])
def test_every_pixel_stays_in_its_place_at_every_size(gpu: Gpu, size: tuple[int, int]) -> None:
    pixels = noise(size, 3)
    assert np.array_equal(draw(gpu, scene(), observe(pixels))[..., :3], pixels)
    assert far(draw(gpu, scene(shader("frame(uv)")), observe(pixels))[..., :3], pixels) <= 1


@each_picture
def test_duotone_at_nothing_is_the_input(gpu: Gpu, pixels: Any) -> None:
    assert far(draw(gpu, scene(Duotone(amount=0.0)), observe(pixels))[..., :3], pixels) <= 1


@pytest.mark.parametrize("amount", [0.25, 0.5, 1.0])
def test_duotone_lies_between_the_input_and_its_inks(gpu: Gpu, amount: float) -> None:
    grey = plain(SIZE, (128, 128, 128))
    ink, paper = (to_linear(np.array(c)) for c in ((27, 20, 100), (255, 209, 102)))
    light = to_linear(np.array(128))
    full = ink + (paper - ink) * np.sqrt(light)
    expected = to_codes(light + (full - light) * amount)
    assert far(draw(gpu, scene(Duotone(amount=amount)), observe(grey))[0, 0, :3], expected) <= 1.5


def test_black_and_white_become_the_inks(gpu: Gpu) -> None:
    made = scene(Duotone(ink="#102030", paper="#f0e0d0"))
    assert far(draw(gpu, made, observe(PICTURES["black"]))[0, 0], (0x10, 0x20, 0x30, 255)) <= 1
    assert far(draw(gpu, made, observe(PICTURES["white"]))[0, 0], (0xF0, 0xE0, 0xD0, 255)) <= 1


@each_picture
def test_mirrored_twice_is_the_input(gpu: Gpu, pixels: Any) -> None:
    assert far(draw(gpu, scene(Mirror(), Mirror()), observe(pixels))[..., :3], pixels) <= 2


@pytest.mark.parametrize("size", [SIZE, (333, 217), (17, 16)])
def test_mirrored_once_is_the_flipped_input(gpu: Gpu, size: tuple[int, int]) -> None:
    pixels = noise(size)
    assert far(draw(gpu, scene(Mirror()), observe(pixels))[..., :3], pixels[:, ::-1]) <= 1


@pytest.mark.parametrize(
    ("mode", "kept", "axis"),
    [("left", np.s_[:, :32], 1), ("right", np.s_[:, 32:], 1), ("top", np.s_[:18], 0), ("bottom", np.s_[18:], 0)],
)
def test_half_a_mirror_keeps_its_half_and_is_symmetric(gpu: Gpu, mode: str, kept: Any, axis: int) -> None:
    picture = draw(gpu, scene(Mirror(mode=mode)), observe(PICTURES["noise"]))[..., :3]
    assert far(picture[kept], PICTURES["noise"][kept]) <= 1
    assert far(picture, np.flip(picture, axis)) <= 1


@pytest.mark.parametrize("radius", [0.0, 0.16, 0.5])
def test_blur_leaves_the_person_sharp(gpu: Gpu, radius: float) -> None:
    picture = draw(gpu, scene(Blur(radius=radius)), observe(PICTURES["noise"], mask=flat(1.0)))
    assert far(picture[..., :3], PICTURES["noise"]) <= 1


@pytest.mark.parametrize("confidence", [0.0, 0.3, 1.0])
def test_blur_of_one_colour_is_that_colour(gpu: Gpu, confidence: float) -> None:
    picture = draw(gpu, scene(Blur()), observe(plain(SIZE, (200, 90, 30)), mask=flat(confidence)))
    assert far(picture[..., :3], (200, 90, 30)) <= 3


def test_blur_blurs_the_room(gpu: Gpu) -> None:
    picture = draw(gpu, scene(Blur()), observe(PICTURES["noise"], mask=flat(0.0)))
    assert picture[..., :3].std() < 0.25 * PICTURES["noise"].std()


# Blending


def light_of(color: tuple[int, int, int]) -> np.ndarray[Any, Any]:
    return to_linear(np.array(color))


BLENDS: dict[str, Any] = {
    "normal": lambda s, a, d: s + d * (1 - a),
    "add": lambda s, a, d: s + d,
    "screen": lambda s, a, d: s + d * (1 - s),
    "multiply": lambda s, a, d: s * d + d * (1 - a),
}
PAIRS = [
    ((200, 30, 90), (20, 180, 120)),
    ((255, 255, 255), (10, 20, 30)),
    ((0, 0, 0), (250, 128, 4)),
    ((128,) * 3,) * 2,
]


@pytest.mark.parametrize("blend", BLENDS)
@pytest.mark.parametrize("opacity", [0.25, 0.5, 1.0])
@pytest.mark.parametrize(("above", "beneath"), PAIRS)
def test_blending_happens_in_linear_light(
    gpu: Gpu,
    blend: str,
    opacity: float,
    above: tuple[int, int, int],
    beneath: tuple[int, int, int],
) -> None:
    top = type("Top", (Effect,), {"ink": Color("#" + bytes(above).hex()), "glsl": SOLID})()
    type(top).ink.name = "ink"
    made = stack(layer(), layer(top, name="top", source="none", blend=blend, opacity=opacity))
    picture = draw(gpu, made, observe(plain(SIZE, beneath)))
    expected = BLENDS[blend](light_of(above) * opacity, opacity, light_of(beneath))
    assert far(picture[5, 5, :3], to_codes(expected)) <= 1.5
    assert picture[..., 3].min() == 255


SOLID = "vec4 effect(vec2 uv) { return vec4(ink, 1.0); }"


def test_every_blend_mode_that_can_be_chosen_is_tested() -> None:
    from phosphene.engine.scene.layer import BLENDS as CHOICES

    assert set(CHOICES) == set(BLENDS)


@each_picture
@pytest.mark.parametrize("blend", BLENDS)
def test_a_layer_of_no_opacity_is_nothing(gpu: Gpu, pixels: Any, blend: str) -> None:
    top = layer(shader("vec4(1.0, 0.0, 1.0, 1.0)"), name="top", opacity=0.0, blend=blend)
    assert np.array_equal(draw(gpu, stack(layer(), top), observe(pixels))[..., :3], pixels)


def test_an_invisible_layer_is_nothing(gpu: Gpu) -> None:
    top = layer(shader("vec4(1.0)"), name="top", visible=False)
    picture = draw(gpu, stack(layer(), top), observe(PICTURES["noise"]))
    assert np.array_equal(picture[..., :3], PICTURES["noise"])


def test_no_layer_drawn_is_a_transparent_picture(gpu: Gpu) -> None:
    assert not draw(gpu, scene(visible=False), observe(PICTURES["noise"])).any()


@each_picture
def test_a_transparent_layer_is_nothing(gpu: Gpu, pixels: Any) -> None:
    top = layer(shader("vec4(0.0)"), name="top")
    assert far(draw(gpu, stack(layer(), top), observe(pixels))[..., :3], pixels) == 0


def test_alpha_is_premultiplied_and_kept(gpu: Gpu) -> None:
    half = draw(gpu, scene(shader("vec4(0.25, 0.1, 0.0, 0.5)"), source="none"), observe(PICTURES["noise"]))
    assert half[0, 0, 3] in (127, 128)
    assert far(half[0, 0, :3], to_codes([0.25, 0.1, 0.0])) <= 1
    twice = layer(shader("vec4(0.25, 0.1, 0.0, 0.5)"), name="again", source="none")
    both = draw(gpu, stack(layer(shader("vec4(0.25, 0.1, 0.0, 0.5)"), source="none"), twice), observe(plain(SIZE)))
    assert far(both[0, 0, :3], to_codes(np.array([0.25, 0.1, 0.0]) * 1.5)) <= 1.5
    assert abs(int(both[0, 0, 3]) - 191) <= 1


def test_light_without_alpha_adds(gpu: Gpu) -> None:
    made = stack(layer(), layer(shader("vec4(0.2, 0.0, 0.0, 0.0)"), name="glow", source="none"))
    expected = to_codes(light_of((50, 60, 70)) + np.array([0.2, 0, 0]))
    assert far(draw(gpu, made, observe(plain(SIZE, (50, 60, 70))))[0, 0, :3], expected) <= 1.5


def test_a_layer_without_source_starts_from_nothing(gpu: Gpu) -> None:
    assert not draw(gpu, scene(shader("frame(uv)"), source="none"), observe(PICTURES["noise"])).any()


def test_layers_see_what_lies_beneath_them(gpu: Gpu) -> None:
    made = stack(layer(), layer(shader("vec4(1.0 - backdrop(uv).rgb, 1.0)"), name="negative", source="none"))
    picture = draw(gpu, made, observe(plain(SIZE, (50, 60, 70))))
    assert far(picture[3, 3, :3], to_codes(1.0 - light_of((50, 60, 70)))) <= 1.5


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_effects_are_applied_in_order(gpu: Gpu, count: int) -> None:
    """Doubling and adding do not commute, so the order shows."""
    bodies = ["frame(uv) * vec4(2.0, 2.0, 2.0, 1.0)", "frame(uv) + vec4(0.02, 0.0, 0.01, 0.0)"]
    effects = [shader(bodies[i % 2]) for i in range(count)]
    light = light_of((40, 50, 60))
    for number in range(count):
        light = light * 2 if number % 2 == 0 else light + np.array([0.02, 0.0, 0.01])
    assert (
        far(draw(gpu, scene(*effects), observe(plain(SIZE, (40, 50, 60))))[0, 0, :3], to_codes(light)) <= 3
    )  # each pass rounds to 8 bits


# Cut-outs

MAGENTA = (255, 0, 255)


@pytest.mark.parametrize("quality", ["draft", "good"])
def test_outside_a_persons_bounds_the_backdrop_is_untouched(gpu: Gpu, quality: str) -> None:
    corner = np.zeros((36, 64), np.float32)
    corner[4:12, 4:16] = 1.0
    person = layer(name="person", cut="person")
    person.matte.quality = quality  # type: ignore[assignment]
    back = layer(shader("vec4(uv, 0.3, 1.0)"), name="back", source="none")
    seen = observe(plain(SIZE, MAGENTA), mask=Mask(0, corner))
    cut, bare = draw(gpu, stack(back, person), seen), draw(gpu, stack(back), seen)
    assert np.array_equal(cut[:, 30:], bare[:, 30:])
    assert np.array_equal(cut[24:], bare[24:])
    assert far(cut[8, 10, :3], MAGENTA) <= 3


@pytest.mark.parametrize("made", [scene(), scene(cut="person"), scene(Duotone(), cut="not-person")])
def test_what_was_drawn_before_does_not_bound_larger_pictures(gpu: Gpu, made: Any) -> None:
    draw(gpu, made, observe(noise((16, 16)), mask=fake_mask()))
    assert draw(gpu, scene(cut="person"), observe(noise((200, 100))))[..., 3].min() == 255, "the slate fills it all"


@pytest.mark.parametrize("quality", ["draft", "good"])
def test_person_and_not_person_are_the_two_halves_of_the_picture(gpu: Gpu, quality: str) -> None:
    person, room = layer(name="person", cut="person"), layer(name="room", cut="not-person")
    for part in (person, room):
        part.matte.quality = quality  # type: ignore[assignment]
    alone = [
        to_linear(draw(gpu, stack(p), observe(PICTURES["ramp"], mask=fake_mask()))[..., :3]) for p in (person, room)
    ]
    assert far(to_codes(alone[0] + alone[1]), PICTURES["ramp"]) <= 8  # dark colours are coarse in 8 bits


@pytest.mark.parametrize("cut", ["person", "not-person"])
@pytest.mark.parametrize("confidence", [0.0, 1.0])
def test_a_cut_of_all_or_nothing(gpu: Gpu, cut: str, confidence: float) -> None:
    kept = (confidence == 1.0) == (cut == "person")
    picture = draw(gpu, scene(cut=cut, private=False), observe(PICTURES["noise"], mask=flat(confidence)))
    assert np.array_equal(picture[..., :3], PICTURES["noise"] if kept else np.zeros_like(PICTURES["noise"]))
    assert (picture[..., 3] == (255 if kept else 0)).all()


def test_a_person_fades_in_with_opacity(gpu: Gpu) -> None:
    person = layer(name="person", cut="person", opacity=0.5)
    back = layer(shader("vec4(0.0, 0.0, 0.0, 1.0)"), name="back", source="none")
    picture = draw(gpu, stack(back, person), observe(plain(SIZE, (200, 100, 50)), mask=flat(1.0)))
    assert far(picture[0, 0, :3], to_codes(light_of((200, 100, 50)) * 0.5)) <= 1.5


def test_a_wider_cut_keeps_more(gpu: Gpu) -> None:
    kept = []
    for grow in (-1.0, 0.0, 1.0):
        made = scene(cut="person", private=False)
        made.set("grow", grow)
        kept.append(int(draw(gpu, made, observe(plain(SIZE), mask=fake_mask()))[..., 3].astype(int).sum()))
    assert kept[0] < kept[1] < kept[2]


def test_an_effect_that_moves_the_picture_moves_the_cut_out_with_it(gpu: Gpu) -> None:
    left = np.zeros((36, 64), np.float32)
    left[:, :24] = 1.0
    picture = draw(gpu, scene(Mirror(), cut="person", private=False), observe(plain(SIZE), mask=Mask(0, left)))
    assert picture[:, :30, 3].max() == 0
    assert picture[:, 50:, 3].min() == 255


def test_the_mask_an_effect_reads_is_the_mask(gpu: Gpu) -> None:
    left = np.zeros((36, 64), np.float32)
    left[:, :32] = 1.0
    for body in ("vec4(vec3(mask(uv)), 1.0)", "vec4(vec3(mask_here()), 1.0)"):
        picture = draw(gpu, scene(shader(body)), observe(plain(SIZE), mask=Mask(0, left)))
        assert picture[:, :24, 0].min() == 255
        assert picture[:, 40:, 0].max() == 0


def test_without_a_mask_it_reads_nobody(gpu: Gpu) -> None:
    assert draw(gpu, scene(shader("vec4(vec3(mask(uv)), 1.0)")), observe(plain(SIZE)))[..., 0].max() == 0


# What reaches the shader


def test_parameters_reach_the_shader(gpu: Gpu) -> None:
    class Told(Effect):
        a = Float(0.25)
        b = Int(-3)
        c = Bool(True)
        d = Choice("y", ("x", "y", "z"))
        e = Color("#80402080")
        f = Point((0.125, 0.75))
        glsl = """
        vec4 effect(vec2 uv) {
            bool right = a == 0.25 && b == -3 && c && d == 1 && f == vec2(0.125, 0.75)
                && distance(to_srgb(e), vec3(128.0, 64.0, 32.0) / 255.0) < 0.002
                && abs(e_alpha - 128.0 / 255.0) < 0.001;
            return right ? vec4(0.0, 1.0, 0.0, 1.0) : vec4(1.0, 0.0, 0.0, 1.0);
        }"""

    assert tuple(draw(gpu, scene(Told()), observe(plain(SIZE)))[0, 0]) == (0, 255, 0, 255)


def test_time_size_and_count_reach_the_shader(gpu: Gpu) -> None:
    body = (
        "(size_px == vec2(64.0, 36.0) && abs(time_s - 2.5) < 1e-4 && dt == 0.0 && face_count == 1 && pose_count == 1)"
    )
    made = scene(shader(f"{body} ? vec4(0.0, 1.0, 0.0, 1.0) : vec4(1.0, 0.0, 0.0, 1.0)"))
    seen = observe(plain(SIZE), 75, people=True)
    assert tuple(draw(gpu, made, seen)[0, 0]) == (0, 255, 0, 255)


def test_uv_begins_at_the_top_left(gpu: Gpu) -> None:
    picture = draw(gpu, scene(shader("vec4(to_linear(vec3(uv, 0.0)), 1.0)")), observe(plain(SIZE)))
    assert far(picture[0, 0, :2], (0.5 / 64 * 255, 0.5 / 36 * 255)) <= 1
    assert far(picture[-1, -1, :2], (63.5 / 64 * 255, 35.5 / 36 * 255)) <= 1


def test_landmarks_reach_the_shader(gpu: Gpu) -> None:
    made = scene(shader("vec4(to_linear(vec3(face_point(0, 468).xy, pose_point(0, 5).y)), pose_visibility(0, 5))"))
    seen = observe(plain(SIZE), people=True)
    expected = [*seen.faces[0].points[468, :2], seen.poses[0].points[5, 1], 1.0]
    assert far(draw(gpu, made, seen)[0, 0], np.array(expected) * 255) <= 1
