"""The place behind the person, which a processor draws less often than the rest."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.param_types import Float
from phosphene.engine.effect.effect import Effect, Pass, Sprites
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.renderer.layer_cache import REDRAW_HZ
from phosphene.engine.renderer.renderer import Renderer
from phosphene.engine.scene.layer import Layer
from phosphene.engine.scene.scene import Scene

pytestmark = pytest.mark.gl
SIZE = (48, 32)


class Clock(Effect):
    """Shows the time as a brightness."""

    level = Float(0.0, 0.0, 1.0, "green")
    glsl = "vec4 effect(vec2 uv) { return vec4(fract(time_s), level, 0.0, 1.0); }"


class Looker(Effect):
    """Shows the time, and looks at the camera."""

    glsl = "vec4 effect(vec2 uv) { return vec4(fract(time_s), camera(uv).g * 0.01, 0.0, 1.0); }"


class Stage:
    """A scene with one effect at the bottom, drawn at given times."""

    def __init__(self, gpu: Gpu, effect: Effect, software: bool = True, source: str = "none") -> None:
        gpu.software = software
        layer = Layer("place", source)
        layer.effects["clock"] = effect
        self.effect = effect
        self.renderer = Renderer(gpu, Scene("s", layers=[layer]), SIZE)
        self.pixels = np.full((SIZE[1], SIZE[0], 3), 80, np.uint8)

    def at(self, time_s: float) -> int:
        """The red of the picture at a time, as a time in hundredths of a second."""
        self.renderer.render(Observation(Frame(0, time_s, self.pixels)), 0.03)
        code = float(self.renderer.read()[5, 5, 0]) / 255
        linear = code / 12.92 if code <= 0.04045 else ((code + 0.055) / 1.055) ** 2.4
        return round(100 * linear)


@pytest.fixture
def stages(gpu: Gpu) -> Iterator[list[Stage]]:
    was, made = gpu.software, []
    yield made
    for stage in made:
        stage.renderer.release()
    gpu.software = was


def test_in_software_it_is_kept_for_a_while(gpu: Gpu, stages: list[Stage]) -> None:
    stage = Stage(gpu, Clock())
    stages.append(stage)
    assert [stage.at(t) for t in (0.5, 0.5 + 0.4 / REDRAW_HZ, 0.5 + 1.01 / REDRAW_HZ)] == [50, 50, 60]


def test_a_graphics_card_draws_every_frame(gpu: Gpu, stages: list[Stage]) -> None:
    stage = Stage(gpu, Clock(), software=False)
    stages.append(stage)
    assert [stage.at(t) for t in (0.5, 0.53, 0.56)] == [50, 53, 56]


def test_what_looks_at_the_camera_is_drawn_in_every_frame(gpu: Gpu, stages: list[Stage]) -> None:
    stage = Stage(gpu, Looker())
    stages.append(stage)
    assert [stage.at(t) for t in (0.5, 0.53, 0.56)] == [50, 53, 56]


def test_a_changed_parameter_is_seen_at_once(gpu: Gpu, stages: list[Stage]) -> None:
    stage = Stage(gpu, Clock())
    stages.append(stage)
    stage.at(0.5)
    stage.effect.set("level", 1.0)
    stage.at(0.52)
    assert stage.renderer.read()[5, 5, 1] == 255


def test_time_that_goes_back_draws_anew(gpu: Gpu, stages: list[Stage]) -> None:
    stage = Stage(gpu, Clock())
    stages.append(stage)
    assert [stage.at(t) for t in (0.5, 0.2)] == [50, 20]


class Over(Effect):
    """A bright quad in the middle."""

    spots = Sprites()
    passes = (Pass("vec4 effect(vec2 uv) { return vec4(0.0, 0.0, 1.0, 1.0); }", sprites="spots", blend="over"),)

    def update(self, observation: Observation, dt: float) -> None:
        self.spots = np.array([[24.0 + 10 * observation.frame.time_s, 16.0, 4.0, 4.0, *[0.0] * 9]])


def test_what_is_drawn_over_it_is_drawn_in_every_frame(gpu: Gpu, stages: list[Stage]) -> None:
    stage = Stage(gpu, Clock())
    stages.append(stage)
    stage.renderer.scene.layers[0].effects["over"] = Over()
    stage.renderer.match_scene()
    for time_s in (0.5, 0.5 + 0.4 / REDRAW_HZ):
        assert stage.at(time_s) == 50
        x = round(24 + 10 * time_s)
        assert stage.renderer.read()[16, x].tolist() == [0, 0, 255, 255]
        assert stage.renderer.read()[16, x - 8, 2] == 0


def test_a_layer_that_only_draws_over_leaves_the_rest_as_it_is(gpu: Gpu, stages: list[Stage]) -> None:
    stage = Stage(gpu, Clock())
    stages.append(stage)
    layer = Layer("over", "none")
    layer.effects["over"] = Over()
    alone = stage.at(0.5)
    before = stage.renderer.read()
    stage.renderer.scene.layers.append(layer)
    stage.renderer.match_scene()
    assert stage.at(0.5) == alone
    changed = np.argwhere((stage.renderer.read() != before).any(axis=-1))
    assert changed.min(axis=0).tolist() == [12, 25]
    assert changed.max(axis=0).tolist() == [19, 32]
