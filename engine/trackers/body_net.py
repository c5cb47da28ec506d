"""BlazePose's landmark network, run by LiteRT on one person at a time.

MediaPipe's own pose task, in VIDEO mode, merges people whose surrounding squares overlap by half, which is any two who
sit side by side before a webcam; and it runs the detector on every frame once it is asked for more people than it sees.
The steps and constants here are those of its graphs (pose_landmarks_detector_graph.cc and the calculators it names), so
that one person gives the same points. Bazarevsky et al., "BlazePose: On-device Real-time Body Pose tracking", 2020.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from ..core.frame import Floats, Pixels
from ..models.litert import LiteRtModel
from .detectors import sigmoid
from .roi import Roi

POINTS = 33
# The two points behind the 33 say where to look in the next frame: the hips' middle, and the circle round the body.
CENTRE, CIRCLE = 33, 34
HEATMAP_REACH = 3
HEATMAP_SURE = 0.5
# A mask is no finer than the network's own (256 pixels over the square round the body).
MASK_SIDE = 512


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """What the network saw: `points` (33, 3) uv and z, `world` (33, 3) metres, `visibility` (33,), `score` 0..1, the
    square to look at next, the mask of this person or None, and the image's `aspect` (height / width)."""

    points: Floats
    world: Floats
    visibility: Floats
    score: float
    next: Roi
    mask: Floats | None
    aspect: float


class BodyNet:
    """Finds the 33 points of the body inside a square."""

    def __init__(self) -> None:
        self._net = LiteRtModel.from_store("pose_landmarker_full", "pose_landmarks_detector.tflite")

    def look(self, pixels: Pixels, roi: Roi, mask: bool = False) -> Body:
        """The body in the square `roi` of `pixels`; `score` says whether there is one. Raises TrackerError."""
        side = self._net.size[0]
        height, width = pixels.shape[:2]
        to_image = roi.to_image(side)
        crop = roi.cut(pixels, side)
        flat, flag, segmentation, heatmap, world = self._net.run(crop.astype(np.float32) / np.float32(255.0))
        marks = flat.reshape(-1, 5)
        uv = refined(np.asarray(marks[:, :2] / side, np.float32), heatmap) * side
        places = uv @ to_image[:, :2].T + to_image[:, 2]
        points = np.column_stack([places[:, 0] / width, places[:, 1] / height, marks[:, 2] / side * roi.side / width])
        cosine, sine = math.cos(roi.angle), math.sin(roi.angle)
        turn = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
        return Body(
            points[:POINTS].astype(np.float32),
            (world.reshape(-1, 3)[:POINTS] @ turn.T).astype(np.float32),
            sigmoid(marks[:POINTS, 3]),
            float(flag.ravel()[0]),
            Roi.around(places[CENTRE], places[CIRCLE]),
            _spread(segmentation[..., 0], to_image, width, height) if mask else None,
            height / width,
        )


def refined(points: Floats, heatmap: Floats) -> Floats:
    """`points` (N, 2), 0..1, moved to the centre of mass of the heatmap (h, w, N) around them where it is sure.

    As in MediaPipe's refine_landmarks_from_heatmap_calculator.cc with a kernel of 7.
    """
    height, width = heatmap.shape[:2]
    out = points.copy()
    columns = np.trunc(points[:, 0] * width).astype(int)
    rows = np.trunc(points[:, 1] * height).astype(int)
    for i in range(len(points)):
        column, row = int(columns[i]), int(rows[i])
        if not (0 <= column < width and 0 <= row < height):
            continue
        left, top = max(0, column - HEATMAP_REACH), max(0, row - HEATMAP_REACH)
        weights = sigmoid(heatmap[top : row + HEATMAP_REACH + 1, left : column + HEATMAP_REACH + 1, i])
        if weights.max() >= HEATMAP_SURE:
            total = float(weights.sum())
            out[i, 0] = (left + float(weights.sum(axis=0) @ np.arange(weights.shape[1])) / total) / width
            out[i, 1] = (top + float(weights.sum(axis=1) @ np.arange(weights.shape[0])) / total) / height
    return out


def _spread(segmentation: Floats, to_image: Floats, width: int, height: int) -> Floats:
    scale = min(1.0, MASK_SIDE / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    shrink = np.array([[size[0] / width], [size[1] / height]], np.float32)
    spread: Any = cv2.warpAffine(sigmoid(segmentation), to_image * shrink, size, flags=cv2.INTER_LINEAR)
    return np.asarray(spread, np.float32)
