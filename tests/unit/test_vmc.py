"""VMC: what is sent is read by a parser of its own, and bones turn as people do, in Unity's axes."""

from __future__ import annotations

import math
import socket
import struct
from dataclasses import replace

import numpy as np
import pytest
from helpers_desk import DrawnDesk
from phosphene.engine.control.vmc import VmcControl, messages
from phosphene.engine.control.vmc_bones import OFFSETS, bones
from phosphene.engine.core.errors import ControlError
from phosphene.engine.core.fakes import fake_face, fake_frame, fake_observation, fake_pose
from phosphene.engine.core.results import Face, Pose

ARMS = {"Left": (11, 13, 15, 17, 19), "Right": (12, 14, 16, 18, 20)}


def parsed(data: bytes) -> list[tuple[str, list[object]]]:
    """A parser from the text of OSC 1.0 alone, of the types that VMC has."""
    if data.startswith(b"#bundle\0"):
        found, at = [], 16
        while at < len(data):
            size = int.from_bytes(data[at : at + 4], "big")
            found += parsed(data[at + 4 : at + 4 + size])
            at += 4 + size
        return found

    def text(at: int) -> tuple[str, int]:
        end = data.index(b"\0", at)
        assert set(data[end : end // 4 * 4 + 4]) == {0}
        return data[at:end].decode("ascii"), end // 4 * 4 + 4

    address, at = text(0)
    tags, at = text(at)
    assert tags[0] == ","
    values: list[object] = []
    for tag in tags[1:]:
        if tag == "s":
            value, at = text(at)
            values.append(value)
        else:
            values.append(struct.unpack({"f": ">f", "i": ">i"}[tag], data[at : at + 4])[0])
            at += 4
    assert at == len(data)
    return [(address, values)]


def standing(**moved: tuple[float, float, float]) -> Pose:
    """Somebody who stands as a T and looks into the camera: metres, x the image's right, y down, z away.

    `moved` are points by number, `p13=(…)`.
    """
    world = np.zeros((33, 3), np.float32)
    for side, sign in (("Left", 1.0), ("Right", -1.0)):  # the person's own left is on the image's right
        for number, reach in zip(ARMS[side], (0.18, 0.45, 0.7, 0.8, 0.8), strict=True):
            world[number] = sign * reach, -0.5, 0.0
    for left, y in ((23, 0.0), (25, 0.4), (27, 0.8)):
        world[left], world[left + 1] = (0.1, y, 0.0), (-0.1, y, 0.0)
    for name, place in moved.items():
        world[int(name[1:])] = place
    return replace(fake_pose(), world=world)


def turned_face(matrix: np.ndarray) -> Face:
    transform = np.eye(4, dtype=np.float32)
    transform[:3, :3] = matrix
    return fake_face(transform=transform)


def angle(q: tuple[float, float, float, float]) -> float:
    return math.degrees(2.0 * math.acos(min(abs(q[3]), 1.0)))


def rotate(q: tuple[float, ...], v: tuple[float, float, float]) -> np.ndarray:
    """By the matrix of a quaternion, as textbooks write it."""
    x, y, z, w = q
    matrix = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    return matrix @ np.array(v)


def test_who_stands_as_a_t_is_at_rest() -> None:
    found = bones(standing(), turned_face(np.eye(3)))
    assert set(found) == set(OFFSETS)
    assert {bone: round(angle(q), 3) for bone, q in found.items()} == dict.fromkeys(found, 0.0)


def test_a_left_arm_that_hangs_down_points_down() -> None:
    found = bones(standing(p13=(0.18, -0.2, 0), p15=(0.18, 0.1, 0), p17=(0.18, 0.2, 0), p19=(0.18, 0.2, 0)), None)
    assert rotate(found["LeftUpperArm"], (-1, 0, 0)) == pytest.approx([0, -1, 0], abs=1e-5)
    assert angle(found["LeftLowerArm"]) == pytest.approx(0, abs=0.1)
    assert angle(found["RightUpperArm"]) == pytest.approx(0, abs=0.1)


def test_a_forearm_that_reaches_for_the_camera_points_forward() -> None:
    """Unity's forward is z; the camera stands before the person, at smaller z of the pose."""
    found = bones(standing(p16=(-0.45, -0.5, -0.25), p18=(-0.45, -0.5, -0.4), p20=(-0.45, -0.5, -0.4)), None)
    assert rotate(found["RightLowerArm"], (1, 0, 0)) == pytest.approx([0, 0, 1], abs=1e-5)
    assert angle(found["RightHand"]) == pytest.approx(0, abs=0.1)


def test_directions_follow_from_bone_to_bone() -> None:
    """Each bone is relative to the one before it: together they point where the person's do, whatever the body does."""
    chance = np.random.default_rng(5)
    for _ in range(50):
        pose = standing()
        pose.world[:] += chance.normal(0.0, 0.15, (33, 3)).astype(np.float32)
        found = bones(pose, None)
        for side, sign in (("Left", -1.0), ("Right", 1.0)):
            up, low = (found[f"{side}{part}"] for part in ("UpperArm", "LowerArm"))
            chain = [found["Hips"], found["Spine"], found["Chest"], up, low]
            shoulder, elbow, wrist = ARMS[side][:3]
            for count, (begin, end) in ((4, (shoulder, elbow)), (5, (elbow, wrist))):
                way = np.array((sign, 0.0, 0.0))
                for q in reversed(chain[:count]):
                    way = rotate(q, tuple(way))
                wanted = -(pose.world[end] - pose.world[begin])
                assert way == pytest.approx(wanted / np.linalg.norm(wanted), abs=1e-4)


def test_a_body_that_turns_to_its_left_turns_the_hips() -> None:
    turn = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]], np.float32)  # forward, -z, becomes -x
    pose = standing()
    pose.world[:] = pose.world @ turn.T
    assert rotate(bones(pose, None)["Hips"], (0, 0, 1)) == pytest.approx([1, 0, 0], abs=1e-5)


@pytest.mark.parametrize("degrees", [-30.0, 20.0])
def test_a_head_turns_nods_and_tilts(degrees: float) -> None:
    """Its forward in camera space is where the nose points; x turns round on the way to Unity."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    for matrix in (
        np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]),
        np.array([[1, 0, 0], [0, c, -s], [0, s, c]]),
        np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]),
    ):
        found = bones(None, turned_face(matrix))
        for axis in ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0)):
            way = rotate(found["Neck"], tuple(rotate(found["Head"], axis)))
            assert way == pytest.approx((matrix @ axis) * (-1, 1, 1), abs=1e-5)


def test_a_head_on_a_bent_body_is_where_the_face_says() -> None:
    pose = standing(p11=(0.15, -0.5, 0.1), p12=(-0.15, -0.5, -0.1))
    found = bones(pose, turned_face(np.eye(3)))
    way = np.array((0.0, 0.0, 1.0))
    for bone in ("Head", "Neck", "Chest", "Spine", "Hips"):
        way = rotate(found[bone], tuple(way))
    assert way == pytest.approx([0, 0, 1], abs=1e-5)


def test_what_is_not_seen_is_not_sent() -> None:
    pose = standing()
    pose.visibility[13] = 0.1
    pose.visibility[23:] = 0.1
    found = bones(pose, None)
    assert {"Spine", "Chest", "RightUpperArm", "RightHand"} <= set(found)
    assert not {bone for bone in found if bone.startswith(("Left", "Hips", "Neck", "Head")) or "Leg" in bone}
    assert bones(None, None) == {}


def test_points_that_fall_together_give_numbers() -> None:
    pose = replace(fake_pose(), world=np.zeros((33, 3), np.float32))
    assert all(math.isfinite(part) for q in bones(pose, None).values() for part in q)


def test_a_frame_is_read_back_by_another_parser() -> None:
    shapes = {"_neutral": 0.9, "jawOpen": 0.5, "eyeBlinkLeft": 0.25}
    observation = fake_observation(fake_frame(frame_id=60), faces=[fake_face(blendshapes=shapes)], poses=[standing()])
    found = [one for packet in messages(observation) for one in parsed(packet)]
    assert found[:2] == [("/VMC/Ext/OK", [1, 3, 0, 1]), ("/VMC/Ext/T", [2.0])]
    assert found[2] == ("/VMC/Ext/Root/Pos", ["root", 0, 0, 0, 0, 0, 0, 1])
    placed = {values[0]: values[1:] for address, values in found if address == "/VMC/Ext/Bone/Pos"}
    assert set(placed) == set(OFFSETS)
    assert placed["Hips"] == pytest.approx([0, 0.92, 0, 0, 0, 0, 1], abs=1e-5)
    blends = [values for address, values in found if address == "/VMC/Ext/Blend/Val"]
    assert blends == [["jawOpen", 0.5], ["eyeBlinkLeft", 0.25]]
    assert found[-1] == ("/VMC/Ext/Blend/Apply", [])
    capitals = [one for packet in messages(observation, "perfect-sync") for one in parsed(packet)]
    assert ("/VMC/Ext/Blend/Val", ["JawOpen", 0.5]) in capitals
    plain = [one for packet in messages(observation, "vrm") for one in parsed(packet)]
    shown = dict(values for address, values in plain if address == "/VMC/Ext/Blend/Val")
    assert shown == pytest.approx({"Blink_L": 0, "Blink_R": 0, "A": 0.7, "U": 0, "O": 0})


def test_nobody_is_said() -> None:
    found = [one for packet in messages(fake_observation(faces=[], poses=[])) for one in parsed(packet)]
    assert [address for address, _ in found] == ["/VMC/Ext/OK", "/VMC/Ext/T", "/VMC/Ext/Root/Pos"]
    assert found[0][1][-1] == 0


def test_frames_come_by_udp_each_once() -> None:
    show = DrawnDesk()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hears:
        hears.bind(("127.0.0.1", 0))
        hears.settimeout(240.0)
        with show.drawing() as desk, VmcControl(f"127.0.0.1:{hears.getsockname()[1]}", desk):
            times: list[object] = []
            for number in (30, 60, 90):
                show.observation = fake_observation(
                    fake_frame(frame_id=number), faces=[fake_face()], poses=[standing()]
                )
                while len(times) < number // 30:
                    packet = hears.recv(65536)
                    assert len(packet) <= 1400
                    times += [values[0] for address, values in parsed(packet) if address == "/VMC/Ext/T"]
            assert times == [1.0, 2.0, 3.0]


def test_what_is_typed_wrong_is_said() -> None:
    for wrong in ("nowhere", "39539?names=loud", "39539?x", "no.such.host.invalid:1"):
        with pytest.raises(ControlError):
            VmcControl(wrong, DrawnDesk().desk)
