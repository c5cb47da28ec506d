"""Lines, boxes and labels: the pixels where they should be, at several sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from helpers import Size, draw, far, observe, plain, scene, shader, to_codes, to_linear
from phosphene.engine.core.frame import Pixels
from phosphene.engine.effect.shapes import Box, Label, Line, Shape
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.renderer.overlay import KEPT_LABELS, Overlay
from phosphene.engine.renderer.targets import Target

pytestmark = pytest.mark.gl

SIZES: list[Size] = [(64, 36), (200, 100), (333, 217), (48, 96)]
each_size = pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")


def over_black(gpu: Gpu, size: Size, shapes: Sequence[Shape]) -> Pixels:
    """The shapes over opaque black."""
    target, overlay = Target(gpu, size), Overlay(gpu)
    try:
        target.framebuffer.clear(0.0, 0.0, 0.0, 1.0)
        overlay.draw(shapes, target.framebuffer)
        image = np.empty((size[1], size[0], 4), np.uint8)
        target.framebuffer.read_into(image, components=4)
        return image
    finally:
        overlay.release()
        target.release()


@each_size
def test_a_box_fills_its_place_and_no_other(gpu: Gpu, size: Size) -> None:
    box = Box((0.25, 0.25), (0.75, 0.5), "#ff8040", 0.0)
    image = over_black(gpu, size, [box])
    (x0, x1), (y0, y1) = (size[0] * 0.25, size[0] * 0.75), (size[1] * 0.25, size[1] * 0.5)
    inside = image[int(np.ceil(y0)) + 1 : int(y1) - 1, int(np.ceil(x0)) + 1 : int(x1) - 1, :3]
    assert far(inside, (255, 128, 64)) <= 1
    image[int(y0) - 1 : int(np.ceil(y1)) + 1, int(x0) - 1 : int(np.ceil(x1)) + 1] = (0, 0, 0, 255)
    assert not image[..., :3].any()


def test_a_box_has_round_corners(gpu: Gpu) -> None:
    image = over_black(gpu, (100, 100), [Box((0.0, 0.0), (1.0, 1.0), "white", 30.0)])
    assert image[0, 0, 0] == 0
    assert image[50, 0, 0] > 250
    assert image[10, 10, 0] > 250
    assert image[2, 8, 0] < 30


def test_a_half_transparent_box_blends_in_linear_light(gpu: Gpu) -> None:
    image = over_black(gpu, (40, 40), [Box((0, 0), (1, 1), "#ffffff", 0.0), Box((0, 0), (1, 1), "#00000080", 0.0)])
    assert far(image[20, 20, :3], to_codes([1 - 128 / 255] * 3)) <= 1.5


@each_size
def test_a_line_lies_between_its_ends(gpu: Gpu, size: Size) -> None:
    image = over_black(gpu, size, [Line((0.2, 0.5), (0.8, 0.5), 6.0, "#00ff00")])
    middle = size[1] // 2
    assert far(image[middle, int(size[0] * 0.2) + 1 : int(size[0] * 0.8) - 1, :3], (0, 255, 0)) <= 1
    assert not image[: middle - 5, :, :3].any()
    assert not image[middle + 5 :, :, :3].any()
    assert not image[:, : int(size[0] * 0.2) - 5, :3].any()


@pytest.mark.parametrize("angle", range(0, 180, 15))
def test_a_line_is_as_long_and_as_thick_in_every_direction(gpu: Gpu, angle: int) -> None:
    x, y = 0.3 * np.cos(np.deg2rad(angle)), 0.3 * np.sin(np.deg2rad(angle))
    image = over_black(gpu, (200, 200), [Line((0.5 - x, 0.5 - y), (0.5 + x, 0.5 + y), 8.0)])
    covered = float(to_linear(image[..., 0]).sum())
    assert covered == pytest.approx(120 * 8 + np.pi * 16, rel=0.03)
    rows, columns = np.nonzero(image[..., 0] > 128)
    assert float(np.hypot(rows.mean() - 99.5, columns.mean() - 99.5)) < 1.0
    assert image[round(100 + y * 200), round(100 + x * 200), 0] > 200
    assert image[round(100 + y * 200 * 1.2), round(100 + x * 200 * 1.2), 0] == 0


def test_a_line_of_no_length_is_a_dot(gpu: Gpu) -> None:
    image = over_black(gpu, (50, 50), [Line((0.5, 0.5), (0.5, 0.5), 10.0)])
    assert float(to_linear(image[..., 0]).sum()) == pytest.approx(np.pi * 25, rel=0.05)


def test_a_glow_reaches_as_far_as_it_says_and_fades(gpu: Gpu) -> None:
    column = over_black(gpu, (100, 100), [Line((0.1, 0.5), (0.9, 0.5), 4.0, "#ff0000", 20.0)])[:, 50, 0].astype(int)
    assert column[50] == 255
    assert (np.diff(column[53:75]) <= 0).all()
    assert column[56] > 30
    assert not column[:26].any()


def bounds(image: Pixels) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(image[..., :3].max(axis=2) > 60)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


@each_size
@pytest.mark.parametrize("anchor", [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0), (1.0, 0.0)])
def test_a_label_stands_at_its_anchor(gpu: Gpu, size: Size, anchor: tuple[float, float]) -> None:
    image = over_black(gpu, size, [Label("H", (0.5, 0.5), 20.0, "#ffff00", anchor, None)])
    left, top, right, bottom = bounds(image)
    assert far(image[..., 2], 0) == 0
    assert image[..., :2].max() > 200
    # where the middle of the letter's own box (about 14 × 20 pixels) must lie
    expected = size[0] / 2 + (0.5 - anchor[0]) * 16, size[1] / 2 + (0.5 - anchor[1]) * 22
    assert abs((left + right) / 2 - expected[0]) <= 4
    assert abs((top + bottom) / 2 - expected[1]) <= 4


@pytest.mark.parametrize("size_px", [8, 12, 24, 48, 96])
def test_letters_are_as_high_as_asked(gpu: Gpu, size_px: int) -> None:
    image = over_black(gpu, (300, 300), [Label("HHH", (0.1, 0.1), size_px, outline=None)])
    _, top, _, bottom = bounds(image)
    assert bottom - top == pytest.approx(0.58 * size_px, abs=1.5)  # capitals are 0.73 of the font's size


def test_bold_letters_are_heavier_and_lines_go_down(gpu: Gpu) -> None:
    def weight(label: Label) -> float:
        return float(over_black(gpu, (200, 100), [label])[..., 0].sum())

    assert weight(Label("phosphene", (0, 0), outline=None, bold=True)) > 1.2 * weight(
        Label("phosphene", (0, 0), outline=None)
    )
    image = over_black(gpu, (100, 100), [Label("H\nH", (0, 0), 20.0, outline=None)])
    assert bounds(image)[3] > 30


def test_an_outline_is_drawn_round_the_letters(gpu: Gpu) -> None:
    white = Box((0, 0), (1, 1), "white", 0.0)
    bare = over_black(gpu, (100, 60), [white, Label("H", (0.2, 0.2), 30.0, "white", outline=None)])
    edged = over_black(gpu, (100, 60), [white, Label("H", (0.2, 0.2), 30.0, "white", outline="#000000")])
    assert bare[..., 0].min() > 250
    assert edged[..., 0].min() < 40


def test_later_shapes_lie_over_earlier_ones(gpu: Gpu) -> None:
    red, green = Box((0, 0), (1, 1), "red", 0.0), Box((0, 0), (1, 1), "#00ff00", 0.0)
    label = Label("████████", (0, 0), 40.0, "#0000ff", outline=None)
    assert tuple(over_black(gpu, (40, 40), [red, green])[20, 20, :3]) == (0, 255, 0)
    assert tuple(over_black(gpu, (40, 40), [green, red])[20, 20, :3]) == (255, 0, 0)
    assert over_black(gpu, (40, 40), [red, label])[20, 20, 2] > 200
    assert tuple(over_black(gpu, (40, 40), [label, red])[20, 20, :3]) == (255, 0, 0)


def test_many_labels_are_drawn_and_old_ones_let_go(gpu: Gpu) -> None:
    target, overlay = Target(gpu, (64, 64)), Overlay(gpu)
    try:
        for number in range(3 * KEPT_LABELS):
            overlay.draw([Label(f"{number}", (0, 0))], target.framebuffer)
        assert gpu.live_objects < KEPT_LABELS + 20
    finally:
        overlay.release()
        target.release()


@pytest.mark.parametrize("text", ["", " ", "\n", "\t"])
def test_an_empty_label_is_nothing(gpu: Gpu, text: str) -> None:
    assert not over_black(gpu, (32, 32), [Label(text, (0, 0))])[..., :3].any()


@pytest.mark.parametrize("opacity", [1.0, 0.5])
def test_an_effects_shapes_belong_to_its_layer(gpu: Gpu, opacity: float) -> None:
    effect: Any = shader("frame(uv)")
    effect.shapes = [Box((0, 0), (0.5, 1.0), "#ffffff", 0.0)]
    image = draw(gpu, scene(effect, opacity=opacity, source="none"), observe(plain((64, 36))))
    assert far(image[18, 10], (*to_codes([opacity] * 3), 255 * opacity)) <= 1
    assert not image[18, 50].any()
