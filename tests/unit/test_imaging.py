"""Picture operations: shapes, identities, ranges."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import far, noise, plain, to_codes, to_linear
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.imaging import box_mean, enlarge, gaussian, resize, rgba, shrunk, straight_alpha
from phosphene.engine.core.srgb import LINEAR, decode, encode, encode8
from phosphene.engine.core.srgb import to_linear as linear_of

SIZES = [(1, 1), (2, 3), (33, 17), (64, 36), (320, 180)]
each_size = pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")


def test_the_table_of_linear_light_is_the_standards() -> None:
    assert np.allclose(LINEAR, to_linear(np.arange(256)), atol=1e-6)
    assert (LINEAR[0], LINEAR[255]) == (0.0, 1.0)


@each_size
def test_rgba_keeps_the_colours_and_is_opaque(size: tuple[int, int]) -> None:
    pixels = noise(size)
    image = rgba(pixels)
    assert np.array_equal(image[..., :3], pixels)
    assert (image[..., 3] == 255).all()


def test_rgba_fills_what_it_is_given() -> None:
    out = np.zeros((36, 64, 4), np.uint8)
    assert np.shares_memory(rgba(noise((64, 36)), out), out)
    assert out.any()


@each_size
@pytest.mark.parametrize("to", [(1, 1), (5, 7), (64, 36), (100, 20)])
def test_resizing_gives_the_size_and_keeps_one_colour(size: tuple[int, int], to: tuple[int, int]) -> None:
    image = resize(plain(size, (10, 200, 30)), to)
    assert image.shape == (to[1], to[0], 3)
    assert (image == (10, 200, 30)).all()


def test_resizing_to_the_same_size_is_nothing() -> None:
    pixels = noise((64, 36))
    assert resize(pixels, (64, 36)) is pixels


def test_shrinking_is_averaging() -> None:
    pixels = noise((64, 36))
    expected = pixels.reshape(18, 2, 32, 2, 3).mean(axis=(1, 3))
    assert far(resize(pixels, (32, 18)), expected) <= 0.75


@pytest.mark.parametrize("radius", [1, 2, 5])
def test_a_box_mean_is_the_mean(radius: int) -> None:
    plane = np.random.default_rng(0).random((40, 50), np.float32)
    found = box_mean(plane, radius)[20, 25]
    assert found == pytest.approx(plane[20 - radius : 21 + radius, 25 - radius : 26 + radius].mean(), abs=1e-5)
    assert np.allclose(box_mean(np.full((9, 9), 0.4, np.float32), radius), 0.4)


def test_a_gaussian_keeps_constants_and_sums_and_zero_is_nothing() -> None:
    plane = np.zeros((41, 41), np.float32)
    plane[20, 20] = 1.0
    assert gaussian(plane, 0.0) is plane
    blurred = gaussian(plane, 2.0)
    assert float(blurred.sum()) == pytest.approx(1.0, abs=1e-4)
    assert np.allclose(blurred, blurred.T, atol=1e-6)
    assert np.allclose(gaussian(np.full((8, 8), 0.3, np.float32), 3.0), 0.3, atol=1e-6)


def test_a_shrunk_picture_is_made_once_for_all_who_ask() -> None:
    frame = Frame(0, 0.0, noise((64, 36)))
    small = shrunk(frame, (16, 9))
    assert np.array_equal(small, resize(frame.pixels, (16, 9)))
    assert shrunk(frame, (16, 9)) is small
    assert shrunk(frame, (8, 9)).shape == (9, 8, 3)
    other = Frame(0, 0.0, noise((64, 36), 1))  # the same number, another picture
    assert not np.array_equal(shrunk(other, (16, 9)), small)


def test_enlarging_fills_what_it_is_given() -> None:
    out = np.zeros((36, 64, 4), np.uint8)
    enlarge(rgba(plain((16, 9), (10, 20, 30))), out)
    assert (out == (10, 20, 30, 255)).all()


@pytest.mark.parametrize("alpha", [1, 2, 127, 128, 254, 255])
def test_straight_alpha_undoes_premultiplying(alpha: int) -> None:
    straight = np.random.default_rng(alpha).random((6, 7, 3))
    image = np.dstack([to_codes(straight * alpha / 255).round(), np.full((6, 7), alpha)]).astype(np.uint8)
    found = straight_alpha(image)
    assert (found[..., 3] == alpha).all()
    # what premultiplying has rounded away cannot come back: that is little light, so it is compared as light
    error = np.abs(to_linear(found[..., :3]) - straight)
    assert float(error.max()) <= 0.006 * 255 / alpha + 0.004


def test_opaque_pictures_pass_unchanged_and_nothing_stays_nothing() -> None:
    image = rgba(noise((64, 36)))
    assert far(straight_alpha(image), image) <= 1
    assert not straight_alpha(np.zeros((4, 4, 4), np.uint8)).any()


def test_light_without_alpha_is_cut_off_at_white() -> None:
    glow = np.array([[[200, 0, 0, 0]]], np.uint8)
    assert tuple(straight_alpha(glow)[0, 0]) == (255, 0, 0, 0)


def test_the_srgb_curve_is_one_curve() -> None:
    codes = np.arange(256)
    assert np.array_equal(encode8(LINEAR), codes)
    assert [np.float32(linear_of(code / 255)) for code in codes] == pytest.approx(LINEAR, abs=1e-7)
    assert np.allclose(decode(encode(np.linspace(0, 1, 999))), np.linspace(0, 1, 999), atol=1e-7)
