"""From examples to a model: a small net trained by Keras in TensorFlow's own process, or the nearest examples."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...models import tensorflow as tf_jobs
from ...trackers.custom.neighbours import Neighbours
from .examples import Examples
from .judge import Fold, accuracy, confusion, folds

METHODS = ("auto", "net", "nearest")
Progress = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Learnt:
    """What was learnt: by which `method`, the held-out confusion matrix and accuracy (None where nothing could be held
    out), and the classes of whose one recording parts were held out."""

    method: str
    table: np.ndarray | None
    alone: tuple[str, ...]

    @property
    def accuracy(self) -> float | None:
        """The held-out accuracy, 0..1."""
        return None if self.table is None else accuracy(self.table)


def nearest_table(examples: Examples, divisions: Sequence[Fold], progress: Progress | None = None) -> np.ndarray:
    """The confusion matrix (row: what it was) of everything held out, by the nearest examples."""
    count = len(examples.labels)
    table = np.zeros((count, count), int)
    for fold in divisions:
        judge = Neighbours(examples.rows[fold.learn], examples.classes[fold.learn], count)
        said = np.array([judge.probabilities(row).argmax() for row in examples.rows[fold.held]])
        table += confusion(examples.classes[fold.held], said, count)
        if progress is not None:
            progress({"table": table.tolist()})
    return table


def learn(
    examples: Examples, folder: Path, method: str = "auto", seed: int = 0, progress: Progress | None = None
) -> Learnt:
    """Learns `examples` and writes the model into `folder`: `model.tflite` and `model.keras`, or `nearest.npz`.

    `auto` trains a net where TensorFlow is installed. Raises ModelError.
    """
    if method == "auto":
        method = "net" if tf_jobs.interpreter() else "nearest"
    divisions, alone = folds(examples)
    count = len(examples.labels)
    if method == "nearest":
        table = nearest_table(examples, divisions, progress)
        Neighbours(examples.rows, examples.classes, count).save(folder / "nearest.npz")
    else:
        with tempfile.TemporaryDirectory(prefix="phosphene-teach-") as scratch:
            data = Path(scratch) / "examples.npz"
            held: dict[str, Any] = {f"learn{n}": fold.learn for n, fold in enumerate(divisions)}
            held |= {f"held{n}": fold.held for n, fold in enumerate(divisions)}
            held |= {"rows": examples.rows, "classes": examples.classes}
            np.savez(data, **held)
            answer = tf_jobs.run(
                "train",
                progress,
                data=str(data),
                folds=len(divisions),
                count=count,
                keras=str(folder / "model.keras"),
                tflite=str(folder / "model.tflite"),
                seed=seed,
            )
        table = np.array(answer["table"], int)
    return Learnt(method, table if divisions else None, alone)
