"""The scenes of clones, holograms and of nobody: what they show, and that it holds still."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import draw, drawings, far, flat, layer, noise, observe, plain, scene, stack
from phosphene.effects.clone import MOMENTS, Clone
from phosphene.effects.hologram import Hologram
from phosphene.effects.place import Place
from phosphene.effects.vanish import Vanish
from phosphene.engine.core.frame import Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Mask
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.renderer.renderer import Renderer
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.toml_read import load_scene

from phosphene.testing import fake_mask

pytestmark = pytest.mark.gl

SIZE = (320, 180)
BACK = "#000000"


def person_at(number: int, level: int) -> Observation:
    """Somebody in the middle, of a grey that tells the frame."""
    return observe(plain(SIZE, (level, level, level)), number, mask=fake_mask(number))


def clones(**values: object) -> Clone:
    return Clone(**{"spread": 0.4, "shrink": 0.5, "fade": 1.0, **values})


def test_each_copy_is_so_much_later(gpu: Gpu) -> None:
    """Two copies far aside, with the grey (distance takes red first) of the frames 0.2 and 0.4 s before."""
    levels = [40 + 5 * number for number in range(30)]
    made = stack(layer(Place(kind="color", color=BACK), clones(copies=2, delay_s=0.2), name="place", source="none"))
    picture = draw(gpu, made, *(person_at(n, level) for n, level in enumerate(levels)))
    right, left = picture[150, int(0.9 * SIZE[0]), 2], picture[150, int(0.1 * SIZE[0]), 2]
    assert abs(int(right) - levels[29 - 6]) <= 6
    assert abs(int(left) - levels[29 - 12]) <= 6


def test_copies_of_what_is_not_known_yet_are_not_drawn(gpu: Gpu) -> None:
    made = stack(layer(Place(kind="color", color=BACK), clones(copies=2, delay_s=0.5), name="place", source="none"))
    pictures = list(drawings(gpu, made, (person_at(n, 200) for n in range(20))))
    assert pictures[10].max() == 255  # alpha
    assert pictures[10][..., :3].max() == 0
    assert pictures[16][..., :3].max() > 150


def test_after_a_jump_back_in_time_there_are_no_copies(gpu: Gpu) -> None:
    made = stack(layer(Place(kind="color", color=BACK), clones(delay_s=0.1), name="place", source="none"))
    again = [
        observe(plain(SIZE, (200, 200, 200)), n, mask=fake_mask(n), time_s=t) for n, t in enumerate([5.0, 5.2, 1.0])
    ]
    assert draw(gpu, made, *again)[..., :3].max() == 0


@pytest.mark.parametrize("fps", [5.0, 30.0, 240.0])
def test_enough_moments_are_kept_at_every_rate(gpu: Gpu, fps: float) -> None:
    effect = Clone(copies=6, delay_s=1.0)
    seconds = 8.0 if fps < 100 else 6.5
    made = scene(effect)
    frames = (observe(plain((64, 36)), n, mask=fake_mask(n), time_s=n / fps) for n in range(int(seconds * fps)))
    for _ in drawings(gpu, made, frames):
        pass
    assert len(effect.shown) == 6
    assert len(effect._moments) <= MOMENTS


def test_a_hologram_never_flashes(gpu: Gpu) -> None:
    """Its trembling and its slips stay so small that the flash guard lets them pass."""
    made = load_scene("hologram", Registry([], []))
    made.set("slips", 1.0)
    made.set("flicker", 0.15)
    damped: list[bool] = []
    frames = (observe(plain(SIZE, (230, 230, 230)), n, mask=fake_mask(n)) for n in range(90))

    def look(renderer: Renderer) -> None:
        damped.append(renderer._guard.damps)

    list(drawings(gpu, made, frames, look))
    assert len(damped) == 90
    assert not any(damped)


def test_a_hologram_is_of_its_colour_and_lets_light_through(gpu: Gpu) -> None:
    seen = observe(plain(SIZE, (180, 180, 180)), mask=fake_mask())
    person = layer(Hologram(color="#ff0000", slips=0.0, shift=0.0), name="person", cut="person")
    dark, bright = (
        draw(gpu, stack(layer(Place(kind="color", color=c), name="place", source="none"), person), seen)
        for c in ("#000000", "#00ff00")
    )
    middle = slice(90, 130), slice(140, 180)
    assert dark[middle][..., 0].mean() > 2 * dark[middle][..., 2].mean()
    assert bright[middle][..., 1].mean() > dark[middle][..., 1].mean() + 20


def known_room(amount: float = 1.0) -> tuple[list[Observation], Pixels]:
    """A room that is seen empty first, then with somebody in it."""
    room = noise((32, 18), 3).repeat(10, axis=0).repeat(10, axis=1)
    nobody = np.zeros((36, 64), np.float32)
    seen = [observe(room, n, mask=Mask(n, nobody, False)) for n in range(10)]
    person = room.copy()
    mask = fake_mask(10)
    grown = mask.confidence.repeat(5, axis=0).repeat(5, axis=1) > 0.5
    person[grown] = (250, 20, 200)
    return [*seen, observe(person, 10, mask=mask)], room


def test_the_person_vanishes(gpu: Gpu) -> None:
    seen, room = known_room()
    made = scene(Vanish(), private=True)
    assert far(draw(gpu, made, *seen)[..., :3], room) <= 12


def test_half_gone(gpu: Gpu) -> None:
    seen, room = known_room()
    half = draw(gpu, scene(Vanish(amount=0.5)), *seen)[120, 160, :3].astype(int)
    assert (half != room[120, 160]).any()
    assert (half != (250, 20, 200)).any()
    whole = draw(gpu, scene(Vanish(amount=0.0)), *seen)[..., :3]
    assert np.array_equal(whole, seen[-1].frame.pixels)


def test_an_effect_that_reads_the_plate_without_a_mask_gets_nothing(gpu: Gpu) -> None:
    picture = draw(gpu, scene(Vanish()), observe(noise(SIZE)))
    assert np.array_equal(picture[..., :3], noise(SIZE))
    assert draw(gpu, scene(Vanish()), observe(noise(SIZE), mask=flat(0.0))).shape == (180, 320, 4)
