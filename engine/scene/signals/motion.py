"""What moves in the picture, and where: the share of it that changes from one image to the next."""

from __future__ import annotations

import numpy as np

from ...core.frame import Floats, Frame
from .signal import Signal

TABLE = (
    Signal("motion.level", "how much moves in the picture: 0 nothing, 1 a quarter of it or more"),
    Signal("motion.x", "middle of what moves, 0 left … 1 right", absent=0.5),
    Signal("motion.y", "middle of what moves, 0 top … 1 bottom", absent=0.5),
)
CELLS = 64  # about so many along the longer side
LOOKED = 4  # pixels along a cell's side that are looked at: their mean is calmer than the camera's noise
STILL, MOVED = 5.0, 15.0  # change of a cell's brightness, of 255, that is noise, and that is movement
MUCH = 0.25  # the share of the picture that counts as everything
LEAST = 0.002  # with less than this share there is no place


class Small:
    """A frame reduced to cells, once somebody asks."""

    def __init__(self, frame: Frame) -> None:
        self.image_id = frame.image_id
        self._frame: Frame | None = frame
        self._cells: Floats | None = None

    def cells(self) -> Floats:
        """The brightness of each cell, (h, w) float32 0..255."""
        frame = self._frame  # read first: another thread may be at it, and lets the frame go when it has the cells
        if self._cells is None and frame is not None:
            self._cells = reduced(frame)
            self._frame = None
        assert self._cells is not None
        return self._cells


def reduced(frame: Frame) -> Floats:
    """Mean brightness by cells, (h, w) float32 0..255; green stands for brightness."""
    width, height = frame.size
    step = max(1, round(max(width, height) / (CELLS * LOOKED)))
    looked = frame.pixels[::step, ::step, 1]
    rows, columns = (max(1, n // LOOKED) for n in looked.shape)
    looked = looked[: rows * LOOKED, : columns * LOOKED]
    if looked.shape != (rows * LOOKED, columns * LOOKED):  # a picture of a few pixels
        return looked.astype(np.float32)
    by_rows = looked.astype(np.float32).reshape(rows, LOOKED, columns * LOOKED).mean(axis=1)
    cells: Floats = by_rows.reshape(rows, columns, LOOKED).mean(axis=2)
    return cells


class Motion:
    """Remembers the last two images, and compares them where somebody asks; nobody who does not ask pays for it."""

    def __init__(self) -> None:
        self._now: Small | None = None
        self._before: Small | None = None

    def look(self, frame: Frame) -> tuple[Small | None, Small]:
        """The image before that of `frame`, if any, and that of `frame`; one shown once more is not new."""
        if self._now is None or self._now.image_id != frame.image_id:
            self._before, self._now = self._now, Small(frame)
        return self._before, self._now


def signals_of(before: Small | None, now: Small) -> dict[str, float]:
    """The `motion.*` signals; none where there is no image before, or one of another size.

    What changes everywhere alike, as with a light that is switched on, is no movement.
    """
    if before is None or before.cells().shape != now.cells().shape:
        return {}
    change = now.cells() - before.cells()
    change = np.abs(change - np.median(change))
    moved = np.clip((change - STILL) / (MOVED - STILL), 0.0, 1.0)
    share = float(moved.mean())
    values = {"motion.level": min(share / MUCH, 1.0)}
    if share >= LEAST:
        rows, columns = moved.shape
        total = float(moved.sum())
        values["motion.x"] = float(moved.sum(axis=0) @ (np.arange(columns) + 0.5)) / columns / total
        values["motion.y"] = float(moved.sum(axis=1) @ (np.arange(rows) + 0.5)) / rows / total
    return values
