"""A matte that is made while the last picture is waited for is the one that would have been made in its turn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from helpers import noise, observe, scene, shader
from phosphene.engine.core.frame import Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.matte.maker import MatteMaker
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.renderer.quality import FULL, Quality
from phosphene.engine.renderer.renderer import Renderer
from phosphene.engine.scene.scene import Scene

from phosphene.testing import fake_mask

pytestmark = pytest.mark.gl

SIZE = (160, 90)


def cut(quality: str, who: str = "all") -> Scene:
    made = scene(shader("frame(uv)"), cut="person")
    for layer in made.layers:
        layer.matte.set("quality", quality)
        layer.matte.set("who", who)
    return made


def seen(count: int = 8) -> list[Observation]:
    return [observe(noise(SIZE, number // 2), number, mask=fake_mask(number)) for number in range(count)]


def pictures(
    gpu: Gpu,
    made: Scene,
    ahead: set[int],
    drawn: set[int],
    quality: Quality = FULL,
) -> Iterator[Pixels]:
    """Draws the frames in `drawn`; at those in `ahead` the next one's matte is made early, be it drawn or not."""
    renderer, observations = Renderer(gpu, made, SIZE), seen()
    renderer.set_quality(quality)
    try:
        for number, observation in enumerate(observations):
            if number not in drawn:
                continue
            if number in ahead and number + 1 < len(observations):
                following = observations[number + 1]
                gpu.meanwhile = lambda following=following: renderer.ahead(following)  # type: ignore[misc]
            renderer.render(observation, 1 / 30)
            yield renderer.read()
    finally:
        gpu.meanwhile = None
        renderer.release()


@pytest.mark.parametrize("quality", ["draft", "good", "best"])
@pytest.mark.parametrize("ahead", [{0, 1, 2, 3, 4, 5, 6}, {1, 4}, {7}])
@pytest.mark.parametrize("drawn", [set(range(8)), {0, 1, 3, 4, 7}])
def test_a_matte_made_ahead_changes_nothing(
    gpu: Gpu,
    quality: str,
    ahead: set[int],
    drawn: set[int],
) -> None:
    plainly = list(pictures(gpu, cut(quality), set(), drawn))
    early = list(pictures(gpu, cut(quality), ahead, drawn))
    assert len(plainly) == len(drawn)
    assert all(np.array_equal(a, b) for a, b in zip(plainly, early, strict=True))


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_bytes_converted_ahead_change_nothing(gpu: Gpu, scale: float) -> None:
    made, drawn = scene(shader("frame(uv)")), set(range(8))

    def shown(ahead: set[int]) -> list[Pixels]:
        return list(pictures(gpu, made, ahead, drawn, Quality(picture_scale=scale)))

    plainly = shown(set())
    assert len({picture.tobytes() for picture in plainly}) == 4  # each of the noises comes twice
    for ahead in (drawn, {1, 2, 5}):
        assert all(np.array_equal(a, b) for a, b in zip(plainly, shown(ahead), strict=True))


def test_it_is_made_once(gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    make = MatteMaker.make
    monkeypatch.setattr(
        MatteMaker, "make", lambda self, mask, *rest: made.append(mask.frame_id) or make(self, mask, *rest)
    )
    list(pictures(gpu, cut("good"), set(range(8)), set(range(8))))
    assert made == list(range(8))


def test_who_is_chosen_in_the_order_of_the_frames(gpu: Gpu) -> None:
    plainly = list(pictures(gpu, cut("good", "middle"), set(), set(range(8))))
    early = list(pictures(gpu, cut("good", "middle"), set(range(8)), set(range(8))))
    assert all(np.array_equal(a, b) for a, b in zip(plainly, early, strict=True))


def test_work_for_the_wait_is_done_once_and_a_new_wait_has_none(gpu: Gpu) -> None:
    done: list[int] = []
    gpu.meanwhile = lambda: done.append(1)
    gpu.finish()
    gpu.finish()
    assert done == [1]
