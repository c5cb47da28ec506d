"""The two detectors that the MediaPipe bundles carry, asked directly: is there a body, is there a face, how many?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from ..core.frame import Floats, Pixels
from ..core.imaging import letterbox
from ..models.litert import LiteRtModel
from .roi import Roi

# MediaPipe's own settings of these detectors (pose_detector_graph.cc): score and overlap for non-maximum suppression.
MIN_SCORE = 0.5
MIN_OVERLAP = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A body that the detector found: its score, and in pixels the middles of the shoulders and of the hips and a
    point of the circle round the body (above the head of one who stands upright)."""

    score: float
    chest: Floats
    hips: Floats
    circle: Floats


class BodyDetector:
    """BlazePose's body detector (Bazarevsky et al., "BlazePose: On-device Real-time Body Pose tracking", 2020)."""

    def __init__(self) -> None:
        # It takes as long as ten small nets and is asked now and then: in one thread that frame would come late.
        self._net = LiteRtModel.from_store("pose_landmarker_full", "pose_detector.tflite", threads=2)
        self._anchors = anchors(self._net.size[0], ((8, 2), (16, 2), (32, 6)))

    def score(self, pixels: Pixels) -> float:
        """How surely there is a body in `pixels`, 0..1: that of the surest one."""
        return float(self._scores(self._run(pixels)).max())

    def find(self, pixels: Pixels, min_score: float = MIN_SCORE) -> list[Found]:
        """The bodies in `pixels`, surest first, overlapping ones once. Places are pixels of `pixels`."""
        outputs = self._run(pixels)
        scores = self._scores(outputs)
        raw = next(o for o in outputs if o.shape[1] > 1)
        sure = np.flatnonzero(scores >= min_score)
        sure = sure[np.argsort(-scores[sure], kind="stable")]
        side = self._net.size[0]
        centres = raw[sure, :2] + self._anchors[sure] * side
        sizes = np.abs(raw[sure, 2:4])
        points = raw[sure, 4:8].reshape(-1, 2, 2) + self._anchors[sure][:, None] * side
        places = from_letterbox(np.concatenate([centres[:, None], points], axis=1), pixels, side)
        bodies = []
        for group in suppress(np.hstack([centres - sizes / 2, centres + sizes / 2])):
            # Weighted suppression, as MediaPipe does it: all that overlap say where it is, each by its score.
            chest, hips, circle = np.average(places[group], axis=0, weights=scores[sure[group]])
            bodies.append(Found(float(scores[sure[group[0]]]), chest, hips, circle))
        return bodies

    def _run(self, pixels: Pixels) -> list[Floats]:
        image = letterbox(pixels, self._net.size[0]).astype(np.float32) / np.float32(127.5) - np.float32(1.0)
        return self._net.run(image)

    @staticmethod
    def _scores(outputs: list[Floats]) -> Floats:
        return sigmoid(next(o for o in outputs if o.shape[1] == 1)[:, 0])


class FaceDetector:
    """BlazeFace, short range (Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection", 2019)."""

    def __init__(self) -> None:
        self._net = LiteRtModel.from_store("face_landmarker", "face_detector.tflite")
        self._anchors = anchors(self._net.size[0], ((8, 2), (16, 6)))

    def score(self, pixels: Pixels) -> float:
        """How surely there is a face in `pixels`, 0..1: that of the surest one."""
        return float(self._scores(letterbox(pixels, self._net.size[0]))[0].max())

    def find(self, pixels: Pixels, min_score: float) -> list[tuple[float, float]]:
        """The middles (x, y) of the faces in `pixels`, in pixels, surest first, overlapping ones once."""
        scores, raw = self._scores(letterbox(pixels, self._net.size[0]))
        sure = np.flatnonzero(scores >= min_score)
        sure = sure[np.argsort(-scores[sure], kind="stable")]
        side = self._net.size[0]
        centres, sizes = raw[sure, :2] + self._anchors[sure] * side, np.abs(raw[sure, 2:4])
        places = from_letterbox(centres, pixels, side)
        groups = suppress(np.hstack([centres - sizes / 2, centres + sizes / 2]))
        return [(float(places[g[0], 0]), float(places[g[0], 1])) for g in groups]

    def squares(self, pixels: Pixels, min_score: float, sampled: bool) -> list[Roi]:
        """The squares round the faces in `pixels`, in pixels, surest first, rolled as the eyes lie.

        Where `sampled` the image is shrunk without averaging, as in MediaPipe's graph, and the squares are the same
        as there; averaging finds more of the small faces.
        """
        height, width = pixels.shape[:2]
        whole = Roi(width / 2.0, height / 2.0, float(max(width, height)), 0.0)
        if sampled:
            smooth = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            shrunk: Any = cv2.warpAffine(pixels, whole.to_image(self._net.size[0]), self._net.size, flags=smooth)
        else:
            shrunk = letterbox(pixels, self._net.size[0])
        scores, raw = self._scores(shrunk)
        sure = np.flatnonzero(scores >= min_score)
        sure = sure[np.argsort(-scores[sure], kind="stable")]
        side = self._net.size[0]
        centres, sizes = raw[sure, :2] + self._anchors[sure] * side, np.abs(raw[sure, 2:4])
        eyes = raw[sure, 4:8].reshape(-1, 2, 2) + self._anchors[sure][:, None] * side
        scale = whole.side / side
        places = (np.concatenate([centres[:, None], eyes], axis=1) - side / 2.0) * scale + (whole.x, whole.y)
        found = []
        for group in suppress(np.hstack([centres - sizes / 2, centres + sizes / 2])):
            # Weighted suppression, as MediaPipe does it: all that overlap say where it is, each by its score.
            weights = scores[sure[group]]
            centre, right, left = np.average(places[group], axis=0, weights=weights)
            width = float(np.average(sizes[group], axis=0, weights=weights).max()) * scale
            across = left - right
            found.append(Roi(float(centre[0]), float(centre[1]), width, float(np.arctan2(across[1], across[0]))))
        return found

    def _scores(self, square: Pixels) -> tuple[Floats, Floats]:
        outputs = self._net.run(square * np.float32(1.0 / 127.5) - np.float32(1.0))
        scores = sigmoid(next(o for o in outputs if o.shape[1] == 1)[:, 0])
        return scores, next(o for o in outputs if o.shape[1] > 1)


def from_letterbox(places: Floats, pixels: Pixels, side: int) -> Floats:
    """Places (…, 2) in the letterboxed square of `side` pixels, as pixels of `pixels`."""
    height, width = pixels.shape[:2]
    scale = side / max(width, height)
    inner = np.array([max(1, round(width * scale)), max(1, round(height * scale))])
    return np.asarray((places - (side - inner) // 2) * (np.array([width, height]) / inner), np.float32)


def sigmoid(x: Floats) -> Floats:
    """The logistic function; the input is bounded so that float32 holds the result."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -80.0, 80.0))), np.float32)


def anchors(side: int, strides: tuple[tuple[int, int], ...]) -> Floats:
    """The centres (N, 2), 0..1, of SSD anchors: for each (stride, number) that many in each cell of so many pixels."""
    layers = []
    for stride, each in strides:
        cells = (np.arange(side // stride) + 0.5) / (side // stride)
        y, x = np.meshgrid(cells, cells, indexing="ij")
        layers.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), each, axis=0))
    return np.concatenate(layers).astype(np.float32)


def suppress(boxes: Floats, overlap: float = MIN_OVERLAP) -> list[list[int]]:
    """Groups `boxes` (N, 4: left, top, right, bottom; surest first): each group is one box and what overlaps it."""
    left = list(range(len(boxes)))
    area = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0), axis=1)
    groups = []
    while left:
        first = left[0]
        low, high = np.maximum(boxes[left, :2], boxes[first, :2]), np.minimum(boxes[left, 2:], boxes[first, 2:])
        common = np.prod(np.maximum(high - low, 0.0), axis=1)
        over = common > overlap * (area[left] + area[first] - common)
        over[0] = True
        groups.append([left[i] for i in np.flatnonzero(over)])
        left = [left[i] for i in np.flatnonzero(~over)]
    return groups
