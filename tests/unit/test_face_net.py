"""Faces followed by the networks alone: MediaPipe's points, counts on real pictures, geometry on made points."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers_files import portraits
from phosphene.engine.core.errors import TrackerError, UsageError
from phosphene.engine.core.frame import Frame, Pixels
from phosphene.engine.core.results import EXPRESSIONS, Face, Faces
from phosphene.engine.models import store as models
from phosphene.engine.trackers import open_tracker
from phosphene.engine.trackers.face_geometry import MESH_POINTS, HeadGeometry, fields, read_metadata
from phosphene.engine.trackers.face_net import EXPRESSION_POINTS, square_round
from phosphene.engine.trackers.roi import Roi

needs_models = pytest.mark.usefixtures("models_ready")
SIZE = (640, 480)
COUNTED = [
    "portrait/astronaut.png",
    "portrait/wh_obama_1080p.jpg",
    "portrait/fr_lin.png",
    "portrait/hopper_128.jpg",
    "fullbody/human_author_suit.jpg",
    "fullbody/fb_ramzan1.jpeg",
    "hard/voc_2008_001009.jpg",
    "multi/tfjs_three_people.jpg",
    "multi/pilots.jpg",
]


def tracked(shown: list[Frame], **params: object) -> list[tuple[Face, ...]]:
    with open_tracker("face", smooth=False, **params) as tracker:
        found: list[Faces] = [tracker.track(f) for f in shown]
    assert [f.frame_id for f in found] == [f.id for f in shown]
    return [tuple(sorted(f.items, key=lambda face: float(face.points[0, 0]))) for f in found]


def counted(pixels: Pixels) -> int:
    return len(tracked([Frame(i, i / 30, pixels) for i in range(3)], runner="litert")[-1])


# -- the same as MediaPipe: where it follows faces, as it sees all that it was asked for, and where its detector helps


@needs_models
def test_points_expressions_and_transforms_are_those_of_mediapipe() -> None:
    shown = portraits(12, people=2)
    theirs = tracked(shown, max_faces=2, far=False, runner="mediapipe")
    ours = tracked(shown, max_faces=2, far=False, runner="litert")
    for a, b in itertools.chain(*(zip(x, y, strict=True) for x, y in zip(theirs[4:], ours[4:], strict=True))):
        apart_px = np.linalg.norm((a.points - b.points)[:, :2] * SIZE, axis=1)
        assert np.median(apart_px) < 0.15
        assert apart_px.max() < 1.0
        assert max(abs(a.blendshapes[n] - b.blendshapes[n]) for n in a.blendshapes) < 0.05
        assert np.abs(a.transform[:3, :3] - b.transform[:3, :3]).max() < 0.01
        assert np.abs(a.transform[:3, 3] - b.transform[:3, 3]).max() < 0.3


@needs_models
def test_one_face_is_where_mediapipe_sees_it() -> None:
    shown = portraits(8)
    for (a,), (b,) in zip(tracked(shown, runner="mediapipe"), tracked(shown), strict=True):
        eyes_px = np.linalg.norm((a.points[468] - a.points[473])[:2] * SIZE)
        apart_px = np.linalg.norm((a.points - b.points)[:, :2] * SIZE, axis=1)
        assert np.median(apart_px) < 0.003 * eyes_px
        assert apart_px.max() < 0.02 * eyes_px
        assert a.blendshapes.keys() == b.blendshapes.keys()
        assert max(abs(a.blendshapes[n] - b.blendshapes[n]) for n in a.blendshapes) < 0.08


@needs_models
def test_the_same_frames_give_the_same_faces() -> None:
    shown = portraits(5)
    for (a,), (b,) in zip(tracked(shown, runner="litert"), tracked(shown, runner="litert"), strict=True):
        assert np.array_equal(a.points, b.points)
        assert a.blendshapes == b.blendshapes


@needs_models
def test_expressions_are_left_out_where_nobody_wants_them() -> None:
    ((face,),) = tracked(portraits(1), runner="litert", blendshapes=False)
    assert face.blendshapes == {}


@needs_models
def test_a_source_that_begins_again_is_no_error() -> None:
    shown = portraits(3)
    with open_tracker("face", runner="litert") as tracker:
        counts = [len(tracker.track(f).items) for f in (*shown, *shown)]
    assert counts == [1] * 6


@needs_models
def test_never_more_faces_than_asked_for() -> None:
    assert [len(f) for f in tracked(portraits(3, people=3), max_faces=2, runner="litert")] == [2, 2, 2]


@needs_models
def test_somebody_who_comes_is_found_and_who_goes_is_gone() -> None:
    face, empty = portraits(1)[0].pixels, np.full((480, 640, 3), 90, np.uint8)
    shown = [Frame(i, i / 30, empty if i < 4 or i > 8 else face) for i in range(12)]
    assert [len(f) for f in tracked(shown, runner="litert")] == [0] * 4 + [1] * 5 + [0] * 3


@needs_models
def test_a_closed_tracker_says_so() -> None:
    tracker = open_tracker("face", runner="litert")
    tracker.close()
    tracker.close()
    with pytest.raises(TrackerError, match="closed"):
        tracker.track(portraits(1)[0])


def test_an_unknown_runner_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="litert"):
        open_tracker("face", runner="lite")


@needs_models
@pytest.mark.parametrize("name", COUNTED)
def test_as_many_faces_as_a_person_sees(data_dir: Path, name: str) -> None:
    with (data_dir / "groundtruth/expected_counts_dev.tsv").open() as lines:
        row = next(r for r in csv.DictReader(lines, delimiter="\t") if r["file"] == name)
    pixels = cv2.imread(str(data_dir / name))
    assert pixels is not None
    count = counted(np.ascontiguousarray(pixels[..., ::-1]))
    assert int(row["faces_min"]) <= count <= int(row["faces_max"])


@needs_models
def test_empty_rooms_have_no_faces(data_dir: Path) -> None:
    rooms = [p for p in sorted((data_dir / "empty").iterdir()) if p.suffix in (".jpg", ".jpeg", ".png")]
    for path in rooms:
        pixels = cv2.imread(str(path))
        assert pixels is not None
        assert counted(np.ascontiguousarray(pixels[..., ::-1])) == 0, path.name


# -- geometry on made points


def test_the_square_holds_the_points_and_turns_with_the_eyes() -> None:
    places = np.zeros((478, 2), np.float32)
    places[:, 0] = np.linspace(100, 300, 478)
    places[:, 1] = np.linspace(200, 260, 478)
    places[33], places[263] = (150, 210), (250, 210)
    level = square_round(places)
    assert (level.x, level.y, level.side, level.angle) == pytest.approx((200, 230, 300, 0))
    places[263] = (150, 260)
    assert square_round(places).angle == pytest.approx(np.pi / 2)


def test_a_square_maps_its_middle_to_its_middle() -> None:
    matrix = Roi(30.0, 50.0, 20.0, 0.7).to_image(256)
    assert matrix[:, :2] @ [128, 128] + matrix[:, 2] == pytest.approx([30.0, 50.0], abs=1e-4)


@needs_models
def test_a_turned_canonical_face_is_recovered() -> None:
    geometry = HeadGeometry(models.path("face_landmarker"))
    canonical, _ = canonical_face()
    angle, width, height = np.deg2rad(20.0), 1280, 720
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    place = np.array([4.0, -2.0, -50.0])
    space = canonical @ turn.T + place
    # Weak perspective, as the landmark network's depth is: relative to the head's own middle.
    focal = height / 2 / np.tan(np.deg2rad(63.0) / 2)
    middle = space[:, 2].mean()
    points = np.zeros((478, 3), np.float32)
    points[:MESH_POINTS, 0] = (space[:, 0] * focal / -space[:, 2]) / width + 0.5
    points[:MESH_POINTS, 1] = (-space[:, 1] * focal / -space[:, 2]) / height + 0.5
    points[:MESH_POINTS, 2] = (middle - space[:, 2]) * focal / -middle / width
    found = geometry.transform(points, width, height)
    scale = float(np.linalg.norm(found[:3, 0]))
    assert scale == pytest.approx(1.0, abs=0.05)
    assert found[:3, :3] / scale == pytest.approx(turn, abs=0.05)
    assert found[:3, 3] == pytest.approx(place, abs=2.5)


def canonical_face() -> tuple[np.ndarray, np.ndarray]:
    import zipfile

    bundle = zipfile.ZipFile(models.path("face_landmarker"))
    return read_metadata(bundle.read("geometry_pipeline_metadata_landmarks.binarypb"))


@needs_models
def test_the_canonical_face_has_its_points_and_weights() -> None:
    points, weights = canonical_face()
    assert points.shape == (MESH_POINTS, 3)
    assert 6.0 < np.ptp(points[:, 0]) < 20.0  # a head's width in cm
    assert 0 < np.count_nonzero(weights) < MESH_POINTS


def test_messages_are_read_field_by_field() -> None:
    assert list(fields(b"\x08\x96\x01\x12\x02hi\x1d\x00\x00\x80\x3f")) == [(1, 150), (2, b"hi"), (3, b"\0\0\x80\x3f")]


@pytest.mark.parametrize("broken", [b"", b"\x0b", b"\x12\x02hi"])
def test_broken_metadata_is_refused(broken: bytes) -> None:
    with pytest.raises((ValueError, KeyError, IndexError)):
        read_metadata(broken)


def test_a_file_that_is_no_bundle_is_named(tmp_path: Path) -> None:
    (tmp_path / "face.task").write_bytes(b"no zip")
    with pytest.raises(TrackerError, match=r"face\.task"):
        HeadGeometry(tmp_path / "face.task")


def test_expressions_are_52_and_read_from_146_points() -> None:
    assert len(EXPRESSIONS) == len(set(EXPRESSIONS)) == 52
    assert len(set(EXPRESSION_POINTS.tolist())) == 146
