"""A cut-out drawn in tiles is the cut-out drawn whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import drawings, layer, noise, observe, stack
from phosphene.effects.duotone import Duotone
from phosphene.effects.relight import Relight
from phosphene.engine.effect.effect import Effect
from phosphene.engine.renderer import layer_compositor as layers
from phosphene.engine.renderer.gpu import Gpu

from phosphene.testing import fake_mask

pytestmark = pytest.mark.gl


class Green(Effect):
    """A plain place."""

    glsl = "vec4 effect(vec2 uv) { return vec4(0.0, 0.5, 0.1, 1.0); }"


@pytest.mark.parametrize("size", [(320, 180), (333, 217), (90, 160)])
@pytest.mark.parametrize("effects", [(), (Relight,), (Duotone,)])
@pytest.mark.parametrize("opacity", [1.0, 0.4])
def test_tiles_change_nothing(
    gpu: Gpu, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], effects: tuple[Any, ...], opacity: float
) -> None:
    def pictures() -> list[np.ndarray]:
        place = layer(Green(), name="place", source="none")
        person = layer(*(e() for e in effects), name="person", cut="person", opacity=opacity)
        seen = [observe(noise(size, i), i, mask=fake_mask(i, (128, 72))) for i in range(2)]
        return [p.astype(int) for p in drawings(gpu, stack(place, person), seen)]

    in_tiles = pictures()
    whole = layers.LayerPaint.draw
    monkeypatch.setattr(
        layers.LayerPaint,
        "draw",
        lambda self, textures, values, tiles, *rest: whole(self, textures, values, None, *rest),
    )
    for a, b in zip(in_tiles, pictures(), strict=True):
        assert np.abs(a - b).max() <= 1
