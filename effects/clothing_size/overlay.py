"""The picture over the picture: advice with progress, measured lines with their intervals, the card with the sizes.

Everything is laid out in pixels of the picture from one text size, so that it looks the same at any size; chips and
card stand on different sides of the body (in an upright picture the card stands below or above it).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from phosphene import Box, Label, Line

from .measure import Segment

Shape = Line | Box | Label
Rect = tuple[float, float, float, float]

ACCENT, WARM, WHITE, DIM = "#5ee6d0", "#ffc857", "#ffffff", "#b9c4d6"
PANEL, TRACK = "#0b1220f0", "#ffffff30"
NAMES = {"shoulders": "Shoulders", "chest": "Chest", "waist": "Waist", "hips": "Hips", "inseam": "Inseam"}

# Advance widths of a bold sans serif in parts of the em, rounded up: what a place for text must hold.
ADVANCES = {
    0.4: " ,./:;IJijl|·'",
    0.5: "!()-[]_`frt–",
    0.6: '"*?csz',
    0.7: "0123456789EFLTaehknouvxy",
    0.9: "#&+<=>DGHNOQ~≈±",
    1.1: "%@MwWm…",
}
ADVANCE = {letter: width for width, letters in ADVANCES.items() for letter in letters}
LETTERS = (
    1.7  # of the text's size: a capital is then 3.5 % of the picture's height, over 16 arc minutes at 2 m on a 24-inch
)
# screen (ISO 9241-303 asks for 16 at least)
EM = 0.82  # letters are set at four fifths of the line's height, here with a little air
NARROWEST_PX = 7.0


@dataclass(frozen=True, slots=True)
class View:
    """What there is to show: `message` and `progress` (0..1) while guiding; `framing` draws the frame to stand in;
    `lines` with the texts of `chips` by name; `body` the person's box, uv (left, top, right, bottom); `card`: title,
    rows of (garment, sizes with their probability) and notes once measured."""

    message: str = ""
    urgent: bool = False
    progress: float = 0.0
    framing: bool = False
    lines: Mapping[str, Segment] = field(default_factory=dict)
    chips: Mapping[str, str] = field(default_factory=dict)
    body: Rect = (0.4, 0.1, 0.6, 0.9)
    title: str = ""
    rows: Sequence[tuple[str, Sequence[str]]] = ()
    notes: Sequence[str] = ()


def text_width(text: str, size_px: float) -> float:
    """An upper bound of the width of the widest line of `text` in pixels."""
    return max(sum(ADVANCE.get(c, 0.8) for c in line) for line in text.split("\n")) * size_px * EM


def draw(view: View, size: tuple[int, int]) -> list[Shape]:
    """The shapes of `view` for a picture of `size` (width, height)."""
    return _Page(size).draw(view)


class _Page:
    """One picture being laid out, in pixels."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.w, self.h = float(size[0]), float(size[1])
        self.text = max(min(0.042 * self.h, 0.052 * self.w), NARROWEST_PX)
        self.margin = 0.6 * self.text
        self.shapes: list[Shape] = []

    def draw(self, view: View) -> list[Shape]:
        if view.framing:
            self.frame()
        for segment in view.lines.values():
            self.line(segment)
        top = self.advice(view) if view.message else self.margin
        upright = self.h > self.w
        left_room, right_room = view.body[0] * self.w, (1.0 - view.body[2]) * self.w
        card_left = left_room > right_room if not upright else right_room > left_room
        bottom = self.h - self.margin
        if view.title:
            above = upright and view.body[1] > 1.0 - view.body[3]
            used = self.card(view, top, card_left, max(left_room, right_room), upright, above)
            top, bottom = (used, bottom) if above else (top, used)
        if view.chips:
            right = card_left
            room = right_room if right else left_room
            self.chips(view, top, bottom, right, room)
        return self.shapes

    def uv(self, x: float, y: float) -> tuple[float, float]:
        return x / self.w, y / self.h

    def box(self, rect: Rect, color: str, radius: float) -> None:
        self.shapes.append(Box(self.uv(rect[0], rect[1]), self.uv(rect[2], rect[3]), color, radius))

    def label(
        self, text: str, x: float, y: float, px: float, color: str = WHITE, ax: float = 0.0, bold: bool = False
    ) -> None:
        self.shapes.append(Label(text, self.uv(x, y), px, color, (ax, 0.5), None, bold))

    def segment(
        self, start: tuple[float, float], end: tuple[float, float], width: float, color: str, glow: float = 0.0
    ) -> None:
        self.shapes.append(Line(self.uv(*start), self.uv(*end), width, color, glow))

    def frame(self) -> None:
        """Corners of the place to stand in."""
        half = min(0.30 * self.h, 0.42 * self.w)
        top, bottom, arm = 0.16 * self.h, self.h - 0.05 * self.h, 0.09 * min(self.h, self.w)
        for x, dx in ((self.w / 2 - half, 1), (self.w / 2 + half, -1)):
            for y, dy in ((top, 1), (bottom, -1)):
                self.segment((x, y), (x + dx * arm, y), 0.16 * self.text, WARM, 0.3 * self.text)
                self.segment((x, y), (x, y + dy * arm), 0.16 * self.text, WARM, 0.3 * self.text)

    def line(self, segment: Segment) -> None:
        """A measuring line with a short tick at each end."""
        (x0, y0), (x1, y1) = ((u * self.w, v * self.h) for u, v in segment)
        length = math.hypot(x1 - x0, y1 - y0)
        if length < 1.0:
            return
        nx, ny = (y0 - y1) / length * 0.32 * self.text, (x1 - x0) / length * 0.32 * self.text
        width = max(0.10 * self.text, 1.0)
        self.segment((x0, y0), (x1, y1), width, ACCENT, 0.35 * self.text)
        for x, y in ((x0, y0), (x1, y1)):
            self.segment((x - nx, y - ny), (x + nx, y + ny), width, ACCENT)

    def advice(self, view: View) -> float:
        """The sentence at the top with the progress under it; returns the lowest pixel used."""
        size = 1.25 * self.text
        wide = text_width(view.message, size) + 2.4 * self.text
        if wide > self.w - 2 * self.margin:
            size *= (self.w - 2 * self.margin) / wide
            wide = self.w - 2 * self.margin
        left, top = (self.w - wide) / 2, self.margin
        bottom = top + 1.1 * size + 0.8 * self.text
        self.box((left, top, left + wide, bottom), PANEL, 0.5 * self.text)
        self.label(
            view.message,
            self.w / 2,
            top + 0.15 * self.text + 0.58 * size,
            size,
            WARM if view.urgent else WHITE,
            0.5,
            True,
        )
        x0, x1, thick = left + 0.8 * self.text, left + wide - 0.8 * self.text, 0.22 * self.text
        y = bottom - 0.45 * self.text
        self.box((x0, y - thick / 2, x1, y + thick / 2), TRACK, thick / 2)
        if view.progress > 0.0:
            filled = x0 + (x1 - x0) * max(min(view.progress, 1.0), thick / max(x1 - x0, 1.0))
            self.box((x0, y - thick / 2, filled, y + thick / 2), ACCENT, thick / 2)
        return bottom + 0.5 * self.text

    def card(self, view: View, top: float, left: bool, room: float, upright: bool, above: bool) -> float:
        """The card with the sizes, aside, or in an upright picture below or above; returns where it leaves room: the
        highest pixel free under a card above, else the lowest."""
        big, title, note, pad = (
            LETTERS * self.text,
            1.05 * self.text,
            (0.66 if upright else 0.8) * self.text,
            0.8 * self.text,
        )
        columns = not upright  # beside the body a column for each garment, else a row
        gap = 1.2 * self.text
        names = max((text_width(name, 1.1 * self.text) for name, _ in view.rows), default=0.0)
        each = [max(text_width(letter, big) for letter in letters) for _, letters in view.rows]
        most = max((len(letters) for _, letters in view.rows), default=0)
        if columns:
            body_wide = sum(max(w, names) for w in each) + gap * max(len(each) - 1, 0)
            body_tall = 1.3 * self.text + 1.15 * big * most
        else:
            body_wide = names + gap + most * max(each, default=0.0) + (most - 1) * gap
            body_tall = 1.25 * big * len(view.rows)
        body_wide = max(text_width(view.title, title), body_wide)
        most_wide = (
            self.w - 2 * self.margin if upright else min(max(room - 1.5 * self.margin, 0.3 * self.w), 0.48 * self.w)
        )
        most_tall = self.h - top - self.margin
        if upright:  # what the body leaves, within reason
            free = view.body[1] * self.h - top if above else (1.0 - view.body[3]) * self.h - self.margin
            most_tall = min(max(free - self.margin, 0.2 * self.h), 0.34 * self.h)
        # The sizes are what is read from afar: the notes are set in the width that these leave, smaller if need be.
        inner = most_wide / min(1.0, most_wide / (body_wide + 2 * pad)) - 2 * pad
        note *= min(1.0, inner / max((text_width(line, note) for line in view.notes), default=1.0))
        notes = joined(view.notes, inner, note)
        tall = 1.5 * title + body_tall + 0.4 * self.text + 1.25 * note * len(notes)
        wide = max(body_wide, *(text_width(line, note) for line in notes))
        k = min(1.0, most_wide / (wide + 2 * pad), most_tall / (tall + 2 * pad))
        width, height = k * (wide + 2 * pad), k * (tall + 2 * pad)
        x = (self.w - width) / 2 if upright else self.margin if left else self.w - self.margin - width
        y = max(top, (self.h - height) / 2)
        if upright:
            y = top if above else self.h - self.margin - height
        self.box((x, y, x + width, y + height), PANEL, k * 0.7 * self.text)
        big, title, note, pad, gap, unit = (k * v for v in (big, title, note, pad, gap, self.text))
        left_px, below = x + pad, y + pad
        self.label(view.title, left_px, below + 0.6 * title, title, ACCENT, bold=True)
        below += 1.5 * title
        for i, (name, letters) in enumerate(view.rows):
            if columns:
                self.label(name, left_px, below + 0.6 * unit, 1.1 * unit, DIM)
                for j, letter in enumerate(letters):
                    self.label(letter, left_px, below + 1.3 * unit + (1.15 * j + 0.6) * big, big, WHITE, bold=True)
                left_px += max(k * each[i], k * names) + gap
            else:
                self.label(name, left_px, below + (1.25 * i + 0.6) * big, 1.1 * unit, DIM)
                for j, letter in enumerate(letters):
                    at = left_px + k * names + gap + j * (k * max(each) + gap)
                    self.label(letter, at, below + (1.25 * i + 0.6) * big, big, WHITE, bold=True)
        below += k * body_tall + 0.4 * unit
        for line in notes:
            self.label(line, x + pad, below + 0.6 * note, note, DIM)
            below += 1.25 * note
        if not upright:
            return self.h - self.margin
        return y + height + 0.5 * self.text if above else y - 0.5 * self.text

    def chips(self, view: View, top: float, bottom: float, right: bool, room: float) -> None:
        """The names and intervals in one column beside the body, each with a thin line to where it was taken."""
        order = sorted(view.chips, key=lambda name: _middle(view.lines[name])[1])
        across = [u * self.w for name in order for u, _ in view.lines[name]]
        free = (self.w - max(across) if right else min(across)) - self.margin - 1.2 * self.text
        px = 0.92 * self.text
        names = max(text_width(NAMES[n], px) for n in order) + 0.6 * px
        numbers = max(text_width(view.chips[n], px) for n in order)
        stacked = names + numbers + px > max(min(free, room), 0.26 * self.w)
        wide = (max(names, numbers) if stacked else names + numbers) + px
        tall, gap = (2.35 if stacked else 1.5) * px, 0.3 * px
        fits = max(free, 0.16 * self.w)
        k = min(1.0, fits / wide, 0.46 * self.w / wide, (bottom - top) / (len(order) * (tall + gap)))
        px, wide, tall, gap, names = (k * v for v in (px, wide, tall, gap, names))
        x = self.w - self.margin - wide if right else self.margin
        beside = view.body[2] * self.w + self.text if right else view.body[0] * self.w - self.text - wide
        if not stacked:
            x = min(x, beside) if right else max(x, beside)
        wanted = [_middle(view.lines[n])[1] * self.h - tall / 2 for n in order]
        for name, y in zip(order, spread(wanted, tall + gap, top, bottom + gap), strict=True):
            ends = [(u * self.w, v * self.h) for u, v in view.lines[name]]
            start = _middle_px(ends) if name == "inseam" else (max if right else min)(ends, key=lambda e: e[0])
            self.segment((x if right else x + wide, y + tall / 2), start, max(0.05 * self.text, 0.7), "#ffffff90")
            self.box((x, y, x + wide, y + tall), PANEL, 0.35 * px)
            if stacked:
                self.label(NAMES[name], x + wide / 2, y + 0.68 * px, 0.85 * px, DIM, 0.5)
                self.label(view.chips[name], x + wide / 2, y + 1.62 * px, px, WHITE, 0.5, True)
            else:
                self.label(NAMES[name], x + 0.5 * px, y + tall / 2, px, DIM)
                self.label(view.chips[name], x + 0.5 * px + names, y + tall / 2, px, WHITE, bold=True)


def joined(texts: Sequence[str], wide: float, size_px: float) -> list[str]:
    """The texts in as few lines as hold them in their order, each line at most `wide` pixels unless one text is."""
    lines: list[str] = []
    for text in texts:
        if lines and text_width(more := f"{lines[-1]} · {text}", size_px) <= wide:
            lines[-1] = more
        else:
            lines.append(text)
    return lines


def spread(wanted: Sequence[float], step: float, low: float, high: float) -> list[float]:
    """Places near the `wanted` (rising) ones, at least `step` apart, from `low` to `high - step` where they fit."""
    places: list[float] = []
    for place in wanted:
        places.append(max(place, low if not places else places[-1] + step))
    limit = high - step
    for i in range(len(places) - 1, -1, -1):
        places[i] = min(places[i], limit)
        limit = places[i] - step
    return places


def _middle(segment: Segment) -> tuple[float, float]:
    return (segment[0][0] + segment[1][0]) / 2, (segment[0][1] + segment[1][1]) / 2


def _middle_px(ends: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return (ends[0][0] + ends[1][0]) / 2, (ends[0][1] + ends[1][1]) / 2
