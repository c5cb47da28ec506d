"""A matte that is made while the image before is drawn is the one that would have been made in its turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from helpers import noise, observe, scene, shader
from phosphene.engine.core.frame import Frame, Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Mask
from phosphene.engine.matte.maker import MatteMaker
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.renderer.native_gl import headless_context
from phosphene.engine.renderer.quality import FULL, Quality
from phosphene.engine.renderer.renderer import Renderer
from phosphene.engine.scene.scene import Scene
from phosphene.engine.show.loop import Show
from phosphene.engine.show.settings import ShowSettings

from phosphene.testing import FakeSink, FakeSource, FakeTracker, fake_mask

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
            renderer.render(observation, 1 / 30)
            if number in ahead and number + 1 < len(observations):
                renderer.prepare_next(observations[number + 1])
            yield renderer.read()
    finally:
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


class Noting(Gpu):
    """A context that notes when it is flushed and waited for."""

    def __init__(self, notes: list[str]) -> None:
        super().__init__(headless_context())
        self._notes = notes

    def flush(self) -> None:
        self._notes.append("flush")
        super().flush()

    def finish(self) -> None:
        self._notes.append("wait")
        super().finish()


class Reads(FakeSource):
    """Says how many frames it was asked for."""

    def __init__(self, count: int, news: threading.Condition) -> None:
        super().__init__([noise(SIZE, number) for number in range(count)])
        self.asked, self.news = 0, news

    def read(self) -> Frame | None:
        with self.news:
            self.asked += 1
            self.news.notify_all()
        return super().read()


def test_a_show_prepares_the_next_matte_after_the_flush_and_before_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    count, notes, begun, news = 8, list[str](), list[int](), threading.Condition()
    source, made, sink = Reads(count, news), cut("good"), FakeSink()
    make = MatteMaker.make
    monkeypatch.setattr(
        MatteMaker, "make", lambda self, mask, *rest: notes.append(f"made {mask.frame_id}") or make(self, mask, *rest)
    )

    def person(frame: Frame) -> Mask:
        """Answers for the first frame when two more were sent: two others wait by then, and a sixth is read."""
        with news:
            begun.append(frame.id)
            news.notify_all()
            assert news.wait_for(lambda: source.asked > 5, 60.0)
        return fake_mask(frame.id)

    effect = made.layers[0].effects["e0"]
    update = effect.update

    def when_the_next_is_answered(observation: Observation, dt: float) -> None:
        with news:
            assert news.wait_for(lambda: 2 in begun, 60.0)  # so frame 1 was answered for
        update(observation, dt)

    effect.update = when_the_next_is_answered  # type: ignore[method-assign]
    gpu = Noting(notes)
    Show(
        made, source, [sink], gpu=gpu, open_tracker=lambda _: FakeTracker(person), settings=ShowSettings(live=False)
    ).run()
    gpu.close()
    assert len(sink.images) == count
    assert [note for note in notes if note.startswith("made")] == [f"made {number}" for number in range(count)]
    flushes = [at for at, note in enumerate(notes) if note == "flush"]
    assert notes[flushes[0] + 1] == "made 1"
    assert all(notes[at + 1].startswith("made") and notes[at + 2] == "wait" for at in flushes)
