"""The graphics context goes in the middle of a show: a slate, everything anew, and the show goes on."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from helpers import flat, scene, shader
from phosphene.engine.commands.soak.parts import destroy_context
from phosphene.engine.core.errors import GpuError, GpuLost
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.renderer.renderer import Renderer
from phosphene.engine.show.context_recovery import LOST, MOST
from phosphene.engine.show.frame_hooks import Drawn
from phosphene.engine.show.loop import Show
from phosphene.engine.show.settings import ShowParts, ShowSettings
from phosphene.engine.sources.testcard import TestCardSource

from phosphene.testing import FakeSink, FakeTracker

SIZE = (64, 48)
ROOM = (10, 200, 30)
pytestmark = [
    pytest.mark.gl,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the context is destroyed by EGL"),
]


class Live(TestCardSource):
    """A test card that counts as a camera; its room is green."""

    live = True

    def read(self) -> Frame | None:
        frame = super().read()
        if frame is None:
            return None
        time.sleep(1 / 60)
        return Frame(frame.id, frame.time_s, np.full_like(frame.pixels, ROOM), frame.captured_s)


def everywhere(name: str) -> FakeTracker:
    """Finds a person everywhere."""
    return FakeTracker(lambda frame: flat(1.0, frame.id, SIZE))


def play(act: Callable[[int], None], *, live: bool = True, frames: int = 60, at: str = "frame") -> tuple[FakeSink, Gpu]:
    """Red for everything, the room hidden, until so many `frames` are drawn; `act` is told each one's number, between
    frames or within them."""
    effect = shader("vec4(0.8, 0.1, 0.2, 1.0) * mask(uv)", needs=frozenset({"person"}))
    words = scene(effect, private=True)
    count = [0]
    update = effect.update

    def within(observation: Observation, dt: float) -> None:
        if at == "update":
            count[0] += 1
            act(count[0])
        update(observation, dt)

    effect.update = within  # type: ignore[method-assign]

    def hook(drawn: Drawn) -> bool:
        if at == "frame":
            count[0] += 1
            act(count[0])
        return count[0] < frames

    sink = FakeSink()
    gpu = Gpu.headless()
    source = (Live if live else TestCardSource)(SIZE, 60.0, None)
    settings, parts = ShowSettings(live=live), ShowParts(hooks=[hook])
    show = Show(words, source, [sink], gpu=gpu, open_tracker=everywhere, settings=settings, parts=parts)
    show._outputs.threads[0].inbox.drops = False  # every picture is judged
    try:
        show.run()
    finally:
        gpu.close()
    return sink, gpu


def red(image: np.ndarray) -> bool:
    return bool(image[24, 32, 0] > 150 and image[24, 32, 1] < 120)


def slate(image: np.ndarray) -> bool:
    return bool(image[0, 0, :3].max() < 40)


@pytest.mark.parametrize("at", ["frame", "update"])
def test_the_show_goes_on_after_a_slate(at: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "phosphene"):
        sink, gpu = play(lambda number: destroy_context() if number == 20 else None, at=at)
    assert [LOST in record.getMessage() for record in caplog.records] == [True]
    kinds = ["red" if red(image) else "slate" if slate(image) else "other" for image in sink.images]
    assert "other" not in kinds
    assert kinds[0] == kinds[-1] == "red"
    begin = kinds.index("slate")
    assert set(kinds[begin:]) == {"slate", "red"}
    assert kinds[begin:].index("red") <= 2
    assert all(tuple(image[24, 32, :3]) != ROOM for image in sink.images)
    assert gpu.live_objects == 0


def test_a_context_that_is_lost_again_and_again_ends_the_show() -> None:
    with pytest.raises(GpuLost, match=f"{MOST + 1} times") as raised:
        play(lambda number: destroy_context() if number % 8 == 0 else None, frames=200)
    assert "without" in raised.value.hint


def test_a_file_is_not_rendered_on() -> None:
    with pytest.raises(GpuLost):
        play(lambda number: destroy_context() if number == 5 else None, live=False)


def test_where_there_is_no_other_context_the_show_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Any:
        raise GpuError("no OpenGL 3.3 context: the card is gone")

    def act(number: int) -> None:
        if number == 5:
            monkeypatch.setattr("phosphene.engine.renderer.gpu.moderngl.create_context", lambda **_: none())
            destroy_context()

    with pytest.raises(GpuError, match="the card is gone"):
        play(act)


def test_other_errors_are_no_lost_context() -> None:
    def act(number: int) -> None:
        if number == 5:
            raise RuntimeError("as it was")

    with pytest.raises(RuntimeError, match="as it was"):
        play(act)


def test_what_is_read_without_a_context_is_never_handed_on() -> None:
    gpu = Gpu.headless()
    renderer = Renderer(gpu, scene(shader("frame(uv)")), SIZE)
    assert not gpu.lost
    destroy_context()
    assert gpu.lost
    with pytest.raises(GpuLost):
        renderer.read()
    renderer.release()
    gpu.recreate()
    assert not gpu.lost
    assert gpu.live_objects == 0
    gpu.close()
