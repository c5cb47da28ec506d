"""The room never leaks, and no effect, however broken, stops the show."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import draw, drawings, far, flat, layer, leaks, noise, observe, plain, scene, shader, stack
from phosphene.effects.blur import Blur
from phosphene.effects.mirror import Mirror
from phosphene.effects.place import Place
from phosphene.engine.core.frame import Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.param_types import Float, Media
from phosphene.engine.core.results import Faces, Mask
from phosphene.engine.effect.effect import Effect, Pass, Sprites, Uniform
from phosphene.engine.effect.shapes import Box, Label, Line
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.renderer.renderer import Renderer
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.scene import Scene
from phosphene.engine.scene.toml_read import load_scene

from phosphene.testing import fake_face, fake_mask

pytestmark = pytest.mark.gl

SIZE = (128, 72)
ROOM = (3, 250, 7)  # a colour that no slate, label or problem text has
BUILT_IN = Registry([], [])


def room(mask: Mask | None = None, number: int = 0) -> Observation:
    return observe(plain(SIZE, ROOM), number, mask=mask)


def troubles(gpu: Gpu, made: Scene, *seen: Observation) -> tuple[list[Pixels], dict[str, str]]:
    """The pictures, and the problems that the renderer names at the end."""
    named: dict[str, str] = {}

    def look(renderer: Renderer) -> None:
        named.update({address: str(problem) for address, problem in renderer.problems.items()})

    return list(drawings(gpu, made, seen or (room(),), look)), named


def test_the_leak_detector_sees_the_room() -> None:
    assert leaks(plain(SIZE, ROOM))
    assert not leaks(plain(SIZE, (255, 255, 255)))


# The room

PRIVATE = [n for n in BUILT_IN.scenes() if load_scene(n, BUILT_IN).hides_room()]


def test_some_built_in_scenes_are_private() -> None:
    assert {"blur", "teleport"} <= set(PRIVATE)


@pytest.mark.parametrize("name", PRIVATE)
def test_without_a_mask_a_private_scene_shows_its_slate(gpu: Gpu, name: str) -> None:
    (picture,), problems = troubles(gpu, load_scene(name, BUILT_IN))
    assert not leaks(picture)
    assert problems == {}
    assert picture[..., 3].min() == 255
    assert picture[..., :3].max() > 150, "the slate says what it is waiting for"
    assert np.median(picture[..., :3]) < 40, "the slate is dark"


@pytest.mark.parametrize("name", PRIVATE)
def test_the_room_is_hidden_again_when_the_mask_is_lost(gpu: Gpu, name: str) -> None:
    seen = [room(flat(1.0, n) if n in (1, 2, 5) else None, n) for n in range(7)]
    pictures, problems = troubles(gpu, load_scene(name, BUILT_IN), *seen)
    assert problems == {}
    shows = name not in ("vanish", "hologram")  # one hides whoever the mask shows, the other has its own colours
    assert [leaks(p) for p in pictures] == [shows and n in (1, 2, 5) for n in range(7)]


@pytest.mark.parametrize("effects", [[], ["mirror"], ["duotone"], ["laser-eyes"], ["mirror", "laser-eyes"]])
def test_no_person_means_no_room_whatever_the_effects(gpu: Gpu, effects: list[str]) -> None:
    nobody = Mask(0, np.zeros((36, 64), np.float32), False)
    person = layer(*(BUILT_IN.effect(e)() for e in effects), name="person", cut="person")
    for mask in (None, nobody, flat(0.0)):
        (picture,), _ = troubles(
            gpu, stack(layer(Place(kind="color"), name="place", source="none"), person), room(mask)
        )
        assert not leaks(picture)


class Bad(Effect):
    """Fails where it is told to."""

    where = ""
    tries = 0
    glsl = "vec4 effect(vec2 uv) { return frame(uv); }"

    def prepare(self, size: tuple[int, int]) -> None:
        self.fail("prepare")

    def update(self, observation: Observation, dt: float) -> None:
        self.tries += 1
        self.fail("update")
        if observation.frame.id == 2:
            self.fail("later")

    def fail(self, place: str) -> None:
        if place == self.where:
            raise ZeroDivisionError(f"bad in {place}")


def bad(where: str) -> Bad:
    return type("Bad", (Bad,), {"where": where})()  # type: ignore[no-any-return]


@pytest.mark.parametrize("where", ["prepare", "update", "later"])
def test_an_effect_that_raises_is_named_once_and_the_show_goes_on(gpu: Gpu, where: str) -> None:
    broken = bad(where)
    made = scene(broken, Mirror())
    pixels = noise(SIZE)
    pictures, problems = troubles(gpu, made, *(observe(pixels, n) for n in range(5)))
    assert list(problems) == ["camera/e0"]
    assert "ZeroDivisionError" in problems["camera/e0"]
    assert f"bad in {where}" in problems["camera/e0"]
    assert broken.tries == {"prepare": 0, "update": 1, "later": 3}[where]
    assert far(pictures[-1][:5, :, :3], pixels[:5, ::-1]) <= 1, "the other effect still draws"


@pytest.mark.parametrize("where", ["prepare", "update", "later"])
def test_a_private_scene_closes_when_an_effect_fails(gpu: Gpu, where: str) -> None:
    made = scene(bad(where), private=True)
    pictures, problems = troubles(gpu, made, *(room(flat(1.0, n), n) for n in range(5)))
    assert problems
    begins = 2 if where == "later" else 0
    assert [leaks(p) for p in pictures] == [n < begins for n in range(5)]


def test_a_problem_stands_at_the_bottom_of_the_picture(gpu: Gpu) -> None:
    pixels = plain((320, 180), (200, 200, 200))
    (picture,), problems = troubles(gpu, scene(shader("no_such_thing")), observe(pixels))
    assert "no_such_thing" in problems["camera/e0"]
    assert np.array_equal(picture[:100, :, :3], pixels[:100]), "the rest of the picture is free"
    assert far(picture[-1, 2, :3], pixels[-1, 2]) > 60, "a box lies at the bottom"


@pytest.mark.parametrize(
    "made",
    [
        shader("oops"),
        type("Two", (Effect,), {"passes": (Pass("vec4 effect(vec2 uv) { return vec4(1.0); }"),) * 2})(),
        type("Lost", (Effect,), {"glsl": "nowhere.frag"})(),
        type("Odd", (Effect,), {"passes": (Pass("vec4 effect(vec2 uv) { return vec4(1.0); }", sprites="none"),)})(),
        type("Huge", (Effect,), {"passes": (Pass("vec4 effect(vec2 uv) { return vec4(1.0); }", "t", scale=1e6),)})(),
        type("Empty", (Effect,), {"passes": (Pass("vec4 effect(vec2 uv) { return vec4(1.0); }", "t", size=(0, 0)),)})(),
    ],
    ids=["glsl", "two pictures", "no file", "no sprites", "huge target", "empty target"],
)
def test_broken_shaders_and_passes_are_named(gpu: Gpu, made: Effect) -> None:
    pixels = noise(SIZE)
    pictures, problems = troubles(gpu, scene(made), observe(pixels), observe(pixels, 1))
    assert list(problems) == ["camera/e0"]
    assert np.array_equal(pictures[-1][:5, :, :3], pixels[:5])


class Late(Effect):
    """Puts things into its attributes in `update` which cannot be drawn."""

    value: Any = None
    gain = Float(1.0)
    picture = Media()
    place = Uniform("vec2")
    dots = Sprites()
    passes = (
        Pass("vec4 effect(vec2 uv) { return frame(uv) * gain + vec4(place, 0.0, 0.0) + picture(uv); }"),
        Pass("vec4 effect(vec2 uv) { return vec4(0.1); }", sprites="dots"),
    )

    def update(self, observation: Observation, dt: float) -> None:
        if observation.frame.id == 1:
            self.wreck()

    def wreck(self) -> None:
        raise NotImplementedError


WRECKS: dict[str, Any] = {
    "media not there": lambda e: setattr(e, "picture", "/no/such/picture.jpg"),
    "media no picture": lambda e: setattr(e, "picture", __file__),
    "shape of no kind": lambda e: setattr(e, "shapes", [object()]),
    "shapes none": lambda e: setattr(e, "shapes", None),
    "colour of no kind": lambda e: setattr(e, "shapes", [Box((0, 0), (1, 1), "purplish")]),
    "label at nan": lambda e: setattr(e, "shapes", [Label("x", (math.nan, 0.5))]),
    "label of nan size": lambda e: setattr(e, "shapes", [Label("x", (0.5, 0.5), math.nan)]),
    "label of no text": lambda e: setattr(e, "shapes", [Label(3, (0.5, 0.5))]),  # type: ignore[arg-type]
    "uniform too long": lambda e: setattr(e, "place", [1, 2, 3]),
    "sprites of a bad shape": lambda e: setattr(e, "dots", np.zeros(7)),
    "parameter out of range": lambda e: setattr(e, "gain", "x"),
    "parameter overwritten": lambda e: e.__dict__.__setitem__("gain", "x"),
}
# Odd, but to be borne without a word.
ODDITIES: dict[str, Any] = {
    "line at nan": lambda e: setattr(e, "shapes", [Line((math.nan, 0.0), (1.0, math.nan))]),
    "line of endless width": lambda e: setattr(e, "shapes", [Line((0.0, 0.0), (1.0, 1.0), math.inf)]),
    "box inside out": lambda e: setattr(e, "shapes", [Box((1.0, 1.0), (0.0, 0.0))]),
    "sprites at nan": lambda e: setattr(e, "dots", np.full((3, 13), np.nan)),
    "sprites gone": lambda e: e.__dict__.__setitem__("dots", None),
    "no sprites": lambda e: setattr(e, "dots", []),
    "many sprites": lambda e: setattr(e, "dots", np.zeros((5000, 13))),
    "uniform nan": lambda e: setattr(e, "place", [math.nan, math.inf]),
    "label far away": lambda e: setattr(e, "shapes", [Label("x", (1e6, -1e6))]),
    "label of endless text": lambda e: setattr(e, "shapes", [Label("long " * 3000, (0.0, 0.0))]),
    "label of no size": lambda e: setattr(e, "shapes", [Label("x", (0.5, 0.5), 0.0)]),
    "label huge": lambda e: setattr(e, "shapes", [Label("x", (0.5, 0.5), 1e9)]),
}


@pytest.mark.parametrize("what", WRECKS)
@pytest.mark.parametrize("values", [{}, {"opacity": 0.5}, {"cut": "person", "blend": "add"}], ids=["", "half", "cut"])
def test_what_cannot_be_drawn_is_named_and_the_show_goes_on(
    gpu: Gpu,
    what: str,
    values: dict[str, Any],
) -> None:
    made = scene(type("Late", (Late,), {"wreck": WRECKS[what]})(), Mirror(), private=False, **values)
    pictures, problems = troubles(gpu, made, *(observe(noise(SIZE, n), n, mask=flat(1.0, n)) for n in range(4)))
    assert list(problems) == ["camera/e0"]
    if not values:
        assert far(pictures[-1][:5, :, :3], noise(SIZE, 3)[:5, ::-1]) <= 1


@pytest.mark.parametrize("what", WRECKS)
def test_what_cannot_be_drawn_closes_a_private_scene_in_that_very_frame(gpu: Gpu, what: str) -> None:
    made = scene(type("Late", (Late,), {"wreck": WRECKS[what]})(), private=True)
    pictures, _ = troubles(gpu, made, *(room(flat(1.0, n), n) for n in range(3)))
    # a picture is opened before the next frame; until then the effect draws as before
    opened_later = what.startswith("media")
    assert [leaks(p) for p in pictures] == [True, opened_later, False]


@pytest.mark.parametrize("what", ODDITIES)
def test_what_can_be_drawn_somehow_is_borne(gpu: Gpu, what: str) -> None:
    made = scene(type("Late", (Late,), {"wreck": ODDITIES[what]})())
    _, problems = troubles(gpu, made, *(observe(noise(SIZE, n), n) for n in range(3)))
    assert problems == {}


def test_a_pass_whose_condition_fails_is_named(gpu: Gpu) -> None:
    def when(effect: Any) -> bool:
        raise KeyError("when")

    made = type("When", (Effect,), {"passes": (Pass("vec4 effect(vec2 uv) { return vec4(1.0); }", when=when),)})()
    _, problems = troubles(gpu, scene(made), observe(noise(SIZE)))
    assert list(problems) == ["camera/e0"]


def test_landmarks_that_are_no_numbers_stop_nothing(gpu: Gpu) -> None:
    made = scene(shader("vec4(face_point(0, 1), 1.0)"), BUILT_IN.effect("laser-eyes")(trigger="always"))
    seen = observe(noise(SIZE))
    faces = Faces(0, (fake_face(SIZE, points=np.full((478, 3), np.nan, np.float32)),))
    pictures, _ = troubles(gpu, made, Observation(seen.frame, {"face": faces}), observe(noise(SIZE), 1))
    assert len(pictures) == 2


def test_several_broken_effects_are_all_named(gpu: Gpu) -> None:
    _, problems = troubles(gpu, scene(shader("a"), bad("update"), bad("prepare"), Blur()), room(fake_mask()))
    assert list(problems) == ["camera/e0", "camera/e2", "camera/e1"]


def test_a_frame_of_another_size_is_refused(gpu: Gpu) -> None:
    renderer = Renderer(gpu, scene(), SIZE)
    try:
        with pytest.raises(ValueError, match="frame of"):
            renderer.render(observe(plain((32, 32))), 0.0)
    finally:
        renderer.release()


def test_releasing_twice_is_harmless(gpu: Gpu) -> None:
    renderer = Renderer(gpu, load_scene("teleport", BUILT_IN), SIZE)
    renderer.render(room(fake_mask()), 0.0)
    renderer.release()
    renderer.release()


def test_a_picture_that_goes_away_while_it_is_shown_stays(gpu: Gpu, tmp_path: Path) -> None:
    import cv2

    path = tmp_path / "a.png"
    cv2.imwrite(str(path), plain((8, 8), (10, 20, 30)))
    made = scene(Place(kind="picture", picture=str(path)), source="none")
    renderer = Renderer(gpu, made, SIZE)
    try:
        renderer.render(room(), 0.0)
        path.unlink()
        renderer.render(room(number=1), 0.1)
        assert renderer.problems == {}
        assert far(renderer.read()[36, 64, :3], (30, 20, 10)) <= 1
    finally:
        renderer.release()


def test_drawing_goes_on_after_a_frame_nobody_could_draw(gpu: Gpu) -> None:
    assert draw(gpu, scene(Blur()), room(), room(fake_mask(1), 1)).shape == (72, 128, 4)
