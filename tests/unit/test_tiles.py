"""Where a cut-out needs no mask: the tiles of a matte."""

from __future__ import annotations

import numpy as np
import pytest
from phosphene.engine.matte.guided_filter import TILE, tiled
from phosphene.engine.matte.matte import MatteField

SHAPE = (0.1, 0.9)


def cells(rows: np.ndarray, width: int, height: int) -> set[tuple[int, int]]:
    """The tiles that rows of corners cover."""
    found = set()
    for left, top, right, _ in rows:
        first, last = round(left * width / TILE), int(np.ceil(right * width / TILE - 1e-4))
        found |= {(round(top * height / TILE), column) for column in range(first, last)}
    return found


@pytest.mark.parametrize("size", [(256, 144), (256, 256), (61, 37), (8, 8), (9, 7), (1, 1)])
def test_tiles_are_those_of_the_plain_definition(size: tuple[int, int]) -> None:
    width, height = size
    draws = np.random.default_rng(width)
    values = draws.normal(0.0, 0.3, (height, width, 4)).astype(np.float32)
    values[: height // 2, : width // 2] = (0.0, 0.0, 0.0, 1.0)
    values[height // 2 :, width // 2 :] = (0.02, -0.01, 0.0, 0.03)
    solid, soft = tiled(values, SHAPE)
    least = values[..., 3] + np.minimum(values[..., :3], 0.0).sum(axis=2)
    most = values[..., 3] + np.maximum(values[..., :3], 0.0).sum(axis=2)
    want_solid, want_soft = set(), set()
    for y in range(0, height, TILE):
        for x in range(0, width, TILE):
            around = np.s_[max(0, y - 1) : y + TILE + 1, max(0, x - 1) : x + TILE + 1]
            if least[around].min() >= SHAPE[1]:
                want_solid.add((y // TILE, x // TILE))
            elif most[around].max() > SHAPE[0]:
                want_soft.add((y // TILE, x // TILE))
    assert cells(solid, width, height) == want_solid
    assert cells(soft, width, height) == want_soft


def test_a_full_mask_is_solid_and_an_empty_one_is_nothing() -> None:
    full, empty = np.ones((144, 256, 1), np.float32), np.zeros((144, 256, 1), np.float32)
    assert MatteField(full, False, None).tiles(SHAPE).solid.shape == (144 // TILE, 4)
    assert len(MatteField(full, False, None).tiles(SHAPE).soft) == 0
    assert len(MatteField(empty, False, None).tiles(SHAPE).solid) == 0
    assert len(MatteField(empty, False, None).tiles(SHAPE).soft) == 0


def test_tiles_lie_in_the_picture_and_share_their_corners() -> None:
    draws = np.random.default_rng(3)
    values = draws.random((50, 70, 1)).astype(np.float32)
    solid, soft = tiled(values, (0.45, 0.55))
    corners = np.concatenate([solid, soft])
    assert corners.min() >= 0.0
    assert corners.max() <= 1.0
    assert set(corners[:, [0, 2]].ravel()) <= {np.float32(min(k * TILE / 70, 1.0)) for k in range(70 // TILE + 2)}
