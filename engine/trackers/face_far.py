"""Faces that are small in the image: a second look at a part of it, where the detector says that somebody is.

The landmarker's detector sees the image at 128 × 128 pixels, in which a face narrower than about a tenth of the
image is lost: people two metres from a webcam, or a group. Parts of half the width find them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..core.frame import Floats, Frame
from ..core.results import Face
from .detectors import FaceDetector
from .search_areas import Area, Search, grid

# How sure the detector must be in a part of the image: dogs reach 0.67 there, trees and statues 0.70, people 0.88.
PART_SCORE = 0.75
# Each part costs as much as the whole image, so few are looked at, and none for long without a face.
MOST_PARTS = 4
CLOSE_AFTER_S = 1.0
# MediaPipe's face geometry looks at the image with this vertical field of view.
HALF_FIELD = math.tan(math.radians(63.0) / 2.0)

LookAt = Callable[[Frame], list[Face]]


class FarFaces:
    """Looks for faces in parts of the image that the whole image does not show.

    `open_part` opens a landmarker for one part and gives its look function and its close function; it is called only
    when a face is there. By the time of the frames alone.
    """

    def __init__(self, open_part: Callable[[], tuple[LookAt, Callable[[], None]]], wanted: int) -> None:
        self._open_part = open_part
        self._wanted = wanted
        self._detector = FaceDetector()
        self._search = Search(grid(0.5, 3), 0.3)
        self._parts: dict[Area, tuple[LookAt, Callable[[], None], float]] = {}
        self._time_s = 0.0

    def look(self, frame: Frame, known: list[Face]) -> list[Face]:
        """The faces in `frame` beyond those `known`, with points and transforms as of the whole image."""
        if frame.time_s < self._time_s:
            self.close()
        self._time_s = frame.time_s
        found = list(known)
        for area, (look, close, useful_s) in list(self._parts.items()):
            new = _beyond(found, _of_part(frame, area, look))
            found += new
            if new:
                self._parts[area] = look, close, frame.time_s
            elif frame.time_s - useful_s > CLOSE_AFTER_S:
                del self._parts[area]
                close()
        # The whole image is the landmarker's own affair.
        for area in self._search.areas(frame.time_s, len(found), self._wanted)[1:]:
            if area not in self._parts and len(self._parts) < MOST_PARTS and self._somebody_new(frame, area, found):
                look, close = self._open_part()
                self._parts[area] = look, close, frame.time_s
                found += _beyond(found, _of_part(frame, area, look))
        return found[len(known) :]

    def close(self) -> None:
        """Closes every part; harmless when called twice."""
        for _, close, _ in self._parts.values():
            close()
        self._parts.clear()

    def _somebody_new(self, frame: Frame, area: Area, known: list[Face]) -> bool:
        width, height = frame.size
        rows, columns = area.slices(width, height)
        for x, y in self._detector.find(frame.pixels[rows, columns], PART_SCORE):
            u, v = (x + columns.start) / width, (y + rows.start) / height
            low_high = [(f.points[:, :2].min(axis=0), f.points[:, :2].max(axis=0)) for f in known]
            if not any(low[0] <= u <= high[0] and low[1] <= v <= high[1] for low, high in low_high):
                return True
        return False


def _of_part(frame: Frame, area: Area, look: LookAt) -> list[Face]:
    """What `look` finds in the part of `frame`, in coordinates of the whole, without faces that its inner edges cut."""
    width, height = frame.size
    rows, columns = area.slices(width, height)
    part = Frame(frame.id, frame.time_s, np.ascontiguousarray(frame.pixels[rows, columns]), frame.captured_s)
    # An edge of the part that is not the image's own cuts faces in two.
    inner = np.array([columns.start > 0, rows.start > 0, columns.stop < width, rows.stop < height])
    whole = []
    for face in look(part):
        low, high = face.points[:, :2].min(axis=0), face.points[:, :2].max(axis=0)
        if not np.any(inner & np.array([low[0] < 0, low[1] < 0, high[0] > 1, high[1] > 1])):
            whole.append(_to_whole(face, rows, columns, width, height))
    return whole


def _to_whole(face: Face, rows: slice, columns: slice, width: int, height: int) -> Face:
    part = np.array([columns.stop - columns.start, rows.stop - rows.start])
    points = face.points.copy()
    points[:, :2] = (points[:, :2] * part + (columns.start, rows.start)) / (width, height)
    points[:, 2] *= part[0] / width
    middle = np.array([columns.start + part[0] / 2.0, rows.start + part[1] / 2.0])
    transform = seen_by_whole(face.transform, (float(middle[0]), float(middle[1])), float(part[1]), width, height)
    return replace(face, points=points, transform=transform)


def seen_by_whole(
    transform: Floats, middle: tuple[float, float], part_height: float, width: int, height: int
) -> Floats:
    """The head's transform in the whole image's camera, from that of a camera that sees only a part of it.

    `middle`: the part's middle in pixels; `part_height`: its height in pixels. Both cameras have one field of view,
    so the whole one stands further back by height / part_height, and sees the head under another angle: the head keeps
    how it faces the line of sight, and turns with that line.
    """
    x, y, z = (float(v) for v in transform[:3, 3])
    focal_part, focal = part_height / 2.0 / HALF_FIELD, height / 2.0 / HALF_FIELD
    u, v = middle[0] + focal_part * x / -z, middle[1] - focal_part * y / -z
    depth = -z * focal / focal_part
    place = np.array([(u - width / 2.0) / focal * depth, -(v - height / 2.0) / focal * depth, -depth])
    out = np.eye(4, dtype=np.float32)
    out[:3, :3] = _turn(np.array([x, y, z]), place) @ transform[:3, :3]
    out[:3, 3] = place
    return out


def _turn(a: Floats, b: Floats) -> Floats:
    """The smallest rotation that takes direction `a` to direction `b` (Rodrigues' formula)."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    axis = np.cross(a, b)
    k = np.array([[0.0, -axis[2], axis[1]], [axis[2], 0.0, -axis[0]], [-axis[1], axis[0], 0.0]])
    return np.asarray(np.eye(3) + k + k @ k / (1.0 + a @ b))


def _beyond(known: list[Face], faces: list[Face]) -> list[Face]:
    """Those of `faces` that are none of the `known` and not one another."""
    new: list[Face] = []
    for face in faces:
        if not any(same_face(face, other) for other in (*known, *new)):
            new.append(face)
    return new


def same_face(a: Face, b: Face) -> bool:
    """Whether two finds are one face: their middles are nearer to each other than half its size."""
    apart = np.abs(a.points[:, :2].mean(axis=0) - b.points[:, :2].mean(axis=0))
    size = np.maximum(np.ptp(a.points[:, :2], axis=0), np.ptp(b.points[:, :2], axis=0))
    return bool(np.all(apart < 0.5 * size))
