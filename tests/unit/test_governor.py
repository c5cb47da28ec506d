"""The governor's laws, on a simulated machine: it settles, it does not oscillate, it gives back, it can be held."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import ClassVar

import numpy as np
import pytest
from helpers import far, layer, noise, observe, plain, ramp, scene, shader, stack
from phosphene.engine.core.errors import UsageError
from phosphene.engine.core.frame import Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.effect.effect import Effect, Pass
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.renderer.quality import FULL, Quality
from phosphene.engine.renderer.renderer import Renderer
from phosphene.engine.show.governor import TRIAL_S, Governor, governor_for
from phosphene.engine.show.loop import Show
from phosphene.engine.show.quality_levels import KEYS, LEVELS, Step, down_to, levels_for, quality_of, steps_of
from phosphene.engine.show.settings import ShowParts, ShowSettings

from phosphene.testing import FakeSource, FakeTracker, fake_mask

Load = Callable[[float], float]
SEEDS = range(6)


class Machine:
    """A machine on which drawing takes `draw_ms` and the slowest tracker `trackers_ms`, times a load that changes.

    Each step of the quality saves about what it saves in truth. Times are noisy, with a spike now and then.
    """

    def __init__(self, governor: Governor, draw_ms: float, trackers_ms: float = 5.0, seed: int = 0) -> None:
        self.governor, self.draw_ms, self.trackers_ms = governor, draw_ms, trackers_ms
        self.draws = np.random.default_rng(seed)
        self.now_s = 0.0
        self.times: list[float] = []

    def run(self, seconds: float, load: Load = lambda _: 1.0) -> None:
        end_s, period_s = self.now_s + seconds, 1.0 / self.governor.target_fps
        while self.now_s < end_s:
            quality = self.governor.quality
            factor = load(self.now_s) * float(np.exp(self.draws.normal(0.0, 0.12)))
            if self.draws.random() < 0.02:
                factor *= 3.0
            draw = self.draw_ms * (0.6 + 0.4 * quality.pass_scale**2) * quality.picture_scale**1.6
            draw -= 0.1 * self.draw_ms * quality.draft_matte
            draw, trackers = draw * factor, self.trackers_ms * factor / quality.every
            self.now_s += max(period_s, draw / 1e3, trackers / 1e3)
            self.times.append(self.now_s)
            self.governor.frame(self.now_s, draw, trackers)

    def rate(self, begin_s: float, end_s: float) -> float:
        """Frames a second between two moments."""
        return sum(begin_s <= t < end_s for t in self.times) / (end_s - begin_s)


def moves(governor: Governor, begin_s: float, end_s: float = 1e9) -> list[dict[str, object]]:
    return [change for change in governor.changes if begin_s <= change["time_s"] < end_s]


@pytest.mark.parametrize("seed", SEEDS)
def test_with_room_nothing_is_given_up(seed: int) -> None:
    governor = Governor(30.0)
    Machine(governor, 20.0, 20.0, seed).run(60.0)
    assert governor.changes == []
    assert governor.quality == FULL
    assert governor.step_name == ""


@pytest.mark.parametrize("draw_ms", [40.0, 50.0, 60.0, 80.0])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_machine_that_is_too_slow_settles_within_eight_seconds_and_holds_the_rate(draw_ms: float, seed: int) -> None:
    governor = Governor(30.0)
    machine = Machine(governor, draw_ms, seed=seed)
    machine.run(60.0)
    assert machine.rate(8.0, 60.0) > 0.93 * 30.0
    assert machine.rate(8.0, 60.0) > machine.rate(0.0, 1.0)


@pytest.mark.parametrize("draw_ms", [36.0, 40.0, 45.0, 50.0, 55.0, 60.0, 70.0, 80.0])
@pytest.mark.parametrize("seed", SEEDS)
def test_under_a_steady_load_it_tries_ever_more_rarely(draw_ms: float, seed: int) -> None:
    governor = Governor(30.0)
    Machine(governor, draw_ms, seed=seed).run(300.0)
    # settled: never more than one try (up and down again) in half a minute, three in two minutes
    for begin_s in np.arange(60.0, 270.0, 5.0):
        assert len(moves(governor, begin_s, begin_s + 30.0)) <= 3
    assert len(moves(governor, 180.0)) <= 8


@pytest.mark.parametrize("seed", SEEDS)
def test_a_load_that_comes_and_goes_is_answered_and_forgotten(seed: int) -> None:
    governor = Governor(30.0)
    machine = Machine(governor, 20.0, 10.0, seed)
    machine.run(10.0)
    assert governor.quality == FULL
    machine.run(20.0, lambda _: 2.5)
    assert machine.rate(18.0, 30.0) > 0.93 * 30.0
    assert governor.taken != []
    machine.run(60.0)
    assert governor.taken == []
    assert machine.rate(36.0, 90.0) > 0.95 * 30.0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_load_that_comes_every_ten_seconds_does_not_make_it_dance(seed: int) -> None:
    governor = Governor(30.0)
    machine = Machine(governor, 26.0, seed=seed)
    machine.run(240.0, lambda now_s: 1.7 if now_s % 20.0 < 10.0 else 1.0)
    assert len(moves(governor, 120.0)) <= 30  # 240 would be one for every half second
    assert machine.rate(120.0, 240.0) > 0.9 * 30.0


def test_short_hiccups_are_no_reason() -> None:
    governor = Governor(30.0)
    machine = Machine(governor, 22.0)
    machine.run(60.0, lambda now_s: 8.0 if now_s % 5.0 < 0.2 else 1.0)
    assert governor.changes == []


def test_a_slow_tracker_rests_and_the_picture_stays() -> None:
    governor = Governor(30.0)
    machine = Machine(governor, 15.0, trackers_ms=50.0)
    machine.run(20.0)
    assert [s.key for s in governor.taken] == ["trackers-2"]
    assert governor.quality == Quality(every=2)
    assert machine.rate(5.0, 20.0) > 0.95 * 30.0


def test_slow_drawing_lets_the_trackers_be() -> None:
    governor = Governor(30.0)
    Machine(governor, 45.0, trackers_ms=20.0).run(20.0)
    assert governor.quality.every == 1
    assert governor.taken != []


def test_where_nothing_helps_it_ends_at_the_bottom_and_stays() -> None:
    governor = Governor(30.0)
    Machine(governor, 900.0, 900.0).run(120.0)
    assert set(governor.taken) == set(LEVELS)
    assert len(governor.changes) == len(LEVELS)


@pytest.mark.parametrize("taken", [(), LEVELS[:2], LEVELS])
def test_a_governor_that_is_held_never_moves(taken: Sequence[Step]) -> None:
    governor = Governor(30.0, taken=taken, moves=False)
    machine = Machine(governor, 90.0)
    machine.run(20.0)
    machine.run(20.0, lambda _: 0.01)
    assert governor.changes == []
    assert governor.quality == quality_of(taken)


@pytest.mark.parametrize("fps", [15.0, 24.0, 30.0, 60.0])
def test_it_works_at_any_rate(fps: float) -> None:
    governor = Governor(fps)
    machine = Machine(governor, 1500.0 / fps)
    machine.run(40.0)
    assert machine.rate(10.0, 40.0) > 0.93 * fps


def test_steps_are_taken_in_order_and_given_back_the_last_first() -> None:
    governor = Governor(30.0)
    machine = Machine(governor, 20.0)
    machine.run(15.0, lambda _: 4.0)
    machine.run(80.0)
    gave = [c["gave"] for c in governor.changes if c["gave"]]
    back = [c["took_back"] for c in governor.changes if c["took_back"]]
    assert gave == [s.words for s in LEVELS if s.words in gave]
    assert back == gave[::-1]


def test_a_step_that_was_wrong_is_not_soon_tried_again() -> None:
    # What is taken back is missed at once, whatever it has learned.
    steps = (Step("picture-75", "less", "draw", picture_scale=0.75),)
    governor = Governor(30.0, steps)
    governor._gains["picture-75"] = 1.08
    tries = []
    now_s = 0.0
    for _ in range(12000):
        work_ms = 26.0 if governor.taken else 40.0
        now_s += max(1 / 30, work_ms / 1e3)
        before = len(governor.taken)
        governor.frame(now_s, work_ms)
        if before and not governor.taken:
            tries.append(now_s)
            governor._gains["picture-75"] = 1.08  # as if it had learned nothing
    waits = np.diff(tries)
    assert all(b > a - 1.0 for a, b in pairwise(waits))
    assert waits.size == 0 or waits[-1] > TRIAL_S


def test_what_was_traded_is_said_without_what_a_later_step_goes_beyond() -> None:
    governor = Governor(30.0, taken=down_to("picture-50"), moves=False)
    assert governor.traded == ["passes at 50 %", "trackers every 2nd frame", "draft matte", "picture at 50 %"]
    assert governor.step_name == ", ".join(governor.traded)
    assert quality_of(steps_of(governor.keys)) == governor.quality


def test_every_step_gives_up_something_and_none_gives_back() -> None:
    for number, step in enumerate(LEVELS):
        before, after = quality_of(LEVELS[:number]), quality_of(LEVELS[: number + 1])
        assert before != after, step.key
        assert after.pass_scale <= before.pass_scale
        assert after.picture_scale <= before.picture_scale
        assert after.every >= before.every
        assert after.draft_matte >= before.draft_matte
    assert len(set(KEYS)) == len({s.words for s in LEVELS}) == len(LEVELS)


@pytest.mark.parametrize("key", KEYS)
def test_a_step_is_found_by_its_name(key: str) -> None:
    assert down_to(key)[-1].key == key
    assert steps_of(key)[0].key == key


@pytest.mark.parametrize("wrong", ["picture-76", "best"])
def test_an_unknown_quality_is_named_with_what_there_is(wrong: str) -> None:
    with pytest.raises(UsageError, match=f"unknown quality '{wrong}'"):
        governor_for(wrong, scene(), 30.0, governs=True)
    with pytest.raises(UsageError, match="quality step"):
        steps_of(f"passes-70 {wrong}")


class Glow(Effect):
    """An effect with passes of reduced size."""

    passes: ClassVar = (
        Pass("vec4 effect(vec2 uv) { return camera(uv); }", target="small", scale=0.5),
        Pass("vec4 effect(vec2 uv) { return small(uv); }"),
    )


def test_only_steps_that_change_something_in_the_scene_are_taken() -> None:
    bare = {s.key for s in levels_for(scene(shader("frame_here()")))}
    assert bare == {"picture-75", "picture-50"}
    assert {s.key for s in levels_for(scene(Glow()))} == bare | {"passes-70", "passes-50"}
    cut = {s.key for s in levels_for(stack(layer(cut="person")))}
    assert cut == bare | {"matte-draft", "trackers-2", "trackers-3"}


def test_who_governs() -> None:
    made = scene(shader("frame_here()"))
    assert governor_for("auto", made, 30.0, governs=False) is None
    assert governor_for("fixed", made, 30.0, governs=True) is None
    auto = governor_for("auto", made, 25.0, governs=True)
    assert auto is not None
    assert auto.moves
    assert auto.target_fps == 25.0
    held = governor_for("picture-75", made, 30.0, governs=True)
    assert held is not None
    assert not held.moves
    assert held.quality.picture_scale == 0.75
    again = governor_for("fixed", made, 30.0, governs=False, replays=True)
    assert again is not None
    assert again.quality == FULL


@pytest.mark.parametrize("size", [(640, 360), (17, 33), (1920, 1080)])
def test_the_size_that_is_drawn(size: tuple[int, int]) -> None:
    assert FULL.size(size) == size
    width, height = Quality(picture_scale=0.5).size(size)
    assert 16 <= width <= size[0]
    assert 16 <= height <= size[1]


class Trail(Effect):
    """Keeps a quarter of the picture's history in a pass of its own."""

    passes: ClassVar = (
        Pass("vec4 effect(vec2 uv) { return mix(kept(uv), camera(uv), 0.5); }", "kept", scale=0.5, persistent=True),
        Pass("vec4 effect(vec2 uv) { return kept(uv); }"),
    )


class Counting(Effect):
    """Counts how often it is prepared, and for what."""

    glsl = "vec4 effect(vec2 uv) { return frame_here(); }"

    def prepare(self, size: tuple[int, int]) -> None:
        self.sizes = [*getattr(self, "sizes", []), size]


SIZE = (96, 54)


@pytest.fixture
def renderer(gpu: Gpu) -> Iterator[Callable[..., Renderer]]:
    made: list[Renderer] = []

    def make(*effects: Effect) -> Renderer:
        made.append(Renderer(gpu, scene(*effects), SIZE))
        return made[-1]

    yield make
    for one in made:
        assert one.problems == {}
        one.release()


def pictured(renderer: Renderer, seen: Observation) -> Pixels:
    renderer.render(seen, 1 / 30)
    return renderer.read()


@pytest.mark.parametrize("key", KEYS)
def test_any_quality_gives_a_picture_of_the_frames_size_that_looks_alike(
    renderer: Callable[..., Renderer], key: str
) -> None:
    smooth = observe(ramp(SIZE))
    drawing = renderer(Glow())
    full = pictured(drawing, smooth)
    drawing.set_quality(quality_of(down_to(key)))
    less = pictured(drawing, smooth)
    assert less.shape == full.shape
    inside = slice(16, -16), slice(16, -16)  # a slope ends in a small step at the border of whatever is enlarged
    assert far(less[inside], full[inside]) <= 4.0


def test_back_at_full_quality_the_picture_is_the_same_bit_for_bit(renderer: Callable[..., Renderer], gpu: Gpu) -> None:
    seen, drawing = observe(noise(SIZE)), renderer(shader("frame(uv)"))
    full, objects = pictured(drawing, seen), gpu.live_objects
    for key in (*KEYS, *KEYS):
        drawing.set_quality(quality_of(steps_of(key)))
        pictured(drawing, seen)
        drawing.set_quality(FULL)
        assert np.array_equal(pictured(drawing, seen), full)
    assert gpu.live_objects == objects


def test_what_a_pass_keeps_is_kept_when_the_picture_changes_its_size(renderer: Callable[..., Renderer]) -> None:
    drawing = renderer(Trail())
    for _ in range(12):
        bright = pictured(drawing, observe(plain(SIZE, (200, 200, 200))))
    assert far(bright[..., 0], np.full(SIZE[::-1], 200)) < 4.0
    for step in ("picture-50", "passes-50"):
        drawing.set_quality(quality_of(steps_of(step)))
        after = pictured(drawing, observe(plain(SIZE, (200, 200, 200))))
        assert far(after[..., 0], bright[..., 0]) < 4.0


def test_an_effect_is_prepared_only_where_the_pictures_size_changes(renderer: Callable[..., Renderer]) -> None:
    effect = Counting()
    drawing = renderer(effect)
    for key in ("passes-50", "matte-draft", "trackers-2", "picture-50"):
        drawing.set_quality(quality_of(steps_of(key)))
        pictured(drawing, observe(plain(SIZE)))
    assert effect.sizes == [SIZE, (48, 27)]
    assert effect.size == (48, 27)


@pytest.mark.parametrize(("key", "every"), [("fixed", 1), ("trackers-2", 2), ("trackers-3", 3)])
def test_a_tracker_that_rests_is_answered_for_by_its_last_result(gpu: Gpu, key: str, every: int) -> None:
    tracker, ids = FakeTracker(lambda frame: fake_mask(frame.id)), []
    governor = None if key == "fixed" else Governor(30.0, taken=steps_of(key), moves=False)
    source = FakeSource([noise((64, 36), n) for n in range(12)])

    class Seen(Effect):
        """Notes the frame of the mask."""

        needs = ("person",)
        glsl = "vec4 effect(vec2 uv) { return frame_here(); }"

        def update(self, observation: Observation, dt: float) -> None:
            assert observation.mask is not None
            ids.append((observation.frame.id, observation.mask.frame_id))

    settings, parts = ShowSettings(live=False), ShowParts(governor=governor)
    show = Show(scene(Seen()), source, [], gpu=gpu, open_tracker=lambda _: tracker, settings=settings, parts=parts)
    show.run()
    assert len(ids) == 12
    assert [own for own, _ in ids] == list(range(12))
    assert all(0 <= own - seen < every for own, seen in ids)
    assert len(tracker.seen) <= 12 // every + 1
    if governor is not None:
        assert show.stats.table()["governor"]["reused_results"] == 12 - len(tracker.seen)
