"""Trackers that begin with a frame while they are at work on the one before: the same answers, in the same order."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from helpers import scene
from helpers_files import portraits
from helpers_show import Watcher, pictures, show
from phosphene.engine.core.errors import TrackerError
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.results import Faces
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.trackers import open_tracker
from phosphene.engine.trackers.base import DetectsAhead
from phosphene.engine.trackers.face import FaceTracker

from phosphene.testing import FakeSink, FakeSource, FakeTracker


class AheadTracker(FakeTracker):
    """Remembers what it was told early of each frame, and by whom."""

    def __init__(self, early: Callable[[Frame], Any]) -> None:
        super().__init__(lambda f: Faces(f.id))
        self._early = early
        self.told: dict[int, Any] = {}
        self.asked: list[int] = []
        self.threads: set[int] = set()

    def detect_ahead(self, frame: Frame) -> Any:
        self.threads.add(threading.get_ident())
        self.asked.append(frame.id)
        return self._early(frame)

    def track_after(self, frame: Frame, early: Any) -> Any:
        self.told[frame.id] = early
        return self.track(frame)


@pytest.mark.gl
@pytest.mark.parametrize("live", [False, True])
def test_each_frame_gets_what_was_said_of_it(gpu: Gpu, live: bool) -> None:
    tracker, watcher = AheadTracker(lambda f: f.id), Watcher("face")
    show(gpu, scene(watcher), FakeSource(pictures(30)), FakeSink(), trackers={"face": tracker}, live=live).run()
    assert all(told in (None, number) for number, told in tracker.told.items())
    assert tracker.asked == sorted(tracker.asked)
    assert len(tracker.threads) <= 1
    assert tracker.thread not in tracker.threads
    assert watcher.drawn == [(number, {"face": number}) for number, _ in watcher.drawn]
    if not live:
        assert list(tracker.told) == list(range(30))


@pytest.mark.gl
def test_the_next_frame_is_begun_while_this_one_is_looked_at(gpu: Gpu) -> None:
    begun: dict[int, threading.Event] = {number: threading.Event() for number in range(12)}
    tracker = AheadTracker(lambda f: begun[f.id].set() or f.id)
    waited: list[bool] = []

    def slow(frame: Frame) -> Faces:
        if 3 <= frame.id < 10:  # the first frames came before the tracker was there
            waited.append(begun[frame.id + 1].wait(20.0))
        return Faces(frame.id)

    tracker.answer = slow
    show(gpu, scene(Watcher("face")), FakeSource(pictures(12)), FakeSink(), trackers={"face": tracker}).run()
    assert waited == [True] * 7


@pytest.mark.gl
def test_what_fails_early_is_named_once_and_costs_that_frame_its_result(
    gpu: Gpu,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def early(frame: Frame) -> int:
        if frame.id % 2:
            raise TrackerError("no luck")
        return frame.id

    tracker, watcher = AheadTracker(early), Watcher("face")
    with caplog.at_level(logging.ERROR, "phosphene"):
        show(gpu, scene(watcher), FakeSource(pictures(20)), FakeSink(), trackers={"face": tracker}).run()
    assert [number for number, _ in watcher.drawn] == list(range(20))
    failed = {number for number, results in watcher.drawn if not results}
    assert failed == {number for number in tracker.asked if number % 2 and number not in tracker.told}
    assert sum("no luck" in r.getMessage() for r in caplog.records) == (1 if failed else 0)


@pytest.mark.usefixtures("models_ready")
@pytest.mark.parametrize("people", [1, 3])
def test_a_face_that_was_seen_early_is_the_same(people: int) -> None:
    shown = portraits(8, people)
    with open_tracker("face") as one, open_tracker("face") as other:
        assert isinstance(one, DetectsAhead)
        assert isinstance(one, FaceTracker)
        early = [one.detect_ahead(f) for f in shown]
        assert all(seen is not None and len(seen) >= 1 for seen in early)
        ahead = [one.track_after(f, seen) for f, seen in zip(shown, early, strict=True)]
        plain = [other.track(f) for f in shown]
    for a, b in zip(ahead, plain, strict=True):
        assert len(a.items) == len(b.items) == people
        for x, y in zip(a.items, b.items, strict=True):
            assert np.array_equal(x.points, y.points)
            assert x.blendshapes == y.blendshapes
    assert all(a.frame_id < b.frame_id for a, b in pairwise(ahead))


@pytest.mark.usefixtures("models_ready")
def test_who_has_everybody_does_not_ask_the_detector() -> None:
    shown = portraits(3, 2)
    with FaceTracker(max_faces=2, far=False) as tracker:
        assert tracker.detect_ahead(shown[0]) is not None
        tracker.track(shown[0])
        assert tracker.detect_ahead(shown[1]) is None
    with FaceTracker(runner="mediapipe", far=False) as tracker:
        assert tracker.detect_ahead(shown[0]) is None
