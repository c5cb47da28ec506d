"""Where glasses sit on a head, and the shape of a head, which hides what is behind it. In cm of the face at rest."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from phosphene import Face, Model, face_mesh

WIDTH_CM = 16.2  # of a pair of glasses on the face at rest, arms and all
FRONT = (0.0, 2.55, 6.15)  # where the middle of its front lies there
FRONT_DEPTH = 0.3  # this share of the model's depth is its front
HALF_FIELD = np.tan(np.deg2rad(63.0 / 2))  # of the camera in which a face's transform is given
SEEN = (6, 168, 33, 133, 362, 263, 143, 372, 127, 356)  # bridge, eyes, temples: what glasses must agree with
SINK_CM = 0.12  # the skin that hides lies a little deeper, so that what rests on it is seen
# Ellipsoids that stand for the rest of a head: middle and half axes.
BEHIND = (
    ((0.0, 3.2, -5.2), (7.25, 9.2, 8.6)),  # skull
    ((0.0, -8.5, -6.0), (5.2, 8.0, 5.0)),  # neck
    ((7.75, 0.3, -4.9), (0.75, 3.0, 1.7)),  # ears
    ((-7.75, 0.3, -4.9), (0.75, 3.0, 1.7)),
)

Floats = NDArray[np.float32]


def worn(model: Model) -> Floats:
    """The model's positions on the face at rest: as wide as glasses are, its front before the bridge."""
    low, high = model.positions.min(axis=0), model.positions.max(axis=0)
    scale = WIDTH_CM / max(float(high[0] - low[0]), 1e-9)
    front = model.positions[model.positions[:, 2] >= high[2] - FRONT_DEPTH * (high[2] - low[2])]
    middle = (front.min(axis=0) + front.max(axis=0)) / 2
    anchor = np.array([(low[0] + high[0]) / 2, middle[1], high[2]])
    return np.asarray((model.positions - anchor) * scale + FRONT, np.float32)


@lru_cache(maxsize=1)
def head() -> tuple[Floats, NDArray[np.int32]]:
    """Positions and corners of a head: the face's surface and ellipsoids behind it."""
    mesh = face_mesh()
    points: list[Floats] = [mesh.positions - SINK_CM * mesh.normals]
    corners = [mesh.corners]
    rows, columns = 9, 14
    up, round_ = np.meshgrid(np.linspace(0, np.pi, rows), np.linspace(0, 2 * np.pi, columns), indexing="ij")
    ball = np.stack([np.sin(up) * np.cos(round_), np.cos(up), np.sin(up) * np.sin(round_)], axis=2).reshape(-1, 3)
    at = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    patches = np.concatenate(
        [np.stack([at, at + 1, at + columns], 1), np.stack([at + 1, at + columns + 1, at + columns], 1)]
    )
    for middle, half in BEHIND:
        corners.append((patches + sum(len(p) for p in points)).astype(np.int32))
        points.append((ball * half + middle).astype(np.float32))
    return np.concatenate(points), np.concatenate(corners)


def fitted(face: Face, size: tuple[int, int]) -> tuple[float, NDArray[np.float64]]:
    """How much larger this head is than its transform says (in the picture, at the eyes), and the shift that lays the
    bridge and eyes of the face at rest over those seen, in cm of the camera's space."""
    rest = face_mesh().positions[list(SEEN)].astype(np.float64)
    space = rest @ face.transform[:3, :3].T.astype(np.float64) + face.transform[:3, 3]
    width, height = size
    reach = 2.0 * HALF_FIELD * np.maximum(-space[:, 2:], 1.0)  # cm that the picture's height holds at that depth
    seen = (face.points[list(SEEN), :2] - 0.5) * np.array([width / height, -1.0]) * reach
    ours, theirs = space[:, :2], seen
    spread = float(((ours - ours.mean(axis=0)) ** 2).sum())
    scale = float(((ours - ours.mean(axis=0)) * (theirs - theirs.mean(axis=0))).sum()) / max(spread, 1e-9)
    scale = float(np.clip(scale, 0.8, 1.25))
    shift = theirs.mean(axis=0) - scale * ours.mean(axis=0) - (1.0 - scale) * face.transform[:2, 3]
    return scale, np.array([*shift, 0.0])


def placed(face: Face, scale: float, shift: NDArray[np.float64]) -> Floats:
    """The face's transform with the head scaled about its own origin and shifted."""
    made = face.transform.astype(np.float64).copy()
    made[:3, :3] *= scale
    made[:3, 3] += shift
    return np.asarray(made, np.float32)
