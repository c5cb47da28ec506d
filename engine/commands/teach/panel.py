"""What stands in the teaching window: each class with its key and what it has, what is seen now, what is mistaken."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...core.frame import Floats
from ...effect.shapes import Box, Label, Shape
from .examples import LEAST
from .judge import accuracy

PLENTY = 40  # examples of a class from which its bar is full
NAME = 16  # letters of a class's name that are shown
GROUND, PLAIN, GOOD, NOW, HINT = "#0a0e18f0", "#ffffff", "#7ae582", "#ff5a5f", "#ffd166"
STEP, LEFT, WIDE = 0.066, 0.025, 0.42  # heights and widths in image heights


def panel(
    counts: Sequence[tuple[str, int, int]],
    keys: str,
    now: str | None,
    hint: str,
    scores: Floats | None,
    size: tuple[int, int],
) -> list[Shape]:
    """The classes: `counts` holds each one's label, examples and recordings; `now` is recorded; `scores` (classes,) are
    of what is seen now, where that is known."""
    unit, aspect = size[1] / 720, size[0] / size[1]
    bottom = 0.04 + STEP * len(counts) + 0.065
    shapes: list[Shape] = [Box((0.015 / aspect, 0.02), ((LEFT + WIDE + 0.01) / aspect, bottom), GROUND, 10.0 * unit)]
    left, right = LEFT / aspect, (LEFT + WIDE) / aspect
    for number, (label, examples, recordings) in enumerate(counts):
        top = 0.032 + STEP * number
        enough = examples >= LEAST and recordings >= 2
        color = NOW if label == now else GOOD if enough else PLAIN
        text = f"{keys[number]}  {shortened(label)}"
        shapes.append(Label(text, (left, top), 22.0 * unit, color, outline=None, bold=label == now))
        times = f"{examples}, {recordings} time{'' if recordings == 1 else 's'}"
        shapes.append(Label(times, (right, top + 0.004), 17.0 * unit, "#b8c0d0", (1.0, 0.0), outline=None))
        shapes += bar(left, right, top + 0.036, 0.006, examples / PLENTY, color, unit)
        if scores is not None:
            shapes += bar(left, right, top + 0.045, 0.010, float(scores[number]), HINT, unit)
    shapes.append(Label(hint, (left, bottom - 0.068), 18.0 * unit, NOW if now is not None else HINT, outline=None))
    return shapes


def bar(left: float, right: float, top: float, high: float, part: float, color: str, unit: float) -> list[Shape]:
    """A bar that is full to `part` (0..1), in steps that an eye can tell apart."""
    part = round(min(max(part, 0.0), 1.0) * 20) / 20
    full = Box((left, top), (left + (right - left) * part, top + high), color, 2.0 * unit)
    return [Box((left, top), (right, top + high), "#ffffff28", 2.0 * unit), *([full] if part else [])]


def confusion_panel(table: np.ndarray, labels: Sequence[str], keys: str, size: tuple[int, int]) -> list[Shape]:
    """How what was held out is taken so far: a row is what it was, a column what it was taken for; in percent."""
    unit, aspect, count = size[1] / 720, size[0] / size[1], len(labels)
    cell = min(0.060, 0.34 / count)
    names, head = 0.17, 0.085
    left, top = 1.0 - (names + cell * count + 0.035) / aspect, 0.02
    shapes: list[Shape] = [
        Box((left, top), (1.0 - 0.015 / aspect, top + head + cell * count + 0.015), GROUND, 10.0 * unit)
    ]
    title = f"held out: {accuracy(table):.0%} right"
    shapes.append(Label(title, (left + 0.01 / aspect, top + 0.010), 20.0 * unit, HINT, outline=None))
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    begin = left + (names + 0.005) / aspect
    for row, label in enumerate(labels):
        at = begin + cell * (row + 0.5) / aspect, top + head - 0.022
        shapes.append(Label(keys[row], at, 16.0 * unit, "#b8c0d0", (0.5, 0.0), outline=None))
        middle = top + head + cell * (row + 0.5)
        name = f"{keys[row]} {shortened(label, 11)}"
        shapes.append(Label(name, (begin - 0.01 / aspect, middle), 16.0 * unit, PLAIN, (1.0, 0.5), outline=None))
        for column in range(count):
            share = float(shares[row, column])
            corner = begin + cell * column / aspect, top + head + cell * row
            end = corner[0] + (cell - 0.004) / aspect, corner[1] + cell - 0.004
            shapes.append(Box(corner, end, shade(share, good=row == column), 3.0 * unit))
            if share >= 0.005:
                place = (corner[0] + end[0]) / 2, (corner[1] + end[1]) / 2
                shapes.append(Label(f"{share * 100:.0f}", place, 14.0 * unit, PLAIN, (0.5, 0.5), outline=None))
    return shapes


def shade(share: float, *, good: bool) -> str:
    """The colour of a cell: green for what is right, red for what is not, the more the stronger."""
    return f"{'#2fa35c' if good else '#e5383b'}{round(20 + 215 * share):02x}"


def shortened(label: str, most: int = NAME) -> str:
    """A label that fits."""
    return label if len(label) <= most else label[: most - 1] + "…"
