"""Flashing effects are kept under three flashes a second before anybody sees them; everything else is left as it is."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import drawings, far, noise, observe, plain, ramp, scene, shader, to_linear
from phosphene.engine.core.frame import Pixels
from phosphene.engine.core.imaging import resize
from phosphene.engine.core.observation import Observation
from phosphene.engine.effect.effect import Effect
from phosphene.engine.renderer.flash_guard import FlashGuard
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.renderer.quality import FULL, Quality
from phosphene.engine.renderer.renderer import Renderer
from phosphene.engine.renderer.targets import Target

pytestmark = pytest.mark.gl

SIZE = (160, 90)
WHITE = "vec4(vec3(mod(floor(time_s * 20.0 + 0.01), 2.0)), 1.0)"
RED = "vec4(mod(floor(time_s * 20.0 + 0.01), 2.0) * 0.6, 0.0, 0.0, 1.0)"
CORNER = "uv.x < 0.12 && uv.y < 0.12 ? vec4(vec3(mod(floor(time_s * 20.0 + 0.01), 2.0)), 1.0) : frame(uv)"


def seen(count: int = 90, size: tuple[int, int] = SIZE) -> list[Observation]:
    return [observe(plain(size), number) for number in range(count)]


def changes(values: list[float], step: float, bright: float = 0.8) -> int:
    """The most opposing changes by at least `step`, the darker state below `bright`, in any second of 30 values."""
    turns, way, held = [], 0, [values[0]]
    for index, value in enumerate(values):
        held.append(value)
        if max(held) - value >= step and way >= 0 and value < bright:
            way, held = -1, [value]
            turns.append(index)
        elif value - min(held) >= step and way <= 0 and min(held) < bright:
            way, held = 1, [value]
            turns.append(index)
    return max((sum(begin <= t < begin + 30 for t in turns) for begin in turns), default=0)


def lights(pictures: list[Pixels], channel: int) -> list[float]:
    return [float(to_linear(p[40:50, 70:90, channel]).mean()) for p in pictures]


@pytest.mark.parametrize(("body", "channel", "step"), [(WHITE, 1, 0.1), (RED, 0, 20 / 320)], ids=["white", "red"])
def test_a_strobe_is_damped_unless_the_guard_is_off(
    gpu: Gpu,
    body: str,
    channel: int,
    step: float,
) -> None:
    made = scene(shader(body), flash_guard=True)
    assert changes(lights(list(drawings(gpu, made, seen())), channel), step) <= 6
    made.flash_guard = False
    assert changes(lights(list(drawings(gpu, made, seen())), channel), step) >= 18


def test_the_guard_gives_the_same_pictures_again(gpu: Gpu) -> None:
    first = list(drawings(gpu, scene(shader(WHITE), flash_guard=True), seen(40)))
    second = list(drawings(gpu, scene(shader(WHITE), flash_guard=True), seen(40)))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("body", [CORNER, "frame(uv)", "vec4(vec3(0.5 + 0.5 * sin(time_s * 2.0)), 1.0)"])
def test_what_does_not_flash_is_the_same_bit_for_bit(gpu: Gpu, body: str) -> None:
    pictures = [observe(noise((320, 180), n) // 2 + ramp((320, 180)) // 2, n) for n in range(40)]
    made = scene(shader(body), flash_guard=True)
    guarded = list(drawings(gpu, made, pictures))
    made.flash_guard = False
    assert all(np.array_equal(a, b) for a, b in zip(guarded, drawings(gpu, made, pictures), strict=True))


def test_a_picture_of_another_size_goes_on_from_the_last(gpu: Gpu) -> None:
    renderer = Renderer(gpu, scene(shader(WHITE), flash_guard=True), SIZE)
    values = []
    try:
        for number, observation in enumerate(seen(60)):
            renderer.set_quality(Quality(picture_scale=0.5) if number // 4 % 2 else FULL)
            renderer.render(observation, 1 / 30)
            values.append(float(to_linear(renderer.read()[40:50, 70:90, 1]).mean()))
    finally:
        renderer.release()
    assert changes(values, 0.1) <= 6


class Dies(Effect):
    """Flashes, and fails in one frame."""

    glsl = f"vec4 effect(vec2 uv) {{ return {WHITE}; }}"

    def update(self, observation: Observation, dt: float) -> None:
        if observation.frame.id == 20:
            raise ValueError("as it was told to")


def test_a_closed_scene_is_closed_at_once_whatever_flashes(gpu: Gpu) -> None:
    """The slate is never mixed with what was seen before."""
    pictures = list(drawings(gpu, scene(Dies(), private=True, flash_guard=True), seen(24)))
    slate = next(iter(drawings(gpu, scene(shader("oops"), private=True, flash_guard=True), seen(1))))
    assert far(pictures[20][:20], slate[:20]) <= 1
    assert far(pictures[19][:20], slate[:20]) > 40


@pytest.mark.parametrize("size", [(1280, 720), (160, 90), (63, 36), (37, 91), (1, 1)])
def test_the_processor_measures_as_the_shader_does(gpu: Gpu, size: tuple[int, int]) -> None:
    rough = np.random.default_rng(5).integers(0, 256, (4, 6, 4), dtype=np.uint8)
    codes = np.ascontiguousarray(resize(rough, size))  # soft, as a pixel to the left or right may be taken
    codes[..., 3] = 255
    guard, picture = FlashGuard(gpu), Target(gpu, size)
    picture.texture.write(codes)
    quick = guard._measured(picture).rgb
    gpu.software = False
    try:
        drawn = guard._measured(picture).rgb
    finally:
        gpu.software = True
        guard.release()
        picture.release()
    assert float(np.abs(quick - drawn).max()) <= 3.01 / 255
