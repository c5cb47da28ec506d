"""The reference tracker and the scale it gives: drawn sheets, cards and markers at known distances and angles."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from clothing_size_figure import Figure
from phosphene.effects.clothing_size import ClothingSize, measure, scale
from phosphene.engine.core.errors import TrackerError
from phosphene.engine.core.frame import Frame, Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Reference, References
from phosphene.engine.trackers import open_tracker
from phosphene.engine.trackers.reference import ReferenceTracker

SIZE = (1280, 720)
CAMERA = scale.camera(SIZE, 66.0)
THINGS = {"a4": (21.0, 29.7), "card": (8.56, 5.398), "marker": (15.0, 15.0)}


def corners(layer_inputs: tuple[float, float], z_cm: float, yaw_deg: float, pitch_deg: float) -> np.ndarray:
    """Where the corners of a thing lie in the picture, in pixels."""
    w, h = layer_inputs
    model = np.array([(-w, -h, 0), (w, -h, 0), (w, h, 0), (-w, h, 0)]) / 2
    turn = cv2.Rodrigues(np.array([math.radians(pitch_deg), math.radians(yaw_deg), 0.1]))[0]
    points = model @ turn.T + np.array([10.0, 5.0, z_cm])
    return np.asarray(points[:, :2] / points[:, 2:] * CAMERA.focal_px + np.array(SIZE) / 2)


def scene(thing: str, z_cm: float, yaw_deg: float = 0.0, pitch_deg: float = 0.0) -> Pixels:
    """A grey room with the thing in it, and the noise of a camera."""
    if thing == "marker":
        marker = cv2.aruco.generateImageMarker(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50), 7, 400)
        paper = np.full((520, 520), 255, np.uint8)
        paper[60:460, 60:460] = marker
        source = np.float32([(60, 60), (460, 60), (460, 460), (60, 460)]) - 0.5
    else:
        paper, source = np.full((500, 500), 235, np.uint8), np.float32([(0, 0), (500, 0), (500, 500), (0, 500)]) - 0.5
    fine = 4
    target = (corners(THINGS[thing], z_cm, yaw_deg, pitch_deg) + 0.5) * fine - 0.5
    room = np.full((SIZE[1] * fine, SIZE[0] * fine), 90, np.uint8)
    matrix = cv2.getPerspectiveTransform(np.asarray(source, np.float32), target.astype(np.float32))
    cv2.warpPerspective(paper, matrix, room.shape[::-1], dst=room, borderMode=cv2.BORDER_TRANSPARENT)
    small = cv2.resize(room, SIZE, interpolation=cv2.INTER_AREA)[..., None].repeat(3, 2)
    return np.clip(small + np.random.default_rng(1).normal(0, 4, small.shape), 0, 255).astype(np.uint8)


def distances(thing: str, found: References) -> list[float]:
    out = []
    for item in found.items:
        for layer_inputs in scale.sides_of(thing, 15.0, item.kind):
            at = scale.plane(item.corners.astype(np.float64) * np.array(SIZE), layer_inputs, CAMERA)
            if at is not None and at[1] > scale.LEAST_COSINE:
                out.append(at[0])
    return out


@pytest.mark.parametrize(("thing", "percent"), [("a4", 1.0), ("card", 2.5), ("marker", 1.5)])
@pytest.mark.parametrize("place", [(150, 0, 0), (250, 20, 10), (300, -25, 5)])
def test_the_distance_of_what_is_held_up(thing: str, percent: float, place: tuple[float, float, float]) -> None:
    with open_tracker("reference") as tracker:
        found = distances(thing, tracker.track(Frame(0, 0.0, scene(thing, *place))))
    assert found
    assert all(cm == pytest.approx(place[0], rel=percent / 100) for cm in found)


def test_a_markers_number_and_corners() -> None:
    with ReferenceTracker(rectangles=False) as tracker:
        (marker,) = tracker.track(Frame(3, 0.0, scene("marker", 150))).items
    assert (marker.kind, marker.number) == ("marker", 7)
    expected = (corners(THINGS["marker"], 150, 0, 0) + 0.5) / np.array(SIZE)
    assert np.abs((marker.corners - expected) * np.array(SIZE)).max() < 0.5


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (641, 3), (359, 641)])
def test_any_size_and_no_thing(size: tuple[int, int]) -> None:
    with ReferenceTracker() as tracker:
        assert tracker.track(Frame(0, 0.0, np.full((size[1], size[0], 3), 128, np.uint8))).items == ()


def test_a_closed_tracker_says_so() -> None:
    tracker = ReferenceTracker()
    tracker.close()
    with pytest.raises(TrackerError, match="closed"):
        tracker.track(Frame(0, 0.0, np.zeros((48, 64, 3), np.uint8)))


FIGURE = Figure(SIZE, (640, 360))


def held(cm_per_px: float, layer_inputs: tuple[float, float], at: tuple[float, float] = (0.5, 0.5)) -> Reference:
    """A thing before the figure's chest, flat to the camera."""
    half = np.array(layer_inputs) / cm_per_px / 2
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half + np.array(at) * np.array(SIZE)
    return Reference("rectangle", (square / np.array(SIZE)).astype(np.float32))


def run(things: tuple[Reference, ...] = (), **values: object) -> ClothingSize:
    effect = ClothingSize(hold_s=0, clothing="tight", **values)
    plain = FIGURE.observe()
    results = {**plain.results, "reference": References(0, things)}
    effect.update(Observation(plain.frame, results), 0.0)
    return effect


def figure_px() -> float:
    reading = measure.read(FIGURE.pose(), FIGURE.mask(), SIZE)
    assert reading.height is not None
    return scale.length_px(reading.height, SIZE)


@pytest.mark.parametrize("held_as", ["a4", "card"])
@pytest.mark.parametrize("height_cm", [158.0, 182.0])
def test_the_height_by_what_is_held(held_as: str, height_cm: float) -> None:
    body_z = CAMERA.focal_px * height_cm / figure_px()
    thing = held((body_z - scale.HELD_CM) / CAMERA.focal_px, scale.SHEETS[held_as])
    effect = run((thing,), reference=held_as, fov_deg=66.0)
    found = effect.report()["height"]
    # A card is so small in the picture that it is believed less.
    assert found["cm"] == pytest.approx(height_cm, rel=0.02 if held_as == "a4" else 0.04)
    assert found["low_cm"] < height_cm < found["high_cm"]
    assert "scale from what you held up" in effect.report()["notes"]


def test_a_window_beside_the_person_is_no_sheet() -> None:
    effect = run((held(0.3, scale.SHEETS["a4"], (0.95, 0.2)),), reference="a4")
    assert "no height given: scale is assumed" in effect.report()["notes"]


@pytest.mark.parametrize("fov_deg", [0.0, 66.0])
def test_the_height_by_the_distance(fov_deg: float) -> None:
    distance_m = CAMERA.focal_px * 175.0 / figure_px() / 100
    found = run(distance_m=distance_m, fov_deg=fov_deg).report()["height"]
    assert found["low_cm"] < 175.0 < found["high_cm"]
    if fov_deg:
        assert found["cm"] == pytest.approx(175.0, rel=0.02)


def test_a_known_field_of_view_narrows_the_height() -> None:
    told, assumed = (run(distance_m=3.0, fov_deg=f).report()["height"] for f in (66.0, 0.0))
    assert told["high_cm"] - told["low_cm"] < 0.7 * (assumed["high_cm"] - assumed["low_cm"])


def test_somebody_not_all_in_view_has_a_height_by_the_distance_and_nothing_else() -> None:
    effect = ClothingSize(distance_m=1.5)
    cut = replace(FIGURE, tall=1.6, floor=1.65)
    effect.update(cut.observe(), 0.0)
    found = effect.report()
    assert found["measured"] is False
    assert found["advice"].startswith("Step back")
    assert found["height"]["low_cm"] < found["height"]["high_cm"]
    assert "chest" not in found


def test_the_reference_tracker_runs_only_where_something_is_held_up() -> None:
    assert "reference" not in ClothingSize().wants()
    assert "reference" in ClothingSize(reference="a4").wants()
