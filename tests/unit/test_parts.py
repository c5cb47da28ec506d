"""Parts of the body: found on real people, painted or cut out."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from phosphene.effects.body_parts import GROUPS, BodyParts, group_of, palette
from phosphene.engine.core.errors import TrackerError
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import PART_NAMES, Parts
from phosphene.engine.models import store as models
from phosphene.engine.trackers import open_tracker
from phosphene.engine.trackers.parts import PartsTracker

FILE = "models/bodypix_mobilenet_v1_075_640_480_16_quant_decoder.tflite"


@pytest.fixture
def bodypix(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model, from the test data where the store has not fetched it."""
    if not models.state("bodypix_075").ready:
        monkeypatch.setenv("PHOSPHENE_MODELS", str((data_dir / FILE).parent))


def look(tracker: PartsTracker, path: Path) -> Parts:
    picture = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    return tracker.track(Frame(0, 0.0, picture))


def middle(found: Parts, group: str) -> tuple[float, float]:
    """The middle (x, y), uv, of all that belongs to a group."""
    numbers = [n for n, name in enumerate(PART_NAMES) if group_of(name) == group]
    rows, columns = np.nonzero((found.confidence > 0.5) & np.isin(found.part, numbers))
    assert rows.size > 0, f"no {group}"
    return float(columns.mean() / found.part.shape[1]), float(rows.mean() / found.part.shape[0])


def test_the_parts_of_a_standing_person_lie_above_one_another(data_dir: Path, bodypix: None) -> None:
    with PartsTracker() as tracker:
        found = look(tracker, data_dir / "fullbody" / "fb_arsalan2.jpeg")
    assert found.confidence.shape == found.part.shape
    assert found.confidence.min() >= 0.0
    assert found.confidence.max() <= 1.0
    heights = [middle(found, group)[1] for group in ("face", "torso", "leg", "foot")]
    assert heights == sorted(heights)
    right = [n for n, name in enumerate(PART_NAMES) if name == "right_hand"]
    left = [n for n, name in enumerate(PART_NAMES) if name == "left_hand"]
    sure = found.confidence > 0.5
    across = [float(np.nonzero(sure & (found.part == n[0]))[1].mean()) for n in (right, left)]
    assert across[0] < across[1], "the person's own right hand is on the picture's left"


def test_everybody_has_parts(data_dir: Path, bodypix: None) -> None:
    with PartsTracker(smooth_s=0.0) as tracker:
        found = look(tracker, data_dir / "multi" / "dlib_bald_guys.jpg")
    faces = (found.confidence > 0.5) & (found.part < 2)
    count, _, stats, _ = cv2.connectedComponentsWithStats(faces.astype(np.uint8))
    assert sum(stats[1:, cv2.CC_STAT_AREA] > 20) >= 6
    assert count > 6


def test_noise_is_nobody_and_a_closed_tracker_says_so(bodypix: None) -> None:
    tracker = open_tracker("parts")
    found = tracker.track(Frame(0, 0.0, np.random.default_rng(7).integers(0, 255, (90, 160, 3), np.uint8)))
    assert (found.confidence > 0.5).mean() < 0.02
    tracker.close()
    tracker.close()
    with pytest.raises(TrackerError, match="closed"):
        tracker.track(Frame(1, 0.1, np.zeros((8, 8, 3), np.uint8)))


def test_a_source_may_begin_again(data_dir: Path, bodypix: None) -> None:
    path = data_dir / "fullbody" / "fb_arsalan2.jpeg"
    picture = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    with PartsTracker() as tracker:
        first = tracker.track(Frame(0, 5.0, picture))
        again = tracker.track(Frame(1, 0.0, picture))
    assert np.array_equal(first.part, again.part)


def effect(**values: object) -> BodyParts:
    made = BodyParts(**values)
    made.prepare((64, 36))
    return made


def observed(part: str, confidence: float = 1.0) -> Observation:
    number = PART_NAMES.index(part)
    parts = Parts(0, np.full((4, 6), confidence, np.float32), np.full((4, 6), number, np.uint8))
    return Observation(Frame(0, 0.0, np.zeros((36, 64, 3), np.uint8)), {"parts": parts})


def test_every_part_belongs_to_a_group_and_has_its_own_colour() -> None:
    assert {group_of(name) for name in PART_NAMES} == set(GROUPS)
    assert len(PART_NAMES) == len(palette()) == 24
    assert len({tuple(row) for row in palette().round(4).tolist()}) == 24


@pytest.mark.parametrize("part", PART_NAMES)
def test_each_group_can_be_left_out(part: str) -> None:
    made = effect()
    made.update(observed(part), 0.0)
    assert (made.painted[..., 3] == 255).all()
    made.set(group_of(part), False)
    made.update(observed(part), 0.03)
    assert not made.painted.any()


def test_nothing_known_paints_nothing() -> None:
    made = effect()
    made.update(observed("left_hand"), 0.0)
    made.update(Observation(Frame(1, 0.1, np.zeros((36, 64, 3), np.uint8))), 0.1)
    assert not made.painted.any()
