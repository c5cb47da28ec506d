"""Which points of a face something lies before: those whose colour is no longer what it was, and those under a hand.

A hand has the colour of a face, so colour tells a microphone or a cup, and the body's points tell a hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..core.frame import Floats, Pixels
from ..core.observation import Observation
from ..core.results import Face, Pose
from .face_mesh import face_mesh

# How far a point's log brightness and its two chromaticities may lie from their mean, beside what they do anyway.
FLOOR = np.array([0.30, 0.020, 0.016])
NEAR, FAR = 2.5, 5.0  # standard deviations: up to here it is the face, from here on it is something else
LEARN_S = 2.0  # how fast a point's own colour is learnt
GIVE_IN_S = 8.0  # a change that lasts this long is the face's own
SETTLE = 6  # frames in which a new face is learnt as it is
HANDS = ((15, 17, 19), (16, 18, 20))  # wrist, knuckles of the little finger and the forefinger in the body's points
FINGERS = 1.9  # how far fingertips are from the wrist, in distances from wrist to knuckles
FORGET_S = 1.0
FOLLOW_S = 0.06  # how fast the paint comes and goes

Doubles = NDArray[np.float64]


@lru_cache(maxsize=1)
def neighbours() -> Doubles:
    """(468, 468): each row averages a point with those that it shares a triangle with, twice over."""
    mesh = face_mesh()
    joined = np.eye(len(mesh.uv))
    for a in range(3):
        for b in range(3):
            joined[mesh.skin[:, a], mesh.skin[:, b]] = 1.0
    spread = joined @ joined
    return np.asarray(spread / spread.sum(axis=1, keepdims=True))


class FaceCover:
    """Tells paint where a face is covered, for everybody in the image."""

    def __init__(self) -> None:
        self._faces: dict[int, Looks] = {}

    def look(self, observation: Observation, dt: float) -> list[Floats]:
        """How far each of the 468 points of each face is uncovered, 0..1; hands count where the bodies are known."""
        seen = {face.identity for face in observation.faces}
        for identity, looks in list(self._faces.items()):
            looks.unseen_s = 0.0 if identity in seen else looks.unseen_s + dt
            if looks.unseen_s > FORGET_S:
                del self._faces[identity]
        made = []
        for face in observation.faces:
            shown = self._faces.setdefault(face.identity, Looks()).shown(face, observation.frame.pixels, dt)
            clear = clear_of_hands(face, observation.poses, observation.frame.size)
            made.append((shown * clear).astype(np.float32))
        return made


class Looks:
    """What one face's points look like, and which of them look like something else now."""

    def __init__(self) -> None:
        self.unseen_s = 0.0
        self._frames = 0
        self._mean = np.zeros((len(face_mesh().uv), 3))
        self._spread = np.zeros_like(self._mean)
        self._shown = np.ones(len(self._mean))

    def shown(self, face: Face, pixels: Pixels, dt: float) -> Doubles:
        """How far each of the 468 points is uncovered, 0..1, in the frame's `pixels` (H×W×3)."""
        seen = colours(face, pixels)
        off = seen - self._mean
        far = np.sqrt((off**2 / (FLOOR**2 + self._spread)).sum(axis=1))
        if self._frames < SETTLE:
            self._frames += 1
            share = np.full(len(far), 1.0 / self._frames)
            far[:] = 0.0
        else:
            share = np.where(far < NEAR, min(dt / LEARN_S, 1.0), min(dt / GIVE_IN_S, 1.0))
        self._mean += share[:, None] * off
        self._spread += np.where(far < NEAR, share, 0.0)[:, None] * (np.minimum(off**2, FLOOR**2) - self._spread)
        shown = neighbours() @ np.clip((FAR - far) / (FAR - NEAR), 0.0, 1.0)
        self._shown += (shown - self._shown) * (1.0 - np.exp(-dt / FOLLOW_S))
        return np.asarray(np.clip(self._shown * 1.6 - 0.5, 0.0, 1.0))


def colours(face: Face, pixels: Pixels) -> Doubles:
    """Log brightness and red and green chromaticity of each point (468, 3), less the face's own median: a change of
    exposure or white balance changes nothing."""
    height, width = pixels.shape[:2]
    at = (face.points[: len(face_mesh().uv), :2] * [width, height]).astype(np.float64)
    step = 0.008 * float(np.ptp(at[:, 1]))
    total = np.zeros((len(at), 3))
    for dx, dy in ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)):
        places = np.nan_to_num(at + np.array([dx, dy]) * step)
        x = np.clip(places[:, 0], 0, width - 1).astype(int)
        y = np.clip(places[:, 1], 0, height - 1).astype(int)
        total += pixels[y, x]
    total += 20.0  # what is nearly black has no colour
    bright = total.sum(axis=1)
    made = np.stack([np.log(bright), total[:, 0] / bright, total[:, 1] / bright], axis=1)
    return np.asarray(made - np.median(made, axis=0))


def clear_of_hands(face: Face, poses: Iterable[Pose], size: tuple[int, int]) -> Doubles:
    """How far each of the 468 points lies beside every hand, 0 under one … 1 clear of it, in an image of `size`."""
    at = face.points[: len(face_mesh().uv), :2].astype(np.float64) * size
    clear = np.ones(len(at))
    for pose in poses:
        for numbers in HANDS:
            if pose.visibility[list(numbers)].min() < 0.5:
                continue
            wrist, little, fore = pose.points[list(numbers), :2].astype(np.float64) * size
            along = (little + fore) / 2 - wrist
            radius = max(0.5 * float(np.linalg.norm(along)), 0.8 * float(np.linalg.norm(little - fore)), 1.0)
            share = (at - wrist) @ along / max(float(along @ along), 1e-6)
            nearest = wrist + np.clip(share, 0.0, FINGERS)[:, None] * along
            far = np.linalg.norm(at - nearest, axis=1) / radius
            clear = np.minimum(clear, np.clip((far - 0.75) / 0.5, 0.0, 1.0))
    return clear
