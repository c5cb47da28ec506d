"""Flashes are counted as WCAG 2.3.1 says, and no more than the allowed ones are ever let through."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pytest
from phosphene.engine.core.frame import Floats, Pixels
from phosphene.engine.renderer.flash_meter import (
    COLUMNS,
    FIELD,
    QUARTER,
    ROWS,
    FlashMeter,
    Light,
    fills_a_quarter,
    light_of,
)

Colour = tuple[float, float, float]
BLACK, WHITE, GREY, RED = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.3, 0.3, 0.3), (0.5, 0.0, 0.0)


def small(light: Colour | Floats) -> Pixels:
    """A small picture of one linear light, or of one for each cell."""
    table = np.broadcast_to(np.asarray(light, np.float32), (ROWS, COLUMNS, 3))
    return np.asarray(table * 255 + 0.5, np.float32).astype(np.uint8)


def shown(pictures: Iterable[Pixels], fps: float = 30.0) -> tuple[list[float], Floats]:
    """The shares, and what is then shown: (n, ROWS, COLUMNS, 3) of linear light."""
    meter, shares, out = FlashMeter(), [], []
    for number, picture in enumerate(pictures):
        light = picture.astype(np.float32) / 255
        shares.append(meter.share(light_of(picture), number / fps))
        out.append(light if not out else small(out[-1] + (light - out[-1]) * np.float32(shares[-1])) / np.float32(255))
        meter.take(light_of(small(out[-1])), number / fps)
    return shares, np.array(out)


def strobe(hz: float, first: Colour, second: Colour, fps: float = 30.0, seconds: float = 4.0) -> list[Pixels]:
    """Two lights that take turns."""
    return [small(first if (number / fps * hz) % 1.0 < 0.5 else second) for number in range(round(seconds * fps))]


def most_changes(values: Floats, fps: float, step: float, counts: Callable[[int, int], bool]) -> int:
    """The most opposing changes of a series in any second, found on its turning points; `counts` is asked about the
    indices of the two states of each."""
    turns: list[int] = []
    way, since = 0, 0
    for index, value in enumerate(values):
        high = since + int(np.argmax(values[since : index + 1]))
        low = since + int(np.argmin(values[since : index + 1]))
        if values[high] - value >= step - 1e-6 and way >= 0 and counts(high, index):
            way, since = -1, index
            turns.append(index)
        elif value - values[low] >= step - 1e-6 and way <= 0 and counts(low, index):
            way, since = 1, index
            turns.append(index)
    return max((sum(0 <= t - begin < fps - 1e-6 for t in turns) for begin in turns), default=0)


def general(out: Floats, fps: float = 30.0) -> int:
    """The most general changes in any second, with the standard's own numbers."""
    values = np.asarray(out[:, 18, 30] @ np.array([0.2126, 0.7152, 0.0722], np.float32))
    return most_changes(values, fps, 0.1, lambda i, j: bool(min(values[i], values[j]) < 0.8))


def reds(out: Floats, fps: float = 30.0) -> int:
    """The most changes to or from a saturated red in any second, with the standard's own numbers."""
    light = out[:, 18, 30]
    values = np.maximum(light[:, 0] - light[:, 1] - light[:, 2], 0.0)
    full = light[:, 0] >= 0.8 * np.maximum(light.sum(axis=1), 1e-6)
    return most_changes(values, fps, 20 / 320, lambda i, j: bool(full[i] or full[j]))


@pytest.mark.parametrize("fps", [10.0, 24.0, 30.0, 60.0, 120.0])
@pytest.mark.parametrize("hz", [3.1, 4.0, 5.0, 7.3, 10.0, 15.0, 30.0])
@pytest.mark.parametrize(("first", "second"), [(BLACK, WHITE), (GREY, WHITE), (BLACK, (0.2, 0.2, 0.2))])
def test_a_strobe_flashes_less_than_three_times_a_second(hz: float, fps: float, first: Colour, second: Colour) -> None:
    pictures = strobe(hz, first, second, fps)
    raw = general(np.array([p / np.float32(255) for p in pictures]), fps)
    shares, out = shown(pictures, fps)
    assert general(out, fps) <= 5
    assert (min(shares) < 1.0) == (raw > 5), "it is damped where it must be, and only there"


@pytest.mark.parametrize("hz", [0.5, 1.0, 2.0, 2.4])
def test_slow_flashes_pass_as_they_are(hz: float) -> None:
    assert set(shown(strobe(hz, BLACK, WHITE))[0]) == {1.0}


@pytest.mark.parametrize("hz", [4.0, 7.5, 15.0])
@pytest.mark.parametrize("other", [BLACK, GREY, (0.5, 0.5, 0.5)])
def test_a_red_strobe_is_damped(hz: float, other: Light) -> None:
    shares, out = shown(strobe(hz, RED, other))
    assert min(shares) < 1.0
    assert reds(out) <= 6


def test_a_dim_red_strobe_is_damped_though_its_luminance_hardly_changes() -> None:
    dim = (0.25, 0.0, 0.0)  # a luminance of 0.05
    assert min(shown(strobe(10.0, dim, BLACK))[0]) < 1.0
    assert set(shown(strobe(10.0, (0.0, 0.0, 0.25), BLACK))[0]) == {1.0}, "blue of the same strength is no red flash"


@pytest.mark.parametrize(
    ("first", "second"),
    [((0.85, 0.85, 0.85), WHITE), (GREY, (0.385, 0.385, 0.385)), (BLACK, BLACK)],
    ids=["both bright", "less than a tenth", "nothing"],
)
def test_what_is_no_flash_passes(first: Colour, second: Colour) -> None:
    assert set(shown(strobe(15.0, first, second))[0]) == {1.0}


def test_a_gentle_fade_passes() -> None:
    levels = 0.5 - 0.5 * np.cos(np.arange(300) / 30 * 2 * np.pi * 0.4)
    assert set(shown(small((v, v, v)) for v in levels)[0]) == {1.0}


def patch(wide: int, tall: int, left: int, top: int, on: bool) -> Pixels:
    light = np.full((ROWS, COLUMNS, 3), 0.2, np.float32)
    light[top : top + tall, left : left + wide] = 0.9 if on else 0.1
    return small(light)


@pytest.mark.parametrize(("left", "top"), [(0, 0), (COLUMNS - 9, ROWS - 7), (27, 14)])
def test_the_area_decides(left: int, top: int) -> None:
    """A quarter of a third by a third, wherever it lies."""
    for wide, tall, damped in ((9, 7, True), (8, 7, False)):
        assert (wide * tall >= QUARTER) == damped
        shares, _ = shown(patch(wide, tall, left, top, n % 2 == 0) for n in range(60))
        assert (min(shares) < 1.0) == damped


def test_a_hand_that_waves_passes() -> None:
    """Something bright that moves fast to and fro changes many cells, but never the same ones the same way at once."""
    places = np.round(20 + 14 * np.sin(np.arange(150) / 30 * 2 * np.pi * 2.5)).astype(int)
    assert set(shown(patch(3, 9, int(x), 12, True) for x in places)[0]) == {1.0}


def test_after_a_strobe_the_picture_comes_back_whole() -> None:
    pictures = strobe(10.0, BLACK, WHITE, seconds=3.0)
    shares, out = shown([*pictures, *[small(GREY)] * 60])
    assert min(shares[:90]) < 1.0
    assert shares[-1] == 1.0
    assert np.abs(out[-1] - 0.3).max() < 0.01
    assert general(out) <= 5


def test_what_moves_after_a_strobe_is_not_held_back_for_long() -> None:
    moving = [patch(9, 12, int(30 + 25 * np.sin(n / 10)), 12, True) for n in range(90)]
    shares, _ = shown([*strobe(10.0, BLACK, WHITE, seconds=1.0), *moving])
    assert min(shares[:30]) < 1.0
    assert set(shares[80:]) == {1.0}


@pytest.mark.parametrize("seed", range(20))
def test_whatever_flashes_how_it_may(seed: int) -> None:
    """Random lights for random times, in every cell the same, at an uneven rate."""
    rng = np.random.default_rng(seed)
    pictures: list[Pixels] = []
    while len(pictures) < 200:
        pictures += [small(tuple(rng.random(3) ** 2))] * int(rng.integers(1, 6))
    _, out = shown(pictures)
    assert general(out) <= 6
    assert reds(out) <= 6


@pytest.mark.parametrize("seed", range(5))
def test_every_cell_that_flashes_on_its_own_is_held_where_many_do(seed: int) -> None:
    """Cells of different rates: at no time a quarter of a field turns the same way, for the sixth time in a second."""
    rng = np.random.default_rng(seed)
    hz = rng.uniform(2.0, 12.0, (ROWS, COLUMNS, 1)) if seed % 2 else np.full((ROWS, COLUMNS, 1), 6.0)
    phase = rng.uniform(0.0, 0.3, (ROWS, COLUMNS, 1))
    pictures = [small((((n / 30 * hz + phase) % 1.0) < 0.5) * np.ones(3)) for n in range(120)]
    _, out = shown(pictures)
    turned = np.zeros((120, ROWS, COLUMNS), int)
    light = out @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    way, reference = np.zeros((ROWS, COLUMNS), int), [light[0], light[0]]
    for n in range(1, 120):
        falls = (reference[0] - light[n] >= 0.1 - 1e-6) & (way >= 0) & (light[n] < 0.8)
        rises = (light[n] - reference[1] >= 0.1 - 1e-6) & (way <= 0) & (reference[1] < 0.8) & ~falls
        turned[n] = rises.astype(int) - falls
        way = np.where(falls, -1, np.where(rises, 1, way))
        reference = [
            np.where(falls | rises, light[n], np.maximum(reference[0], light[n])),
            np.where(falls | rises, light[n], np.minimum(reference[1], light[n])),
        ]
    for n in range(1, 120):
        often = np.abs(turned[max(0, n - 29) : n + 1]).sum(axis=0) > 5
        for sign in (1, -1):
            assert not fills_a_quarter(often & (turned[n] == sign)), n


def test_what_is_shown_unasked_still_counts() -> None:
    meter = FlashMeter()
    for number in range(12):
        meter.take(light_of(small(WHITE if number % 2 else BLACK)), number / 30)
    assert meter.share(light_of(small(BLACK)), 12 / 30) < 1.0


def test_a_jump_back_in_time_begins_anew() -> None:
    meter = FlashMeter()
    for number in range(12):
        meter.take(light_of(small(WHITE if number % 2 else BLACK)), number / 30)
    assert meter.share(light_of(small(WHITE)), 0.0) == 1.0


def test_the_same_pictures_give_the_same_shares() -> None:
    pictures = strobe(9.0, BLACK, (0.9, 0.2, 0.1))
    assert shown(pictures)[0] == shown(pictures)[0]


def test_a_quarter_is_found_wherever_it_lies() -> None:
    wide, tall = FIELD
    for left, top in ((0, 0), (COLUMNS - wide, ROWS - tall), (13, 7)):
        cells = np.zeros((ROWS, COLUMNS), np.bool_)
        cells[top : top + tall, left : left + wide][::2, ::2] = True
        assert fills_a_quarter(cells) == (int(cells.sum()) >= QUARTER)
    scattered = np.zeros((ROWS, COLUMNS), np.bool_)
    scattered[::3, ::3] = True
    assert scattered.sum() > QUARTER
    assert not fills_a_quarter(scattered)


def test_saturated_red() -> None:
    light = np.array([[[0.8, 0.2, 0.0], [0.8, 0.24, 0.0], [0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]], np.float32)
    assert Light.of(np.moveaxis(light, 2, 0)).saturated.tolist() == [[True, False, False, False]]
