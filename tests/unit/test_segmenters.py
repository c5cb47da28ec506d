"""Looking closer at each person: where, how it is mixed in, and that it is worth it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phosphene.engine.commands.score import metrics
from phosphene.engine.commands.score.truth import stills
from phosphene.engine.core.frame import Floats, Frame
from phosphene.engine.scene.layer import Layer
from phosphene.engine.scene.scene import Scene
from phosphene.engine.trackers import open_tracker
from phosphene.engine.trackers.segmenters import MARGIN, Box, Segmenters, blobs, faded

unit = st.floats(0.0, 1.0)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, right = sorted((draw(unit), draw(unit)))
    top, bottom = sorted((draw(unit), draw(unit)))
    return Box(left, top, right, bottom)


@given(boxes(), st.floats(0.0, 2.0))
def test_a_grown_box_holds_the_box_and_stays_in_the_picture(box: Box, margin: float) -> None:
    grown = box.grown(margin)
    assert grown.holds(box)
    assert Box(0.0, 0.0, 1.0, 1.0).holds(grown)


@given(boxes(), st.integers(1, 300), st.integers(1, 300))
def test_a_box_has_at_least_one_cell_inside(box: Box, width: int, height: int) -> None:
    picture = np.zeros((height + 1, width + 1), np.uint8)
    rows, columns = box.cells(width, height)
    assert picture[rows, columns].size >= 1
    assert rows.stop <= height + 1
    assert columns.stop <= width + 1


def test_blobs_are_the_largest_first_and_specks_are_left_out() -> None:
    found = np.zeros((144, 256), np.float32)
    found[10:40, 10:30] = 0.9
    found[50:140, 100:200] = 0.9
    found[5, 250] = 1.0
    large, small = blobs(found)
    assert large == Box(100 / 256, 50 / 144, 200 / 256, 140 / 144)
    assert small.area < large.area


def test_nobody_is_no_blob() -> None:
    assert blobs(np.zeros((20, 30), np.float32)) == []


@pytest.mark.parametrize("box", [Box(0.2, 0.2, 0.7, 0.8), Box(0.0, 0.2, 0.7, 1.0), Box(0.0, 0.0, 1.0, 1.0)])
def test_a_look_fades_towards_sides_inside_the_picture_alone(box: Box) -> None:
    share = faded((60, 50), box)
    assert share.max() == 1.0
    assert (share[0].max() < 0.2) == (box.top > 0.0)
    assert (share[-1].max() < 0.2) == (box.bottom < 1.0)
    assert (share[:, 0].max() < 0.2) == (box.left > 0.0)
    assert (share[:, -1].max() < 0.2) == (box.right < 1.0)


class Painted(Segmenters):
    """Both networks say what is painted in the red channel; every look is noted."""

    def __init__(self) -> None:
        super().__init__()
        self.looks: list[tuple[int, ...]] = []

    def _both(self, pixels: np.ndarray, cells: tuple[int, int]) -> Floats:
        import cv2

        self.looks.append(pixels.shape[:2])
        red = np.ascontiguousarray(pixels[..., 0], np.float32) / np.float32(255)
        return np.asarray(cv2.resize(red, cells, interpolation=cv2.INTER_AREA))


def person(number: int, left: int) -> Frame:
    pixels = np.zeros((360, 640, 3), np.uint8)
    pixels[100:300, left : left + 120] = 255
    return Frame(number, number / 30, pixels)


def test_a_person_is_looked_at_once_more_and_stays_what_both_looks_say() -> None:
    made = Painted()
    found = made.fine(person(1, 200))
    assert len(made.looks) == 2
    assert made.looks[1][1] == pytest.approx(120 * (1 + 2 * MARGIN), abs=6)
    assert found.shape == (144, 256)
    truth = np.zeros((144, 256), bool)
    truth[40:120, 80:128] = True
    assert np.count_nonzero((found > 0.5) != truth) < 300


def test_the_box_stays_while_the_person_sways_and_follows_one_who_walks() -> None:
    made = Painted()
    made.fine(person(1, 200))
    first = list(made._boxes)
    made.fine(person(2, 206))
    assert made._boxes == first
    made.fine(person(3, 290))
    assert made._boxes != first


def test_a_source_that_begins_again_begins_with_new_boxes() -> None:
    made = Painted()
    for number in (3, 4):
        made.fine(person(number, 206))
    again, fresh = made.fine(person(1, 200)), Painted().fine(person(1, 200))
    assert np.array_equal(again, fresh)


def test_somebody_who_fills_the_picture_is_not_looked_at_twice() -> None:
    made = Painted()
    made.fine(Frame(0, 0.0, np.full((90, 160, 3), 255, np.uint8)))
    assert len(made.looks) == 1


def test_the_best_rung_asks_the_tracker_to_look_closer() -> None:
    scene = Scene("me", layers=[Layer("me")])
    scene.layers[0].set("cut", "person")
    assert scene.tracker_params("person") == {}
    scene.layers[0].matte.set("quality", "best")
    assert scene.tracker_params("person") == {"detail": "fine"}
    scene.trackers["person"] = {"detail": "plain"}
    assert scene.tracker_params("person") == {"detail": "plain"}


@pytest.mark.models
@pytest.mark.usefixtures("models_ready")
def test_it_finds_small_people_that_one_run_loses(data_dir: Path) -> None:
    pictures = [s for s in stills(data_dir / "groundtruth") if s.name.startswith("coco/")]
    scores: dict[str, float] = {}
    for detail in ("plain", "fine"):
        with open_tracker("person", confirm=False, detail=detail) as tracker:
            made = []
            for still in pictures:
                import cv2

                height, width = still.alpha.shape
                mask = tracker.track(Frame(0, 0.0, still.pixels)).confidence
                made.append(metrics.iou(cv2.resize(mask, (width, height)), still.alpha, still.known))
        scores[detail] = float(np.mean(made))
    assert scores["fine"] > scores["plain"] + 0.08
