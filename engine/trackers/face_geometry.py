"""Where a head is and how it is turned: the canonical face laid over the points that were seen.

The steps and constants are those of MediaPipe's face geometry (geometry_pipeline.cc, procrustes_solver.cc), so that the
transform is the same: the points are taken to a camera with a vertical field of view of 63 degrees; the scale is found
twice, for the depth that it gives changes the points in turn; then the canonical face is fitted by weighted Procrustes
analysis (Akca, "Generalized Procrustes analysis and its applications in photogrammetry", 2003).
"""

from __future__ import annotations

import math
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.errors import TrackerError
from ..core.frame import Floats
from ..effect.face_mesh import FILE

METADATA = "geometry_pipeline_metadata_landmarks.binarypb"
MESH_POINTS = 468
HALF_FIELD = math.tan(math.radians(63.0) / 2.0)
MIRROR_Z = np.array([1.0, 1.0, -1.0])  # image z grows away from the camera, space z toward it

Doubles = NDArray[np.float64]


class HeadGeometry:
    """Finds the transform of the canonical face (cm) into camera space from the 478 points of one face."""

    def __init__(self, bundle: Path) -> None:
        """Reads the canonical face from the `.task` file. Raises TrackerError."""
        try:
            content = zipfile.ZipFile(bundle).read(METADATA)
            canonical, weights = read_metadata(content)
        except (OSError, KeyError, ValueError, IndexError, zipfile.BadZipFile) as error:
            raise TrackerError(
                f"{bundle.name}/{METADATA} cannot be read: {error}", hint="`phosphene models` checks the files"
            ) from error
        self._used = np.flatnonzero(weights)
        self._weights = weights[self._used, None] / weights.sum()
        self._canonical = canonical[self._used]
        self._centre = (self._canonical * self._weights).sum(axis=0)
        self._pull = (self._canonical - self._centre) * self._weights
        self._spread = float((self._pull * self._canonical).sum())

    def transform(self, points: Floats, width: int, height: int) -> Floats:
        """4×4 float32 for `points` (478, 3) as in Face, in an image of `width` × `height` pixels."""
        high = 2.0 * HALF_FIELD
        wide = high * width / height
        scale, shift = np.array([wide, -high, wide]), np.array([-wide / 2.0, high / 2.0, 0.0])
        depth = float(points[:MESH_POINTS, 2].mean(dtype=np.float64)) * wide
        screen = points[self._used].astype(np.float64) * scale + shift

        def unprojected(size: float) -> Doubles:
            z = (screen[:, 2:] - depth + 1.0) / size
            return np.hstack([screen[:, :2] * z, -z])

        first = self._size(screen * MIRROR_Z)
        second = self._size(unprojected(first))
        return self._fit(unprojected(first * second)).astype(np.float32)

    def _size(self, seen: Doubles) -> float:
        """The scale alone of the transform that `_fit` finds."""
        cross = seen.T @ self._pull
        large, middle, small = np.linalg.svd(cross, compute_uv=False)
        return float(large + middle + math.copysign(small, np.linalg.det(cross))) / self._spread

    def _fit(self, seen: Doubles) -> Doubles:
        """The similarity transform (4×4) that lays the canonical points over `seen` with the least weighted error."""
        left, _, right = np.linalg.svd(seen.T @ self._pull)
        if np.linalg.det(left) * np.linalg.det(right) < 0.0:
            left[:, 2] = -left[:, 2]
        turn = left @ right
        size = float(((self._pull @ turn.T) * seen).sum() / self._spread)
        matrix = np.eye(4)
        matrix[:3, :3] = size * turn
        matrix[:3, 3] = (seen * self._weights).sum(axis=0) - matrix[:3, :3] @ self._centre
        return matrix


def read_metadata(content: bytes) -> tuple[Doubles, Doubles]:
    """The canonical points (468, 3) in cm, and each one's weight (0 for most), from MediaPipe's metadata.

    It is a protocol buffer (geometry_pipeline_metadata.proto): field 1 is the mesh, whose field 3 holds x y z u v of
    each vertex; each field 2 is a point's number (1) and weight (2).
    """
    buffer = b""
    basis: list[dict[int, int | bytes]] = []
    for number, value in fields(content):
        if number == 1 and isinstance(value, bytes):
            buffer = b"".join(v for n, v in fields(value) if n == 3 and isinstance(v, bytes))
        elif number == 2 and isinstance(value, bytes):
            basis.append(dict(fields(value)))
    points = np.frombuffer(buffer, "<f4").reshape(-1, 5)[:, :3].astype(np.float64)
    weights = np.zeros(len(points))
    for entry in basis:
        index, weight = entry.get(1, 0), entry[2]
        assert isinstance(index, int)
        assert isinstance(weight, bytes)
        weights[index] = np.frombuffer(weight, "<f4")[0]
    if len(points) != MESH_POINTS or not weights.any():
        raise ValueError(f"expected {MESH_POINTS} points, found {len(points)}")
    return points, weights


def read_surface(bundle: Path) -> tuple[Floats, Floats, NDArray[np.int32]]:
    """The canonical face of a `.task` file: points (468, 3) in cm, their uv (468, 2), triangles (898, 3)."""
    content = zipfile.ZipFile(bundle).read(METADATA)
    mesh = next(v for n, v in fields(content) if n == 1 and isinstance(v, bytes))
    buffer = b"".join(v for n, v in fields(mesh) if n == 3 and isinstance(v, bytes))
    corners = [v for n, v in fields(mesh) if n == 4 and isinstance(v, int)]
    table = np.frombuffer(buffer, "<f4").reshape(-1, 5).astype(np.float32)
    return table[:, :3], table[:, 3:], np.array(corners, np.int32).reshape(-1, 3)


def fields(content: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a protocol buffer message: number and value (whole numbers, or the bytes). Raises ValueError."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = content[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(content):
        key = varint()
        kind = key & 7
        if kind == 0:
            yield key >> 3, varint()
            continue
        if kind not in (1, 2, 5):
            raise ValueError(f"unknown wire type {kind}")
        length = {1: 8, 5: 4}.get(kind) or varint()
        yield key >> 3, content[at : at + length]
        at += length


def main() -> int:
    """Writes the file anew."""
    from ..models import store as models

    positions, uv, corners = read_surface(models.path("face_landmarker"))
    np.savez_compressed(FILE, positions=positions, uv=uv, corners=corners.astype(np.uint16))
    print(f"{FILE}: {len(positions)} points, {len(corners)} triangles")
    return 0


if __name__ == "__main__":
    sys.exit(main())
