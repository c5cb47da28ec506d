"""Classes by the nearest examples: learnt at once, from few of them, without TensorFlow."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from ...core.errors import ModelError, TrackerError
from ...core.frame import Floats

NEAREST = 5
MOST = 4000  # examples that are kept: more make it slower, not better


class Neighbours:
    """k nearest neighbours (Cover and Hart, 1967) among examples whose numbers are scaled to one spread; each votes
    with the inverse of its distance, and of its class's number of examples, so that what was shown for longer is not
    seen more often (Tan, "Neighbor-weighted K-nearest neighbor for unbalanced text corpus", 2005)."""

    def __init__(self, rows: Floats, classes: Floats, count: int) -> None:
        if len(rows) == 0 or len(rows) != len(classes):
            raise ModelError("no examples")
        rows, classes = thinned(rows, classes)
        self.middle = rows.mean(axis=0)
        # What hardly moves is not blown up: it would be noise.
        spread = rows.std(axis=0)
        self.spread = np.maximum(spread, max(float(spread.mean()) * 0.1, 1e-6)).astype(np.float32)
        self.rows = np.asarray((rows - self.middle) / self.spread, np.float32)
        self.classes, self.count = classes.astype(np.int32), count
        self._squares = (self.rows**2).sum(axis=1)
        self._weights = (1.0 / np.bincount(self.classes, minlength=count).clip(1))[self.classes]

    def probabilities(self, row: Floats) -> Floats:
        """The share (count,) of votes that each class gets."""
        if row.shape != self.middle.shape:
            raise TrackerError(f"{row.size} numbers, but the examples have {self.middle.size}")
        here = (row - self.middle) / self.spread
        far = np.maximum(self._squares - 2.0 * (self.rows @ here) + float(here @ here), 0.0)
        near = np.argsort(far, kind="stable")[:NEAREST]
        votes = np.bincount(self.classes[near], self._weights[near] / (np.sqrt(far[near]) + 1e-3), self.count)
        return np.asarray(votes / votes.sum(), np.float32)

    def save(self, path: Path) -> None:
        """Writes the examples to a file."""
        rows = self.rows * self.spread + self.middle
        np.savez_compressed(path, rows=rows.astype(np.float32), classes=self.classes, count=self.count)

    @classmethod
    def load(cls, path: Path) -> Neighbours:
        """Reads what `save` wrote; nothing in it can name a class or run. Raises ModelError."""
        try:
            with np.load(path, allow_pickle=False) as held:
                rows, classes, count = held["rows"], held["classes"], int(held["count"])
            if rows.ndim != 2 or classes.ndim != 1 or not 0 <= classes.min() <= classes.max() < count:
                raise ValueError("numbers that do not match")
            return cls(rows.astype(np.float32), classes, count)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ModelError(f"not a file of examples: {error}", where=str(path)) from error


def thinned(rows: Floats, classes: Floats) -> tuple[Floats, Floats]:
    """At most `MOST` examples, evenly taken."""
    if len(rows) <= MOST:
        return rows, classes
    kept = np.linspace(0, len(rows) - 1, MOST).astype(int)
    return rows[kept], classes[kept]
