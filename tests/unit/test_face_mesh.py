"""The face's surface: that it is the model's own, its openings, and what looks at the camera."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import head, observe, plain
from phosphene.engine.core.frame import Floats
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Faces, Pose, Poses
from phosphene.engine.effect.face_mesh import OPENINGS, RINGS, face_mesh, normals_of, skin_of
from phosphene.engine.effect.face_occlusion import FaceCover, clear_of_hands

from phosphene.testing import fake_pose

SIZE = (128, 96)


@pytest.mark.models
def test_it_is_what_the_model_holds(models_ready: None) -> None:
    from phosphene.engine.models import store as models
    from phosphene.engine.trackers.face_geometry import read_surface

    positions, uv, corners = read_surface(models.path("face_landmarker"))
    mesh = face_mesh()
    for ours, theirs in ((mesh.positions, positions), (mesh.uv, uv), (mesh.corners, corners)):
        assert np.array_equal(ours, theirs)


def test_its_shape() -> None:
    mesh = face_mesh()
    assert mesh.positions.shape == mesh.normals.shape == (468, 3)
    assert mesh.uv.shape == (468, 2)
    assert mesh.corners.shape == (898, 3)
    assert mesh.uv.min() >= 0.0
    assert mesh.uv.max() <= 1.0
    assert set(mesh.corners.ravel()) == set(range(468))
    assert np.ptp(mesh.positions[:, 0]) == pytest.approx(15.5, abs=0.1)  # cm


def test_it_is_the_same_on_both_sides() -> None:
    mesh = face_mesh()
    for right, left in zip(RINGS["right_eye"], RINGS["left_eye"], strict=True):
        assert mesh.uv[right] == pytest.approx([1 - mesh.uv[left, 0], mesh.uv[left, 1]], abs=2e-3)


def test_normals_point_outward() -> None:
    mesh = face_mesh()
    assert np.linalg.norm(mesh.normals, axis=1) == pytest.approx(np.ones(468), abs=1e-5)
    assert mesh.normals[1, 2] > 0.8  # the tip of the nose
    assert mesh.normals[234, 0] < -0.6  # the person's right cheek, at the picture's left
    assert mesh.normals[454, 0] > 0.6


def test_normals_of_what_has_no_area_are_zero() -> None:
    assert np.array_equal(normals_of(np.zeros((3, 3), np.float32), np.array([[0, 1, 2]], np.int32)), np.zeros((3, 3)))


def test_the_skin_leaves_mouth_and_eyes_out() -> None:
    mesh = face_mesh()
    middles = mesh.uv[mesh.skin].mean(axis=1)
    for name in OPENINGS:
        ring = mesh.uv[list(RINGS[name])]
        if name != "mouth":  # it is shut in the unrolled face
            assert (np.linalg.norm(middles - ring.mean(axis=0), axis=1) > 0.005).all()
        assert not np.isin(mesh.skin, RINGS[name]).all(axis=1).any()
    assert 898 - len(mesh.skin) == 18 + 2 * 14


@pytest.mark.parametrize("name", RINGS)
def test_rings_go_round(name: str) -> None:
    """Each goes round its middle once, in one direction."""
    ring = face_mesh().uv[list(RINGS[name])] - face_mesh().uv[list(RINGS[name])].mean(axis=0)
    turn = np.diff(np.unwrap(np.arctan2(ring[:, 1], ring[:, 0])), append=np.nan)[:-1]
    assert len(set(RINGS[name])) == len(RINGS[name])
    assert abs(turn.sum()) == pytest.approx(2 * np.pi, rel=0.35)


@pytest.mark.parametrize("yaw", [-80, -40, 0, 40, 80])
def test_further_triangles_come_first(yaw: float) -> None:
    skin = skin_of(head(SIZE, yaw))
    assert (np.diff(skin.positions[:, 2][skin.corners].sum(axis=1)) <= 1e-6).all()


@pytest.mark.parametrize("at_cm", [(0, 0), (12, 0), (0, 8), (-12, -8)])
def test_what_looks_at_the_camera_does_so_wherever_the_face_is(at_cm: tuple[float, float]) -> None:
    face = head(SIZE, at_cm=at_cm)
    skin = skin_of(face)
    assert skin.normals is not None
    seen = face.transform[:3, :3] @ face_mesh().positions.T + face.transform[:3, 3:]
    expected = -(face_mesh().normals.T * seen).sum(axis=0) / np.linalg.norm(seen, axis=0)
    assert np.abs(skin.normals[:, 2] - expected).max() < 0.35  # one direction for the whole face
    assert np.linalg.norm(skin.normals, axis=1) == pytest.approx(np.ones(468), abs=1e-4)


def test_a_cheek_turns_away() -> None:
    for yaw, cheek in ((60, 50), (-60, 280)):
        normals = skin_of(head(SIZE, yaw)).normals
        other = skin_of(head(SIZE, -yaw)).normals
        assert normals is not None
        assert other is not None
        assert min(normals[cheek, 2], other[cheek, 2]) < 0.2 < 0.8 < max(normals[cheek, 2], other[cheek, 2])


def test_a_broken_transform_breaks_nothing() -> None:
    face = head(SIZE)
    for transform in (np.zeros((4, 4)), np.eye(4)):
        broken = type(face)(face.points, {}, transform.astype(np.float32), 1)
        normals = skin_of(broken).normals
        assert normals is not None
        assert np.isfinite(normals).all()


# Cover


def hand(at: tuple[float, float], visible: float = 1.0) -> Pose:
    """A body whose right wrist is below `at` and whose knuckles are there."""
    points = np.tile(np.float32([-1.0, -1.0, 0.0]), (33, 1))
    points[15:23, :2] = -1.0
    points[16, :2] = at[0], at[1] + 0.12
    points[18, :2], points[20, :2] = (at[0] - 0.03, at[1]), (at[0] + 0.03, at[1])
    visibility = np.zeros(33, np.float32)
    visibility[[16, 18, 20]] = visible
    return Pose(points, fake_pose().world, visibility)


def looking(cover: FaceCover, pixels: np.ndarray, count: int, poses: tuple[Pose, ...] = (), first: int = 0) -> Floats:
    """What the cover says in the last of `count` frames."""
    shown = np.zeros(0, np.float32)
    for number in range(first, first + count):
        seen = observe(pixels, number)
        results = {"face": Faces(number, (head(SIZE),)), "pose": Poses(number, poses)}
        (shown,) = cover.look(Observation(seen.frame, results), 1 / 30)
    return shown


def test_a_face_that_stays_is_shown() -> None:
    shown = looking(FaceCover(), plain(SIZE, (180, 130, 110)), 30)
    assert shown.shape == (468,)
    assert shown.min() == 1.0


def test_a_thing_before_the_face_is_told() -> None:
    cover, skin = FaceCover(), plain(SIZE, (180, 130, 110))
    looking(cover, skin, 20)
    thing = skin.copy()
    thing[60:] = 30, 60, 200  # a blue folder up to the nose
    shown = looking(cover, thing, 15, first=20)
    points = head(SIZE).points[:468, 1] * SIZE[1]
    assert shown[points > 66].max() < 0.1
    assert shown[points < 54].min() > 0.9
    assert looking(cover, skin, 15, first=35).min() > 0.9


@pytest.mark.parametrize("factor", [0.5, 1.4])
def test_a_change_of_exposure_covers_nothing(factor: float) -> None:
    cover, skin = FaceCover(), plain(SIZE, (170, 130, 110))
    looking(cover, skin, 20)
    changed = np.clip(skin * factor, 0, 255).astype(np.uint8)
    assert looking(cover, changed, 15, first=20).min() > 0.9


def test_hands_before_the_face() -> None:
    face, cover = head(SIZE), FaceCover()
    at = face.points[14, :2]
    shown = looking(cover, plain(SIZE), 10, (hand((float(at[0]), float(at[1]) + 0.03)),))
    assert shown[14] == 0.0
    assert shown[10] == 1.0


@pytest.mark.parametrize(
    "poses", [(), (hand((0.5, 0.6), 0.3),), (hand((0.02, 0.9)),)], ids=["none", "unseen", "beside"]
)
def test_other_hands_cover_nothing(poses: tuple[Pose, ...]) -> None:
    assert clear_of_hands(head(SIZE), poses, SIZE).min() == 1.0


def test_points_outside_the_picture_are_no_matter() -> None:
    cover = FaceCover()
    face = head(SIZE, at_cm=(60, 40))
    for number in range(10):
        seen = observe(plain(SIZE), number)
        (shown,) = cover.look(Observation(seen.frame, {"face": Faces(number, (face,))}), 1 / 30)
    assert np.isfinite(shown).all()


def test_who_is_gone_is_forgotten() -> None:
    cover = FaceCover()
    looking(cover, plain(SIZE), 3)
    for number in range(40):
        assert cover.look(observe(plain(SIZE), number), 1 / 30) == []
    assert cover._faces == {}
