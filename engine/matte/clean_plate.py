"""The clean plate: the room without the person, learnt where nobody stands, with trust and age for each cell.

The colours have the image's own size; what is known of them is kept on a coarser grid. What is hidden now is shown as
it was when it was seen last, under the light of now: how the visible rest of the room has changed, as a whole and
beside the person, is carried over. What was never seen is guessed from what is known round it, never from the person.
A camera that was knocked is followed (phase correlation); one that was turned away makes everything be forgotten.

Depends on the frames and masks alone, so that the same frames give the same plate.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..core.frame import Floats, Frame, Pixels
from ..core.imaging import gaussian, resize, shrunk
from ..core.results import Mask
from ..core.srgb import LINEAR, ROOT_OF_LINEAR, encode8

COLUMNS = 160  # of the grid, at most
MARGIN, COVER = 0.04, 0.02  # widths round the mask in which nothing is learnt, and which are hidden
PERSON = 0.06  # the confidence from which on somebody may stand there
DOUBTED, SURE = 2, 6  # sightings up to which a cell may be a mistake, and after which it is fully known
MOST = 30  # sightings that are counted: as many contradictions and it is learnt anew
SETTLED = 8  # sightings after which a cell is brought up to date only in its turn
TURNS = 8  # frames until every row had its turn
# Differences of two square roots of linear light: what may be noise, and what may still be a change of light.
ALIKE, LIT = 0.07, 0.12
LARGEST_STEP = 0.08  # widths that a knocked camera is followed
# Shares of the known and visible cells that differ, from which on the camera may have moved, and shows another room.
CHANGED, LOST = 0.02, 0.5
LOST_S = 0.5
STAYS_S = 0.5  # for which somebody who is not seen any more is taken to be there
STEP_S, LONGEST_WAIT_S = 0.2, 2.0  # between two looks for a camera's step
STEP_WIDTH = 640  # of the images in which a camera's step is measured
EPSILON = np.float32(1e-3)

Cells = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class CleanPlateView:
    """The clean plate as it is to be seen in one frame, on the grid (h, w).

    `guess`: (h, w, 4) float32, linear light of what is guessed, and how surely the clean plate's own colours are known
    there; `gain`: (h, w, 3) float32, by which its linear light is multiplied; `cover`: (h, w) float32, 1 where the
    person stands. `rows`: which rows of the colours have changed.
    """

    guess: Floats
    gain: Floats
    cover: Floats
    rows: tuple[int, int]


class CleanPlate:
    """Learns the room from frames of one size. `colors`: (H, W, 4) uint8 sRGB, undefined where nothing is known yet."""

    def __init__(self, size: tuple[int, int]) -> None:
        columns = max(1, min(COLUMNS, size[0] // 4))
        self.grid = columns, max(1, round(columns * size[1] / size[0]))
        shape = self.grid[::-1]
        self.size = size
        self.colors: Pixels = np.zeros((size[1], size[0], 4), np.uint8)
        self.cells: Floats = np.zeros((*shape, 3), np.float32)  # square roots of the colours' linear light
        self.trust = np.zeros(shape, np.float32)  # sightings that agree, up to MOST
        self.age_s = np.zeros(shape, np.float32)  # since each cell was seen
        self._light: Floats = np.ones(3, np.float32)  # square root of the light of now against that of the clean plate
        self._frame = 0
        self._time_s: float | None = None
        self._lost_s: float | None = None
        self._stepped_s, self._wait_s = -np.inf, STEP_S
        self._moved = False
        self._person_cells: Cells | None = None  # where somebody was seen last, and when
        self._person_s = 0.0
        self._differs = 0.0  # share of what is known and visible

    def resize(self, size: tuple[int, int]) -> None:
        """Goes on with frames of another size."""
        fresh = CleanPlate(size)
        self.colors = np.ascontiguousarray(resize(self.colors, size))
        if fresh.grid != self.grid:
            self.cells, self.trust, self.age_s = (
                np.asarray(cv2.resize(plane, fresh.grid, interpolation=cv2.INTER_NEAREST))
                for plane in (self.cells, self.trust, self.age_s)
            )
        self.size, self.grid, self._moved, self._person_cells = size, fresh.grid, True, None

    def update(self, frame: Frame, rgba: Pixels, mask: Mask) -> CleanPlateView:
        """Learns from a frame (`rgba`: its image with alpha) and says how the clean plate is to be seen in it."""
        dt = 0.0 if self._time_s is None else frame.time_s - self._time_s
        if dt < 0.0 or dt > 60.0:
            self.forget()
        self._time_s = frame.time_s
        self._frame += 1
        now = roots(shrunk(frame, self.grid))
        person = self._person(mask)
        free = ~grown(person, MARGIN * self.grid[0])
        change = self._compare(now, free)
        if self._follow(frame, free, change):
            change = self._compare(now, free)
        self._learn(now, free, change < ALIKE, max(dt, 0.0))
        rows = self._paint(rgba, free)
        return self._view(now, person, free, change, rows)

    def forget(self) -> None:
        """Nothing is known any more."""
        self.trust[:] = 0.0
        self._light[:] = 1.0
        self._lost_s = self._person_cells = None
        self._differs = 0.0

    def _person(self, mask: Mask) -> Cells:
        now_s = self._time_s or 0.0
        if not mask.present:
            # Nobody leaves from one moment to the next: for a while it is taken for a mistake.
            if self._person_cells is not None and now_s - self._person_s < STAYS_S:
                return self._person_cells
            return np.zeros(self.grid[::-1], np.bool_)
        confidence = mask.confidence
        shrinks = confidence.shape[1] >= self.grid[0] and confidence.shape[0] >= self.grid[1]
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        self._person_cells = np.asarray(cv2.resize(confidence, self.grid, interpolation=method) > PERSON)
        self._person_s = now_s
        return self._person_cells

    def _compare(self, now: Floats, free: Cells) -> Floats:
        """Finds the light of now; returns how far the image is from what the clean plate says under that light."""
        some = slice(None, None, 2 if self.grid[0] > 40 else 1)
        seen, held = now[some, some], self.cells[some, some]
        known = (free & (self.trust >= 1.0))[some, some]
        for channel in range(3):
            new, old = seen[..., channel], held[..., channel]
            lit = known & (old > 0.1) & (old < 0.97) & (new > 0.1) & (new < 0.97)
            if np.count_nonzero(lit) >= 30:
                self._light[channel] = np.clip(np.median(new[lit] / old[lit]), 0.5, 2.0)
        red, green, blue = cv2.split(cv2.absdiff(now, self.cells * self._light))
        return np.asarray(cv2.max(cv2.max(red, green), blue))

    def _follow(self, frame: Frame, free: Cells, change: Floats) -> bool:
        """Where much has changed: follows a camera that was knocked, and in the end forgets another room."""
        known = free & (self.trust >= SURE)
        count = np.count_nonzero(known)
        differs = self._differs = np.count_nonzero(known & (change >= ALIKE)) / count if count >= 50 else 0.0
        now_s = frame.time_s
        if differs < CHANGED:
            self._lost_s, self._wait_s = None, STEP_S
            return False
        if now_s - self._stepped_s >= self._wait_s or self._stepped_s > now_s:
            self._stepped_s = now_s
            if self._step(frame, free):
                self._step(frame, free)  # what is left is found better from near
                return True
            self._wait_s = min(2.0 * self._wait_s, LONGEST_WAIT_S)  # it was something else
        if differs > LOST:
            if self._lost_s is None or self._lost_s > now_s:
                self._lost_s = now_s
            elif now_s - self._lost_s >= LOST_S:
                self.forget()
                return True
        return False

    def _step(self, frame: Frame, free: Cells) -> bool:
        """Moves the clean plate with the camera; returns whether it was moved."""
        width = max(8, min(STEP_WIDTH, self.size[0]))
        size = width, max(8, width * self.size[1] // self.size[0])
        room = resize(self.colors, size)[..., :3]
        seen = cv2.resize((free & (self.trust >= 1.0)).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        weight = cv2.GaussianBlur(seen.astype(np.float32), (0, 0), width / 100.0)
        views = []
        for image in (room, shrunk(frame, size)):
            grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
            views.append((grey - np.float32(cv2.mean(grey, seen)[0])) * weight)
        (x, y), response = cv2.phaseCorrelate(views[0], views[1], cv2.createHanningWindow(size, cv2.CV_32F))
        scale = self.size[0] / size[0]
        step = round(x * scale), round(y * scale)
        if response < 0.15 or step == (0, 0) or max(abs(step[0]), abs(step[1])) > LARGEST_STEP * self.size[0]:
            return False
        self.colors = np.ascontiguousarray(shifted(self.colors, step, cv2.INTER_NEAREST, cv2.BORDER_REPLICATE))
        cell = self.size[0] / self.grid[0]
        across = step[0] / cell, step[1] / cell
        self.trust = np.floor(shifted(self.trust, across, 0))
        self.age_s = shifted(self.age_s, across, 0)
        self.cells = roots(np.ascontiguousarray(resize(self.colors, self.grid)[..., :3]))
        self._moved = True
        return True

    def _learn(self, now: Floats, free: Cells, alike: Cells, dt: float) -> None:
        light = now / self._light
        new = free & (self.trust < 1.0)
        agree = free & alike & ~new
        rate = np.where(new, np.float32(1.0), np.where(agree, np.float32(0.15), np.float32(0.0)))
        self.cells += (light - self.cells) * rate[..., None]
        self.trust[agree] = np.minimum(self.trust[agree] + 1.0, MOST)
        self.trust[free & ~alike & ~new] -= 1.0
        self.trust[new] = 1.0
        self.age_s += np.float32(dt)
        self.age_s[free] = 0.0
        self._new, self._agree = new, agree

    def _paint(self, rgba: Pixels, free: Cells) -> tuple[int, int]:
        """Brings the colours up to date: what is new at once, what is settled in its turn. Returns the rows."""
        count = free.shape[0]
        settled = self.trust >= SETTLED
        settled[self._frame % TURNS * count // TURNS : (self._frame % TURNS + 1) * count // TURNS] = False
        mix = self._agree & ~settled
        rows = np.flatnonzero((mix | self._new).any(axis=1))
        whole, self._moved = self._moved, False
        if rows.size == 0:
            return (0, self.size[1]) if whole else (0, 0)
        part = slice(int(rows[0]), int(rows[-1]) + 1)
        top, bottom = (int(np.ceil(edge * self.size[1] / count - 1e-6)) for edge in (part.start, part.stop))
        if bottom > top:
            self._paint_rows(rgba, mix[part], self._new[part], slice(top, bottom))
        return (0, self.size[1]) if whole else (top, bottom)

    def _paint_rows(self, rgba: Pixels, mix: Cells, new: Cells, rows: slice) -> None:
        part, held, table = rgba[rows], self.colors[rows], self._table()
        if table is not None:
            part = np.asarray(cv2.LUT(part, table))
        size = part.shape[1], part.shape[0]
        for cells, image in ((mix, None), (new, part)):
            if cells.any():
                if image is None:
                    image = np.asarray(cv2.addWeighted(held, 0.75, part, 0.25, 0.0))
                where = cv2.resize(cells.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
                cv2.copyTo(image, where, held)

    def _table(self) -> Pixels | None:
        """Codes of now as codes under the clean plate's own light; None where they are the same."""
        if np.abs(self._light - 1.0).max() < 0.004:
            return None
        linear = np.minimum(LINEAR[:, None] / (self._light * self._light), 1.0)
        table = np.full((1, 256, 4), 255, np.uint8)
        table[0, :, :3] = encode8(linear)
        return table

    def _view(self, now: Floats, person: Cells, free: Cells, change: Floats, rows: tuple[int, int]) -> CleanPlateView:
        known = self.trust >= 1.0
        sure = np.clip((self.trust - DOUBTED) / np.float32(SURE - DOUBTED), 0.0, 1.0)
        hidden = grown(person, COVER * self.grid[0])
        if self._differs < LOST:
            # What differs much is hidden too, until it is learnt: shadows, things held, somebody whom the mask misses.
            other = (change >= LIT) & (self.trust >= SURE)
            blobs = cv2.morphologyEx(other.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
            hidden |= grown(blobs > 0, COVER * self.grid[0])
        cover = gaussian(hidden.astype(np.float32), 0.8)
        # The light beside the person, carried on behind it.
        seen = free & (change < LIT) & known
        limits = np.float32(0.6) * self._light, np.float32(1.6) * self._light
        ratio = np.clip(now / np.maximum(self.cells, np.float32(0.03)), *limits)
        gain = smooth(np.asarray(ratio, np.float32), seen, self._light)
        # What is not known is continued from what is, as it looks now.
        looks = np.where(free[..., None], now, self.cells * gain)
        if (sure[cover > 0.0] < 1.0).any():
            looks = continued(looks, np.where(free, np.float32(1.0), sure), np.float32(0.12))
        # Between two cells the colours are mixed: only what is known all round may be used.
        sure = cv2.erode(sure, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
        return CleanPlateView(np.dstack([looks * looks, sure]), gain * gain, np.clip(1.5 * cover, 0.0, 1.0), rows)


def grown(cells: Cells, reach: float) -> Cells:
    """The cells that are within `reach` cells of those given."""
    side = 2 * max(1, round(reach)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(cells.astype(np.uint8), kernel) > 0)


def shifted(
    plane: NDArray[np.generic], step: tuple[float, float], method: int, border: int = cv2.BORDER_CONSTANT
) -> NDArray[np.generic]:
    """`plane` moved by `step` (x, y) of its cells; what comes in is 0, or as `border` says.

    Cells of the trust are larger than pixels, so that a narrow strip of what comes in may be trusted: colours continue.
    """
    matrix = np.array([[1.0, 0.0, step[0]], [0.0, 1.0, step[1]]], np.float32)
    return np.asarray(cv2.warpAffine(plane, matrix, (plane.shape[1], plane.shape[0]), flags=method, borderMode=border))


def roots(image: Pixels) -> Floats:
    """Square roots of linear light."""
    return np.asarray(cv2.LUT(image, ROOT_OF_LINEAR))


def smooth(values: Floats, known: Cells, default: Floats) -> Floats:
    """`values` (h, w, 3) where they are `known`, continued, on a grid of half the size."""
    height, width = known.shape
    half = max(1, width // 2), max(1, height // 2)
    weight = known.astype(np.float32)
    held = cv2.resize(np.dstack([values * weight[..., None], weight]), half, interpolation=cv2.INTER_AREA)
    small = continued(held[..., :3] / np.maximum(held[..., 3:], EPSILON), held[..., 3], default)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def continued(values: Floats, weight: Floats, default: Floats | np.float32) -> Floats:
    """`values` (h, w, 3) where `weight` is 1, continued smoothly from there where it is less; `default` where nothing
    is known at all. Push and pull: Gortler et al. 1996, "The Lumigraph", section 3.4."""
    pyramid = [np.dstack([values * weight[..., None], weight])]
    while max(pyramid[-1].shape[:2]) > 2:
        height, width = pyramid[-1].shape[:2]
        size = max(1, (width + 1) // 2), max(1, (height + 1) // 2)
        pyramid.append(np.asarray(cv2.resize(pyramid[-1], size, interpolation=cv2.INTER_AREA)))
    result = np.broadcast_to(np.asarray(default, np.float32), (*pyramid[-1].shape[:2], 3))
    for level in reversed(pyramid):
        height, width = level.shape[:2]
        coarse = cv2.resize(np.ascontiguousarray(result), (width, height), interpolation=cv2.INTER_LINEAR)
        share = np.minimum(level[..., 3:], 1.0)
        result = coarse * (1.0 - share) + level[..., :3] / np.maximum(level[..., 3:], EPSILON) * share
    return np.asarray(result, np.float32)
