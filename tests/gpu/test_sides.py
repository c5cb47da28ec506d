"""Layers with an input of their own: drawn from it, gone while it gives nothing, every GL object given back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import draw, drawings, far, flat, layer, noise, plain, shader, stack
from phosphene.effects.inset import Inset
from phosphene.engine.core.frame import Frame, Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Mask
from phosphene.engine.glsl.dialects import load
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.renderer.quality import Quality
from phosphene.engine.renderer.renderer import Renderer
from phosphene.engine.scene.layer import Layer

from phosphene.testing import fake_mask

pytestmark = pytest.mark.gl

SIZE = (64, 48)
RED, BLUE = (200, 30, 20), (20, 40, 220)
SAMPLES = Path(__file__).resolve().parent.parent / "dialects"


def seen(picture: Pixels | None, *, mask: Mask | None = None, number: int = 0) -> Observation:
    """A red frame, and beside it the picture of camera 1."""
    results: dict[str, Any] = {} if picture is None else {"source.camera:1": Frame(number, 0.0, picture)}
    if mask is not None:
        results["person"] = mask
    return Observation(Frame(number, number / 30, plain(SIZE, RED)), results)


def with_own_input(*effects: Any, **values: Any) -> Layer:
    return layer(*effects, name="other", source="camera:1", **values)


def test_the_picture_is_the_other_inputs(gpu: Gpu) -> None:
    picture = noise(SIZE)
    assert far(draw(gpu, stack(with_own_input()), seen(picture))[..., :3], picture) <= 1


def test_effects_read_it_as_their_camera(gpu: Gpu) -> None:
    picture = noise(SIZE)
    for body in ("camera(uv)", "frame(uv)"):
        assert far(draw(gpu, stack(with_own_input(shader(body))), seen(picture))[..., :3], picture) <= 1


def test_a_foreign_shader_reads_its_codes(gpu: Gpu) -> None:
    picture = noise(SIZE)
    effect = load(SAMPLES / "isf_pass_through.fs")()
    assert far(draw(gpu, stack(with_own_input(effect)), seen(picture))[..., :3], picture) <= 1


def test_without_a_picture_the_layer_is_not_there(gpu: Gpu) -> None:
    made = stack(layer(), with_own_input())
    assert far(draw(gpu, made, seen(None))[..., :3], plain(SIZE, RED)) <= 1
    pictures = list(drawings(gpu, made, [seen(plain(SIZE, BLUE)), seen(None, number=1)]))
    assert far(pictures[0][..., :3], plain(SIZE, BLUE)) <= 1
    assert far(pictures[1][..., :3], plain(SIZE, RED)) <= 1


def test_the_person_stands_before_it(gpu: Gpu) -> None:
    made = stack(with_own_input(), layer(name="person", cut="person"))
    assert made.hides_room()
    picture = draw(gpu, made, seen(plain(SIZE, BLUE), mask=fake_mask(size=SIZE)))
    assert far(picture[24, 32, :3], np.array(RED)) <= 2
    assert far(picture[2, 2, :3], np.array(BLUE)) <= 2
    nobody = draw(gpu, made, seen(plain(SIZE, BLUE), mask=flat(0.0, size=SIZE)))
    assert far(nobody[..., :3], plain(SIZE, BLUE)) <= 1


def test_without_a_mask_the_private_scene_stays_closed(gpu: Gpu) -> None:
    looks: list[str] = []
    made = stack(with_own_input(), layer(name="person", cut="person"))
    list(drawings(gpu, made, [seen(plain(SIZE, BLUE))], lambda renderer: looks.append(renderer.closed)))
    assert looks == ["waiting for the person mask"]


def test_in_the_persons_shape(gpu: Gpu) -> None:
    picture = draw(
        gpu, stack(layer(), with_own_input(cut="person")), seen(plain(SIZE, BLUE), mask=fake_mask(size=SIZE))
    )
    assert far(picture[24, 32, :3], np.array(BLUE)) <= 2
    assert far(picture[2, 2, :3], np.array(RED)) <= 2


def test_a_smaller_picture_is_drawn_and_everything_given_back(gpu: Gpu) -> None:
    before = gpu.live_objects
    renderer = Renderer(gpu, stack(layer(), with_own_input(Inset())), SIZE)
    for scale in (1.0, 0.5, 1.0):
        renderer.set_quality(Quality(picture_scale=scale))
        renderer.render(seen(plain(SIZE, BLUE)), 0.0)
        picture = renderer.read()
        assert far(picture[39, 53, :3], np.array(BLUE)) <= 3
        assert far(picture[10, 10, :3], np.array(RED)) <= 3
    renderer.release()
    assert gpu.live_objects == before


@pytest.mark.parametrize("corner", [0.0, 0.5, 1.0])
def test_an_inset_has_its_place_and_round_corners(gpu: Gpu, corner: float) -> None:
    values = {"x": 0.5, "y": 0.5, "scale": 0.5, "corner": corner}
    effect = Inset()
    for name, value in values.items():
        effect.set(name, value)
    picture = draw(gpu, stack(layer(), with_own_input(effect)), seen(plain(SIZE, BLUE)))[..., :3].astype(int)
    blue = np.abs(picture - BLUE).max(axis=2) <= 2
    red = np.abs(picture - RED).max(axis=2) <= 2
    assert blue[24, 18:46].all()
    assert red[24, :14].all()
    assert red[:10].all()
    assert bool(blue[13, 17]) == (corner == 0.0)
    area = 32 * 24 - (4 - np.pi) * (corner * 12) ** 2
    assert blue.sum() == pytest.approx(area, abs=60)  # softened pixels are neither
