"""MediaPipe's face mesh as a surface: its triangles, its own image coordinates, and the face at rest in centimetres.

`python -m phosphene.engine.effect.face_mesh` reads it from the face tracker's model anew and writes the file beside
this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.frame import Floats
from ..core.results import Face
from .mesh import Corners, Triangles

FILE = Path(__file__).with_name("face_mesh.npz")
# Rings of points, by the person's own sides (MediaPipe's FaceLandmarksConnections), each in order round its middle.
RINGS: dict[str, tuple[int, ...]] = {
    "lips": (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146),
    "mouth": (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95),
    "right_eye": (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
    "left_eye": (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249),
    "right_brow": (46, 53, 52, 65, 55, 107, 66, 105, 63, 70),
    "left_brow": (276, 283, 282, 295, 285, 336, 296, 334, 293, 300),
    "oval": (
        *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152),
        *(148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
    ),
}
OPENINGS = ("mouth", "right_eye", "left_eye")


@dataclass(frozen=True, slots=True, eq=False)
class FaceMesh:
    """The surface of a face: 468 points, as the first of `Face.points`.

    `positions` (468, 3): the face at rest in the space of Face.transform, cm. `normals` (468, 3) point outward there.
    `uv` (468, 2): where each lies in an image of the unrolled face (MediaPipe's layout, origin top left). `corners`
    (898, 3) cover everything, `skin` leaves out the openings of the mouth and the eyes.
    """

    positions: Floats
    normals: Floats
    uv: Floats
    corners: Corners
    skin: Corners


@lru_cache(maxsize=1)
def face_mesh() -> FaceMesh:
    """The surface of a face. Its arrays must not be written to."""
    with np.load(FILE) as held:
        positions, uv, corners = (held[name] for name in ("positions", "uv", "corners"))
    corners = corners.astype(np.int32)
    openings = [np.isin(corners, RINGS[name]).all(axis=1) for name in OPENINGS]
    skin = np.ascontiguousarray(corners[~np.any(openings, axis=0)])
    return FaceMesh(positions, normals_of(positions, corners), uv, corners, skin)


def normals_of(positions: Floats, corners: Corners) -> Floats:
    """The normal of each position (N, 3): that of the triangles round it, each counted by its area."""
    ends = positions[corners].astype(np.float64)
    flat = np.cross(ends[:, 1] - ends[:, 0], ends[:, 2] - ends[:, 0])
    total = np.zeros((len(positions), 3))
    for column in corners.T:
        np.add.at(total, column, flat)
    lengths = np.linalg.norm(total, axis=1, keepdims=True)
    return np.asarray(total / np.maximum(lengths, 1e-12), np.float32)


def skin_of(face: Face, colors: Floats | None = None, values: Sequence[float] = ()) -> Triangles:
    """The skin of a face where it is seen in the image, to paint on: further triangles first, so that nearer ones
    hide them; `mesh_uv` in the layout of the unrolled face; `mesh_normal.z` 1 where it looks at the camera, 0 at the
    edge and less behind it. `colors` (468, 4) and `values` are passed on."""
    mesh = face_mesh()
    points = face.points[: len(mesh.uv)]
    depth = points[:, 2][mesh.skin].sum(axis=1)
    return Triangles(
        points, mesh.skin[np.argsort(-depth)], mesh.uv, facing(face, mesh.normals), colors=colors, values=values
    )


def facing(face: Face, normals: Floats) -> Floats:
    """Normals of the face at rest as the camera sees them on `face`: x right, y up, z toward the camera (N, 3)."""
    turn = face.transform[:3, :3].astype(np.float64)
    turn = turn / max(float(np.cbrt(abs(np.linalg.det(turn)))), 1e-6)
    toward = -face.transform[:3, 3].astype(np.float64)
    toward /= max(float(np.linalg.norm(toward)), 1e-6)
    right = np.cross([0.0, 1.0, 0.0], toward)
    right /= max(float(np.linalg.norm(right)), 1e-6)
    seen: NDArray[np.float64] = np.stack([right, np.cross(toward, right), toward]) @ turn
    return np.asarray(normals @ seen.T, np.float32)
