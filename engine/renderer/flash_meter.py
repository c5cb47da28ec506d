"""Counts flashes in a small image of what is shown, and says how much of the next image may be let through.

WCAG 2.3.1 (Web Content Accessibility Guidelines 2.2, "three flashes or below threshold"): a general flash is a pair of
opposing changes of relative luminance by a tenth of the maximum or more, the darker state below 0.8; a red flash a pair
of opposing changes to or from a saturated red. There may be no more than three in any second over a quarter of any 10
degrees of the view, which is a third of the image's width by a third of its height (341 × 256 of 1024 × 768).

All on linear light, so that the small image of a mixture is the mixture of the small images: what a mixture would
do is known before it is drawn. Everything depends on the images and their times alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.frame import Floats, Pixels

COLUMNS, ROWS = 63, 36  # of the small image, in cells
FIELD = COLUMNS // 3, ROWS // 3  # the part of it that is seen at 10 degrees
QUARTER = FIELD[0] * FIELD[1] // 4
# The standard says 0.1, 0.8, 20/320 and 0.8; a little is kept in hand, since what is shown has 8 bits.
STEP = 0.092  # of relative luminance, 0..1
BRIGHT = 0.815  # a change between two states that are this bright is none
RED_STEP = 18.0 / 320.0  # of red - green - blue
SATURATED = 0.78  # red's part of the sum of the three
MOST = 5  # opposing changes in a second: the sixth would end the third flash
WINDOW_S = 1.0
TOGETHER_S = 0.05  # what turns the same way within this time turns together; a moving hand does not
CALM_S = 0.5  # so long after what comes in has stopped flashing, the whole image is let through again
SMOOTH_S = 0.3  # time constant with which images that flash are mixed into what was shown
TRIES = (1.0, 0.5, 0.25, 0.12, 0.06)
LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)

Cells = NDArray[np.bool_]
Turns = tuple[Cells, Cells]  # down, up


class Changes:
    """The opposing changes of one quantity in every cell: where it last turned, and when it did the last MOST times."""

    def __init__(self, values: Floats, step: float) -> None:
        self.step = np.float32(step)
        self.peak, self.valley = values.copy(), values.copy()  # since the last turn
        self.way = np.zeros(values.shape, np.int8)  # of the last turn: 1 up, -1 down
        self.times = np.full((MOST, *values.shape), -np.inf)
        # When a turn too many was let through, since few cells made it: down, up.
        self.over_s = np.full((2, *values.shape), -np.inf)

    def turns(self, values: Floats) -> tuple[Cells, Cells]:
        """Where `values` turn down, and where up, against the change before."""
        falls = (self.peak - values >= self.step) & (self.way >= 0)
        rises = (values - self.valley >= self.step) & (self.way <= 0)
        return falls, rises

    def over(self, falls: Cells, rises: Cells, now_s: float) -> bool:
        """Whether a quarter of any field turns the same way once too often, now or shortly before."""
        spent = self.times[0] > now_s - WINDOW_S
        return any(
            fills_a_quarter((turned & spent) | (over_s > now_s - TOGETHER_S))
            for turned, over_s in zip((falls, rises), self.over_s, strict=True)
        )

    def take(self, values: Floats, falls: Cells, rises: Cells, now_s: float) -> None:
        """Takes what is shown."""
        np.maximum(self.peak, values, out=self.peak)
        np.minimum(self.valley, values, out=self.valley)
        turned = falls | rises
        if turned.any():
            spent = self.times[0] > now_s - WINDOW_S
            self.over_s[0, falls & spent] = self.over_s[1, rises & spent] = now_s
            self.way[falls], self.way[rises] = -1, 1
            self.peak[turned] = self.valley[turned] = values[turned]
            self.times[:, turned] = np.roll(self.times[:, turned], -1, axis=0)
            self.times[-1, turned] = now_s


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """A small image in linear light 0..1, (3, ROWS, COLUMNS), and what is asked of it again and again."""

    rgb: Floats
    luminance: Floats
    redness: Floats  # red - green - blue, where that is above 0
    saturated: Cells  # where red is four fifths of the whole

    @classmethod
    def of(cls, rgb: Floats) -> Light:
        """What is asked of `rgb`."""
        red, green, blue = rgb
        others = green + blue
        # red is at least four fifths of the whole, without a second sum
        saturated = ((red - np.float32(SATURATED) * (red + others)) >= 0.0) & (red > 0.0)
        luminance = (LUMINANCE @ rgb.reshape(3, -1)).reshape(red.shape)
        return cls(rgb, luminance, np.maximum(red - others, np.float32(0.0)), saturated)


class Reds(Changes):
    """The changes to or from a saturated red."""

    def __init__(self, light: Light) -> None:
        super().__init__(light.redness, RED_STEP)
        self.was = light.saturated  # at any time since the last turn

    def turns_of(self, light: Light) -> Turns:
        """Where the red of `light` turns down, and where up."""
        falls, rises = self.turns(light.redness)
        if falls.any() or rises.any():
            counts = self.was | light.saturated
            return falls & counts, rises & counts
        return falls, rises

    def take_light(self, light: Light, turns: Turns, now_s: float) -> None:
        """Takes what is shown."""
        falls, rises = turns
        self.take(light.redness, falls, rises, now_s)
        self.was = light.saturated | (self.was & ~(falls | rises))


class Generals(Changes):
    """The changes of luminance."""

    def __init__(self, light: Light) -> None:
        super().__init__(light.luminance, STEP)

    def turns_of(self, light: Light) -> Turns:
        """Where the luminance of `light` turns down, and where up."""
        falls, rises = self.turns(light.luminance)
        return falls & (light.luminance < BRIGHT), rises & (self.valley < BRIGHT)

    def take_light(self, light: Light, turns: Turns, now_s: float) -> None:
        """Takes what is shown."""
        self.take(light.luminance, *turns, now_s)


class FlashMeter:
    """Decides for each image how much of it is mixed into what was shown before, and counts what then is shown."""

    def __init__(self) -> None:
        self._shown: Light | None = None
        self._shown_s = 0.0
        self._flashed_s = -np.inf  # when what came in flashed last
        self._changes: tuple[Generals, Reds] | None = None  # of what is shown
        self._coming: tuple[Generals, Reds] | None = None  # of what comes in, while it is damped

    def share(self, light: Light, now_s: float) -> float:
        """The part 0..1 of an image that may be shown at `now_s`; the rest is what was shown before."""
        if self._changes is None or self._shown is None or now_s < self._shown_s:
            return 1.0
        over = looks_over(self._changes, light, now_s)
        if self._coming is None:
            if not over:
                return 1.0
            self._coming = deepcopy(self._changes)  # until here what came in was what was shown
        if looks_over(self._coming, light, now_s):
            self._flashed_s = now_s
        for kind in self._coming:
            kind.take_light(light, kind.turns_of(light), now_s)
        if not over and now_s - self._flashed_s >= CALM_S:
            self._coming = None
            return 1.0
        most = 1.0 - float(np.exp((self._shown_s - now_s) / SMOOTH_S))
        shown = self._shown.rgb
        for part in TRIES:
            share = np.float32(most * part)
            if not looks_over(self._changes, Light.of(shown + (light.rgb - shown) * share), now_s):
                return float(share)
        return 0.0  # never one too many

    def take(self, light: Light, now_s: float) -> None:
        """Takes what is shown at `now_s`. After a jump back in time everything begins anew."""
        if self._changes is None or now_s < self._shown_s:
            self._coming, self._flashed_s = None, -np.inf
            self._changes = (Generals(light), Reds(light))
        for kind in self._changes:
            kind.take_light(light, kind.turns_of(light), now_s)
        self._shown, self._shown_s = light, now_s


def looks_over(changes: Sequence[Generals | Reds], light: Light, now_s: float) -> bool:
    """Whether `light` turns in a quarter of any field once too often."""
    for kind in changes:
        falls, rises = kind.turns_of(light)
        if (falls.any() or rises.any()) and kind.over(falls, rises, now_s):
            return True
    return False


def light_of(small: Pixels) -> Light:
    """The light of a small image, (ROWS, COLUMNS, 3 or 4) uint8 in linear light."""
    planes = np.moveaxis(small[..., :3], 2, 0)
    return Light.of(np.multiply(planes, np.float32(1 / 255), dtype=np.float32, order="C"))


def fills_a_quarter(cells: Cells) -> bool:
    """Whether `cells` are a quarter of any field, wherever it lies."""
    if np.count_nonzero(cells) < QUARTER:
        return False
    sums = np.zeros((ROWS + 1, COLUMNS + 1), np.int32)
    sums[1:, 1:] = cells.cumsum(axis=0, dtype=np.int32).cumsum(axis=1, dtype=np.int32)
    wide, tall = FIELD
    inside = sums[tall:, wide:] - sums[:-tall, wide:] - sums[tall:, :-wide] + sums[:-tall, :-wide]
    return bool(inside.max() >= QUARTER)
