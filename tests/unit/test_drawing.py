"""Shapes for textures."""

from __future__ import annotations

import numpy as np
import pytest

from phosphene.drawing import blur, colorize, fill_polygon, resample_path, stroke_path

SQUARE = [[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]]


def test_a_polygon_covers_its_area() -> None:
    plane = fill_polygon([SQUARE], (256, 128))
    assert plane.shape == (128, 256)
    assert plane.dtype == np.float32
    assert plane.mean() == pytest.approx(0.25, abs=0.03)
    assert plane[64, 128] == 1.0
    assert plane[2, 2] == 0.0
    assert np.abs(plane - plane[::-1, ::-1]).mean() < 0.01


def test_two_that_overlap_leave_a_hole() -> None:
    inner = (np.array(SQUARE) - 0.5) * 0.4 + 0.5
    plane = fill_polygon([SQUARE, inner], (64, 64))
    assert plane[32, 32] == 0.0
    assert plane[20, 20] == 1.0


def test_or_none_where_that_is_asked_for() -> None:
    inner = (np.array(SQUARE) - 0.5) * 0.4 + 0.5
    together, one = fill_polygon([SQUARE, inner, SQUARE], (64, 64), holes=False), fill_polygon([SQUARE], (64, 64))
    assert together[32, 32] == 1.0
    assert np.abs(together - one).mean() < 0.02


def test_what_lies_outside_is_left_out() -> None:
    assert fill_polygon([np.array(SQUARE) + 3.0], (16, 16)).max() == 0.0


def test_a_blur_keeps_the_sum() -> None:
    plane = fill_polygon([SQUARE], (64, 64))
    assert blur(plane, 2.0).sum() == pytest.approx(plane.sum(), rel=1e-3)
    assert np.array_equal(blur(plane, 0.0), plane)


def test_points_along_a_line_are_evenly_spaced() -> None:
    points = resample_path([[0, 0], [3, 0], [3, 1]], 9)
    assert np.linalg.norm(np.diff(points, axis=0), axis=1) == pytest.approx(np.full(8, 0.5))
    assert points[0].tolist() == [0, 0]
    assert points[-1].tolist() == [3, 1]


def test_a_stroke_is_as_wide_as_it_is_told() -> None:
    outline = stroke_path([[0, 0], [1, 0]], (0.0, 0.2, 0.0), count=11)
    across = np.linalg.norm(outline[:11] - outline[::-1][:11], axis=1)
    assert across[[0, 5, 10]] == pytest.approx([0.0, 0.2, 0.0], abs=1e-6)


def test_a_stroke_without_length_is_a_point() -> None:
    assert np.isfinite(stroke_path([[0.5, 0.5], [0.5, 0.5]], (0.1,))).all()


def test_colours_are_laid_over_one_another() -> None:
    left = np.zeros((2, 4), np.float32)
    left[:, :2] = 1.0
    texture = colorize([("#ff0000", np.ones((2, 4), np.float32)), ("#0000ff", left)])
    assert texture[0].tolist() == [[0, 0, 255, 255]] * 2 + [[255, 0, 0, 255]] * 2


def test_thin_paint_is_premultiplied_light() -> None:
    texture = colorize([("#ffffff", np.full((1, 1), 0.5, np.float32))])
    assert texture[0, 0].tolist() == [188, 188, 188, 128]  # half of the light
