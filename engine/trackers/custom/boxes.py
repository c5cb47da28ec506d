"""Boxes out of a detector's numbers: the four outputs of a TFLite SSD, or EfficientDet's raw scores and offsets."""

from __future__ import annotations

from functools import cache

import numpy as np

from ...core.errors import ModelError
from ...core.frame import Floats
from ...core.results import Detection
from ...models.litert import LiteRtModel
from .spec import Spec

# EfficientDet's anchors: levels 3 to 7, three sizes and three shapes in each cell (Tan, Pang, Le: "EfficientDet:
# Scalable and Efficient Object Detection", CVPR 2020; the reference's default settings).
LEVELS, SCALES = range(3, 8), 3
SHAPES = ((1.0, 1.0), (1.4, 0.7), (0.7, 1.4))


class BoxReader:
    """Reads the boxes out of one model's outputs. Raises ModelError where they are not those of a known detector."""

    def __init__(self, spec: Spec, runtime: LiteRtModel, labels: tuple[str, ...], size: tuple[int, int]) -> None:
        self._settings, self._labels = spec.output, labels
        shapes = [port.shape for port in runtime.outputs]
        self._raw = len(shapes) == 2 and spec.output.format in ("auto", "anchors")
        if self._raw:
            self._scores = next((i for i, s in enumerate(shapes) if len(s) == 2 and s[1] != 4), -1)
            self._offsets = 1 - self._scores
            known = self._scores >= 0 and len(shapes[self._offsets]) == 2 and shapes[self._offsets][1] == 4
            self._anchors = anchors(size, spec.output.cells)
            if not known or len(self._anchors) != shapes[self._scores][0]:
                raise ModelError(
                    f"its outputs {shapes} are not those of EfficientDet at {size[0]}×{size[1]} "
                    f"({len(self._anchors)} anchors)",
                    where=str(spec.file),
                )
        elif len(shapes) == 4:
            # TFLite_Detection_PostProcess: boxes, classes, scores, count; converters change the order.
            self._four = next((i for i, s in enumerate(shapes) if len(s) == 2 and s[1] == 4), -1)
            names = [port.name for port in runtime.outputs]
            rest = [i for i, s in enumerate(shapes) if len(s) == 1 and i != self._four]
            if self._four < 0 or len(rest) != 2:
                raise ModelError(f"its outputs {shapes} are not those of an SSD", where=str(spec.file))
            # Named "…:1" and "…:2", or in this order.
            self._classes, self._single = rest
            if names[rest[0]] > names[rest[1]] and ":" in names[rest[0]]:
                self._classes, self._single = rest[1], rest[0]
        else:
            raise ModelError(
                f"its outputs {shapes} cannot be read as boxes",
                where=str(spec.file),
                hint="expected an SSD with its post-processing inside, or a raw EfficientDet",
            )

    def read(self, outputs: list[Floats]) -> list[Detection]:
        """The boxes, surest first; corners in 0..1 of what the model was shown."""
        settings = self._settings
        if self._raw:
            scores = outputs[self._scores]
            kept = np.flatnonzero(scores.max(axis=1) >= settings.least)
            corners = decoded(outputs[self._offsets][kept], self._anchors[kept])
            classes = scores[kept].argmax(axis=1)
            sure = scores[kept, classes]
        else:
            sure, classes = outputs[self._single], outputs[self._classes].astype(int)
            kept = np.flatnonzero(sure >= settings.least)
            corners = outputs[self._four][kept][:, [1, 0, 3, 2]]
            classes, sure = classes[kept], sure[kept]
        found = []
        for i in suppressed(corners, sure, classes, settings.overlap)[: settings.most]:
            index = int(classes[i])
            label = self._labels[index] if 0 <= index < len(self._labels) else f"class {index + 1}"
            found.append(Detection(label, float(sure[i]), np.array(corners[i], np.float32)))
        return found


@cache
def anchors(size: tuple[int, int], cells: float) -> Floats:
    """EfficientDet's anchors (N, 4) for an image of `size`: centre x, y, width, height in 0..1; `cells`: how many the
    smallest is wide."""
    width, height = size
    rows = []
    for level in LEVELS:
        rows_of, columns_of = -(-height // 2**level), -(-width // 2**level)
        down_px, across_px = height / rows_of, width / columns_of  # a cell that does not fit is spread over the rest
        y, x = np.meshgrid(
            (np.arange(rows_of) + 0.5) * down_px, (np.arange(columns_of) + 0.5) * across_px, indexing="ij"
        )
        per_cell = []
        for octave in range(SCALES):
            for across, down in SHAPES:
                size_of = cells * 2 ** (octave / SCALES)
                wide, high = size_of * across_px * across, size_of * down_px * down
                per_cell.append(np.stack([x, y, np.full_like(x, wide), np.full_like(y, high)], axis=-1))
        rows.append(np.stack(per_cell, axis=2).reshape(-1, 4))
    return np.asarray(np.concatenate(rows) / [width, height, width, height], np.float32)


def decoded(offsets: Floats, near: Floats) -> Floats:
    """Corners (N, 4) left, top, right, bottom of boxes given as offsets (N, 4) y, x, h, w from anchors."""
    centre = offsets[:, [1, 0]] * near[:, 2:] + near[:, :2]
    half = np.exp(np.clip(offsets[:, [3, 2]], -10.0, 10.0)) * near[:, 2:] / 2
    return np.asarray(np.hstack([centre - half, centre + half]), np.float32)


def suppressed(corners: Floats, scores: Floats, classes: Floats, overlap: float) -> list[int]:
    """Which boxes stay, surest first: of two of one class that overlap by more than `overlap`, the surer one."""
    kept: list[int] = []
    area = np.prod(np.maximum(corners[:, 2:] - corners[:, :2], 0.0), axis=1)
    for i in np.argsort(-scores, kind="stable"):
        alike = [j for j in kept if classes[j] == classes[i]]
        low = np.maximum(corners[alike, :2], corners[i, :2])
        high = np.minimum(corners[alike, 2:], corners[i, 2:])
        shared = np.prod(np.maximum(high - low, 0.0), axis=1)
        if not alike or (shared / np.maximum(area[alike] + area[i] - shared, 1e-9)).max() <= overlap:
            kept.append(int(i))
    return kept
