"""Who is who: numbers stay with people through motion, gaps and crossings."""

from __future__ import annotations

import pytest
from phosphene.engine.trackers.identity import GAP_S, Identities, Spot

DT = 1 / 30


def test_numbers_stay_in_any_order() -> None:
    who = Identities()
    a, b = who.match([Spot(0.2, 0.5, 0.1), Spot(0.8, 0.5, 0.1)], 0.0)
    assert who.match([Spot(0.81, 0.5, 0.1), Spot(0.21, 0.5, 0.1)], DT) == [b, a]


def test_everybody_has_an_own_number() -> None:
    assert len(set(Identities().match([Spot(i / 10, 0.5, 0.1) for i in range(8)], 0.0))) == 8


@pytest.mark.parametrize("height", [0.0, 0.02, 0.06])
def test_two_who_cross_keep_their_numbers(height: float) -> None:
    who = Identities()
    first = who.match([Spot(0.2, 0.5, 0.12), Spot(0.8, 0.5 + height, 0.12)], 0.0)
    for i in range(1, 61):
        x = 0.2 + 0.6 * i / 60
        found = who.match([Spot(x, 0.5, 0.12), Spot(1.0 - x, 0.5 + height, 0.12)], i * DT)
        # In the one frame where both are at the very same place nobody can tell, and it does not matter.
        assert found == first or (i == 30 and height == 0.0)


def test_two_who_cross_keep_their_numbers_while_one_hides_the_other() -> None:
    who = Identities()
    left, right = who.match([Spot(0.2, 0.5, 0.12), Spot(0.8, 0.5, 0.12)], 0.0)
    for i in range(1, 61):
        x = 0.2 + 0.6 * i / 60
        spots = [Spot(x, 0.5, 0.12), Spot(1.0 - x, 0.5, 0.12)]
        hidden = abs(x - 0.5) < 0.06
        found = who.match(spots[:1] if hidden else spots, i * DT)
        assert found == ([left] if hidden else [left, right])


def test_a_short_gap_keeps_the_number_and_a_long_one_does_not() -> None:
    who = Identities()
    (a,) = who.match([Spot(0.5, 0.5, 0.2)], 0.0)
    assert who.match([], 0.1) == []
    assert who.match([Spot(0.5, 0.5, 0.2)], GAP_S - 0.1) == [a]
    (b,) = who.match([Spot(0.5, 0.5, 0.2)], 2 * GAP_S + 0.1)
    assert b != a


def test_somebody_elsewhere_is_somebody_new() -> None:
    who = Identities()
    (a,) = who.match([Spot(0.1, 0.5, 0.1)], 0.0)
    (b,) = who.match([Spot(0.9, 0.5, 0.1)], DT)
    assert a != b
    assert who.alive() == {a, b}


def test_a_number_is_never_given_twice() -> None:
    who = Identities()
    seen = [who.match([Spot(0.5, 0.5, 0.1)], i * 10.0)[0] for i in range(5)]
    assert len(set(seen)) == 5


def test_a_jump_back_in_time_begins_anew() -> None:
    who = Identities()
    (a,) = who.match([Spot(0.5, 0.5, 0.1)], 5.0)
    (b,) = who.match([Spot(0.5, 0.5, 0.1)], 0.0)
    assert a != b


def test_somebody_far_larger_at_the_same_place_is_somebody_else() -> None:
    who = Identities()
    (a,) = who.match([Spot(0.5, 0.5, 0.05)], 0.0)
    (b,) = who.match([Spot(0.5, 0.5, 0.4)], DT)
    assert a != b


def test_the_nearer_of_two_gets_the_number() -> None:
    who = Identities()
    (a,) = who.match([Spot(0.5, 0.5, 0.2)], 0.0)
    found = who.match([Spot(0.62, 0.5, 0.2), Spot(0.51, 0.5, 0.2)], DT)
    assert found[1] == a
    assert found[0] != a
