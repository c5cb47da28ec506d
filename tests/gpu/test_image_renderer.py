"""One scene, one observation, one image: the same as a show draws, beginning anew where time does not rise."""

from __future__ import annotations

import gc
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import noise
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.renderer.native_gl import headless_context

import phosphene
from phosphene import Binding, EffectFailed, Frame, Layer, Observation, Renderer, Scene, UsageError
from phosphene.testing import fake_mask

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("gpu")]
SIZE = (64, 36)


class Memory(phosphene.Effect):
    """Adds to what it drew before."""

    step = phosphene.Float(0.25, 0.0, 1.0, "how much is added")
    glsl = "vec4 effect(vec2 uv) { return vec4(past(uv).rgb + step, 1.0); }"


class Fails(phosphene.Effect):
    """Fails when it is told to."""

    fail = phosphene.Bool(False, "whether it fails")
    glsl = "vec4 effect(vec2 uv) { return frame_here(); }"

    def update(self, observation: Observation, dt: float) -> None:
        """Fails."""
        if self.fail:
            raise ValueError("told to")


def scene(*effects: phosphene.Effect, **more: Any) -> Scene:
    layer = Layer("photo")
    layer.effects = {type(effect).__name__.lower(): effect for effect in effects}
    return Scene("test", layers=[layer], flash_guard=False, **more)


def black(number: int = 0, size: tuple[int, int] = SIZE) -> Frame:
    return Frame(number, number / 30, np.zeros((size[1], size[0], 3), np.uint8))


def test_it_draws_what_a_show_draws() -> None:
    images = [noise(SIZE, number) for number in range(4)]
    shown = list(phosphene.render("duotone", images, parameters={"amount": 0.5}))
    with Renderer("duotone", parameters={"amount": 0.5}) as renderer:
        for picture in shown:
            again = renderer.render(picture.observation)
            assert np.array_equal(again.premultiplied, picture.premultiplied)
            assert again.time_s == picture.time_s


def test_a_frame_an_array_and_an_observation_are_the_same() -> None:
    pixels = noise(SIZE, 1)
    with Renderer("mirror") as renderer:
        seen: list[Any] = [pixels, Frame(0, 0.0, pixels), Observation(Frame(0, 0.0, pixels)), pixels[::-1][::-1]]
        first, *others = [renderer.render(item).pixels for item in seen]
    assert first.shape == (SIZE[1], SIZE[0], 4)
    assert all(np.array_equal(first, other) for other in others)


@pytest.mark.parametrize("wrong", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8), "x"])
def test_what_is_no_image_is_refused(wrong: Any) -> None:
    with Renderer("mirror") as renderer, pytest.raises(UsageError, match="is not an image"):
        renderer.render(wrong)


def test_rising_time_goes_on_and_everything_else_begins_anew() -> None:
    with Renderer(scene(Memory())) as renderer:

        def drawn(frame: Frame) -> int:
            return int(renderer.render(frame).rgb[0, 0, 0])

        first, second, third = (drawn(black(number)) for number in range(3))
        assert first < second < third
        assert drawn(black(2)) == first  # the same time
        assert drawn(black(3)) == second
        assert drawn(black(1)) == first  # an earlier one
        assert drawn(black(2, (32, 18))) == first  # another size


def test_the_scene_may_be_changed_between_images() -> None:
    made = scene()
    pixels = noise(SIZE, 2)
    with Renderer(made) as renderer:
        plain = renderer.render(pixels).rgb
        assert renderer.scene is made
        made.layers[0].effects["duotone"] = phosphene.load_effect("duotone")()
        inked = renderer.render(Frame(1, 1.0, pixels)).rgb
        made.set("duotone.amount", 0.0)
        undone = renderer.render(Frame(2, 2.0, pixels)).rgb
    assert np.array_equal(plain, pixels)
    assert not np.array_equal(inked, pixels)
    assert np.abs(undone.astype(int) - pixels).max() <= 1


def test_parameters_follow_signals_which_are_worked_out_where_there_are_none() -> None:
    made = scene(Memory())
    made.bind("memory.step", Binding("person.area"))
    full = Observation(black(), {"person": fake_mask(0)})
    with Renderer(made) as renderer:
        renderer.render(full)
        area = made.get("memory.step")
        assert area == pytest.approx(float(fake_mask(0).confidence.mean()), abs=1e-6)
        seen = renderer.render(Observation(black(), {}, {"person.area": 0.75}))
    assert made.get("memory.step") == 0.75
    assert seen.observation.signals == {"person.area": 0.75}


def test_smoothing_begins_anew_as_well() -> None:
    made = scene(Memory())
    made.bind("memory.step", Binding("person.area", smooth_s=100.0))
    with Renderer(made) as renderer:
        renderer.render(Observation(black(), {}, {"person.area": 1.0}))
        renderer.render(Observation(black(), {}, {"person.area": 0.5}))
    assert made.get("memory.step") == 0.5


def test_a_private_scene_is_a_slate_without_its_mask() -> None:
    pixels = noise(SIZE, 3)
    with Renderer("cutout") as renderer:
        slate = renderer.render(pixels).rgb
        assert not np.array_equal(slate, pixels)
        assert len(np.unique(slate.reshape(-1, 3), axis=0)) < 300  # words on a plain ground, and nothing of the noise
        cut = renderer.render(Observation(Frame(0, 0.0, pixels), {"person": fake_mask(0)}))
    assert cut.pixels[0, 0, 3] == 0
    assert cut.pixels[20, 32, 3] == 255


def test_an_effect_that_fails_is_named_and_the_next_image_is_tried_again() -> None:
    with Renderer(scene(Fails())) as renderer:
        renderer.scene.set("fails.fail", True)
        for _ in range(2):
            with pytest.raises(EffectFailed) as caught:
                renderer.render(black())
            assert caught.value.where == "photo/fails"
            assert "told to" in caught.value.message
        renderer.scene.set("fails.fail", False)
        assert renderer.render(black()).rgb.max() == 0


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Renderer("duotoon"), "duotone"),
        (lambda: Renderer("duotone", parameters={"amont": 1}), "amount"),
        (lambda: Renderer("duotone", parameters={"amount": 7}), "cannot be 7"),
        (lambda: Renderer("duotone", effects="nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_made_is_said(make: Any, said: str) -> None:
    before = threading.active_count()
    with pytest.raises(UsageError, match=said):
        make()
    assert threading.active_count() == before


def test_an_effect_of_a_folder_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "red.frag").write_text("// Red.\nvec4 effect(vec2 uv) { return vec4(1.0, 0.0, 0.0, 1.0); }\n")
    (tmp_path / "red.toml").write_text('[[layer]]\nsource = "camera"\neffects = ["red"]\n')
    with Renderer(tmp_path / "red.toml", effects=tmp_path) as renderer:
        assert (renderer.render(noise(SIZE, 1)).rgb == (255, 0, 0)).all()


# Threads, contexts and ends


def names() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "image renderer"]


def test_any_thread_may_draw_with_its_own_context_and_nothing_is_left() -> None:
    pixels = noise(SIZE, 4)
    with Renderer("mirror") as renderer:
        here, there = renderer.render(pixels).rgb, list[Any]()
        thread = threading.Thread(target=lambda: there.append(renderer.render(pixels).rgb))
        thread.start()
        thread.join()
        assert names() == ["image renderer"]
    assert np.array_equal(here, there[0])
    assert names() == []
    renderer.close()
    with pytest.raises(UsageError, match="closed"):
        renderer.render(pixels)


def test_one_that_is_forgotten_is_closed() -> None:
    renderer = Renderer("mirror")
    renderer.render(noise(SIZE, 4))
    del renderer
    gc.collect()
    assert names() == []


def test_a_context_of_the_callers_is_drawn_in_and_left_as_it_was(gpu: Gpu) -> None:
    pixels = noise(SIZE, 5)
    with Renderer("duotone") as renderer:
        wanted = renderer.render(pixels).rgb
    context = headless_context()
    try:
        mine = context.framebuffer([context.texture((4, 4), 4)])
        mine.use()
        mine.clear(0.5, 0.5, 0.5, 1.0)
        before = mine.read(components=4)
        with Renderer("duotone", context=context) as renderer:
            assert np.array_equal(renderer.render(pixels).rgb, wanted)
            assert np.array_equal(renderer.render(pixels).rgb, wanted)
            assert context.fbo is mine
            assert names() == []
        assert mine.read(components=4) == before
        mine.clear(0.25, 0.5, 0.75, 1.0)  # as plain numbers: no conversion into sRGB is left on
        assert tuple(mine.read(components=4)[:4]) == (64, 128, 191, 255)
        assert context.error == "GL_NO_ERROR"
    finally:
        context.release()
