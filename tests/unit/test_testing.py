"""The fakes that `phosphene.testing` ships keep the promises of what they stand for."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from phosphene.engine.core.errors import TrackerError
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.results import Faces
from phosphene.engine.scene.signals import per_face

from phosphene.testing import (
    FakeSink,
    FakeSource,
    FakeTracker,
    fake_face,
    fake_frame,
    fake_mask,
    fake_observation,
    fake_pose,
)

ROOT = Path(__file__).resolve().parents[2]


def test_a_tracker_answers_and_remembers() -> None:
    with FakeTracker(lambda frame: Faces(frame.id)) as tracker:
        assert [tracker.track(fake_frame(frame_id=n)).frame_id for n in (0, 3)] == [0, 3]
        assert tracker.seen == [0, 3]
        assert tracker.thread == threading.get_ident()
        assert not tracker.closed
    assert tracker.closed


def test_a_tracker_fails_as_it_is_told() -> None:
    def answer(frame: Frame) -> None:
        raise TrackerError("no luck")

    with FakeTracker(answer) as tracker, pytest.raises(TrackerError, match="no luck"):
        tracker.track(fake_frame())
    assert tracker.seen == [0]


def test_a_tracker_without_an_answer_knows_nothing() -> None:
    assert FakeTracker().track(fake_frame()) is None


def test_a_tracker_tells_its_end_once() -> None:
    ended: list[bool] = []
    tracker = FakeTracker(on_close=lambda: ended.append(True))
    tracker.close()
    tracker.close()
    assert ended == [True]
    with pytest.raises(AssertionError, match="after close"):
        tracker.track(fake_frame())


def test_a_tracker_belongs_to_one_thread() -> None:
    tracker, raised = FakeTracker(), list[str]()
    tracker.track(fake_frame())

    def elsewhere() -> None:
        with pytest.raises(AssertionError, match="second thread") as found:
            tracker.track(fake_frame(frame_id=1))
        raised.append(str(found.value))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert len(raised) == 1
    assert tracker.seen == [0]


@pytest.mark.parametrize("size", [(320, 180), (90, 160)])
def test_a_frame_of_a_size_or_of_pixels(size: tuple[int, int]) -> None:
    frame = fake_frame(size, 5, fps=10.0)
    assert (frame.id, frame.time_s, frame.size, frame.pixels.dtype) == (5, 0.5, size, np.uint8)
    assert fake_frame(frame.pixels).pixels is frame.pixels


def test_a_face_lies_where_it_is_wanted_with_open_eyes() -> None:
    face = fake_face((200, 100), (0.3, 0.6), 0.4, identity=7)
    low, high = face.points[:468, :2].min(axis=0), face.points[:468, :2].max(axis=0)
    assert (low + high) / 2 == pytest.approx((0.3, 0.6), abs=0.02)
    assert high[1] - low[1] == pytest.approx(0.4, abs=0.01)
    assert face.identity == 7
    assert per_face(face)["face.yaw"] == pytest.approx(0.0, abs=0.01)


def test_an_observation_is_all_of_one_frame() -> None:
    frame = fake_frame(frame_id=4)
    seen = fake_observation(frame, faces=[fake_face()], poses=[], mask=fake_mask(9), signals={"beat": 0.5})
    assert {result.frame_id for result in seen.results.values()} == {4}
    assert (len(seen.faces), seen.poses, seen.signal("beat")) == (1, (), 0.5)
    assert seen.mask is not None
    assert "pose" in seen.results, "looked for, and nobody found"


def test_what_is_not_named_is_not_known() -> None:
    seen = fake_observation()
    assert (seen.results, seen.mask, seen.frame.size) == ({}, None, (320, 180))


def test_a_mask_is_an_oval_or_the_same_everywhere() -> None:
    oval = fake_mask(3, (64, 36))
    assert (oval.frame_id, oval.present, oval.confidence.shape) == (3, True, (36, 64))
    assert oval.confidence[20, 32] == 1.0
    assert oval.confidence[0, 0] == 0.0
    assert not fake_mask(everywhere=0.0).present
    assert np.unique(fake_mask(everywhere=0.25).confidence).tolist() == [0.25]


def test_a_body_has_every_landmark() -> None:
    pose = fake_pose((0.4, 0.5), 0.7)
    assert (pose.points.shape, pose.world.shape) == ((33, 3), (33, 3))
    assert pose.visibility.tolist() == pytest.approx([0.7] * 33)


def test_from_a_source_by_a_tracker_to_a_sink() -> None:
    images = [np.full((18, 32, 3), n, np.uint8) for n in range(3)]
    tracker = FakeTracker(lambda frame: fake_mask(frame.id))
    with FakeSource(images, fps=10.0) as source, FakeSink() as sink, tracker:
        for frame in iter(source.read, None):
            assert tracker.track(frame).frame_id == frame.id
            sink.write(np.dstack([frame.pixels, np.full((18, 32), 255, np.uint8)]), frame.time_s)
    assert sink.times == pytest.approx([0.0, 0.1, 0.2])
    assert source.closed
    assert sink.closed


def test_importing_phosphene_does_not_bring_the_fakes() -> None:
    code = "import sys, phosphene; print(*{'numpy', 'phosphene.testing'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
