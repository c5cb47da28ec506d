"""What would be learnt so far, while examples are still being recorded: by the nearest examples, at once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...core.frame import Floats
from ...trackers.custom.neighbours import Neighbours
from .examples import LEAST, Recording, gather
from .judge import folds
from .learn import nearest_table


@dataclass(frozen=True, slots=True)
class Known:
    """A model of what was recorded up to some moment: its classes, and how it took what was held out from it."""

    nearest: Neighbours
    labels: tuple[str, ...]
    table: np.ndarray


class Preview:
    """Learns beside the window, in a thread of its own; `known` is the newest that is done, None before the first."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = tuple(labels)
        self.known: Known | None = None
        self._thread: threading.Thread | None = None

    def learn(self, recordings: Sequence[Recording]) -> None:
        """Begins to learn `recordings`, where each class has enough of them and it is not busy with the last ones."""
        counts = [sum(len(r.rows) for r in recordings if r.label == label) for label in self.labels]
        if min(counts) < LEAST or (self._thread is not None and self._thread.is_alive()):
            return
        held = [replace(r, rows=list(r.rows)) for label in self.labels for r in recordings if r.label == label]
        self._thread = threading.Thread(target=self._learn, args=(held,), name="preview", daemon=True)
        self._thread.start()

    def _learn(self, recordings: Sequence[Recording]) -> None:
        examples = gather(recordings, "anything")
        count = len(examples.labels)
        table = nearest_table(examples, folds(examples)[0])
        self.known = Known(Neighbours(examples.rows, examples.classes, count), examples.labels, table)

    def probabilities(self, row: Floats | None) -> Floats | None:
        """How surely `row` shows each class, (classes,); None where nothing is known or nobody is seen."""
        return None if self.known is None or row is None else self.known.nearest.probabilities(row)

    def close(self) -> None:
        """Waits for what is being learnt; harmless when called twice."""
        if self._thread is not None:
            self._thread.join()
