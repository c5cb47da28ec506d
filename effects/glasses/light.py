"""What light falls on a face, from how bright its skin is on each side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from phosphene import FACE_RINGS, Face, face_mesh

SKIN = np.array([0.44, 0.31, 0.25])  # what skin of a usual shade throws back, linear
WHITE = 0.55  # how far the light is taken to be white, whatever the skin's colour says
SETTLE_S = 0.4
FEATURES = sorted(
    {i for name in ("lips", "mouth", "left_eye", "right_eye", "left_brow", "right_brow") for i in FACE_RINGS[name]}
)
BARE = np.setdiff1d(np.arange(468), FEATURES)


class Light:
    """The light on one face, which follows slowly: `direction` toward it (camera space: x right, y up, z to the camera;
    its length is how much of the light is directed, 0..1) and `color`, linear, 1 where a face is well lit."""

    def __init__(self) -> None:
        self.direction = np.array([0.0, 0.4, 0.4])
        self.color = np.ones(3)
        self._fresh = True

    def follow(self, face: Face, pixels: NDArray[np.uint8], dt: float) -> None:
        """Looks at the face in the frame's `pixels` (H×W×3)."""
        height, width = pixels.shape[:2]
        at = np.nan_to_num(face.points[BARE, :2] * [width, height])
        x, y = np.clip(at[:, 0], 0, width - 1).astype(int), np.clip(at[:, 1], 0, height - 1).astype(int)
        seen = (pixels[y, x] / 255.0) ** 2.2
        turn = face.transform[:3, :3] / max(float(np.cbrt(abs(np.linalg.det(face.transform[:3, :3])))), 1e-6)
        normals = face_mesh().normals[BARE] @ turn.T
        shown = normals[:, 2] > 0.3
        if shown.sum() < 40:
            return
        luma = seen[shown] @ [0.2126, 0.7152, 0.0722]
        luma = np.clip(luma, 0.0, 2.5 * np.median(luma) + 1e-3)  # a mirrored lamp says nothing of the rest
        # Lambert's law: brightness = all-round light + direction · normal, by least squares, held down a little.
        rows = np.column_stack([np.ones(len(luma)), normals[shown]])
        found = np.linalg.solve(rows.T @ rows + np.diag([0.0, 6.0, 6.0, 6.0]), rows.T @ luma)
        direction = found[1:] / max(float(luma.mean()), 1e-3)
        length = float(np.linalg.norm(direction))
        direction = direction * (min(length, 1.0) / max(length, 1e-6))
        tint = np.median(seen[shown], axis=0) / SKIN
        grey = float(tint @ [0.2126, 0.7152, 0.0722])
        color = np.clip(WHITE * grey + (1.0 - WHITE) * tint, 0.01, 2.0)
        share = 1.0 if self._fresh else 1.0 - float(np.exp(-dt / SETTLE_S))
        self._fresh = False
        self.direction = self.direction + (direction - self.direction) * share
        self.color = self.color + (color - self.color) * share
