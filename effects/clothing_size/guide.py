"""What the person should do next, in plain words: one sentence at a time, the most hindering first."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from phosphene import Pose

from .measure import Reading
from .straight import ANKLES, EARS, HEELS, HIPS, KNEES, NOSE, SHOULDERS, TOES, WRISTS, pixels

ENTER = "Step into the picture"
ONE_PERSON = "Only one person, please"
STEP_BACK = "Step back: show head and feet"
CLOSER = "Come closer"
MIDDLE = "Move to the middle"
OUTLINE = "Looking for your outline"
FRONT = "Turn to the front"
UPRIGHT = "Stand upright"
LOWER_ARMS = "Lower your arms"
ARMS_OFF = "Arms off the body"
FEET = "Feet closer together"
STILL = "Hold still"
SIDE = "Turn to your side for closer numbers"

VISIBLE = 0.5  # a landmark's visibility from which it counts as seen
SMALLEST = 0.35  # the least part of the picture's height (or width, if that is less) a body must fill to be measured
TURNED_DEG = 25.0  # shoulders or hips turned further from the camera than this; breadths are then over 9 % too small
SIDE_DEG = 62.0  # shoulders and hips turned further than this: a side view; depths are then under 12 % too large
BENT_DEG = 145.0  # a knee bent below this angle; landmarks of straight legs give 155 to 175
LEAN_DEG = 14.0  # the trunk in the picture, against the legs
TILT_DEG = 20.0  # the whole body in the picture: a tilted camera up to this is measured, more is refused
STRIDE = 0.36  # ankles further apart than this part of the body's length
MOVED = 0.05  # a joint that moved further than this part of the body's length within WINDOW_S
WINDOW_S = 0.4
SAME = 0.6  # of a trunk's size: two finds nearer to each other than this are one body
SETTLE_S = 0.3  # a message stays until another has held this long, so that it can be read


class Stillness:
    """Tells whether a body has moved lately, from its trunk and ankles."""

    def __init__(self) -> None:
        self.seen: deque[tuple[float, NDArray[np.float64]]] = deque()

    def moved(self, time_s: float, points: NDArray[np.float64]) -> bool:
        """Takes the landmarks in pixels of this moment; True where one joint left its place of the last moments."""
        joints = points[[*SHOULDERS, *HIPS, *ANKLES]]
        while self.seen and not time_s - WINDOW_S <= self.seen[0][0] < time_s:  # another picture has no later time
            self.seen.popleft()
        length = float(np.hypot(*(joints[4:].mean(axis=0) - joints[:2].mean(axis=0))))
        far = max((float(np.hypot(*(joints - old).T).max()) for _, old in self.seen), default=0.0)
        self.seen.append((time_s, joints))
        return far > MOVED * max(length, 1.0)

    def clear(self) -> None:
        """Forgets everything."""
        self.seen.clear()


class Steady:
    """Keeps a message until another has held for a moment."""

    def __init__(self) -> None:
        self.shown = ""
        self.coming = ""
        self.since_s = 0.0

    def settle(self, message: str, dt: float) -> str:
        """Takes this frame's message and gives the one to show."""
        if message in (self.shown, "") or self.shown == "":
            self.shown, self.coming, self.since_s = message, message, 0.0
        elif message != self.coming:
            self.coming, self.since_s = message, 0.0
        else:
            self.since_s += dt
            if self.since_s >= SETTLE_S:
                self.shown = message
        return self.shown


def people(poses: Sequence[Pose]) -> list[Pose]:
    """The poses that are people of their own: not a second find of the same body, not someone small far behind."""
    found: list[Pose] = []
    for pose in sorted(poses, key=lambda p: -float(_trunk(p)[1][1])):
        middle, size = _trunk(pose)
        if found and size[1] < 0.45 * _trunk(found[0])[1][1]:
            continue
        if all(bool((np.abs(middle - m) > SAME * s).any()) for m, s in map(_trunk, found)):
            found.append(pose)
    return found


def _trunk(pose: Pose) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Middle and size of the trunk, uv; the size across is at least a third of the one down, as it may be turned."""
    trunk = pose.points[[*SHOULDERS, *HIPS], :2].astype(np.float64)
    size = np.ptp(trunk, axis=0)
    return trunk.mean(axis=0), np.maximum(size, size[::-1] / 3)


def sideways(pose: Pose) -> bool:
    """Whether the person stands with one side to the camera."""
    world = pose.world.astype(np.float64)
    return min(_turn(world, SHOULDERS), _turn(world, HIPS)) > SIDE_DEG


def shoulders_shown(pose: Pose) -> bool:
    """Whether both shoulders are seen and turned to the camera."""
    turned = _turn(pose.world.astype(np.float64), SHOULDERS)
    return turned < TURNED_DEG and bool(min(pose.visibility[list(SHOULDERS)]) > VISIBLE)


def frame_advice(pose: Pose, size: tuple[int, int], sideways: bool = False) -> str:
    """What to do so that the whole body stands in the picture; empty where it does. Of one who stands `sideways` the
    far side is hidden, and need not be seen."""
    u, v = pose.points[:, 0], pose.points[:, 1]
    needed = [NOSE, *EARS, *SHOULDERS, *HIPS, *KNEES, *ANKLES]
    below = [*KNEES, *ANKLES, *HEELS, *TOES]
    if any(v[i] > 0.995 or (pose.visibility[i] < VISIBLE and v[i] > 0.9) for i in below) or v[NOSE] < 0.02:
        return STEP_BACK
    if any(not 0.0 < u[i] < 1.0 for i in [*needed, *WRISTS]):
        tight = float(np.ptp(u[[*needed, *WRISTS]])) > 0.95
        return STEP_BACK if tight else MIDDLE
    if sum(bool(pose.visibility[i] < VISIBLE) for i in needed) > (6 if sideways else 2):
        return STEP_BACK
    points = pixels(pose, size)
    tall = float(np.hypot(*(points[list(ANKLES)].mean(axis=0) - points[NOSE])))
    return CLOSER if tall < SMALLEST * min(size) else ""


def pose_advice(pose: Pose, size: tuple[int, int], sideways: bool = False) -> str:
    """What to do so that the body stands as it must for measuring from the front or `sideways`; empty if it does."""
    world, points = pose.world.astype(np.float64), pixels(pose, size)
    bent = min(_angle(world[h], world[k], world[a]) for h, k, a in zip(HIPS, KNEES, ANKLES, strict=True))
    shoulders, hips = points[list(SHOULDERS)].mean(axis=0), points[list(HIPS)].mean(axis=0)
    ankles = points[list(ANKLES)].mean(axis=0)
    trunk, legs = _tilt(hips - shoulders), _tilt(ankles - hips)
    if bent < BENT_DEG or abs(trunk - legs) > LEAN_DEG or abs(_tilt(ankles - shoulders)) > TILT_DEG:
        return UPRIGHT
    if sideways:
        return ""
    if max(_turn(world, SHOULDERS), _turn(world, HIPS)) > TURNED_DEG:
        return FRONT
    if any(points[w, 1] < points[s, 1] for w, s in zip(WRISTS, SHOULDERS, strict=True)):
        return LOWER_ARMS
    length = float(np.hypot(*(ankles - shoulders)))
    if float(np.hypot(*(points[ANKLES[0]] - points[ANKLES[1]]))) > STRIDE * length:
        return FEET
    return ""


def outline_advice(reading: Reading) -> str:
    """What to do about what kept the silhouette from being measured; empty where nothing did."""
    for fault, advice in (("outline", OUTLINE), ("head", STEP_BACK), ("feet", STEP_BACK), ("arms", ARMS_OFF)):
        if fault in reading.faults:
            return advice
    return "" if reading.ratios else OUTLINE


def _angle(a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> float:
    """The angle at `b` in degrees."""
    p, q = a - b, c - b
    return math.degrees(
        math.acos(float(np.clip(p @ q / max(float(np.linalg.norm(p) * np.linalg.norm(q)), 1e-9), -1, 1)))
    )


def _tilt(down: NDArray[np.float64]) -> float:
    """How far a direction in the picture leans from straight down, in degrees."""
    return math.degrees(math.atan2(float(down[0]), float(down[1])))


def _turn(world: NDArray[np.float64], pair: tuple[int, int]) -> float:
    """How far the line through two joints turns from the picture's plane, in degrees."""
    across = world[pair[0]] - world[pair[1]]
    return math.degrees(math.atan2(abs(float(across[2])), abs(float(across[0])) + 1e-9))
