"""The alpha that is scored is the alpha that is drawn."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import draw, layer, observe, scene, shader, stack, to_codes, to_linear
from phosphene.engine.commands.score.alpha import final_alpha
from phosphene.engine.core.frame import Frame, Pixels
from phosphene.engine.core.results import Mask
from phosphene.engine.matte.maker import MatteMaker
from phosphene.engine.matte.matte import QUALITIES
from phosphene.engine.renderer.gpu import Gpu

SIZE = (192, 108)


def picture(seed: int) -> Pixels:
    """A bright disc before a dark, noisy room."""
    random = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    inside = ((x - 90) ** 2 + (y - 60) ** 2 < 40**2)[..., None]
    return np.clip(np.where(inside, 190, 60) + random.normal(0, 12, (SIZE[1], SIZE[0], 3)), 0, 255).astype(np.uint8)


def blob(number: int) -> Mask:
    x, y = np.meshgrid((np.arange(64) + 0.5) * 3, (np.arange(36) + 0.5) * 3)
    distance = 40 - np.hypot(x - 92 - number, y - 59)
    return Mask(number, np.clip(0.5 + distance / 12, 0, 1).astype(np.float32))


@pytest.mark.gl
@pytest.mark.parametrize("quality", QUALITIES)
@pytest.mark.parametrize(("softness", "codes"), [(0.5, 1.5), (0.1, 3)])  # a steep edge steepens the GPU's rounding too
def test_the_scored_alpha_is_the_drawn_one(gpu: Gpu, quality: str, softness: float, codes: float) -> None:
    made = scene(shader("vec4(0.0, 0.0, 0.0, mask_here())"))  # the alpha channel is stored as it is
    matte = made.layers[0].matte
    matte.set("quality", quality)
    matte.set("softness", softness)
    frames = [(picture(n), blob(n)) for n in range(3)]
    drawn = draw(gpu, made, *(observe(pixels, n, mask=mask) for n, (pixels, mask) in enumerate(frames)))
    maker = MatteMaker()
    fields = [maker.make(mask, Frame(n, n / 30, pixels), quality) for n, (pixels, mask) in enumerate(frames)]
    expected = final_alpha(fields[-1], frames[-1][0], matte.shape(), gpu.software)
    assert 0.1 < expected.mean() < 0.9
    assert np.abs(drawn[..., 3] / 255 - expected).max() <= codes / 255


@pytest.mark.gl
def test_best_takes_the_rooms_colour_out_of_soft_pixels(gpu: Gpu) -> None:
    person, behind = np.array([0.02, 0.02, 0.02]), np.array([0.1, 0.9, 0.1])  # linear light
    x = np.arange(SIZE[0])
    true = np.clip((x - 80) / 24, 0, 1)  # a wide soft edge
    light = true[:, None] * person + (1 - true[:, None]) * behind
    pixels = np.repeat(to_codes(light).round().astype(np.uint8)[None], SIZE[1], axis=0)
    mask = Mask(0, np.repeat(np.clip((np.arange(64) * 3 + 1 - 80) / 24, 0, 1)[None], 36, axis=0).astype(np.float32))
    cut = {}
    for quality in ("good", "best"):
        made = stack(layer(cut="person"))
        made.layers[0].matte.set("quality", quality)
        picture = draw(gpu, made, observe(pixels, mask=mask))
        soft = (picture[50, :, 3] > 60) & (picture[50, :, 3] < 200)
        assert soft.sum() > 4
        light_of = to_linear(picture[50, soft, 1]) / (picture[50, soft, 3] / 255)
        cut[quality] = float(light_of.mean())
    assert cut["best"] < 0.6 * cut["good"]
