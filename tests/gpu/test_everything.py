"""Laws that hold for every built-in effect and scene: a new one is tested without writing a test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import Size, drawings, everything, layer, no_problems, noise, observe, plain, scene, stack
from phosphene.engine.core.frame import Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.param_types import Bool, Choice, Color, Float, Int, Point
from phosphene.engine.core.params import Param
from phosphene.engine.core.results import Faces, Poses
from phosphene.engine.effect.effect import Effect
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.renderer.renderer import Renderer
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.scene import Scene
from phosphene.engine.scene.toml_read import load_scene

from phosphene.testing import fake_face, fake_mask, fake_pose

pytestmark = pytest.mark.gl

BUILT_IN = Registry([], [])
SIZES: list[Size] = [(64, 36), (320, 180), (333, 217), (16, 16), (36, 64), (17, 101)]
each_effect = pytest.mark.parametrize("name", BUILT_IN.effects())
each_scene = pytest.mark.parametrize("name", BUILT_IN.scenes())


def pictures(gpu: Gpu, made: Scene, observations: list[Observation]) -> list[Pixels]:
    """The pictures, drawn without problems."""
    return list(drawings(gpu, made, observations, no_problems))


def alone(name: str, **values: Any) -> Scene:
    """A scene of one effect, over a layer beneath it, so that there is a backdrop."""
    made: Effect = BUILT_IN.effect(name)(**values)
    return stack(layer(name="under"), layer(made))


def sound(picture: Pixels, size: Size, *, opaque: bool = True) -> None:
    assert picture.shape == (size[1], size[0], 4)
    assert picture[..., 3].min() == 255 or not opaque
    assert int(picture[..., :3].max()) > 40, "the picture is blank"
    assert picture[..., :3].std() > 1, "the picture is blank"


@each_effect
@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_every_effect_draws_at_every_size(gpu: Gpu, name: str, size: Size) -> None:
    for picture in pictures(gpu, alone(name), everything(size, 2)):
        sound(picture, size)


@each_scene
@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_every_scene_draws_at_every_size(gpu: Gpu, name: str, size: Size) -> None:
    made = load_scene(name, BUILT_IN)
    for picture in pictures(gpu, made, everything(size, 2)):
        sound(picture, size, opaque=any(la.cut == "none" for la in made.layers))


@each_scene
def test_the_same_observations_give_the_same_pictures_bit_for_bit(gpu: Gpu, name: str) -> None:
    first = pictures(gpu, load_scene(name, BUILT_IN), everything((96, 54), 4))
    second = pictures(gpu, load_scene(name, BUILT_IN), everything((96, 54), 4))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@each_effect
def test_an_effect_at_rest_does_not_change_its_parameters(gpu: Gpu, name: str) -> None:
    made = BUILT_IN.effect(name)()
    pictures(gpu, scene(made), everything((64, 36), 2))
    for key, param in made.params().items():
        assert getattr(made, key) == param.default


def ends(param: Param[Any]) -> list[Any]:
    """The values at the ends of a parameter's range."""
    if isinstance(param, Float | Int):
        return [v for v in (param.low, param.high) if abs(v) < 2**31 - 1]
    if isinstance(param, Bool):
        return [False, True]
    if isinstance(param, Choice):
        return list(param.options)
    if isinstance(param, Color):
        return ["#000000", "#ffffff", "#ffffff00"]
    if isinstance(param, Point):
        return [(0.0, 0.0), (1.0, 1.0), (-10.0, 10.0)]
    return [""]


@pytest.mark.parametrize(
    ("name", "key"), [(name, key) for name in BUILT_IN.effects() for key in BUILT_IN.effect(name).params()]
)
def test_every_parameter_draws_at_the_ends_of_its_range(gpu: Gpu, name: str, key: str) -> None:
    for value in ends(BUILT_IN.effect(name).params()[key]):
        made = BUILT_IN.effect(name)()
        made.set(key, value)
        last = pictures(gpu, stack(layer(name="under"), layer(made)), everything((48, 27), 2))[-1]
        assert last[..., 3].min() == 255


@each_effect
def test_every_parameter_may_change_from_frame_to_frame(gpu: Gpu, name: str) -> None:
    made = BUILT_IN.effect(name)()
    values = [(key, value) for key, param in made.params().items() for value in ends(param)]
    renderer = Renderer(gpu, scene(made), (48, 27))
    try:
        for number, (key, value) in enumerate(values):
            made.set(key, value)
            renderer.render(observe(noise((48, 27), number), number, mask=fake_mask(number), people=True), 1 / 30)
            assert renderer.problems == {}
    finally:
        renderer.release()


@each_scene
@pytest.mark.parametrize("known", ["nothing", "nobody", "hidden", "crowd", "away"])
def test_every_scene_bears_every_kind_of_observation(gpu: Gpu, name: str, known: str) -> None:
    size = (64, 36)

    def seen(number: int) -> Observation:
        pixels = noise(size, number)
        if known == "nothing":
            return observe(pixels, number)
        results: dict[str, Any] = {"person": fake_mask(number)}
        if known == "nobody":
            results |= {"face": Faces(number), "pose": Poses(number)}
            results["person"] = type(results["person"])(number, np.zeros((36, 64), np.float32), False)
        elif known == "hidden":
            results["pose"] = Poses(number, (fake_pose(visibility=0.0),))
        elif known == "crowd":
            many = [fake_face(size, (0.03 * i, 0.5), 0.2, identity=i) for i in range(25)]
            results |= {"face": Faces(number, tuple(many)), "pose": Poses(number, tuple([fake_pose()] * 25))}
        else:
            results |= {
                "face": Faces(number, (fake_face(size, (1.4, -0.6)),)),
                "pose": Poses(number, (fake_pose((-2, 3)),)),
            }
        return Observation(observe(pixels, number).frame, results)

    assert len(pictures(gpu, load_scene(name, BUILT_IN), [seen(n) for n in range(3)])) == 3


@each_scene
def test_every_scene_survives_people_who_come_and_go(gpu: Gpu, name: str) -> None:
    size = (64, 36)
    here, gone = everything(size, 8), [observe(noise(size, n), n) for n in range(8)]
    assert len(pictures(gpu, load_scene(name, BUILT_IN), [(here if n % 3 else gone)[n] for n in range(8)])) == 8


@each_scene
def test_jumps_in_time_are_borne(gpu: Gpu, name: str) -> None:
    observations = [
        observe(plain((64, 36)), number, mask=fake_mask(number), people=True, time_s=time_s)
        for number, time_s in enumerate([0.0, 0.0, 1e-9, 5.0, 86_400.0, 1e6])
    ]
    assert len(pictures(gpu, load_scene(name, BUILT_IN), observations)) == 6


@each_scene
def test_shrinking_and_growing_masks_are_borne(gpu: Gpu, name: str) -> None:
    sizes: list[Size] = [(64, 36), (1, 1), (256, 256), (3, 2), (64, 36)]
    observations = [
        observe(noise((64, 36), n), n, mask=fake_mask(n, size), people=True) for n, size in enumerate(sizes)
    ]
    assert len(pictures(gpu, load_scene(name, BUILT_IN), observations)) == 5
