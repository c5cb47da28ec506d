"""The laws of time stamps, for any that a file may hold."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phosphene.engine.core.timestamps import BACK_S, JUMP_S, NUDGE_S, STUCK, FileClock, FrameTimes, RisingStamps

FRAME, PIECE = Fraction(1, 30), Fraction(1024, 48000)
VIDEO, SOUND = 0, 1
Packet = tuple[int, Fraction, Fraction]


def part(seconds: Fraction, at: Fraction = Fraction(0), longer: Fraction = Fraction(0)) -> list[Packet]:
    """The packets of a clip in the order of their stamps, from `at` on; its sound is `longer` than its pictures."""
    pictures = [(VIDEO, at + k * FRAME, FRAME) for k in range(int(seconds / FRAME))]
    pieces = [(SOUND, at + k * PIECE, PIECE) for k in range(int((seconds + longer) / PIECE))]
    return sorted(pictures + pieces, key=lambda packet: (packet[1], packet[0]))


def mended(clock: FileClock, packets: list[Packet]) -> list[tuple[int, Fraction]]:
    out = []
    for track, stamp, lasts in packets:
        out.append((track, stamp + clock.shift(track, stamp, stamp, lasts, is_video=track == VIDEO)))
    return out


def of(track: int, stamps: list[tuple[int, Fraction]]) -> list[Fraction]:
    return [stamp for found, stamp in stamps if found == track]


lengths = st.integers(15, 200).map(lambda frames: frames * FRAME)
moments = st.fractions(0, 10**6, max_denominator=90000)


@given(lengths, moments, st.booleans())
def test_what_is_right_stays_as_it_is(length: Fraction, at: Fraction, restarts: bool) -> None:
    packets, clock = part(length, at), FileClock(restarts=restarts)
    assert mended(clock, packets) == [(track, stamp) for track, stamp, _ in packets]
    assert not clock.mended


@given(st.lists(st.tuples(lengths, moments), min_size=2, max_size=5))
def test_parts_go_on_and_picture_and_sound_stay_together(parts: list[tuple[Fraction, Fraction]]) -> None:
    """Wherever each part begins on its own clock: pictures follow one another, and sound stays with them."""
    clock = FileClock(restarts=True)
    end = Fraction(0)
    for number, (length, at) in enumerate(parts):
        # a part that happens to begin where it would go on, or within a pause that may be meant, is no restart
        stamps = mended(clock, part(length, at))
        pictures, sound = of(VIDEO, stamps), of(SOUND, stamps)
        assert sound[0] == pictures[0]
        assert all(b - a == FRAME for a, b in pairwise(pictures))
        if number:
            assert -BACK_S <= pictures[0] - end <= JUMP_S + FRAME
        end = pictures[-1] + FRAME


@given(lengths, lengths, st.fractions(0, 3, max_denominator=1000))
def test_sound_that_is_longer_moves_the_next_part_as_a_whole(first: Fraction, second: Fraction, more: Fraction) -> None:
    clock = FileClock(restarts=True)
    before = mended(clock, part(first, longer=more))
    stamps = mended(clock, part(second))
    pictures, sound = of(VIDEO, stamps), of(SOUND, stamps)
    assert pictures[-1] - pictures[0] >= second - FRAME  # none is squeezed
    shift = {stamp - raw for stamp, raw in zip(sound, (k * PIECE for k in range(len(sound))), strict=True)}
    assert len(shift) == 1
    assert pictures[-1] - (second - FRAME) in shift or len(pictures) < 2
    assert sound[0] >= of(SOUND, before)[-1] + PIECE - BACK_S - PIECE


@given(st.fractions(11, 10**5, max_denominator=1000), st.booleans())
def test_a_jump_ahead_is_a_pause_only_where_stamps_cannot_restart(jump: Fraction, restarts: bool) -> None:
    clock = FileClock(restarts=restarts)
    mended(clock, part(Fraction(1)))
    pictures = of(VIDEO, mended(clock, part(Fraction(1), 1 + jump)))
    assert pictures[0] == (1 if restarts else 1 + jump)


def test_leftovers_of_a_part_behind_the_begin_of_the_next_stay_with_their_part() -> None:
    """A transport stream gives a picture away when the next begins, which may lie behind the next part's sound."""
    clock = FileClock(restarts=True)
    first, second = part(Fraction(2)), part(Fraction(2))
    late = max(k for k, packet in enumerate(first) if packet[0] == VIDEO)
    begin = next(k for k, packet in enumerate(second) if packet[0] == SOUND)
    order = [*first[:late], *first[late + 1 :], second[begin], first[late], *second[:begin], *second[begin + 1 :]]
    pictures = of(VIDEO, mended(clock, order))
    assert max(b - a for a, b in pairwise(pictures)) <= FRAME + PIECE
    assert pictures == sorted(pictures)


def test_sound_alone_that_restarts_leaves_the_pictures_alone() -> None:
    clock = FileClock(restarts=True)
    packets = [
        (track, stamp - 1 if track == SOUND and stamp >= 1 else stamp, lasts)
        for track, stamp, lasts in part(Fraction(3))
    ]
    stamps = mended(clock, packets)
    assert of(VIDEO, stamps) == [k * FRAME for k in range(90)]
    sound = of(SOUND, stamps)
    assert all(abs(b - a - PIECE) < FRAME for a, b in pairwise(sound))


stamps_or_none = st.none() | st.floats(-10, 1e6)


@given(st.lists(st.tuples(stamps_or_none, stamps_or_none, st.none() | st.floats(0, 100)), max_size=40))
def test_times_rise_whatever_the_stamps(stamps: list[tuple[float | None, float | None, float | None]]) -> None:
    times = FrameTimes(30.0, 1 / 90000)
    found = [times.at(*stamp) for stamp in stamps]
    assert all(a < b for a, b in pairwise(found))
    assert not found or (times.end_s or 0.0) > found[-1]


@given(st.integers(2, 30), st.integers(0, 29))
def test_missing_stamps_are_filled_in_by_the_rate(count: int, missing: int) -> None:
    times = FrameTimes(30.0, 1 / 90000)
    found = [times.at(None if k == missing else k / 30, None, 1 / 30) for k in range(count)]
    assert found == pytest.approx([k / 30 for k in range(count)], abs=1e-9)


def test_twice_the_same_stamp_shows_both_pictures_and_goes_on() -> None:
    times = FrameTimes(30.0, 1 / 90000)
    assert [times.at(t, None, None) for t in (0.0, 0.1, 0.1, 0.2)] == pytest.approx([0.0, 0.1, 0.1 + NUDGE_S, 0.2])


def test_stamps_that_stand_still_play_at_the_rate() -> None:
    times = FrameTimes(25.0, 1 / 1000)
    found = [times.at(5.0, None, None) for _ in range(60)]
    assert found[-1] - found[0] > (60 - STUCK - 2) / 25


def test_presentation_times_that_step_back_give_way_to_decoding_times() -> None:
    times = FrameTimes(10.0, 1 / 1000)
    stamps = [(0.0, 0.0), (0.1, 0.1), (0.05, 0.2), (0.06, 0.3), (0.07, 0.4)]
    assert [times.at(*stamp, 0.1) for stamp in stamps][-2:] == pytest.approx([0.3, 0.4])


@pytest.mark.parametrize(
    ("rate", "tick", "told", "since", "lasts"),
    [
        (30.0, 1 / 1000, 0.033, 0.033, 1 / 30),  # the rate's, but for the container's millisecond
        (30.0, 1 / 90000, 2.0, 1 / 30, 2.0),  # its own
        (30.0, 1 / 90000, None, 0.5, 0.5),  # unknown: as the one before
        (2.0, 1 / 90000, 1.4, 0.1, 1.4),
        (25.0, 1 / 25, 1 / 25, 0.4, 0.4),  # one tick is what FFmpeg makes up
        (10.0, 1 / 100, 2.0, 0.3, 2.0),
    ],
)
def test_how_long_the_last_picture_lasts(
    rate: float, tick: float, told: float | None, since: float, lasts: float
) -> None:
    times = FrameTimes(rate, tick)
    times.at(0.0, None, told)
    times.at(since, None, told)
    assert times.end_s == pytest.approx(since + lasts)


stamp_ticks = st.none() | st.integers(-(10**6), 10**12)


@given(st.lists(st.tuples(st.integers(0, 2), stamp_ticks, stamp_ticks), max_size=40), st.integers(1, 12))
def test_a_container_gets_rising_stamps_only(packets: list[tuple[int, int | None, int | None]], least: int) -> None:
    rising, last = RisingStamps(), {}
    for track, dts, pts in packets:
        found_dts, found_pts = rising.mend(track, dts, pts, least)
        assert found_pts >= found_dts
        assert found_dts >= last.get(track, found_dts - least) + least
        last[track] = found_dts


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=30))
def test_rising_stamps_are_left_alone(steps: list[int]) -> None:
    rising, at = RisingStamps(), 0
    for step in steps:
        at += step
        assert rising.mend(0, at, at + 2) == (at, at + 2)
