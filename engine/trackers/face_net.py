"""Faces found by the landmarker's own networks, run by LiteRT: in two thirds of the time that MediaPipe's graph takes.

As in MediaPipe's graph the detector looks at every frame in which fewer faces were followed than are wanted, and a face
that it sees again is looked for where it says; the others are followed from the square round their own last points. New
ones are also looked for in parts of the image now and then. Steps and constants are those of
face_landmarker_graph.cc, face_landmarks_detector_graph.cc and face_blendshapes_graph.cc (Kartynnik et al., "Real-time
Facial Surface Geometry from Monocular Video", 2019), so the points are the same to 0.2 % of the distance between the
eyes (docs/trackers.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.frame import Floats, Frame, Pixels
from ..core.results import EXPRESSIONS, Face
from ..models import store as models
from ..models.litert import LiteRtModel
from .detectors import FaceDetector, sigmoid
from .face_far import PART_SCORE, same_face
from .face_geometry import HeadGeometry
from .roi import Roi
from .search_areas import Area, Search, grid

BUNDLE = "face_landmarker"  # the model that holds all of its networks
POINTS = 478
MARGIN = 1.5  # the square is so much larger than the points' box
EYE_RIGHT, EYE_LEFT = 33, 263  # outer corners, which say how the head is rolled
SEARCH_EVERY_S = 0.3
# fmt: off
# The points that the expressions are read from.
EXPRESSION_POINTS = np.array([
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80, 81,
    82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153, 154,
    155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263,
    267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321,
    323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386, 387,
    388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477,
])
# fmt: on


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What the network saw in a square: the `face`, how sure it is that there is one, 0..1, and the next square."""

    face: Face
    score: float
    next: Roi


class FaceNet:
    """Finds the 478 points of the face inside a square, and what it expresses."""

    def __init__(self, blendshapes: bool) -> None:
        self._net = LiteRtModel.from_store(BUNDLE, "face_landmarks_detector.tflite")
        self._expressions = LiteRtModel.from_store(BUNDLE, "face_blendshapes.tflite") if blendshapes else None
        self._geometry = HeadGeometry(models.path(BUNDLE))
        self._input = np.empty((self._net.size[1], self._net.size[0], 3), np.float32)

    def look(self, pixels: Pixels, roi: Roi, least: float) -> Seen | None:
        """The face in the square `roi` of `pixels`, or None where the network is less sure than `least`."""
        side = self._net.size[0]
        height, width = pixels.shape[:2]
        to_image = roi.to_image(side)
        np.multiply(roi.cut(pixels, side), np.float32(1.0 / 255.0), out=self._input)
        flat, flag, _ = self._net.run(self._input)
        score = float(sigmoid(flag.ravel())[0])
        if score < least:
            return None
        marks = flat.reshape(POINTS, 3)
        places = marks[:, :2] @ to_image[:, :2].T + to_image[:, 2]
        points = np.column_stack([places / (width, height), marks[:, 2] * (roi.side / side / width)])
        points = points.astype(np.float32)
        face = Face(points, self._expressed(places), self._geometry.transform(points, width, height))
        return Seen(face, score, square_round(places))

    def _expressed(self, places: Floats) -> dict[str, float]:
        if self._expressions is None:
            return {}
        scores = self._expressions.run(places[EXPRESSION_POINTS].astype(np.float32))[0]
        return dict(zip(EXPRESSIONS, scores.tolist(), strict=True))


def square_round(places: Floats) -> Roi:
    """The square to look at next, for points at `places` (478, 2) in pixels."""
    low, high = places.min(axis=0), places.max(axis=0)
    across = places[EYE_LEFT] - places[EYE_RIGHT]
    centre = (low + high) / 2.0
    side = max(MARGIN * float((high - low).max()), 2.0)
    return Roi(float(centre[0]), float(centre[1]), side, float(np.arctan2(across[1], across[0])))


def overlap(one: Roi, other: Roi) -> float:
    """The common area of two squares, 0..1 of what they cover together; how they are turned does not count."""
    reach = (one.side + other.side) / 2.0
    width = min(reach - abs(one.x - other.x), one.side, other.side)
    height = min(reach - abs(one.y - other.y), one.side, other.side)
    common = max(width, 0.0) * max(height, 0.0)
    return common / (one.side**2 + other.side**2 - common)


class FollowedFaces:
    """Finds up to `wanted` faces and follows them, by the time of the frames alone.

    `least`: how sure the detector and the landmark network must be. `far`: look in parts of the image too.
    """

    def __init__(self, wanted: int, least: float, far: bool, blendshapes: bool) -> None:
        self._wanted, self._least = wanted, least
        self._asked = max(2, wanted)  # with a single one MediaPipe's graph smooths; what it does for more is done here
        self._net = FaceNet(blendshapes)
        self._detector = FaceDetector()
        self._ahead_detector: FaceDetector | None = None  # that of another thread
        self._search = Search(grid(0.5, 3), SEARCH_EVERY_S) if far else None
        self._squares: list[Roi] = []
        self._time_s = 0.0

    def detect_ahead(self, pixels: Pixels) -> list[Roi] | None:
        """What the detector sees, surest first; None where all who are wanted are followed, and it is not asked."""
        if len(self._squares) >= self._asked:
            return None
        if self._ahead_detector is None:
            self._ahead_detector = FaceDetector()
        return self._ahead_detector.squares(pixels, self._least, sampled=True)

    def look(self, frame: Frame, detected: list[Roi] | None = None) -> list[Face]:
        """The faces in `frame`, those that were there before first; `detected` is what `detect_ahead` found in it."""
        if frame.time_s < self._time_s:
            self._squares = []  # the source began again
        self._time_s = frame.time_s
        found: list[Seen] = []
        for squares in self._expected(frame.pixels, detected):
            if len(found) < self._wanted:
                looks = (self._net.look(frame.pixels, square, self._least) for square in squares)
                self._add(found, next((seen for seen in looks if seen is not None), None))
        areas = self._search.areas(frame.time_s, len(found), self._wanted) if self._search is not None else ()
        for area in areas[1:]:  # the first is the whole image, which was looked at above
            for square in self._new_squares(frame, area, [seen.face for seen in found]):
                if len(found) < self._wanted:
                    self._add(found, self._net.look(frame.pixels, square, self._least))
        self._squares = [seen.next for seen in found]
        return [seen.face for seen in found]

    def _expected(self, pixels: Pixels, detected: list[Roi] | None) -> list[list[Roi]]:
        """For each face that is expected the squares to look at until it is seen: where the detector says, and where
        the face was a frame ago."""
        expected = [[square] for square in self._squares]
        if len(expected) < self._asked:
            boxes = detected if detected is not None else self._detector.squares(pixels, self._least, sampled=True)
            for box in boxes[: self._asked]:
                seen = Roi(box.x, box.y, box.side * MARGIN, box.angle)
                same = [known for known in expected if overlap(known[0], seen) > self._least]
                expected = [known for known in expected if known not in same]
                expected.append([seen, *(square for known in same for square in known)])
        return expected

    @staticmethod
    def _add(found: list[Seen], seen: Seen | None) -> None:
        """Adds what was seen unless it is nobody, or one of those already found."""
        if seen is not None and not any(same_face(seen.face, other.face) for other in found):
            found.append(seen)

    def _new_squares(self, frame: Frame, area: Area, known: list[Face]) -> list[Roi]:
        """The squares round the faces that the detector sees in one part of the image beside the `known` ones."""
        width, height = frame.size
        rows, columns = area.slices(width, height)
        boxes = [(f.points[:, :2].min(axis=0), f.points[:, :2].max(axis=0)) for f in known]
        squares = []
        for box in self._detector.squares(frame.pixels[rows, columns], max(self._least, PART_SCORE), sampled=False):
            square = Roi(box.x + columns.start, box.y + rows.start, box.side * MARGIN, box.angle)
            u, v = square.x / width, square.y / height
            if not any(low[0] <= u <= high[0] and low[1] <= v <= high[1] for low, high in boxes):
                squares.append(square)
        return squares
