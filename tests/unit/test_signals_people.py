"""The signals of people: gaze, expressions, and what a body does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from phosphene.engine.core.errors import UsageError
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import EXPRESSIONS, Face, Faces, Pose, Poses
from phosphene.engine.scene.binding import Binding
from phosphene.engine.scene.signals import SIGNALS, Signals, natural, per_face, tracker_of

FRAME = Frame(3, 1.5, np.zeros((90, 160, 3), np.uint8))
# A person of usual size who stands upright with the arms down, in metres; x toward the picture's right, y down.
STANDING = {
    0: (0.0, -0.65, -0.1), 11: (0.18, -0.5, 0.0), 12: (-0.18, -0.5, 0.0), 13: (0.2, -0.22, 0.0), 14: (-0.2, -0.22, 0.0),
    15: (0.2, 0.03, 0.0), 16: (-0.2, 0.03, 0.0), 23: (0.1, 0.0, 0.0), 24: (-0.1, 0.0, 0.0), 25: (0.1, 0.42, 0.0),
    26: (-0.1, 0.42, 0.0), 27: (0.1, 0.84, 0.0), 28: (-0.1, 0.84, 0.0),
}  # fmt: skip


def face(**shapes: float) -> Face:
    points = np.random.default_rng(1).uniform(0.4, 0.6, (478, 3)).astype(np.float32)
    return Face(points, shapes, np.eye(4, dtype=np.float32), 1)


def body(
    *, away_m: float = 2.0, middle: float = 0.5, unseen: tuple[int, ...] = (), identity: int = 1, **moved: Any
) -> Pose:
    """`moved`: where points are instead, `p15=(x, y, z)`. Seen by a camera of 63 degrees, in a picture of 16:9."""
    world = np.zeros((33, 3), np.float32)
    for number, place in {**STANDING, **{int(n[1:]): p for n, p in moved.items()}}.items():
        world[number] = place
    high = 2.0 * away_m * np.tan(np.radians(31.5))
    points = np.stack([middle + world[:, 0] / high * 9 / 16, 0.5 + world[:, 1] / high, world[:, 2]], axis=1)
    visibility = np.ones(33, np.float32)
    visibility[list(unseen)] = 0.1
    return Pose(points.astype(np.float32), world, visibility, identity)


def signals(*poses: Pose) -> Any:
    return Signals().observe(Observation(FRAME, {"pose": Poses(3, poses)})).signals


# Gaze and expressions


@pytest.mark.parametrize(
    ("shapes", "look"),
    [
        ({}, (0.0, 0.0)),
        ({"eyeLookOutLeft": 0.9, "eyeLookInRight": 0.9}, (1.0, 0.0)),  # the person's left is the picture's right
        ({"eyeLookInLeft": 0.9, "eyeLookOutRight": 0.9}, (-1.0, 0.0)),
        ({"eyeLookUpLeft": 0.9, "eyeLookUpRight": 0.9}, (0.0, -1.0)),
        ({"eyeLookDownLeft": 0.3, "eyeLookDownRight": 0.3}, (0.0, 0.5)),
        ({"eyeLookInLeft": 0.5, "eyeLookInRight": 0.5}, (0.0, 0.0)),  # at the own nose
    ],
)
def test_gaze_is_as_seen_in_the_picture(shapes: dict[str, float], look: tuple[float, float]) -> None:
    values = per_face(face(**shapes))
    assert (values["face.look_x"], values["face.look_y"]) == pytest.approx(look)


def test_every_expression_is_a_signal_by_its_own_name() -> None:
    named = [name for name in EXPRESSIONS if not name.startswith("_")]
    assert len(named) == 51
    seen = Observation(FRAME, {"face": Faces(3, (face(jawOpen=0.25, cheekPuff=0.5, _neutral=1.0),))})
    values = Signals().observe(seen).signals
    for name in named:
        assert f"face.expression.{name}" in SIGNALS
        assert tracker_of(f"face.expression.{name}") == "face"
        assert values[f"face.expression.{name}"] == {"jawOpen": 0.25, "cheekPuff": 0.5}.get(name, 0.0)
    assert "face.expression._neutral" not in values


def test_the_nearest_expression_is_suggested() -> None:
    with pytest.raises(UsageError, match=r"face\.expression\.mouthPucker"):
        natural("face.expression.mouthPuker")


# Bodies


def test_a_raised_hand_is_told_from_one_that_hangs_and_left_from_right() -> None:
    values = signals(body(p15=(0.3, -0.85, 0.0)))
    assert (values["pose.hand_left_up"], values["pose.hand_right_up"]) == (1.0, 0.0)
    assert 0.0 < signals(body(p16=(-0.3, -0.6, 0.0)))["pose.hand_right_up"] < 1.0
    assert signals(body(p15=(0.3, -0.85, 0.0), unseen=(15,)))["pose.hand_left_up"] == 0.0


def test_joints_have_their_angles() -> None:
    values = signals(body(p15=(0.45, -0.22, 0.0), p27=(0.1, 0.42, 0.42)))
    assert values["pose.elbow_left"] == pytest.approx(90.0, abs=5.0)
    assert values["pose.elbow_right"] == pytest.approx(180.0, abs=5.0)
    assert values["pose.knee_left"] == pytest.approx(90.0, abs=0.1)
    assert values["pose.knee_right"] == pytest.approx(180.0, abs=0.1)
    assert values["pose.shoulder_left"] < 20.0
    raised = signals(body(p13=(0.46, -0.5, 0.0)))
    assert raised["pose.shoulder_left"] == pytest.approx(90.0, abs=10.0)


def test_a_joint_that_is_not_seen_reads_as_at_rest() -> None:
    values = signals(body(p15=(0.45, -0.22, 0.0), unseen=(15, 25, 26, 27, 28)))
    assert values["pose.elbow_left"] == values["pose.knee_left"] == 180.0


@pytest.mark.parametrize(("dx", "dz", "lean", "forward"), [(0.0, 0.0, 0, 0), (0.2, 0.0, 21.8, 0), (0.0, -0.3, 0, 31.0)])
def test_the_trunk_leans(dx: float, dz: float, lean: float, forward: float) -> None:
    values = signals(body(p11=(0.18 + dx, -0.5, dz), p12=(-0.18 + dx, -0.5, dz)))
    assert values["pose.lean"] == pytest.approx(lean, abs=0.1)
    assert values["pose.lean_forward"] == pytest.approx(forward, abs=0.1)


@pytest.mark.parametrize("away_m", [0.7, 2.0, 3.5])
def test_the_distance_is_that_of_the_camera(away_m: float) -> None:
    assert signals(body(away_m=away_m))["pose.distance"] == pytest.approx(away_m, rel=0.01)
    at_a_desk = body(away_m=away_m, unseen=tuple(range(13, 33)))
    assert signals(at_a_desk)["pose.distance"] == pytest.approx(away_m, rel=0.01)


def test_nobody_is_far_away_and_at_rest() -> None:
    values = signals()
    assert (values["pose.present"], values["pose.distance"], values["pose.elbow_left"]) == (0.0, 4.0, 180.0)
    assert signals(body(unseen=tuple(range(33))))["pose.present"] == 1.0


def test_the_main_body_stays_until_another_is_clearly_larger() -> None:
    one = Signals()

    def seen(*poses: Pose) -> float:
        return one.observe(Observation(FRAME, {"pose": Poses(3, poses)})).signal("pose.hand_left_up")

    up = {"p15": (0.3, -0.85, 0.0)}
    assert seen(body(identity=1, **up), body(identity=2, away_m=2.1)) == 1.0
    assert seen(body(identity=2, away_m=1.9), body(identity=1, **up)) == 1.0
    assert seen(body(identity=2, away_m=1.0), body(identity=1, **up)) == 0.0


@pytest.mark.parametrize("name", ["pose.lean", "pose.knee_left", "pose.distance"])
def test_a_bound_joint_asks_for_the_pose_tracker(name: str) -> None:
    assert tracker_of(name) == "pose"
    assert Binding.parse({"from": name}).value({name: natural(name).high}, 0.0) == pytest.approx(1.0)
