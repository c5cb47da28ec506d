"""The signals of a body: raised hands, lean, distance, and the angles of the joints."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ...core.maths import ramp
from ...core.results import Pose
from .signal import Signal

SEEN = 0.5  # visibility from which a joint counts as seen
SHOULDERS, HIPS, WRISTS = (11, 12), (23, 24), (15, 16)  # left and right are the person's own
# Each joint with the point before it and the one after it (MediaPipe's numbers), and its angle at rest.
JOINTS = {
    "pose.elbow_left": (11, 13, 15, 180.0),
    "pose.elbow_right": (12, 14, 16, 180.0),
    "pose.shoulder_left": (23, 11, 13, 0.0),
    "pose.shoulder_right": (24, 12, 14, 0.0),
    "pose.knee_left": (23, 25, 27, 180.0),
    "pose.knee_right": (24, 26, 28, 180.0),
}
UP_M = 0.0, 0.3  # how far a raised hand is above its shoulder: from the shoulder's height to about the top of the head
# The usual camera sees 63 degrees from top to bottom, as for the face's transform (MediaPipe's face geometry).
TAN_HALF_VIEW = math.tan(math.radians(31.5))
FAR_M = 10.0

TABLE = (
    Signal("pose.present", "1 while there is a body"),
    Signal("pose.count", "how many bodies there are", 0.0, 4.0),
    Signal("pose.hand_left_up", "the person's own left hand: 0 up to the shoulder, 1 from head height"),
    Signal("pose.hand_right_up", "the person's own right hand: 0 up to the shoulder, 1 from head height"),
    Signal("pose.lean", "how far the trunk leans; positive: to the picture's right", -45, 45, unit="°"),
    Signal("pose.lean_forward", "how far the trunk leans; positive: toward the camera", -45, 45, unit="°"),
    Signal("pose.distance", "metres from the camera, for a usual one and an adult of usual size", 0.4, 4.0, 4.0, "m"),
    *(
        Signal(name, f"angle of the person's own {side} {joint}: {meaning}", 0, 180, rest, "°")
        for name, (*_, rest) in JOINTS.items()
        for joint, side in (name.removeprefix("pose.").split("_"),)
        for meaning in ("0 hanging, 180 straight up" if joint == "shoulder" else "180 stretched",)
    ),
)


def signals_of(pose: Pose | None, count: int, aspect: float) -> dict[str, float]:
    """Every `pose.*` signal that is known: of this body, one of `count`, in a picture `aspect` times as wide as high.

    What hangs on joints that are not seen is left out.
    """
    values = {"pose.count": float(count), "pose.present": 1.0 if count else 0.0}
    if pose is None:
        return values
    seen, world = pose.visibility >= SEEN, pose.world.astype(np.float64)
    for name, shoulder, wrist in zip(("pose.hand_left_up", "pose.hand_right_up"), SHOULDERS, WRISTS, strict=True):
        if seen[shoulder] and seen[wrist]:
            values[name] = ramp(float(world[shoulder, 1] - world[wrist, 1]), *UP_M)
    for name, (before, joint, after, _) in JOINTS.items():
        if seen[[before, joint, after]].all():
            values[name] = angle_deg(world[before] - world[joint], world[after] - world[joint])
    if seen[list(SHOULDERS)].all():
        # At a desk the hips are guessed from the rest of the body: good enough for a lean.
        trunk = world[list(SHOULDERS)].mean(axis=0) - world[list(HIPS)].mean(axis=0)
        if trunk[1] < 0.0:
            values["pose.lean"] = math.degrees(math.atan2(trunk[0], -trunk[1]))
            values["pose.lean_forward"] = math.degrees(math.atan2(-trunk[2], -trunk[1]))
        if (distance := distance_m(pose, aspect)) is not None:
            values["pose.distance"] = distance
    return values


def angle_deg(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """The angle between two directions, 0..180."""
    cosine = float(a @ b) / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-9)
    return math.degrees(math.acos(min(max(cosine, -1.0), 1.0)))


def distance_m(pose: Pose, aspect: float) -> float | None:
    """How far the body is, by how large shoulders and trunk look; None where they have no size.

    Both lines are shortened alike in the picture and in the world as seen from the front, so a turn changes little.
    """
    lines = [SHOULDERS]
    if (pose.visibility[list(HIPS)] >= SEEN).all():
        lines += [(SHOULDERS[0], HIPS[0]), (SHOULDERS[1], HIPS[1])]
    heights = metres = 0.0
    for a, b in lines:
        across, down = (float(n) for n in pose.points[a, :2] - pose.points[b, :2])
        heights += math.hypot(across * aspect, down)
        metres += float(np.linalg.norm(pose.world[a, :2] - pose.world[b, :2]))
    if heights < 1e-3 or metres < 1e-3:
        return None
    return min(metres / (2.0 * TAN_HALF_VIEW * heights), FAR_M)
