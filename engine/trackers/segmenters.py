"""The selfie segmenters: one run of one network for every frame, or several that look closer and check each other."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..core.frame import Floats, Frame, Pixels
from ..core.imaging import resize, shrunk
from ..models.litert import LiteRtModel

# From this shape (width / height) on the 256×144 model fits better than the 256×256 one.
WIDE = 1.2
FILES = {"landscape": "selfie_segmenter_landscape", "square": "selfie_segmenter"}
LONG_SIDE = 256  # of the fine mask, in cells
# A closer look: at blobs of the mask above CERTAIN that cover LEAST of the image and leave enough of it out, the
# largest first, with a margin on every side. A box stays while its blob keeps between these margins: a box that moves
# makes an edge flicker.
CERTAIN, LEAST, MOST_BLOBS = 0.15, 0.003, 4
MARGIN, MARGINS = 0.2, (0.06, 0.45)
WHOLE = 0.8
# How far the closer look counts, and over which part of its box's side it fades in.
TRUST, FADE = 0.9, 0.08


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the image, corners 0..1."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        """Its part of the image."""
        return (self.right - self.left) * (self.bottom - self.top)

    def grown(self, margin: float) -> Box:
        """With a margin of so many of its sides, as far as the image goes."""
        x, y = margin * (self.right - self.left), margin * (self.bottom - self.top)
        return Box(max(self.left - x, 0.0), max(self.top - y, 0.0), min(self.right + x, 1.0), min(self.bottom + y, 1.0))

    def holds(self, other: Box) -> bool:
        """Whether `other` lies inside."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and self.right >= other.right
            and self.bottom >= other.bottom
        )

    def cells(self, width: int, height: int) -> tuple[slice, slice]:
        """Its rows and columns of an image of `width` × `height`."""
        x0, y0 = int(self.left * width), int(self.top * height)
        x1, y1 = max(x0 + 1, round(self.right * width)), max(y0 + 1, round(self.bottom * height))
        return slice(y0, y1), slice(x0, x1)


class Segmenters:
    """Runs the networks; each is loaded when it is first wanted."""

    def __init__(self) -> None:
        self._networks: dict[str, LiteRtModel] = {}
        self._boxes: list[Box] = []
        self._time_s = 0.0

    def plain(self, frame: Frame, kind: str) -> Floats:
        """One network's confidence (144×256 or 256×256); `kind`: landscape, square, or auto by the image's shape."""
        width, height = frame.size
        net = self._network(kind if kind != "auto" else "landscape" if width > WIDE * height else "square")
        return confidence(net, shrunk(frame, net.size))

    def fine(self, frame: Frame) -> Floats:
        """The confidence of both networks in the whole image, and in a closer look at every large blob of it.

        One of them sees the image mirrored: what they get wrong differs, so their mean is wrong less often, flickers
        less, and costs two to eight runs.
        """
        width, height = frame.size
        scale = LONG_SIDE / max(width, height)
        cells = max(1, round(width * scale)), max(1, round(height * scale))
        if frame.time_s <= self._time_s:
            self._boxes = []  # the source began again
        self._time_s = frame.time_s
        found = self._both(frame.pixels, cells)
        self._boxes = [self._kept(blob) for blob in blobs(found)]
        total, weight = np.zeros_like(found), np.zeros_like(found)
        for box in self._boxes:
            if box.area > WHOLE:
                continue
            part, seen = box.cells(*cells), box.cells(width, height)
            rows, columns = part
            near = self._both(frame.pixels[seen], (columns.stop - columns.start, rows.stop - rows.start))
            share = faded(near.shape, box)
            total[part] += near * share
            weight[part] += share
        closer = total / np.maximum(weight, np.float32(1e-3))
        return np.asarray(found + (closer - found) * (TRUST * np.minimum(weight, 1.0)))

    def _both(self, pixels: Pixels, cells: tuple[int, int]) -> Floats:
        """The mean confidence of both networks about `pixels`, `cells` wide and high."""
        wide, square = self._network("landscape"), self._network("square")
        one = confidence(wide, resize(pixels, wide.size))
        other = confidence(square, resize(pixels, square.size)[:, ::-1])[:, ::-1]
        both = (cv2.resize(np.ascontiguousarray(m), cells, interpolation=cv2.INTER_LINEAR) for m in (one, other))
        return np.asarray(sum(both) * np.float32(0.5))

    def _kept(self, blob: Box) -> Box:
        """The box in which to look at `blob`: that of the last frame where it still fits."""
        least, most = blob.grown(MARGINS[0]), blob.grown(MARGINS[1])
        return next((box for box in self._boxes if box.holds(least) and most.holds(box)), blob.grown(MARGIN))

    def _network(self, kind: str) -> LiteRtModel:
        if kind not in self._networks:
            self._networks[kind] = LiteRtModel.from_store(FILES[kind])
        return self._networks[kind]


def confidence(net: LiteRtModel, image: Pixels) -> Floats:
    """What the network says of `image`, which has its size."""
    found = net.run(np.multiply(image, np.float32(1.0 / 255.0), dtype=np.float32))[0][..., 0]
    return np.asarray(np.clip(found, 0.0, 1.0))


def blobs(found: Floats) -> list[Box]:
    """The boxes round the largest connected parts of a confidence."""
    height, width = found.shape
    _, _, stats, _ = cv2.connectedComponentsWithStats((found > CERTAIN).astype(np.uint8))
    sized = sorted(stats[1:].tolist(), key=lambda row: -row[cv2.CC_STAT_AREA])[:MOST_BLOBS]
    return [
        Box(left / width, top / height, (left + wide) / width, (top + high) / height)
        for left, top, wide, high, area in sized
        if area >= LEAST * found.size
    ]


def faded(shape: tuple[int, ...], box: Box) -> Floats:
    """1 in the middle of a part of the image, falling towards those of its sides that are not the image's own."""

    def ramp(count: int, begins: bool, ends: bool) -> Floats:
        place = (np.arange(count, dtype=np.float32) + np.float32(0.5)) / np.float32(count)
        rises = np.where(begins, place / FADE, 1.0)
        falls = np.where(ends, (1.0 - place) / FADE, 1.0)
        return np.asarray(np.clip(np.minimum(rises, falls), 0.02, 1.0), np.float32)

    down = ramp(shape[0], box.top > 0.0, box.bottom < 1.0)
    across = ramp(shape[1], box.left > 0.0, box.right < 1.0)
    return np.asarray(down[:, None] * across[None, :])
