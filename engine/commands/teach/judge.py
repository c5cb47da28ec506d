"""How good a taught model is, reported honestly: by recordings that it has not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .examples import Examples

FOLDS = 4
BLOCKS = 4  # parts into which the one recording of a class is cut
GAP = 0.1  # of a part, left out beside what is held out: neighbours in time are almost the same image


@dataclass(frozen=True, slots=True)
class Fold:
    """One division: the positions of the examples that are learnt, and of those that are held out."""

    learn: np.ndarray
    held: np.ndarray


def folds(examples: Examples) -> tuple[list[Fold], tuple[str, ...]]:
    """Divisions by which each recording is held out once, and the classes that have only one recording: of these, parts
    of it are held out, with a gap in time around them."""
    group = np.full(len(examples.rows), -1)
    gap = np.zeros(len(examples.rows), int)  # how many neighbours in time of a held-out example are not learnt
    alone = []
    for number, label in enumerate(examples.labels):
        own = np.flatnonzero(examples.classes == number)
        recordings = list(dict.fromkeys(examples.recordings[own]))
        if len(recordings) > 1:
            # By lot, the same each time: in the order of their names every fourth may be of one kind.
            for turn, recording in enumerate(np.random.default_rng(0).permutation(recordings)):
                group[examples.recordings == recording] = turn % FOLDS
            continue
        alone.append(label)
        blocks = min(BLOCKS, len(own))
        group[own] = np.arange(len(own)) * blocks // len(own)
        gap[own] = max(1, round(GAP * len(own) / blocks))
    made = []
    for turn in range(FOLDS):
        held = group == turn
        learn = ~held
        for at in np.flatnonzero(held & (gap > 0)):
            near = slice(max(0, at - gap[at]), at + gap[at] + 1)
            learn[near] &= examples.recordings[near] != examples.recordings[at]
        whole = len(set(examples.classes[learn])) == len(examples.labels)
        if held.any() and whole:
            made.append(Fold(np.flatnonzero(learn), np.flatnonzero(held)))
    return made, tuple(alone)


def confusion(classes: np.ndarray, said: np.ndarray, count: int) -> np.ndarray:
    """How often (row) each class was said to be (column) each class."""
    table = np.zeros((count, count), int)
    np.add.at(table, (classes, said), 1)
    return table


def accuracy(table: np.ndarray) -> float:
    """The share of right answers, each class counting the same however many examples it has."""
    seen = table.sum(axis=1)
    return float(np.mean(np.diag(table)[seen > 0] / seen[seen > 0])) if (seen > 0).any() else 0.0


def table_text(table: np.ndarray, labels: tuple[str, ...]) -> str:
    """The confusion matrix for people: a row is what it was, a column what the model said."""
    wide = max(max(len(label) for label in labels), 6)
    head = " " * (wide + 2) + "  ".join(f"{label:>{max(len(label), 4)}}" for label in labels)
    lines = [head]
    for label, row in zip(labels, table, strict=True):
        cells = "  ".join(f"{n:>{max(len(name), 4)}}" for n, name in zip(row, labels, strict=True))
        right = row[labels.index(label)] / max(int(row.sum()), 1)
        lines.append(f"{label:>{wide}}  {cells}   {right:4.0%} right")
    return "\n".join(lines)
