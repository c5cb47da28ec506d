"""The shadow lies under the feet of whoever stands in the picture, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from phosphene.effects.contact_shadow import ContactShadow, runs
from phosphene.engine.core.frame import Floats, Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Mask

SIZE = (640, 360)


def shadow(confidence: Floats | None, effect: ContactShadow | None = None, dt: float = 0.0) -> ContactShadow:
    if effect is None:
        effect = ContactShadow()
        effect.size = SIZE
        effect.prepare(SIZE)
    frame = Frame(0, 0.0, np.zeros((SIZE[1], SIZE[0], 3), np.uint8))
    results = {} if confidence is None else {"person": Mask(0, confidence, bool(confidence.max() > 0.5))}
    effect.update(Observation(frame, results), dt)
    return effect


def standing(bottom: int, left: int = 100) -> Floats:
    """A body with two legs."""
    mask = np.zeros((144, 256), np.float32)
    mask[30 : bottom - 30, left : left + 40] = 1.0
    mask[bottom - 30 : bottom, left : left + 12] = 1.0
    mask[bottom - 30 : bottom, left + 28 : left + 40] = 1.0
    return mask


def test_each_foot_has_one_and_the_body_a_paler_one() -> None:
    spots = shadow(standing(120)).spots
    assert len(spots) == 3
    assert spots[:, 5].tolist() == [0.5, 1.0, 1.0]
    assert spots[:, 0] == pytest.approx(np.array([120, 106, 134]) * 2.5)
    assert np.all(np.abs(spots[:, 1] - 120 * 2.5) < 2)
    assert np.all(spots[:, 3] < spots[:, 2])


@pytest.mark.parametrize("mask", [None, np.zeros((144, 256), np.float32), standing(143)])
def test_nobody_and_who_is_cut_off_cast_nothing(mask: Floats | None) -> None:
    assert len(shadow(mask).spots) == 0


def test_two_who_stand_apart_have_their_own() -> None:
    assert len(shadow(np.maximum(standing(120, 20), standing(110, 180))).spots) == 6


def test_without_any_amount_nothing_is_looked_for() -> None:
    effect = shadow(standing(120))
    effect.set("amount", 0.0)
    assert len(shadow(standing(120), effect, 1 / 30).spots) == 0


def test_it_follows_smoothly_and_jumps_with_who_jumps() -> None:
    effect = shadow(standing(120))
    first = effect.spots[:, 0].copy()
    moved = shadow(standing(120, 104), effect, 1 / 30).spots[:, 0]
    assert np.all((moved > first) & (moved < first + 10))
    jumped = shadow(standing(120, 180), effect, 1 / 30).spots[:, 0]
    assert jumped == pytest.approx(np.array([200, 186, 214]) * 2.5)


def test_runs_are_where_true_begins_and_ends() -> None:
    assert runs(np.array([True, True, False, True])) == [(0, 2), (3, 4)]
    assert runs(np.zeros(3, bool)) == []
