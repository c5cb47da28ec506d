"""Triangles: what they check, and the box that they lie in."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from helpers import placed
from phosphene.engine.effect.effect import Effect, Pass
from phosphene.engine.effect.mesh import FOCAL, Mesh, Texture, Triangles, textures_of
from phosphene.engine.glsl.assemble import assemble
from phosphene.engine.renderer.mesh_pass import box_of

SQUARE = np.array([[0.25, 0.25, 0.0], [0.5, 0.25, 0.0], [0.5, 0.75, 0.0], [0.25, 0.75, 0.0]], np.float32)
CORNERS = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


class Drawn(Effect):
    sheet = Mesh()
    ink = Texture()
    passes = (Pass("vec4 effect(vec2 uv) { return ink(mesh_uv); }", mesh="sheet"),)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"positions": SQUARE[:, :2]}, "positions"),
        ({"corners": CORNERS[:, :2]}, "corners"),
        ({"uv": np.zeros((3, 2))}, "uv"),
        ({"uv": SQUARE}, "uv"),
        ({"normals": np.zeros((4, 2))}, "normals"),
        ({"colors": np.zeros((4, 3))}, "colors"),
        ({"transform": np.eye(3)}, "transform"),
        ({"values": range(9)}, "values"),
        ({"corners": np.array([[0, 1, 4]])}, "corners"),
        ({"corners": np.array([[0, 1, -1]])}, "corners"),
        ({"positions": np.zeros((0, 3))}, "corners"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(fields: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Triangles(**{"positions": SQUARE, "corners": CORNERS, **fields})


def test_nothing_is_a_mesh_too() -> None:
    empty = Triangles(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32))
    assert box_of([empty], (64, 36)) is None
    assert box_of([], (64, 36)) is None


def test_the_box_in_the_picture() -> None:
    assert Triangles(SQUARE, CORNERS).box(16 / 9) == pytest.approx((0.25, 0.25, 0.5, 0.75))
    assert box_of([Triangles(SQUARE, CORNERS)], (100, 100)) == (24, 24, 51, 76)


def test_the_box_of_several_is_round_all() -> None:
    other = Triangles(SQUARE + np.float32([0.25, -0.125, 0.0]), CORNERS)
    assert box_of([Triangles(SQUARE, CORNERS), other], (100, 100)) == (24, 11, 76, 76)


@pytest.mark.parametrize("shift", [(2.0, 0.0), (-2.0, 0.0), (0.0, 5.0), (0.0, -5.0)])
def test_outside_the_picture_there_is_no_box(shift: tuple[float, float]) -> None:
    away = SQUARE + np.float32([*shift, 0.0])
    assert box_of([Triangles(away, CORNERS)], (64, 36)) is None


def test_a_box_ends_where_the_picture_does() -> None:
    assert box_of([Triangles(SQUARE * 10 - 4, CORNERS)], (64, 36)) == (0, 0, 64, 36)


def test_what_is_no_number_has_no_box() -> None:
    assert box_of([Triangles(SQUARE * np.float32(np.nan), CORNERS)], (64, 36)) is None


@pytest.mark.parametrize("aspect", [16 / 9, 1.0, 9 / 16])
def test_the_box_in_space_is_what_a_camera_63_degrees_high_sees(aspect: float) -> None:
    half = 40.0 * math.tan(math.radians(63.0) / 2)  # half the picture's height, 40 cm away
    edge = np.array([[-half, -half, 0], [half, -half, 0], [half, half, 0]], np.float32)
    left, top, right, bottom = Triangles(edge, np.array([[0, 1, 2]]), transform=placed()).box(aspect)
    assert (top, bottom) == pytest.approx((0.0, 1.0), abs=1e-5)
    assert (left, right) == pytest.approx((0.5 - 0.5 / aspect, 0.5 + 0.5 / aspect), abs=1e-5)


def test_up_in_space_is_up_in_the_picture() -> None:
    point = np.zeros((3, 3), np.float32)
    _, top, _, bottom = Triangles(point, np.array([[0, 1, 2]]), transform=placed(y=10.0)).box(1.0)
    assert top == bottom == pytest.approx(0.5 - 0.5 * FOCAL * 10 / 40)


def test_what_reaches_behind_the_camera_may_be_anywhere() -> None:
    assert Triangles(SQUARE, CORNERS, transform=placed(z=0.5)).box(1.0) == (0.0, 0.0, 1.0, 1.0)


def test_one_several_or_no_triangles_are_assigned() -> None:
    made, one = Drawn(), Triangles(SQUARE, CORNERS)
    assert made.sheet == ()
    made.sheet = one
    assert made.sheet == (one,)
    made.sheet = [one, one]
    assert made.sheet == (one, one)
    made.sheet = ()
    assert made.sheet == ()
    assert isinstance(Drawn.sheet, Mesh)


@pytest.mark.parametrize(
    "value", [np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2, 4)), np.zeros((2, 4), np.uint8), np.zeros((0, 2, 4), "u1")]
)
def test_a_texture_is_bytes_with_alpha(value: np.ndarray) -> None:
    with pytest.raises(ValueError, match="ink: expected"):
        Drawn().ink = value


def test_textures_by_name() -> None:
    assert list(textures_of(Drawn)) == ["ink"]
    assert isinstance(Drawn.ink, Texture)
    assert Drawn().ink is None


def test_a_mesh_pass_has_what_it_promises() -> None:
    shader = assemble(Drawn, Drawn.passes[0], ())
    for name in ("mesh_uv", "mesh_normal", "mesh_position", "mesh_color", "data0", "data1"):
        assert f"{name};" in shader.text
    assert "vec4 ink(vec2 uv)" in shader.text
    assert "_position" in shader.vertex
    assert not Drawn.passes[0].is_full_frame


def test_what_only_hides_is_not_in_the_box() -> None:
    positions = np.concatenate([SQUARE * 0.1, SQUARE])
    mesh = Triangles(positions, np.concatenate([CORNERS, CORNERS + 4]), hides=2)
    assert mesh.box(1.0) == pytest.approx((0.25, 0.25, 0.5, 0.75))
    assert box_of([Triangles(SQUARE, CORNERS, hides=2)], (64, 36)) is None
