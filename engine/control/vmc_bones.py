"""The bones of an avatar from a pose and a head: rotations in Unity's axes, each relative to the bone before it.

Unity's axes are left-handed: x right, y up, z forward, metres. An avatar stands at rest as a T and looks along z, so
that its own right is x. A pose's are right-handed: x the image's right, y down, z away from the camera. Who looks into
the camera looks along -z, and has their own left at x. All three axes turn round between the two.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..core.frame import Floats
from ..core.results import Face, Pose
from .quaternions import REST, Quaternion, Vector, basis, half, inverse, less, middle, product, rotated, swing

SEEN = 0.5  # visibility from which a point counts
# Where each bone lies from the one before it, in metres, of a person of 1.6 m: receivers may take positions on.
OFFSETS: Mapping[str, Vector] = {
    "Hips": (0.0, 0.92, 0.0), "Spine": (0.0, 0.08, 0.0), "Chest": (0.0, 0.13, 0.0), "Neck": (0.0, 0.24, 0.0),
    "Head": (0.0, 0.08, 0.0),
    "LeftUpperArm": (-0.1, 0.0, 0.0), "LeftLowerArm": (-0.24, 0.0, 0.0), "LeftHand": (-0.23, 0.0, 0.0),
    "RightUpperArm": (0.1, 0.0, 0.0), "RightLowerArm": (0.24, 0.0, 0.0), "RightHand": (0.23, 0.0, 0.0),
    "LeftUpperLeg": (-0.09, -0.05, 0.0), "LeftLowerLeg": (0.0, -0.38, 0.0),
    "RightUpperLeg": (0.09, -0.05, 0.0), "RightLowerLeg": (0.0, -0.38, 0.0),
}  # fmt: skip
# MediaPipe's landmarks.
_SHOULDERS, _HIPS = (11, 12), (23, 24)
_LIMBS: tuple[tuple[str, Vector, tuple[tuple[str, int, tuple[int, ...]], ...]], ...] = (
    ("Chest", (-1.0, 0.0, 0.0), (("LeftUpperArm", 11, (13,)), ("LeftLowerArm", 13, (15,)), ("LeftHand", 15, (17, 19)))),
    ("Chest", (1.0, 0.0, 0.0), (
        ("RightUpperArm", 12, (14,)), ("RightLowerArm", 14, (16,)), ("RightHand", 16, (18, 20)),
    )),
    ("Hips", (0.0, -1.0, 0.0), (("LeftUpperLeg", 23, (25,)), ("LeftLowerLeg", 25, (27,)))),
    ("Hips", (0.0, -1.0, 0.0), (("RightUpperLeg", 24, (26,)), ("RightLowerLeg", 26, (28,)))),
)  # fmt: skip


def bones(pose: Pose | None, face: Face | None) -> dict[str, Quaternion]:
    """The rotation of each bone that is seen, relative to the bone before it; what is not seen has no entry."""
    found: dict[str, Quaternion] = {}
    world: dict[str, Quaternion] = {"Hips": REST, "Chest": REST}
    if pose is not None:
        _body(pose, found, world)
    if face is not None:
        turned = product(inverse(world["Chest"]), head(face))
        found["Neck"] = half(turned)
        found["Head"] = product(inverse(found["Neck"]), turned)
    return found


def _body(pose: Pose, found: dict[str, Quaternion], world: dict[str, Quaternion]) -> None:
    points = [unity(point) for point in pose.world]
    seen = [float(v) >= SEEN for v in pose.visibility]
    shoulders, hips = all(seen[n] for n in _SHOULDERS), all(seen[n] for n in _HIPS)
    spine = (0.0, 1.0, 0.0)
    if shoulders and hips:
        spine = less(middle(points, _SHOULDERS), middle(points, _HIPS))
    if hips:
        found["Hips"] = world["Hips"] = world["Chest"] = basis(less(points[24], points[23]), spine)
    if shoulders:
        world["Chest"] = basis(less(points[12], points[11]), spine)
        bent = product(inverse(world["Hips"]), world["Chest"])
        found["Spine"] = half(bent)
        found["Chest"] = product(inverse(found["Spine"]), bent)
    for parent, rest, limb in _LIMBS:
        turned = world[parent]
        for bone, begin, ends in limb:
            if not (seen[begin] and all(seen[end] for end in ends)):
                break  # what hangs on it is not known either
            way = rotated(inverse(turned), less(middle(points, ends), points[begin]))
            found[bone] = swing(rest, way)
            turned = product(turned, found[bone])


def head(face: Face) -> Quaternion:
    """The rotation of the head. Its transform has y up and z toward the camera already, so that only x turns round."""
    m = face.transform
    # The matrix of a rotation between axes of which x turns round: the first row and the first column change sign.
    right = (float(m[0, 0]), -float(m[1, 0]), -float(m[2, 0]))
    up = (-float(m[0, 1]), float(m[1, 1]), float(m[2, 1]))
    return basis(right, up)


def unity(point: Floats) -> Vector:
    """A point of a pose in Unity's axes."""
    return -float(point[0]), -float(point[1]), -float(point[2])
