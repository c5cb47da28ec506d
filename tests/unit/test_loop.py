"""The show: order, tickets, pace, and what happens when any of its parts fails. Needs a GL context, but no device."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from helpers import flat, noise, plain, scene, shader
from helpers_show import SIZE, TRACKERS, Endless, Watcher, after, pictures, show
from helpers_waiting import wait_until
from phosphene.effects.blur import Blur
from phosphene.effects.mirror import Mirror
from phosphene.engine.core.errors import SinkError, SourceError, TrackerError
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Faces, Mask, Poses
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.show.frame_hooks import Drawn
from phosphene.engine.show.loop import Show
from phosphene.engine.show.settings import ShowSettings
from phosphene.engine.show.timeouts import Timeouts
from phosphene.engine.show.tracking import IN_FLIGHT
from phosphene.engine.trackers.base import Tracker

from phosphene.testing import FakeSink, FakeSource, FakeTracker

pytestmark = pytest.mark.gl

ENOUGH_S = 30.0  # only ever reached where something hangs


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [t.name for t in threading.enumerate() if t not in before and t.is_alive()]
    assert left == []


# Exact


@pytest.mark.parametrize("count", [1, 2, 3, 17])
def test_exact_draws_every_frame_in_order_with_its_own_time(gpu: Gpu, count: int) -> None:
    frames, sink = pictures(count), FakeSink()
    stats = show(gpu, scene(), FakeSource(frames, fps=24), sink).run()
    assert sink.times == [n / 24 for n in range(count)]
    assert all(np.array_equal(image[..., :3], frame) for image, frame in zip(sink.images, frames, strict=True))
    assert (stats.frames_in, stats.frames_out, stats.dropped) == (count, count, 0)
    assert sink.closed


def test_frames_keep_times_that_are_not_even(gpu: Gpu) -> None:
    times = [0.0, 0.01, 0.5, 0.50001, 7.0]
    frames = [Frame(n, t, plain(SIZE)) for n, t in enumerate(times)]
    watcher, sink = Watcher(), FakeSink()
    show(gpu, scene(watcher), FakeSource(frames), sink).run()
    assert sink.times == times
    assert [t for t, _ in watcher.times] == times
    assert [dt for _, dt in watcher.times] == pytest.approx([0.0, 0.01, 0.49, 0.00001, 6.49999])


@pytest.mark.parametrize(("until_s", "count"), [(0.1, 3), (99.0, 10), (1 / 30, 1), (0.34, 10)])
def test_a_show_of_limited_length(gpu: Gpu, until_s: float, count: int) -> None:
    sink = FakeSink()
    show(gpu, scene(), FakeSource(pictures(10)), sink, until_s=until_s).run()
    assert len(sink.images) == count


def test_every_sink_gets_every_picture(gpu: Gpu) -> None:
    sinks = [FakeSink(), FakeSink(alpha=True), FakeSink()]
    show(gpu, scene(Mirror()), FakeSource(pictures(9)), *sinks).run()
    assert all(len(s.images) == 9 and s.closed for s in sinks)
    assert all(np.array_equal(a, b) for a, b in zip(sinks[0].images, sinks[2].images, strict=True))


def test_sinks_that_keep_alpha_get_it_straight(gpu: Gpu) -> None:
    plainly, straight = FakeSink(), FakeSink(alpha=True)
    made = scene(shader("vec4(0.5, 0.0, 0.0, 0.5)"), source="none")
    show(gpu, made, FakeSource(pictures(1)), plainly, straight).run()
    assert plainly.images[0][0, 0, 0] in (187, 188)
    assert straight.images[0][0, 0, 0] >= 253


def test_without_sinks_it_still_runs(gpu: Gpu) -> None:
    assert show(gpu, scene(), FakeSource(pictures(5))).run().frames_out == 5


# Tickets


@pytest.mark.parametrize("delays", [{}, {"person": 0.004}, {"person": 0.001, "face": 0.005, "pose": 0.0}])
def test_every_frame_is_drawn_with_its_own_results(gpu: Gpu, delays: dict[str, float]) -> None:
    trackers = {n: after(delays.get(n, 0.0), TRACKERS[n]) for n in TRACKERS}
    watcher = Watcher("face", "pose", "person")
    show(gpu, scene(watcher), FakeSource(pictures(12)), trackers=trackers).run()
    assert watcher.drawn == [(n, {"face": n, "pose": n, "person": n}) for n in range(12)]
    assert all(t.seen == list(range(12)) and t.closed for t in trackers.values())


def test_only_needed_trackers_are_opened(gpu: Gpu) -> None:
    opened: list[str] = []

    def open_tracker(name: str) -> Tracker:
        opened.append(name)
        return FakeTracker(TRACKERS[name])

    made, settings = scene(Watcher("pose")), ShowSettings(live=False)
    Show(made, FakeSource(pictures(3)), [], gpu=gpu, open_tracker=open_tracker, settings=settings).run()
    assert opened == ["pose"]


def test_a_tracker_that_is_needed_later_is_started_then(gpu: Gpu) -> None:
    class Later(Watcher):
        def update(self, observation: Observation, dt: float) -> None:
            super().update(observation, dt)
            if observation.frame.id == 4:
                self.needed = ("face",)

    watcher = Later()
    show(gpu, scene(watcher), FakeSource(pictures(12))).run()
    assert all(results == {} for n, results in watcher.drawn if n <= 4)
    assert all(results == {"face": n} for n, results in watcher.drawn if n >= 4 + 1 + IN_FLIGHT)


def test_two_runs_are_bit_equal_however_slow_the_trackers_are(gpu: Gpu) -> None:
    def run(seed: int) -> list[np.ndarray[Any, Any]]:
        dice = random.Random(seed)
        trackers = {n: after(lambda: dice.random() * 0.006, TRACKERS[n]) for n in TRACKERS}
        sink = FakeSink()
        made = scene(Blur(), Watcher("face", "pose"), shader("past(uv) * 0.5 + frame(uv) * 0.5"))
        show(gpu, made, FakeSource(pictures(10)), sink, trackers=trackers).run()
        return sink.images

    first, second = run(1), run(2)
    assert len(first) == len(second) == 10
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


# Trackers that fail


def test_a_tracker_that_raises_is_named_once_and_the_show_goes_on(
    gpu: Gpu,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def sometimes(frame: Frame) -> Any:
        if frame.id in (1, 2, 5):
            raise RuntimeError("no luck")
        return Faces(frame.id)

    watcher, sink = Watcher("face"), FakeSink()
    with caplog.at_level(logging.ERROR, "phosphene"):
        show(gpu, scene(watcher), FakeSource(pictures(8)), sink, trackers={"face": FakeTracker(sometimes)}).run()
    assert len(sink.images) == 8
    assert [n for n, results in watcher.drawn if not results] == [1, 2, 5]
    assert sum("no luck" in r.getMessage() for r in caplog.records) == 1


def test_a_private_scene_is_closed_while_its_tracker_fails(gpu: Gpu) -> None:
    def sometimes(frame: Frame) -> Mask:
        if frame.id in (2, 3):
            raise RuntimeError("no luck")
        return flat(1.0, frame.id)

    room, sink = plain(SIZE, (3, 250, 7)), FakeSink()
    trackers = {"person": FakeTracker(sometimes)}
    show(gpu, scene(cut="person"), FakeSource([room] * 6), sink, trackers=trackers).run()
    assert [bool((image[..., 1] > 200).all()) for image in sink.images] == [True, True, False, False, True, True]


def test_a_tracker_that_cannot_be_opened_ends_the_show_after_the_sinks_were_closed(gpu: Gpu) -> None:
    def open_tracker(name: str) -> Tracker:
        raise TrackerError("no model")

    source, sink = FakeSource(pictures(50)), FakeSink()
    made, settings = scene(Watcher("face")), ShowSettings(live=False)
    running = Show(made, source, [sink], gpu=gpu, open_tracker=open_tracker, settings=settings)
    with pytest.raises(TrackerError, match="no model"):
        running.run()
    assert sink.closed
    assert source.closed


def test_a_tracker_that_hangs_is_passed_over(gpu: Gpu) -> None:
    let_go, watcher, sink = threading.Event(), Watcher("face", "pose"), FakeSink()

    def hangs(frame: Frame) -> Any:
        if frame.id == 1:
            let_go.wait(ENOUGH_S)
        return Faces(frame.id)

    running = show(
        gpu,
        scene(watcher),
        FakeSource(pictures(12)),
        sink,
        trackers={"face": FakeTracker(hangs)},
        timeouts=Timeouts(result_s=0.05),
    )
    done = threading.Timer(ENOUGH_S, let_go.set)
    done.start()
    try:
        running.run()
        assert not let_go.is_set(), "the show waited for a tracker that hangs"
    finally:
        done.cancel()
        let_go.set()
        for thread in running._trackers.threads:
            thread.join(ENOUGH_S)
        done.join()
    assert len(sink.images) == 12
    assert watcher.drawn[0] == (0, {"face": 0, "pose": 0})
    assert all("face" not in results for n, results in watcher.drawn if n == 1)


class Follows(FakeTracker):
    """Answers with what the other one found."""

    def follow(self, frame: Frame, found: Any) -> Any:
        self.seen.append(frame.id)
        return None if found is None else Poses(found.frame_id)


@pytest.mark.parametrize("delay_s", [0.0, 0.01])
def test_a_tracker_gets_the_results_of_its_upstream_of_the_same_frame(gpu: Gpu, delay_s: float) -> None:
    watcher = Watcher("model.arms")
    follows, upstream = Follows(lambda f: pytest.fail("it looked itself")), after(delay_s, TRACKERS["face"])
    trackers = {"model.arms": follows, "pose": upstream}
    show(gpu, scene(watcher), FakeSource(pictures(6)), trackers=trackers, upstream={"model.arms": "pose"}).run()
    assert watcher.drawn == [(n, {"model.arms": n, "pose": n}) for n in range(6)]
    assert follows.seen == upstream.seen == list(range(6))


def test_a_tracker_goes_on_while_its_upstream_fails(gpu: Gpu) -> None:
    def fails(frame: Frame) -> Any:
        if frame.id % 2:
            raise TrackerError("broken")
        return Faces(frame.id)

    watcher, trackers = Watcher("model.arms"), {"model.arms": Follows(fails), "pose": FakeTracker(fails)}
    show(gpu, scene(watcher), FakeSource(pictures(6)), trackers=trackers, upstream={"model.arms": "pose"}).run()
    assert [sorted(results) for _, results in watcher.drawn] == [["model.arms", "pose"], []] * 3


def test_a_tracker_whose_upstream_hangs_goes_on_without_it(gpu: Gpu, caplog: pytest.LogCaptureFixture) -> None:
    let_go, watcher, sink = threading.Event(), Watcher("model.arms", "face"), FakeSink()

    def hangs(frame: Frame) -> Any:
        if frame.id == 1:
            let_go.wait(ENOUGH_S)
        return Faces(frame.id)

    class Counts(Follows):
        """Says what frame it looked at, whatever the other one found."""

        def follow(self, frame: Frame, found: Any) -> Any:
            super().follow(frame, found)
            return Poses(frame.id)

    follows = Counts(lambda f: pytest.fail("it looked itself"))
    running = show(
        gpu,
        scene(watcher),
        FakeSource(pictures(12)),
        sink,
        trackers={"model.arms": follows, "pose": FakeTracker(hangs)},
        upstream={"model.arms": "pose"},
        timeouts=Timeouts(result_s=0.5, hung_thread_end_s=0.1),
    )
    try:
        with caplog.at_level(logging.WARNING, "phosphene"):
            running.run()
        assert not let_go.is_set(), "the show waited for a tracker that hangs"
        alive = [thread.name for thread in running._trackers.threads if thread.is_alive()]
    finally:
        let_go.set()
        for thread in running._trackers.threads:
            thread.join(ENOUGH_S)
    assert alive == ["tracker pose"], "the others have ended, and closed what they hold"
    assert follows.closed
    assert follows.seen == list(range(12))
    assert len(sink.images) == 12
    assert watcher.drawn[0] == (0, {"face": 0, "model.arms": 0, "pose": 0})
    assert all(results["face"] == n for n, results in watcher.drawn)
    assert watcher.drawn[-1] == (11, {"face": 11, "model.arms": 11})
    assert [r.getMessage() for r in caplog.records] == ["tracker pose hangs on frame 1", "tracker pose does not end"]


def test_a_show_that_is_stopped_leaves_nobody_waiting_for_a_tracker_that_hangs(gpu: Gpu) -> None:
    let_go, waiting = threading.Event(), threading.Event()

    def hangs(frame: Frame) -> Any:
        waiting.set()
        let_go.wait(ENOUGH_S)
        return Faces(frame.id)

    trackers = {"model.arms": Follows(hangs), "pose": FakeTracker(hangs)}
    running = show(
        gpu,
        scene(Watcher("model.arms")),
        FakeSource(pictures(12)),
        trackers=trackers,
        upstream={"model.arms": "pose"},
        hooks=[lambda drawn: not waiting.is_set()],
    )
    pose_ends = threading.Timer(1.0, let_go.set)  # it is waited for longer, as it does not count as hung yet
    pose_ends.start()
    running.run()
    pose_ends.join()
    assert all(tracker.closed for tracker in trackers.values())


# Sources and sinks that fail


class Breaks(FakeSource):
    """Raises `error` instead of its last frame."""

    error: Exception = SourceError("the file is cut off")

    def read(self) -> Frame | None:
        if self._next == len(self.frames) - 1:
            raise self.error
        return super().read()


@pytest.mark.parametrize("error", [SourceError("the file is cut off"), OSError("the disk is gone")])
def test_a_source_that_fails_midway_leaves_what_was_drawn(gpu: Gpu, error: Exception) -> None:
    source, sink = Breaks(pictures(7)), FakeSink()
    source.error = error
    with pytest.raises(type(error), match=str(error)):
        show(gpu, scene(Watcher("face")), source, sink).run()
    assert len(sink.images) == 6
    assert sink.closed
    assert source.closed


def test_a_source_that_fails_at_once(gpu: Gpu) -> None:
    sink = FakeSink()
    with pytest.raises(SourceError):
        show(gpu, scene(), Breaks(pictures(1)), sink).run()
    assert sink.images == []
    assert sink.closed


@pytest.mark.parametrize("fail_at", [0, 3])
@pytest.mark.parametrize("live", [False, True])
def test_a_sink_that_fails_ends_the_show_and_the_others_are_closed(
    gpu: Gpu,
    fail_at: int,
    live: bool,
) -> None:
    bad, good = FakeSink(fail_at=fail_at, error=SinkError("disk full")), FakeSink()
    source = Endless()
    running = show(gpu, scene(), source, bad, good, live=live)
    source.over = lambda: running._outputs.threads[0].error is not None
    with pytest.raises(SinkError, match="disk full"):
        running.run()
    assert bad.closed
    assert good.closed
    assert len(bad.images) == fail_at
    assert good.times == sorted(good.times)


def test_a_sink_that_fails_when_it_is_closed_is_told(gpu: Gpu) -> None:
    class Unfinished(FakeSink):
        def close(self) -> None:
            super().close()
            raise SinkError("cannot be finished")

    good = FakeSink()
    with pytest.raises(SinkError, match="cannot be finished"):
        show(gpu, scene(), FakeSource(pictures(3)), Unfinished(), good).run()
    assert len(good.images) == 3
    assert good.closed


def test_frames_of_another_size_are_fitted_and_each_change_is_told(
    gpu: Gpu,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sink = FakeSink()
    other, large = plain((16, 16), (9, 200, 9)), plain((64, 50), (9, 9, 200))
    with caplog.at_level(logging.WARNING, "phosphene"):
        frames = [plain(SIZE), other, other, plain(SIZE), large]
        show(gpu, scene(), FakeSource(frames), sink).run()
    assert [image.shape for image in sink.images] == [(18, 32, 4)] * 5
    assert all((image[..., 1] > image[..., 0] + 100).all() for image in sink.images[1:3])
    assert [r.getMessage() for r in caplog.records] == [
        "the input changed its size to 16×16: it is fitted to 32×18",
        "the input changed its size to 64×50: it is fitted to 32×18",
    ]


def test_a_live_show_goes_on_without_a_sink_that_failed_and_tells_it_at_once(
    gpu: Gpu,
    caplog: pytest.LogCaptureFixture,
) -> None:
    bad, good = FakeSink(fail_at=2, error=SinkError("disk full")), FakeSink()
    source = Endless()
    running = show(gpu, scene(), source, bad, good, live=True)
    seen = list[int]()  # by the good one, when the other had failed

    def over() -> bool:
        if running._outputs.threads[0].error is not None:
            seen.append(len(good.images))
        return bool(seen) and len(good.images) > seen[0] + 5

    source.over = over
    with caplog.at_level(logging.ERROR, "phosphene"), pytest.raises(SinkError, match="disk full"):
        running.run()
    assert len(bad.images) == 2
    assert len(good.images) > seen[0] + 5
    assert [r.getMessage() for r in caplog.records] == ["sink FakeSink stopped, the show goes on without it: disk full"]


class Audience(FakeSink):
    """Tells when it has seen the room, and when a slate."""

    def __init__(self) -> None:
        super().__init__()
        self.room, self.slate = threading.Event(), threading.Event()

    def write(self, image: Any, time_s: float) -> None:
        super().write(image, time_s)
        (self.room if image[0, 0, 0] > 150 else self.slate).set()


class Camera(FakeSource):
    """Live: `plan` says for each read what is raised or waited for; an error is raised again and again until the event
    beside it has come."""

    def __init__(self, plan: Sequence[Any]) -> None:
        super().__init__([plain(SIZE, (200, 200, 200))], live=True)
        self.plan = list(plan)

    def read(self) -> Frame | None:
        if not self.plan:
            return None
        if isinstance(self.plan[0], tuple) and not self.plan[0][1].is_set():
            raise self.plan[0][0]
        step = self.plan.pop(0)
        if callable(step):
            step()
        self._next += 1
        return Frame(self._next, self._next / 30, self.frames[0].pixels)


@pytest.mark.parametrize("error", [SourceError("unplugged"), OSError("unplugged"), RuntimeError("unplugged")])
def test_a_camera_that_fails_shows_a_slate_and_comes_back(
    gpu: Gpu,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    timeouts = Timeouts(source_retry_s=0.02, source_silent_s=ENOUGH_S)
    sink = Audience()
    plan = [None, sink.room.wait, (error, sink.slate), None]
    with caplog.at_level(logging.WARNING, "phosphene"):
        show(gpu, scene(), Camera(plan), sink, live=True, timeouts=timeouts).run()
    rooms = [bool(image[0, 0, 0] > 150) for image in sink.images]
    assert rooms[0] is True
    assert rooms[-1] is True
    assert False in rooms
    assert sum("unplugged" in r.getMessage() for r in caplog.records) == 1


def test_a_camera_that_falls_silent_shows_a_slate(
    gpu: Gpu,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sink = Audience()
    camera, timeouts = Camera([None, lambda: sink.slate.wait(ENOUGH_S), None]), Timeouts(source_silent_s=1.0)
    with caplog.at_level(logging.WARNING, "phosphene"):
        show(gpu, scene(), camera, sink, live=True, timeouts=timeouts).run()
    assert sink.slate.is_set()
    assert int(sink.images[-1][0, 0, 0]) > 150
    assert sum("has delivered no frame for" in r.getMessage() for r in caplog.records) == 1


def test_a_sink_that_blocks_does_not_hold_the_end_for_ever(
    gpu: Gpu,
    caplog: pytest.LogCaptureFixture,
) -> None:
    free = threading.Event()

    class Blocks(FakeSink):
        def write(self, image: Any, time_s: float) -> None:
            free.wait(ENOUGH_S)

    good = FakeSink()
    source = Endless(lambda: len(good.images) > 10)
    running = show(gpu, scene(), source, Blocks(), good, live=True, timeouts=Timeouts(sink_end_s=2.0))
    try:
        with caplog.at_level(logging.ERROR, "phosphene"):
            running.run()
        assert not free.is_set()
    finally:
        free.set()
        for thread in running._outputs.threads:
            thread.join(ENOUGH_S)
    assert len(good.images) > 10
    assert ["is stuck" in r.getMessage() for r in caplog.records] == [True]


def test_a_broken_effect_does_not_end_the_show(gpu: Gpu) -> None:
    sink = FakeSink()
    show(gpu, scene(shader("no_such_thing")), FakeSource(pictures(4)), sink).run()
    assert len(sink.images) == 4


def test_a_hook_that_raises_closes_everything(gpu: Gpu) -> None:
    def hook(drawn: Drawn) -> bool:
        raise KeyError("window")

    source, sink = FakeSource(pictures(9)), FakeSink()
    with pytest.raises(KeyError):
        show(gpu, scene(Watcher("face")), source, sink, hooks=[hook]).run()
    assert sink.closed
    assert source.closed


# Ending


@pytest.mark.parametrize("live", [False, True])
def test_stop_ends_it_soon(gpu: Gpu, live: bool) -> None:
    sink = FakeSink()
    running = show(gpu, scene(Watcher("face")), Endless(), sink, live=live)
    timer = threading.Timer(0.1, running.stop)
    timer.start()
    running.run()
    timer.join()
    assert sink.closed
    assert sink.times == sorted(sink.times)


def test_stop_before_the_start_draws_nothing(gpu: Gpu) -> None:
    running = show(gpu, scene(), Endless(), FakeSink())
    running.stop()
    assert running.run().frames_out == 0


@pytest.mark.parametrize("count", [1, 4])
def test_a_hook_ends_it_when_it_says_so(gpu: Gpu, count: int) -> None:
    calls: list[int] = []
    watcher, sink = Watcher(), FakeSink()

    def hook(drawn: Drawn) -> bool:
        calls.append(len(watcher.drawn))
        return len(watcher.drawn) < count

    show(gpu, scene(watcher), Endless(), sink, hooks=[hook]).run()
    assert len(sink.images) == count
    assert {*range(1, count + 1)} <= {*calls}  # after each picture, and while none comes


# Live


def test_live_drops_but_never_reorders_and_counts(gpu: Gpu) -> None:
    timeouts = Timeouts(live_result_s=ENOUGH_S)  # none is given up, however slow the machine
    trackers = {"face": after(0.01, TRACKERS["face"])}
    watcher, sink = Watcher("face"), FakeSink()
    source = FakeSource(pictures(60), fps=1000)
    stats = show(gpu, scene(watcher), source, sink, trackers=trackers, live=True, timeouts=timeouts).run()
    numbers = [n for n, _ in watcher.drawn]
    assert numbers == sorted(set(numbers))
    assert all(results == {"face": n} for n, results in watcher.drawn)
    assert stats.frames_in == 60
    assert stats.frames_out == len(numbers) < 60
    assert stats.dropped >= 60 - len(numbers)
    assert sink.times == sorted(set(sink.times))


def test_a_slow_sink_does_not_hold_a_live_show_back(gpu: Gpu) -> None:
    quick = FakeSink()

    class Slow(FakeSink):
        def write(self, image: Any, time_s: float) -> None:
            super().write(image, time_s)
            enough = len(quick.images) + 10
            wait_until(lambda: len(quick.images) >= min(enough, 40))

    slow = Slow()
    show(gpu, scene(), Endless(lambda: len(quick.images) >= 40), slow, quick, live=True).run()
    assert len(slow.images) < len(quick.images)
    assert slow.times == sorted(set(slow.times))
    for sink in (slow, quick):  # a buffer is never written to while a sink holds it
        for image, time_s in zip(sink.images, sink.times, strict=True):
            assert np.array_equal(image[..., :3], noise(SIZE, round(time_s * 1000)))


def test_latest_draws_without_waiting_for_trackers(gpu: Gpu) -> None:
    watcher = Watcher("face")

    def slow(frame: Frame) -> Any:
        enough = len(watcher.drawn) + 4
        wait_until(lambda: len(watcher.drawn) >= min(enough, 40))
        return TRACKERS["face"](frame)

    trackers = {"face": FakeTracker(slow)}
    made = scene(watcher)
    made.sync = "latest"
    show(gpu, made, Endless(lambda: len(watcher.drawn) >= 40), trackers=trackers, live=True).run()
    numbers = [n for n, _ in watcher.drawn]
    assert numbers == sorted(set(numbers))
    assert all(results.get("face", -1) < n for n, results in watcher.drawn)
    assert len(numbers) > 2 * len(trackers["face"].seen)


def test_latest_in_exact_pace_is_still_frame_true(gpu: Gpu) -> None:
    watcher = Watcher("face")
    made = scene(watcher)
    made.sync = "latest"
    show(gpu, made, FakeSource(pictures(6))).run()
    assert watcher.drawn == [(n, {"face": n}) for n in range(6)]


class Resting(FakeSink):
    """Wants the pictures of even frames alone."""

    asked = 0

    @property
    def resting(self) -> bool:
        self.asked += 1
        return self.asked % 2 == 0


def test_a_sink_that_rests_is_given_nothing(gpu: Gpu) -> None:
    rests, takes = Resting(), FakeSink()
    show(gpu, scene(Mirror()), FakeSource(pictures(6)), rests, takes).run()
    assert (len(rests.images), len(takes.images)) == (3, 6)
