"""Whatever fails, and whenever: no frame of a scene that hides something ever shows it.

Whole shows of every such scene run over a marked input: a room of fine stripes in a colour that nothing else has, and a
person in another. The trackers, the effects and the input fail at seeded random moments; every picture is looked at.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from helpers import layer, shader, stack
from numpy.typing import NDArray
from phosphene.engine.core.errors import SourceError, TrackerError
from phosphene.engine.core.frame import Frame, Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Faces, Mask, Poses
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.scene import Scene
from phosphene.engine.scene.toml_read import load_scene
from phosphene.engine.show.loop import Show
from phosphene.engine.show.settings import ShowSettings
from phosphene.engine.show.timeouts import Timeouts

from phosphene.testing import FakeSink, FakeSource, FakeTracker, fake_face, fake_mask, fake_pose

pytestmark = pytest.mark.gl

WIDTH, HEIGHT = 192, 108
COUNT = 30
BUILT_IN = Registry([], [])
GREEN, PINK = (3, 250, 7), (250, 20, 200)
STRIPE = 3  # pixels: finer than any blur that hides a room leaves standing
EDGE = 0.06  # of the width, round the person's edge, where a little of the room is not judged here
HIDING = [
    name
    for name in BUILT_IN.scenes()
    if (made := load_scene(name, BUILT_IN)).hides_room() or any(part.cut != "none" for part in made.layers)
]
TRACE = 0.001  # of the picture
Bools = NDArray[np.bool_]


def distance(number: int) -> NDArray[np.float64]:
    """How far each place is inside (above 0) or outside of the person, who sways from side to side."""
    u, v = np.meshgrid((np.arange(WIDTH) + 0.5) / WIDTH, (np.arange(HEIGHT) + 0.5) / HEIGHT)
    x = 0.5 + 0.12 * np.sin(number / 6)
    return np.asarray(0.2 * (1.0 - np.hypot((u - x) / 0.2, (v - 0.65) / 0.5)))


def pixels(number: int) -> Pixels:
    room = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    room[:, np.arange(WIDTH) // STRIPE % 2 == 0] = GREEN
    room[distance(number) > 0] = PINK
    return room


def true_mask(number: int) -> Mask:
    confidence = np.clip(0.5 + 40 * distance(number), 0, 1).astype(np.float32)
    return Mask(number, confidence)


def room_seen(picture: Pixels, number: int) -> Bools:
    """Where the stripes of the room can be told, away from the person's edge."""
    rgb = picture[..., :3].astype(int)
    green = np.maximum(rgb[..., 1] - np.maximum(rgb[..., 0], rgb[..., 2]), 0)
    stripes = np.zeros((HEIGHT, WIDTH), np.bool_)
    stripes[:, :-STRIPE] = np.abs(green[:, STRIPE:] - green[:, :-STRIPE]) > 70
    return np.asarray(stripes & (np.abs(distance(number)) > EDGE))


def person_seen(picture: Pixels, number: int) -> Bools:
    """Where the person's colour is."""
    rgb = picture[..., :3].astype(int)
    return np.asarray((rgb[..., 0] > 120) & (rgb[..., 0] - rgb[..., 1] > 70) & (rgb[..., 2] - rgb[..., 1] > 50))


SECRETS: dict[str, Callable[[Pixels, int], Bools]] = {"vanish": person_seen}


def looks(picture: Pixels, number: int, name: str) -> bool:
    """Whether the picture shows what the scene hides, in more than a soft edge of a copy."""
    return bool(SECRETS.get(name, room_seen)(picture, number).mean() > TRACE)


KINDS = ("raises", "nothing", "nobody", "hangs")  # how a tracker may fail


def fails(name: str, bad: dict[int, str], free: threading.Event) -> FakeTracker:
    """A tracker that tells the truth, and at the frames of `bad` does not: see KINDS."""

    def track(frame: Frame) -> Any:
        kind = bad.get(frame.id, "")
        if kind == "raises":
            raise TrackerError("failed, as it was told to")
        if kind == "nothing":
            return None
        if kind == "hangs":
            free.wait(2.0)
        nobody = kind == "nobody"
        if name == "face":
            return Faces(frame.id, () if nobody else (fake_face(frame.size),))
        if name == "pose":
            return Poses(frame.id, () if nobody else (fake_pose(),))
        return fake_mask(frame.id, (WIDTH, HEIGHT), everywhere=0.0) if nobody else true_mask(frame.id)

    return FakeTracker(track)


def break_effect(made: Scene, rng: np.random.Generator) -> None:
    """Lets one effect of the scene fail from some frame on, in its hook or in its drawing."""
    effects = [effect for part in made.layers for effect in part.effects.values()]
    if not effects:
        return
    effect, begins = effects[rng.integers(len(effects))], int(rng.integers(2, COUNT - 2))
    draws, update = bool(rng.integers(2)), effect.update

    def broken(observation: Observation, dt: float) -> None:
        update(observation, dt)
        if observation.frame.id >= begins:
            if not draws:
                raise ValueError("failed, as it was told to")
            effect.shapes = [object()]  # type: ignore[list-item]

    effect.update = broken  # type: ignore[method-assign]


def trackers(rng: np.random.Generator, kinds: tuple[str, ...], free: threading.Event) -> Callable[[str], FakeTracker]:
    bad = {
        name: {int(n): kinds[rng.integers(len(kinds))] for n in rng.choice(COUNT, rng.integers(1, 9), replace=False)}
        for name in ("person", "face", "pose")
    }
    return lambda name: fails(name, bad.get(name, {}), free)


def kinds_for(name: str) -> tuple[str, ...]:
    """That somebody is nobody is no failure which a scene that hides people could know of."""
    return KINDS[:2] if name == "vanish" else KINDS[:3]


@pytest.fixture
def free() -> Iterator[threading.Event]:
    """Lets whatever hangs go at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


def pictures(
    gpu: Gpu,
    made: Scene,
    source: Any,
    opened: Callable[[str], Any],
    settings: ShowSettings | None = None,
) -> list[tuple[int, Pixels]]:
    """Every picture of the show with the number of its frame.

    The flash guard, which mixes pictures that were shown with earlier ones that were, is off, so that each can be
    judged by where the person stood in its own frame.
    """
    made.flash_guard = False
    sink = FakeSink()
    settings = settings or ShowSettings(live=False)
    Show(made, source, [sink], gpu=gpu, open_tracker=opened, settings=settings).run()
    return [(round(t * 30), image) for t, image in zip(sink.times, sink.images, strict=True)]


def test_what_is_looked_for_is_found() -> None:
    assert room_seen(pixels(3), 3).mean() > 0.3
    assert person_seen(pixels(3), 3).mean() > 0.1
    assert not room_seen(np.full((HEIGHT, WIDTH, 3), 200, np.uint8), 3).any()
    assert {"blur", "clone", "cutout", "hologram", "teleport", "vanish"} <= set(HIDING)


@pytest.mark.parametrize("name", HIDING)
def test_a_show_without_failures_shows_people_and_hides_the_rest(gpu: Gpu, name: str) -> None:
    source = FakeSource([pixels(n) for n in range(COUNT)])
    shown = pictures(gpu, load_scene(name, BUILT_IN), source, lambda name: fails(name, {}, threading.Event()))
    assert len(shown) == COUNT
    assert not any(looks(picture, n, name) for n, picture in shown)
    assert all(picture[..., :3].std() > 5 for _, picture in shown), "it is a picture, not a slate"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", HIDING)
def test_trackers_and_effects_that_fail_at_random(
    gpu: Gpu,
    name: str,
    seed: int,
    free: threading.Event,
) -> None:
    rng = np.random.default_rng(seed)
    made = load_scene(name, BUILT_IN)
    if seed % 2:
        break_effect(made, rng)
    source = FakeSource([pixels(n) for n in range(COUNT)])
    shown = pictures(gpu, made, source, trackers(rng, kinds_for(name), free))
    assert len(shown) == COUNT, "a failure stops no show"
    assert [n for n, picture in shown if looks(picture, n, name)] == []


@pytest.mark.parametrize("name", HIDING)
def test_a_tracker_that_hangs(gpu: Gpu, name: str, free: threading.Event) -> None:
    settings = ShowSettings(live=False, timeouts=Timeouts(first_result_s=0.3, result_s=0.3))
    source = FakeSource([pixels(n) for n in range(8)])
    shown = pictures(gpu, load_scene(name, BUILT_IN), source, lambda n: fails(n, {4: "hangs"}, free), settings)
    free.set()
    assert len(shown) == 8
    assert [n for n, picture in shown if looks(picture, n, name)] == []


class Stutters(FakeSource):
    """A camera that fails now and then."""

    def __init__(self, bad: set[int]) -> None:
        super().__init__([pixels(n) for n in range(COUNT)], live=True)
        self.bad = bad

    def read(self) -> Frame | None:
        if self._next in self.bad:
            self.bad.discard(self._next)
            raise SourceError("the camera is gone, as it was told to be")
        return super().read()


@pytest.mark.parametrize("name", HIDING)
def test_an_input_that_fails_at_random(gpu: Gpu, name: str, free: threading.Event) -> None:
    settings = ShowSettings(live=True, timeouts=Timeouts(source_retry_s=0.25))
    rng = np.random.default_rng(len(name))
    source = Stutters({int(n) for n in rng.choice(COUNT, 2, replace=False)})
    shown = pictures(gpu, load_scene(name, BUILT_IN), source, trackers(rng, kinds_for(name), free), settings)
    assert shown
    # Where a slate stands for a frame that did not come, its time tells no frame: nothing may be seen at any place.
    secret = SECRETS.get(name, room_seen)
    assert not any(all(secret(picture, n).any() for n in range(COUNT)) for _, picture in shown)
    for n, picture in shown:
        assert not looks(picture, n, name)


def test_a_shader_that_does_not_compile(gpu: Gpu, free: threading.Event) -> None:
    made = stack(layer(shader("oops"), cut="person"), private=True)
    source = FakeSource([pixels(n) for n in range(3)])
    shown = pictures(gpu, made, source, lambda name: fails(name, {}, free))
    assert not any(looks(picture, n, "") for n, picture in shown)


def test_without_a_mask_a_layer_that_hides_the_person_hides_everything(gpu: Gpu, free: threading.Event) -> None:
    made = stack(layer(cut="not-person"))
    source = FakeSource([pixels(n) for n in range(4)])
    shown = pictures(gpu, made, source, lambda name: fails(name, {1: "raises", 2: "nothing"}, free))
    inside = distance(0) > EDGE
    assert [bool((person_seen(p, n) & inside).any()) for n, p in shown] == [False] * 4
    assert [bool(room_seen(p, n).any()) for n, p in shown] == [True, False, False, True]
