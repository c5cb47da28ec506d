"""Transitions between two finished pictures: the law at both ends, and in the middle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers import far, noise, ramp
from phosphene.engine.core.errors import UsageError
from phosphene.engine.core.frame import Pixels
from phosphene.engine.core.imaging import rgba
from phosphene.engine.effect.effect import Effect
from phosphene.engine.glsl.dialects import load
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.renderer.targets import Target
from phosphene.engine.renderer.transition import Transition

SIZE = (48, 30)
SAMPLES = Path(__file__).resolve().parent.parent / "dialects"
Draw = Callable[..., Pixels]


@pytest.fixture
def between(gpu: Gpu) -> Draw:
    """Draws a transition of our samples at a progress."""

    def draw(name: str, progress: float, first: Pixels, second: Pixels, **values: object) -> Pixels:
        effect = load(SAMPLES / name)(**values)
        transition = Transition(gpu, effect, SIZE)
        pictures = [gpu.texture(SIZE, 4, p if p.shape[2] == 4 else rgba(p), srgb=True) for p in (first, second)]
        canvas = Target(gpu, SIZE)
        try:
            transition.draw(pictures[0], pictures[1], progress, canvas.framebuffer)
            return np.frombuffer(canvas.framebuffer.read(components=4), np.uint8).reshape(SIZE[1], SIZE[0], 4)
        finally:
            transition.release()
            canvas.release()
            gpu.release(*pictures)

    return draw


@pytest.mark.parametrize("name", ["wipe.glsl", "isf_transition.fs"])
def test_it_begins_with_the_first_picture_and_ends_with_the_second(between: Draw, name: str) -> None:
    first, second = noise(SIZE, 1), noise(SIZE, 2)
    assert far(between(name, 0.0, first, second)[..., :3], first) == 0
    assert far(between(name, 1.0, first, second)[..., :3], second) == 0


@pytest.mark.parametrize("name", ["wipe.glsl", "isf_transition.fs"])
def test_pictures_stand_upright(between: Draw, name: str) -> None:
    """At half of a wipe from the top, the top half is the second picture."""
    first, second = ramp(SIZE), 255 - ramp(SIZE)
    half = between(name, 0.5, first, second)[..., :3]
    middle = SIZE[1] // 2
    assert far(half[: middle - 1], second[: middle - 1]) <= 1
    assert far(half[middle + 1 :], first[middle + 1 :]) <= 1


def test_half_transparent_pictures_come_through(between: Draw) -> None:
    """Premultiplied light goes in and comes out, to one code."""
    rng = np.random.default_rng(3)
    alpha = rng.integers(64, 256, (SIZE[1], SIZE[0], 1), np.uint8)
    codes = (rng.random((SIZE[1], SIZE[0], 3)) * alpha * 0.6).astype(np.uint8)
    first = np.concatenate([codes, alpha], axis=2)
    assert far(between("wipe.glsl", 0.0, first, first), first) <= 1


def test_a_parameter_reaches_the_shader(between: Draw) -> None:
    black, white = np.zeros((SIZE[1], SIZE[0], 3), np.uint8), np.full((SIZE[1], SIZE[0], 3), 255, np.uint8)
    sharp = between("wipe.glsl", 0.5, black, white, softness=0.0)
    soft = between("wipe.glsl", 0.5, black, white, softness=0.4)
    assert len(np.unique(sharp[..., 0])) == 2
    assert len(np.unique(soft[..., 0])) > 4


def test_what_is_no_transition_is_refused(gpu: Gpu) -> None:
    class Plain(Effect):
        glsl = "vec4 effect(vec2 uv) { return frame(uv); }"

    with pytest.raises(UsageError, match="is not a transition"):
        Transition(gpu, Plain(), SIZE)
