"""teleport and blur on real clips: outside the person there is the place, and the room is never seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from phosphene.engine.core.errors import TrackerError
from phosphene.engine.core.frame import Frame, Pixels
from phosphene.engine.trackers import open_tracker
from phosphene.engine.trackers.base import Tracker

from phosphene.testing import FakeTracker
from tests.helpers_system import difference, full_size, grown, run

pytestmark = [pytest.mark.gl, pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("models_ready")]

PEOPLE = {
    "desk/asl_yes.mkv": 3,
    "desk/pixabay_doctor_desk.mp4": 10,
    "portrait/liveportrait_s18.mp4": 10,
    "portrait/pixabay_thoughtful.mp4": 10,
    "fullbody/tfjs_squats.mp4": 2,
    "multi/intel_head-pose-face-detection-female-and-male.gif": 2,
}
# Every clip in the made world, and some clips in every kind of place.
CASES = [
    *((clip, "world") for clip in PEOPLE),
    *(
        (clip, kind)
        for clip in ("desk/asl_yes.mkv", "portrait/pixabay_thoughtful.mp4")
        for kind in ("picture", "panorama", "color")
    ),
]
PANORAMA, PICTURE = "backgrounds/pano_pannellum.jpg", "backgrounds/pixabay_architecture-5082700_1280.jpg"
Settings = list[tuple[str, Any]]


def place(data: Path, kind: str) -> Settings:
    """The settings of one kind of place."""
    picture = {"picture": PICTURE, "panorama": PANORAMA}.get(kind)
    return [("place.kind", kind), *([("place.picture", str(data / picture))] if picture else [])]


def outside(mask: np.ndarray, size: tuple[int, int], width: float = 0.03) -> np.ndarray:
    """Where nobody is: further than `width` of the picture's width from any confidence over 0.02."""
    return ~grown(full_size(mask, size) > 0.02, width * size[0])


def core(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Where somebody surely is: well inside a confidence over 0.95."""
    return grown(full_size(mask, size) > 0.95, -0.03 * size[0])


@pytest.mark.parametrize(("clip", "kind"), CASES)
def test_place_outside_person_inside(data_dir: Path, clip: str, kind: str) -> None:
    """Outside the mask the place as it is without anybody; inside a person and not the place; on every frame."""
    settings = place(data_dir, kind)
    done = run("teleport", data_dir / clip, count=8, every=PEOPLE[clip], settings=settings)
    alone = run(
        "teleport", data_dir / clip, count=8, every=PEOPLE[clip], settings=[*settings, ("person/visible", False)]
    )
    # A place that turns with the viewer needs to know of the viewer even where nobody is drawn.
    assert [set(r) for r in done.results.values()] == [set(r) for r in alone.results.values()] or kind == "color"
    seen = 0
    for (frame, image, results), behind in zip(done, alone.images, strict=True):
        mask = results["person"].confidence
        away = outside(mask, frame.size)
        assert away.mean() > 0.1
        changed = difference(image, behind)
        assert changed[away].mean() < 2.0, f"frame {frame.id}: the place differs by {changed[away].mean():.2f}"
        assert np.percentile(changed[away], 99.9) <= 2.0, f"frame {frame.id}: part of the place is not the place"
        inside = core(mask, frame.size)
        if inside.mean() < 0.02:
            continue
        seen += 1
        own, lit = frame.pixels[inside].astype(float), image[inside].astype(float)
        # Relighting changes the gain of each channel, nothing else: what is bright on the person stays bright.
        alike = np.corrcoef(own.sum(axis=1), lit.sum(axis=1))[0, 1]
        assert alike > 0.97, f"frame {frame.id}: the person is not the person ({alike:.3f})"
    assert seen >= 6


def painted_room(pattern: Callable[[Pixels], Pixels]) -> tuple[Callable[[Frame], Pixels], list[np.ndarray], Tracker]:
    """A painter that puts `pattern` where nobody can be, the areas it painted, and the tracker it looks with."""
    tracker = open_tracker("person", confirm=False)
    areas: list[np.ndarray] = []

    def paint(frame: Frame) -> Pixels:
        mask = tracker.track(Frame(frame.id, frame.time_s, frame.pixels)).confidence
        room = ~grown(full_size(mask, frame.size) > 0.1, 0.05 * frame.size[0])
        areas.append(room)
        return np.where(room[..., None], pattern(frame.pixels), frame.pixels).astype(np.uint8)

    return paint, areas, tracker


def magenta(pixels: Pixels) -> Pixels:
    """The room seen through magenta glass, a colour that no place of these tests has."""
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    bright = 110 + grey // 2
    return np.stack([bright, grey // 8, bright], axis=2)


def checks(pixels: Pixels) -> Pixels:
    """A fine chequerboard, black and white."""
    rows, columns = np.indices(pixels.shape[:2]) // 6
    return np.repeat((((rows + columns) % 2) * 255).astype(np.uint8)[..., None], 3, axis=2)


def magentaness(image: Pixels) -> np.ndarray:
    """How magenta each pixel is: 255 for pure magenta, 0 or less for grey."""
    red, green, blue = (image[..., i].astype(np.int16) for i in range(3))
    return np.minimum(red, blue) - green


@pytest.mark.parametrize(("clip", "kind"), CASES)
def test_room_never_leaks(data_dir: Path, clip: str, kind: str) -> None:
    """The room is painted magenta before anybody sees the frame; no magenta comes out, from the first frame on."""
    paint, areas, tracker = painted_room(magenta)
    settings = place(data_dir, kind)
    with tracker:
        done = run("teleport", data_dir / clip, count=8, every=PEOPLE[clip], settings=settings, paint=paint)
    for (frame, image, results), room in zip(done, areas, strict=True):
        leak = magentaness(image) > 60
        nobody = room & outside(results["person"].confidence, frame.size, 0.01)
        assert nobody.mean() > 0.1
        assert not (leak & nobody).any(), f"frame {frame.id}: {(leak & nobody).sum()} pixels of the room are seen"
        # What the segmenter itself takes for a person far from where it saw one before the room was painted.
        mistaken = float((leak & room).sum() / room.sum())
        assert mistaken < 0.02, f"frame {frame.id}: {100 * mistaken:.2f} % of the room are taken for a person"


@pytest.mark.parametrize("clip", PEOPLE)
def test_cutout_is_empty_outside(data_dir: Path, clip: str) -> None:
    """The cut-out person stands on nothing: hardly any alpha outside, full alpha inside."""
    done = run("cutout", data_dir / clip, count=5, every=PEOPLE[clip])
    for (frame, _, results), image in zip(done, done.images, strict=True):
        mask = results["person"].confidence
        alpha = image[outside(mask, frame.size)][:, 3]
        assert (alpha > 2).mean() < 0.01, f"frame {frame.id}: {100 * (alpha > 2).mean():.2f} % of the room is there"
        assert alpha.max() <= 24, f"frame {frame.id}: alpha {alpha.max()}"
        inside = core(mask, frame.size)
        assert not inside.any() or image[inside][:, 3].mean() > 250, f"frame {frame.id}"


@pytest.mark.parametrize(("scene", "settings"), [("blur", []), ("teleport", [("place.kind", "blur")])])
@pytest.mark.parametrize("clip", ["desk/asl_yes.mkv", "portrait/liveportrait_s18.mp4"])
def test_blurred_room_keeps_no_detail(data_dir: Path, clip: str, scene: str, settings: Settings) -> None:
    """A fine chequerboard in the room (Laplacian 1000) comes out as even grey, from the first frame on."""
    paint, areas, tracker = painted_room(checks)
    with tracker:
        done = run(scene, data_dir / clip, count=8, every=3, settings=settings, paint=paint)
    for (frame, image, results), room in zip(done, areas, strict=True):
        fine = np.abs(cv2.Laplacian(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32), cv2.CV_32F))
        nobody = grown(room, -4) & outside(results["person"].confidence, frame.size, 0.01)
        assert nobody.mean() > 0.1
        seen = float(np.percentile(fine[nobody], 99.9))
        assert seen < 8, f"frame {frame.id}: detail of the room is seen ({seen:.0f})"


@pytest.mark.parametrize("clip", PEOPLE)
def test_blur_room_soft_person_sharp(data_dir: Path, clip: str) -> None:
    """The variance of the Laplacian falls by far outside the person; inside nothing changes."""
    done = run("blur", data_dir / clip, count=6, every=PEOPLE[clip])
    for frame, image, results in done:
        mask = results["person"].confidence
        away, inside = outside(mask, frame.size), core(mask, frame.size)
        before, after = (
            cv2.Laplacian(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(np.float32), cv2.CV_32F)[away].var()
            for p in (frame.pixels, np.ascontiguousarray(image))
        )
        assert after < 0.1 * before + 1.0, f"frame {frame.id}: {before:.1f} -> {after:.1f}"
        if inside.any():
            assert difference(image, frame.pixels)[inside].mean() < 2.0, f"frame {frame.id}"


def flaky(inner: Tracker, lost: set[int]) -> Tracker:
    """A tracker that fails on the frames `lost`, and elsewhere says what another says."""

    def track(frame: Frame) -> Any:
        if frame.id in lost:
            raise TrackerError("failed on purpose")
        return inner.track(frame)

    return FakeTracker(track, on_close=inner.close)


@pytest.mark.parametrize(("scene", "kind"), [("teleport", "world"), ("teleport", "blur"), ("blur", "")])
@pytest.mark.parametrize("seed", [1, 2])
def test_failing_tracker_shows_slate(data_dir: Path, scene: str, kind: str, seed: int) -> None:
    """On frames on which the mask is missing a slate is seen, and nothing of the camera; the rest goes on."""
    lost = set(np.flatnonzero(np.random.default_rng(seed).random(12) < 0.4).tolist()) | {0}
    clip = data_dir / "desk/asl_yes.mkv"

    def trackers(name: str) -> Tracker:
        inner = open_tracker(name)
        return flaky(inner, lost) if name == "person" else inner

    settings = [("place.kind", kind)] if kind else []
    done = run(scene, clip, count=12, settings=settings, trackers=trackers)
    white = run(
        scene, clip, count=12, settings=settings, trackers=trackers, paint=lambda f: np.full_like(f.pixels, 255)
    )
    assert len(done.images) == 12
    for number, (image, other) in enumerate(zip(done.images, white.images, strict=True)):
        if number in lost:
            assert np.array_equal(image, other), f"frame {number}: the slate depends on what the camera sees"
            assert image[..., :3].mean() < 40
        else:
            # Slates that come and go flash, so the guard may hold the picture back; its room is never black.
            assert image[..., :3].mean() > 25 or kind == "world"
            assert not np.array_equal(image, other)


def test_tracker_that_cannot_open_shows_nothing(data_dir: Path) -> None:
    """Where the person tracker cannot be opened at all the run ends with its error."""

    def trackers(name: str) -> Tracker:
        if name == "person":
            raise TrackerError("cannot be opened, on purpose")
        return open_tracker(name)

    with pytest.raises(TrackerError, match="on purpose"):
        run("teleport", data_dir / "desk/asl_yes.mkv", count=4, trackers=trackers)


def test_failing_effect_shows_slate(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the place breaks down there is a slate, never the room."""
    from phosphene.effects.place import Place

    def broken(self: Place, observation: Any, dt: float) -> None:
        if observation.frame.id >= 2:
            raise RuntimeError("broken on purpose")

    monkeypatch.setattr(Place, "update", broken)
    paint, areas, tracker = painted_room(magenta)
    with tracker:
        done = run("teleport", data_dir / "desk/asl_yes.mkv", count=5, paint=paint)
    assert done.problems
    for (frame, image, results), room in zip(done, areas, strict=True):
        nobody = room & outside(results["person"].confidence, frame.size, 0.01)
        assert not ((magentaness(image) > 60) & nobody).any(), f"frame {frame.id}"
        assert frame.id < 2 or not (magentaness(image) > 60).any(), f"frame {frame.id}: no slate"
