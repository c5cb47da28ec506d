"""Results carried on to a later moment."""

from __future__ import annotations

import numpy as np
import pytest
from phosphene.engine.core.results import Face, Faces, Hands, Pose, Poses
from phosphene.engine.show.extrapolate import REACH_S, Extrapolator


def face(x: float, identity: int = 0) -> Face:
    transform = np.eye(4, dtype=np.float32)
    transform[0, 3] = x * 10
    return Face(np.full((478, 3), x, np.float32), {"jawOpen": 0.3}, transform, identity)


def test_nothing_known_gives_nothing() -> None:
    assert Extrapolator().at(1.0) == {}


def test_one_result_stays_as_it_is() -> None:
    carry = Extrapolator()
    result = Faces(0, (face(0.2),))
    carry.add(0.0, {"face": result})
    assert carry.at(0.1)["face"] is result


@pytest.mark.parametrize("ahead", [0.0, 0.02, 0.05, 0.1])
def test_landmarks_go_on_with_constant_velocity(ahead: float) -> None:
    carry = Extrapolator()
    carry.add(0.0, {"face": Faces(0, (face(0.2),))})
    carry.add(0.1, {"face": Faces(3, (face(0.3),))})
    found = carry.at(0.1 + ahead)["face"]
    assert found.frame_id == 3
    assert np.allclose(found.items[0].points, 0.3 + ahead, atol=1e-6)
    assert np.isclose(found.items[0].transform[0, 3], 3.0 + 10 * ahead, atol=1e-5)


def test_no_further_than_the_reach() -> None:
    carry = Extrapolator()
    carry.add(0.0, {"face": Faces(0, (face(0.2),))})
    carry.add(0.1, {"face": Faces(3, (face(0.3),))})
    assert np.allclose(carry.at(9.0)["face"].items[0].points, 0.3 + REACH_S, atol=1e-6)


def test_an_earlier_moment_gives_the_last_result() -> None:
    carry = Extrapolator()
    carry.add(0.0, {"face": Faces(0, (face(0.2),))})
    carry.add(0.1, {"face": Faces(3, (face(0.3),))})
    assert np.allclose(carry.at(0.05)["face"].items[0].points, 0.3)


def test_people_are_matched_by_identity() -> None:
    carry = Extrapolator()
    carry.add(0.0, {"face": Faces(0, (face(0.2, 1), face(0.8, 2)))})
    carry.add(0.1, {"face": Faces(3, (face(0.7, 2), face(0.3, 1), face(0.5, 7)))})
    found = {f.identity: float(f.points[0, 0]) for f in carry.at(0.2)["face"].items}
    assert found == pytest.approx({1: 0.4, 2: 0.6, 7: 0.5}, abs=1e-5)


def test_a_long_pause_carries_nothing_on() -> None:
    carry = Extrapolator()
    carry.add(0.0, {"face": Faces(0, (face(0.2),))})
    carry.add(5.0, {"face": Faces(3, (face(0.3),))})
    assert np.allclose(carry.at(5.1)["face"].items[0].points, 0.3)


def test_poses_go_on_too() -> None:
    def pose(x: float) -> Pose:
        return Pose(np.full((33, 3), x, np.float32), np.full((33, 3), x, np.float32), np.ones(33, np.float32))

    carry = Extrapolator()
    carry.add(0.0, {"pose": Poses(0, (pose(0.1),))})
    carry.add(0.1, {"pose": Poses(1, (pose(0.2),))})
    found = carry.at(0.15)["pose"].items[0]
    assert np.allclose(found.points, 0.25, atol=1e-6)
    assert np.allclose(found.world, 0.25, atol=1e-6)


def test_what_is_neither_a_face_nor_a_body_stays_as_it_is() -> None:
    carry = Extrapolator()
    first, second = Hands(0), Hands(3)
    carry.add(0.0, {"hands": first})
    carry.add(0.1, {"hands": second})
    assert carry.at(0.2)["hands"] is second


def test_results_are_not_written_to() -> None:
    carry = Extrapolator()
    first, second = Faces(0, (face(0.2),)), Faces(3, (face(0.3),))
    carry.add(0.0, {"face": first})
    carry.add(0.1, {"face": second})
    carry.at(0.2)
    assert np.all(second.items[0].points == np.float32(0.3))
    assert second.items[0].transform[0, 3] == np.float32(3.0)
