"""Rendering and tracking from a program: its own pictures, wrong arguments, observations without drawing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import noise, plain
from phosphene.engine.core.errors import PhospheneError, UsageError
from phosphene.engine.core.frame import Frame, Pixels
from phosphene.engine.core.imaging import straight_alpha
from phosphene.engine.core.results import Faces
from phosphene.engine.show.scripting import RenderedFrame
from phosphene.engine.sources.arrays import ArraysSource

import phosphene
from phosphene.testing import FakeTracker

ROOT = Path(__file__).resolve().parents[2]

# Pictures of one's own


def test_arrays_become_frames() -> None:
    pictures = [noise((32, 18), seed) for seed in range(3)]
    with ArraysSource(pictures, fps=25) as source:
        assert (source.size, source.fps, source.live, source.endless) == ((32, 18), 25, False, False)
        frames = [source.read() for _ in range(4)]
    assert frames.pop() is None
    for number, frame in enumerate(frames):
        assert frame is not None
        assert (frame.id, frame.time_s) == (number, number / 25)
        assert np.array_equal(frame.pixels, pictures[number])


def test_an_array_of_four_dimensions_will_do() -> None:
    assert ArraysSource(np.zeros((5, 18, 32, 3), np.uint8)).size == (32, 18)


def test_a_buffer_that_is_filled_again_and_again_will_do() -> None:
    buffer = plain((32, 18), (1, 1, 1))

    def filled() -> Iterator[Pixels]:
        for value in (1, 2, 3):
            buffer[:] = value
            yield buffer

    source = ArraysSource(filled())
    frames = [source.read() for _ in range(3)]
    assert [frame and frame.pixels.max() for frame in frames] == [1, 2, 3]


def test_arrays_that_lie_otherwise_in_memory_will_do() -> None:
    picture = noise((32, 18))
    frame = ArraysSource([picture[:, ::-1, ::-1]]).read()
    assert frame is not None
    assert frame.pixels.flags.c_contiguous
    assert np.array_equal(frame.pixels, picture[:, ::-1, ::-1])
    smaller = ArraysSource([picture[:, ::-1, ::-1]], size=(16, 16)).read()
    assert smaller is not None
    assert smaller.size == (16, 16)


def test_arrays_are_fitted_to_the_size_or_to_the_first() -> None:
    source = ArraysSource([plain((32, 18)), plain((64, 64))])
    assert [frame.size for _ in range(2) if (frame := source.read())] == [(32, 18)] * 2
    assert ArraysSource([plain((32, 18))], size=(20, 16)).size == (20, 16)


def test_arrays_are_asked_for_one_at_a_time() -> None:
    asked: list[int] = []

    def endless() -> Iterator[Pixels]:
        while True:
            asked.append(len(asked))
            yield plain((32, 18))

    source = ArraysSource(endless())
    for number in range(4):
        source.read()
        assert len(asked) == number + 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (np.zeros((18, 32, 4), np.uint8), "18×32×4 uint8"),
        (np.zeros((18, 32), np.uint8), "18×32 uint8"),
        (np.zeros((18, 32, 3), np.float32), "18×32×3 float32"),
        (np.zeros((0, 32, 3), np.uint8), "0×32×3 uint8"),
        ("picture", "is str"),
    ],
)
def test_what_is_no_picture_is_told_by_its_number(wrong: Any, words: str) -> None:
    source = ArraysSource([plain((32, 18)), wrong])
    source.read()
    with pytest.raises(UsageError, match=f"image 1 .*{words}: expected H×W×3 uint8") as told:
        source.read()
    assert told.value.hint


def test_one_picture_alone_goes_into_a_list() -> None:
    with pytest.raises(UsageError, match="32×3") as told:
        ArraysSource(plain((32, 18)))
    assert "[image]" in told.value.hint


def test_no_picture_at_all_is_told() -> None:
    with pytest.raises(PhospheneError, match="`frames` is empty"):
        ArraysSource([])


# Finished pictures


def test_an_opaque_picture_has_the_same_codes_straight_and_premultiplied() -> None:
    codes = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(4, axis=2)
    codes[..., 3] = 255
    assert straight_alpha(codes) is codes
    with_a_hole = np.concatenate([codes, np.zeros((1, 16, 4), np.uint8)])  # so that the long way is gone
    assert np.array_equal(straight_alpha(with_a_hole), with_a_hole)


def test_a_transparent_picture_is_straight_or_over_black() -> None:
    """Half of white's light is code 188."""
    canvas = np.full((16, 16, 4), (188, 188, 188, 128), np.uint8)
    drawn = RenderedFrame(canvas, 0.0, phosphene.Observation(Frame(0, 0.0, plain((16, 16)))))
    assert (drawn.pixels[..., :3] >= 254).all()
    assert (drawn.pixels[..., 3] == 128).all()
    assert drawn.rgb.shape == (16, 16, 3)
    assert (drawn.rgb == 188).all()


# Arguments


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"size": (8, 8)}, "size"),
        ({"size": (640,)}, "size"),
        ({"fps": 0}, "fps=0"),
        ({"seconds": -1.0}, "seconds=-1"),
        ({"seconds": float("nan")}, "seconds=nan"),
        ({"rotate": 45}, "rotate=45"),
    ],
)
def test_wrong_arguments_are_told_at_once(wrong: dict[str, Any], words: str) -> None:
    for call in (phosphene.render, phosphene.track):
        with pytest.raises(UsageError, match=words) as told:
            call("face", "demo", **wrong)
        assert told.value.hint


@pytest.mark.parametrize(
    ("scene", "frames", "extra", "words"),
    [
        ("mirrorr", "testcard", {}, "unknown scene 'mirrorr'"),
        ("mirror", "no-such.mp4", {}, "file not found"),
        ("mirror", "testcard:64x48@30x4", {"parameters": {"mdoe": "left"}}, "mdoe"),
        ("mirror", "testcard:64x48@30x4", {"parameters": {"mode": 3}}, "mode cannot be 3"),
        ("mirror", "testcard:64x48@30x4", {"effects": "nowhere"}, "folder not found"),
        ("mirror", "testcard:64x48", {}, "no end"),
        ("mirror", [], {}, "`frames` is empty"),
    ],
)
def test_what_cannot_be_rendered_is_told_in_the_same_words(
    scene: str, frames: Any, extra: dict[str, Any], words: str
) -> None:
    pictures = phosphene.render(scene, frames, **extra)
    with pytest.raises(PhospheneError, match=words):
        next(pictures)
    assert list(pictures) == [], "an iterator that has failed is at its end"


def test_nothing_is_opened_before_the_first_picture_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phosphene.engine.show.session.play", lambda *_, **__: pytest.fail("it plays"))
    phosphene.render("mirror", "camera").close()
    phosphene.track("face", "camera").close()


# Observations alone


@dataclass
class Opened:
    """The parameters of each tracker that was opened, and which were closed."""

    params: dict[str, dict[str, Any]] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Every tracker is a fake that needs no model: it finds nobody, in every second frame not even that."""
    seen = Opened()

    def open_tracker(name: str, **params: Any) -> FakeTracker:
        seen.params[name] = params
        return FakeTracker(
            lambda frame: Faces(frame.id) if frame.id % 2 == 0 else None, on_close=lambda: seen.closed.append(name)
        )

    monkeypatch.setattr("phosphene.engine.trackers.open_tracker", open_tracker)
    monkeypatch.setattr("phosphene.engine.show.opening.fetch_models", lambda *_: None)
    return seen


def test_tracking_gives_every_frame_with_what_was_found(opened: Opened) -> None:
    seen = list(phosphene.track(["face", "pose"], [noise((32, 18), n) for n in range(4)], fps=10))
    assert [observation.frame.id for observation in seen] == [0, 1, 2, 3]
    assert [observation.frame.time_s for observation in seen] == [0.0, 0.1, 0.2, 0.3]
    assert [sorted(observation.results) for observation in seen] == [["face", "pose"], [], ["face", "pose"], []]
    assert seen[0].results["face"].frame_id == 0
    assert seen[0].signal("face.present", -1.0) == 0.0
    assert sorted(opened.closed) == ["face", "pose"]


def test_a_tracker_gets_its_parameters(opened: Opened) -> None:
    values = {"trackers/face.max_faces": np.int64(2), "trackers/face.smooth": "off"}
    list(phosphene.track("face", [plain((32, 18))], parameters=values))
    assert opened.params == {"face": {"max_faces": 2, "smooth": False}}
    with pytest.raises(UsageError, match="max_face"):
        list(phosphene.track("face", [plain((32, 18))], parameters={"trackers/face.max_face": 2}))


def test_tracking_ends_when_it_is_told_to(opened: Opened) -> None:
    assert len(list(phosphene.track("face", "testcard:64x48", seconds=0.2))) == 6
    with pytest.raises(UsageError, match="no end"):
        list(phosphene.track("face", "testcard:64x48"))


def test_tracking_that_is_left_early_closes_its_trackers(opened: Opened) -> None:
    for _ in phosphene.track("face", "testcard:64x48", seconds=9):
        break
    assert opened.closed == ["face"]


def test_an_unknown_tracker_is_told() -> None:
    with pytest.raises(UsageError, match="unknown tracker 'faec'") as told:
        list(phosphene.track("faec", [plain((32, 18))]))
    assert "face" in told.value.hint


# What comes with it


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, phosphene; print(*sorted({'cv2', 'moderngl', 'mediapipe', 'av', 'PIL'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.models
@pytest.mark.usefixtures("models_ready")
def test_faces_are_tracked_without_drawing() -> None:
    code = (
        "import sys, phosphene\n"
        "for seen in phosphene.track('face', 'demo', seconds=0.1, size=(320, 240)):\n"
        "    print(seen.frame.id, seen.results['face'].frame_id, len(seen.faces))\n"
        "print(*sorted({'moderngl', 'mediapipe'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["0 0 1", "1 1 1", "2 2 1", ""]
