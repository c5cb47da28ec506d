"""What a model found, drawn over the picture: boxes with names, points, or the likeliest names."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from phosphene import (
    Bool,
    Box,
    Classification,
    Detection,
    Detections,
    Effect,
    Float,
    Int,
    Label,
    Landmarks,
    Line,
    Observation,
    Text,
)

COLORS = ("#ffd166", "#06d6a0", "#4cc9f0", "#ff7ab8", "#ff9f1c", "#b8f35c", "#c77dff", "#ff6b6b")
SMOOTH_S = 0.08
HOLD_S = 0.3  # a box that a detector misses for a moment stays so long
SAME = 0.3  # overlap from which two boxes of one kind are one thing
LINE_PX, LETTER = 29.0, 0.49  # a label's height at 720 lines; a letter's width in label heights
GROUND = "#0a0e18e8"
CORNER = 0.22  # length of a corner mark, of the box's shorter side


@dataclass
class Seen:
    """A box on the screen."""

    label: str
    score: float
    box: np.ndarray
    missed_s: float = 0.0


class Findings(Effect):
    """Draws what a model found: boxes with their names, points, or the likeliest classes."""

    model = Text("objects", "which model: objects, what-is-this, or one of your own")
    least = Float(
        0.4, 0.0, 1.0, "what is less sure than this is not drawn; a name is, in grey, down to a quarter of it"
    )
    most = Int(5, 1, 50, "how many boxes or names are drawn at most")
    scores = Bool(True, "how sure it is, in percent, beside the name")
    scale = Float(1.0, 0.3, 4.0, "size of lines and letters")

    def wants(self) -> tuple[str, ...]:
        return (f"model.{self.model}",)

    def prepare(self, size: tuple[int, int]) -> None:
        self._seen: list[Seen] = []
        self._shown: dict[str, float] = {}

    def update(self, observation: Observation, dt: float) -> None:
        found = observation.results.get(f"model.{self.model}")
        self.shapes = ()
        width, height = observation.frame.size
        self._height = height
        self._unit = math.sqrt(width * height / (1280 * 720)) * self.scale
        if isinstance(found, Detections):
            self._follow(found.items, dt)
            near = sorted(self._seen, key=lambda s: -s.score)[: self.most]
            self.shapes = [shape for seen in near for shape in self._box(seen, width / height)]
        elif isinstance(found, Classification):
            self.shapes = self._names(found, dt, width / height)
        elif isinstance(found, Landmarks):
            self.shapes = self._points(found)

    def _follow(self, things: tuple[Detection, ...], dt: float) -> None:
        """Carries boxes over from frame to frame, so that they neither shake nor flicker."""
        left = [t for t in things if t.score >= self.least and t.label != "???"]
        weight = 1.0 - math.exp(-dt / SMOOTH_S) if dt > 0.0 else 1.0
        for seen in self._seen:
            near = max((t for t in left if t.label == seen.label), key=lambda t: overlap(t.box, seen.box), default=None)
            if near is None or overlap(near.box, seen.box) < SAME:
                seen.missed_s += dt
                continue
            left = [t for t in left if t is not near]
            seen.box = seen.box + weight * (near.box - seen.box)
            seen.score += weight * (near.score - seen.score)
            seen.missed_s = 0.0
        self._seen = [s for s in self._seen if s.missed_s < HOLD_S]
        self._seen += [Seen(t.label, t.score, np.array(t.box, np.float64)) for t in left]
        there = [s for s in self._seen if s.missed_s == 0.0]
        # What is missing has only moved where another of its kind covers its place.
        self._seen = there + [s for s in self._seen if s.missed_s > 0.0 and not any(covers(t, s) for t in there)]

    def _box(self, seen: Seen, aspect: float) -> list[Line | Box | Label]:
        left, top, right, bottom = (float(v) for v in seen.box)
        color = color_of(seen.label)
        reach = CORNER * min((right - left) * aspect, bottom - top)
        width = 3.0 * self._unit
        shapes: list[Line | Box | Label] = [
            Line((x, y), end, width, color)
            for x, inward in ((left, 1.0), (right, -1.0))
            for y, down in ((top, 1.0), (bottom, -1.0))
            for end in ((x + inward * reach / aspect, y), (x, y + down * reach))
        ]
        text = f"{seen.label} {rounded(seen.score)}%" if self.scores else seen.label
        high = LINE_PX * self._unit / self._height
        wide = LETTER * high * (len(text) + 1.4) / aspect
        begin = max(left, 0.0)
        under = top - 0.006 if top >= high + 0.006 else max(top, 0.0) + high + 0.006  # inside where no room is above
        shapes.append(Box((begin, under - high), (begin + wide, under), GROUND, 5.0 * self._unit))
        at = begin + 0.6 * LETTER * high / aspect, under - high / 2
        shapes.append(Label(text, at, 22.0 * self._unit, color, (0.0, 0.5), outline=None, bold=True))
        return shapes

    def _names(self, found: Classification, dt: float, aspect: float) -> list[Line | Box | Label]:
        """The likeliest classes with a bar each, the surest on top; grey where less sure than `least`."""
        order = np.argsort(-found.values, kind="stable")[: self.most]
        names = [(found.names[i], float(found.values[i])) for i in order if found.values[i] >= self.least / 4]
        shapes: list[Line | Box | Label] = []
        step, bar = 0.062 * self.scale, 0.30 * self.scale
        top = 0.97 - step * len(names)
        if names:
            shapes.append(
                Box((0.02 / aspect, top - 0.012), (0.02 / aspect + (bar + 0.04) / aspect, 0.985), "#000000a0")
            )
        for row, (name, value) in enumerate(names):
            y, left = top + step * row, 0.04 / aspect
            color = color_of(name) if value >= self.least else "#b0b0b0"
            shapes.append(
                Box((left, y + step * 0.72), (left + max(bar * value, 0.004) / aspect, y + step * 0.84), color)
            )
            text = f"{name} {rounded(value)}%" if self.scores else name
            shapes.append(Label(text, (left, y), 22.0 * self._unit, "#ffffff", outline=None, bold=value >= self.least))
        return shapes

    def _points(self, found: Landmarks) -> list[Line | Box | Label]:
        dot = 5.0 * self._unit
        places = [
            (float(p[0]), float(p[1])) for p, s in zip(found.points, found.scores, strict=True) if s >= self.least
        ]
        return [Line(place, place, dot, COLORS[0]) for place in places]


def covers(one: Seen, other: Seen) -> bool:
    """Whether `one` is of the kind and at the place of `other`."""
    return one.label == other.label and overlap(one.box, other.box) >= SAME


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """How much of two boxes is shared, 0..1 of what both cover."""
    across, down = np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0.0)
    shared = float(across * down)
    return shared / max(float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2])) - shared, 1e-9)


def color_of(label: str) -> str:
    """The same colour for the same name, every time."""
    return COLORS[sum(ord(c) * (n + 1) for n, c in enumerate(label)) % len(COLORS)]


def rounded(score: float) -> int:
    """Percent in steps of five: a number that trembles cannot be read, and costs a new drawing each time."""
    return 5 * round(score * 20)
