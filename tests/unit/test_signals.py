"""Signals and bindings: what each says, what is refused, and how parameters follow."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from phosphene.engine.core.errors import UsageError
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.maths import head_angles
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Face, Faces, Mask, Pose, Poses
from phosphene.engine.scene.binding import Binding
from phosphene.engine.scene.signals import PATTERNS, SIGNALS, Signals, check_name, natural, per_face

FRAME = Frame(3, 1.5, np.zeros((9, 16, 3), np.uint8))


def face(x: float = 0.5, size: float = 0.2, identity: int = 1, **shapes: float) -> Face:
    points = np.zeros((478, 3), np.float32)
    points[:, 0] = x + np.linspace(-size / 2, size / 2, 478)
    points[:, 1] = 0.4 + np.linspace(-size / 2, size / 2, 478)
    return Face(points, shapes, np.eye(4, dtype=np.float32), identity)


def turned(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> Face:
    y, p, r = (math.radians(v) for v in (yaw, -pitch, -roll))
    about_y = [[math.cos(y), 0, math.sin(y)], [0, 1, 0], [-math.sin(y), 0, math.cos(y)]]
    about_x = [[1, 0, 0], [0, math.cos(p), -math.sin(p)], [0, math.sin(p), math.cos(p)]]
    about_z = [[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]]
    transform = np.eye(4, dtype=np.float32)
    transform[:3, :3] = np.array(about_y) @ np.array(about_x) @ np.array(about_z)
    return Face(face().points, {}, transform)


def seen(*faces: Face, **results: Any) -> Observation:
    return Observation(FRAME, {"face": Faces(3, faces), **results})


def test_every_listed_signal_has_a_value_even_when_nobody_is_there() -> None:
    readings = Signals().observe(Observation(FRAME)).signals
    for name in SIGNALS:
        if name not in PATTERNS.values():
            assert math.isfinite(readings[name])
    assert readings["face.present"] == 0.0
    assert (readings["face.x"], readings["face.y"]) == (0.5, 0.5)


def test_presence_and_counts() -> None:
    pose = Pose(np.zeros((33, 3), np.float32), np.zeros((33, 3), np.float32), np.ones(33, np.float32))
    mask = Mask(3, np.full((4, 4), 0.25, np.float32))
    signals = Signals().observe(seen(face(), face(0.1), pose=Poses(3, (pose,)), person=mask)).signals
    assert signals["face.present"] == signals["pose.present"] == signals["person.present"] == 1.0
    assert signals["face.count"] == 2.0
    assert signals["pose.count"] == 1.0
    assert signals["person.area"] == 0.25


def test_an_empty_mask_is_nobody() -> None:
    mask = Mask(3, np.zeros((4, 4), np.float32), present=False)
    assert Signals().observe(seen(person=mask)).signals["person.present"] == 0.0


@pytest.mark.parametrize(
    ("shapes", "name", "low"),
    [
        ({"jawOpen": 0.13}, "face.mouth_open", True),
        ({"jawOpen": 0.87}, "face.mouth_open", False),
        ({"jawOpen": 0.5, "mouthClose": 0.4}, "face.mouth_open", True),
        ({"mouthSmileLeft": 0.05, "mouthSmileRight": 0.05}, "face.smile", True),
        ({"mouthSmileLeft": 0.9, "mouthSmileRight": 0.9}, "face.smile", False),
        ({"eyeBlinkLeft": 0.2}, "face.blink_left", True),
        ({"eyeBlinkLeft": 0.6}, "face.blink_left", False),
        ({"eyeBlinkRight": 0.6}, "face.blink_right", False),
        ({"browInnerUp": 0.2, "browOuterUpLeft": 0.5, "browOuterUpRight": 0.5}, "face.brow_up", True),
        ({"browInnerUp": 0.95, "browOuterUpLeft": 0.95, "browOuterUpRight": 0.95}, "face.brow_up", False),
    ],
)
def test_expressions_at_rest_are_0_and_full_are_1(shapes: dict[str, float], name: str, low: bool) -> None:
    assert per_face(face(**shapes))[name] == (0.0 if low else 1.0)


def test_left_and_right_eye_are_told_apart() -> None:
    values = per_face(face(eyeBlinkLeft=0.8))
    assert (values["face.blink_left"], values["face.blink_right"]) == (1.0, 0.0)


@pytest.mark.parametrize("angles", [(0, 0, 0), (30, 0, 0), (0, 20, 0), (0, 0, 15), (-25, 10, -12)])
def test_head_angles_are_found_again(angles: tuple[float, float, float]) -> None:
    assert head_angles(turned(*angles)) == pytest.approx(angles, abs=1e-3)


def test_yaw_is_positive_toward_the_pictures_right_and_pitch_upward() -> None:
    forward = turned(30, 20).transform[:3, :3] @ np.array([0, 0, 1])
    assert forward[0] > 0
    assert forward[1] > 0


def test_roll_is_positive_clockwise_in_the_picture() -> None:
    # The head's own up leans to the picture's right.
    assert (turned(roll=20).transform[:3, :3] @ np.array([0, 1, 0]))[0] > 0


def test_place_and_size_of_the_face() -> None:
    values = per_face(face(0.3, 0.2))
    assert values["face.x"] == pytest.approx(0.3, abs=0.01)
    assert values["face.y"] == pytest.approx(0.4, abs=0.01)
    assert values["face.size"] == pytest.approx(0.2, abs=0.01)


def test_the_main_face_stays_until_another_is_clearly_larger() -> None:
    signals = Signals()
    assert signals.observe(seen(face(0.2, 0.2, 1), face(0.8, 0.19, 2))).signal("face.x") < 0.5
    assert signals.observe(seen(face(0.8, 0.21, 2), face(0.2, 0.2, 1))).signal("face.x") < 0.5
    assert signals.observe(seen(face(0.8, 0.4, 2), face(0.2, 0.2, 1))).signal("face.x") > 0.5


def test_keys_are_held_or_not() -> None:
    readings = Signals().observe(seen(), {"space"}).signals
    assert (readings["key.space"], readings["key.a"]) == (1.0, 0.0)
    assert "key.space" in list(readings)


def test_a_wave_runs_from_0_to_1_and_back() -> None:
    values = [
        Signals().observe(Observation(Frame(0, t, FRAME.pixels))).signals["lfo.4"] for t in (0.0, 1.0, 2.0, 3.0, 4.0)
    ]
    assert values == pytest.approx([0.0, 0.5, 1.0, 0.5, 0.0])


def test_time_is_the_frames_own() -> None:
    assert Signals().observe(seen()).signals["time"] == 1.5


def test_an_unknown_reading_is_no_reading() -> None:
    readings = Signals().observe(seen()).signals
    assert "face.smell" not in readings
    with pytest.raises(KeyError):
        readings["lfo.never"]


@pytest.mark.parametrize("name", ["face.smile", "key.q", "lfo.0.5", "time", "person.area"])
def test_known_names_pass(name: str) -> None:
    assert check_name(name) == name
    assert natural(name).doc


@pytest.mark.parametrize(
    "name", ["face.smil", "", "key.", "lfo.", "lfo.x", "lfo.0", "lfo.-1", "lfo.nan", "lfo.SECONDS", "smile"]
)
def test_unknown_names_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="signal"):
        check_name(name)


def test_the_nearest_name_is_suggested() -> None:
    with pytest.raises(UsageError, match=r"face\.mouth_open"):
        check_name("face.mouthopen")


def test_a_binding_maps_the_range() -> None:
    binding = Binding.parse({"from": "face.smile", "to": [0.2, 1.0], "range": [0, 0.5]})
    assert binding.value({"face.smile": 0.0}, 0.0) == pytest.approx(0.2)
    assert binding.value({"face.smile": 0.25}, 0.0) == pytest.approx(0.6)
    assert binding.value({"face.smile": 0.9}, 0.0) == pytest.approx(1.0)


def test_the_natural_range_is_used_where_none_is_given() -> None:
    assert Binding.parse({"from": "face.yaw"}).value({"face.yaw": 0.0}, 0.0) == pytest.approx(0.5)


def test_a_binding_may_run_downward() -> None:
    assert Binding.parse({"from": "face.smile", "to": [1, 0]}).value({"face.smile": 0.25}, 0.0) == pytest.approx(0.75)


def test_time_is_not_held_to_its_range() -> None:
    assert Binding.parse({"from": "time", "to": [0, 10]}).value({"time": 3.0}, 0.0) == pytest.approx(30.0)


def test_smoothing_is_by_time_not_by_frames() -> None:
    table = {"from": "face.smile", "smooth_s": 0.2}
    one, many = Binding.parse(table), Binding.parse(table)
    for binding in (one, many):
        assert binding.value({"face.smile": 0.0}, 0.0) == 0.0
    coarse = one.value({"face.smile": 1.0}, 0.2)
    for _ in range(10):
        fine = many.value({"face.smile": 1.0}, 0.02)
    assert coarse == pytest.approx(1.0 - math.exp(-1.0))
    assert fine == pytest.approx(coarse)


def test_reset_forgets_the_past() -> None:
    binding = Binding("face.smile", smooth_s=1.0)
    binding.value({"face.smile": 0.0}, 0.0)
    binding.reset()
    assert binding.value({"face.smile": 1.0}, 0.01) == 1.0


def test_a_signal_that_is_missing_reads_as_absent() -> None:
    assert Binding("face.x").value({}, 0.0) == 0.5


@pytest.mark.parametrize(
    "table",
    [
        {"from": "face.yaw", "to": [0.2, 1.0], "range": [-10.0, 10.0], "smooth_s": 0.1},
        {"from": "face.smile", "to": [0.0, 1.0]},
        {"from": "lfo.2", "to": [1.0, 0.0]},
    ],
)
def test_a_binding_is_written_as_it_was_read(table: dict[str, Any]) -> None:
    assert Binding.parse(table).table() == table


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ({}, "from"),
        ({"from": 3}, "from"),
        ({"from": "face.smell"}, r"face\.smell"),
        ({"from": "face.smile", "too": [0, 1]}, "too"),
        ({"from": "face.smile", "to": 1.0}, "to "),
        ({"from": "face.smile", "to": [0, "1"]}, "to "),
        ({"from": "face.smile", "to": [0, 1, 2]}, "to "),
        ({"from": "face.smile", "to": [0, math.inf]}, "to "),
        ({"from": "face.smile", "to": [False, True]}, "to "),
        ({"from": "face.smile", "range": [1, 1]}, "range"),
        ({"from": "face.smile", "smooth_s": -1}, "smooth_s"),
        ({"from": "face.smile", "smooth_s": "fast"}, "smooth_s"),
    ],
)
def test_a_bad_binding_names_the_key(table: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        Binding.parse(table)


def test_the_place_of_a_bad_binding_is_told() -> None:
    with pytest.raises(UsageError, match=r"me\.toml:3"):
        Binding.parse({"from": "face.smell"}, where="me.toml:3")


def test_listing_signals_and_trackers_loads_no_heavy_library() -> None:
    code = (
        "import sys, phosphene.engine.scene.signals, phosphene.engine.trackers;"
        "bad = {'cv2', 'mediapipe', 'ai_edge_litert', 'tensorflow'} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
