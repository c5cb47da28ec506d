"""The One Euro filter: passes what stands still, follows what moves, stays on its leash, keeps rotations rotations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from phosphene.engine.trackers.one_euro import (
    GAP_S,
    OneEuro,
    OneEuroRotation,
    conjugate,
    from_rotation_vector,
    matrix,
    multiply,
    quaternion,
    rotation_vector,
    smoothing,
)

DT = 1 / 30


def turned(vector: tuple[float, float, float]) -> np.ndarray:
    return matrix(from_rotation_vector(np.array(vector)))


def test_the_first_value_passes_unchanged() -> None:
    value = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert np.array_equal(OneEuro(1.0, 10.0)(value, 0.0), value)


def test_what_stands_still_stays_exactly() -> None:
    value = np.array([[0.25, 0.5]])
    euro = OneEuro(1.0, 10.0)
    for i in range(20):
        assert np.array_equal(euro(value, i * DT), value)


def test_jitter_at_rest_is_at_least_halved() -> None:
    noise = np.random.default_rng(1).normal(0.0, 0.003, (300, 4, 2))
    euro = OneEuro(1.0, 10.0)
    smooth = np.array([euro(n, i * DT) for i, n in enumerate(noise)])
    assert np.diff(smooth, axis=0).std() < 0.5 * np.diff(noise, axis=0).std()


@pytest.mark.parametrize("speed", [0.5, 2.0, 10.0, 50.0])
def test_lag_in_steady_motion_is_bounded_by_beta_whatever_the_speed(speed: float) -> None:
    beta = 10.0
    euro = OneEuro(1.0, beta)
    smooth = np.zeros((1, 2))
    for i in range(600):
        raw = np.array([[speed * i / 240.0, 0.0]])
        smooth = euro(raw, i / 240.0)
    # The bound of the continuous filter is 1/(2π·beta); a discrete one stays below it.
    assert float(np.linalg.norm(raw - smooth)) <= 1.0 / (2.0 * math.pi * beta) * 1.001


def test_the_leash_holds_in_any_motion() -> None:
    euro = OneEuro(0.5, 1.0, leash=0.012)
    for i, raw in enumerate(np.random.default_rng(2).normal(0.0, 1.0, (200, 5, 3))):
        assert np.linalg.norm(euro(raw, i * DT, scale=0.1) - raw, axis=-1).max() <= 0.012 * 0.1 + 1e-12


def test_it_means_the_same_at_every_size() -> None:
    path = np.cumsum(np.random.default_rng(3).normal(0.0, 0.01, (60, 3, 2)), axis=0)
    small, large = OneEuro(1.0, 10.0, 0.012), OneEuro(1.0, 10.0, 0.012)
    for i, raw in enumerate(path):
        a, b = small(raw, i * DT, 0.05), large(raw * 8.0, i * DT, 0.4)
        assert np.allclose(a * 8.0, b, atol=1e-12)


def test_speed_counts_along_any_direction_alike() -> None:
    flat, turned_path = OneEuro(1.0, 10.0), OneEuro(1.0, 10.0)
    c, s = math.cos(0.7), math.sin(0.7)
    turn = np.array([[c, -s], [s, c]])
    for i, raw in enumerate(np.cumsum(np.random.default_rng(4).normal(0.0, 0.02, (40, 1, 2)), axis=0)):
        assert np.allclose(flat(raw, i * DT) @ turn, turned_path(raw @ turn, i * DT), atol=1e-12)


@pytest.mark.parametrize("later", [-0.1, GAP_S + 0.1])
def test_a_jump_in_time_starts_anew(later: float) -> None:
    euro = OneEuro(1.0, 0.0)
    euro(np.array([[0.0, 0.0]]), 1.0)
    assert np.array_equal(euro(np.array([[1.0, 1.0]]), 1.0 + later), [[1.0, 1.0]])


def test_the_same_time_twice_gives_the_same_value() -> None:
    euro = OneEuro(1.0, 0.0)
    euro(np.array([[0.0]]), 0.0)
    first = euro(np.array([[1.0]]), DT)
    assert np.array_equal(euro(np.array([[5.0]]), DT), first)


def test_another_number_of_points_starts_anew() -> None:
    euro = OneEuro(1.0, 0.0)
    euro(np.zeros((2, 2)), 0.0)
    assert np.array_equal(euro(np.ones((3, 2)), DT), np.ones((3, 2)))


def test_reset_forgets() -> None:
    euro = OneEuro(1.0, 0.0)
    euro(np.zeros((1, 2)), 0.0)
    euro.reset()
    assert np.array_equal(euro(np.ones((1, 2)), DT), np.ones((1, 2)))


def test_smoothing_rises_with_cutoff_and_time() -> None:
    assert 0.0 < smoothing(1.0, DT) < smoothing(2.0, DT) < smoothing(2.0, 2 * DT) < 1.0


@pytest.mark.parametrize(
    "vector", [(0, 0, 0), (0.1, 0, 0), (0, 2.0, 0), (0, 0, -3.1), (1.0, -1.0, 0.5), (0, math.pi, 0)]
)
def test_matrix_and_quaternion_are_each_others_inverse(vector: tuple[float, float, float]) -> None:
    assert np.allclose(matrix(quaternion(turned(vector))), turned(vector), atol=1e-9)


def test_rotations_compose_as_their_matrices() -> None:
    a, b = (0.3, -0.2, 0.9), (-1.0, 0.4, 0.1)
    product = matrix(multiply(from_rotation_vector(np.array(a)), from_rotation_vector(np.array(b))))
    assert np.allclose(product, turned(a) @ turned(b))


def test_rotation_vector_takes_the_short_way() -> None:
    q = from_rotation_vector(np.array([0.0, 1.5 * math.pi, 0.0]))
    assert np.allclose(rotation_vector(q), [0.0, -0.5 * math.pi, 0.0])
    assert np.allclose(rotation_vector(multiply(q, conjugate(q))), 0.0)


def test_a_smoothed_rotation_stays_a_rotation_on_its_leash() -> None:
    euro = OneEuroRotation(1.0, 1.0, leash_rad=0.05)
    for i, vector in enumerate(np.random.default_rng(5).normal(0.0, 0.6, (100, 3))):
        raw = turned(tuple(vector))
        smooth = euro(raw, i * DT)
        assert np.allclose(smooth @ smooth.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(smooth) == pytest.approx(1.0)
        assert np.linalg.norm(rotation_vector(quaternion(smooth @ raw.T))) <= 0.05 + 1e-6


def test_a_head_at_rest_shakes_less() -> None:
    euro = OneEuroRotation(1.0, 10.0)
    raw = [turned(tuple(v)) for v in np.random.default_rng(6).normal(0.0, 0.005, (200, 3))]
    smooth = [euro(m, i * DT) for i, m in enumerate(raw)]
    assert np.diff(smooth, axis=0).std() < 0.5 * np.diff(raw, axis=0).std()


def test_a_rotation_follows_the_short_way_through_half_a_turn() -> None:
    euro = OneEuroRotation(1.0, 10.0, leash_rad=0.1)
    for i in range(120):
        raw = turned((0.0, i * 0.1, 0.0))
        assert np.linalg.norm(rotation_vector(quaternion(euro(raw, i * DT) @ raw.T))) <= 0.1 + 1e-6
