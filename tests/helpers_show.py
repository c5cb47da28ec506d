"""What the tests of the show share: a show of fakes, and an effect that notes what it was drawn with."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from helpers import flat, noise, plain
from phosphene.engine.core.frame import Frame, Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Faces, Poses
from phosphene.engine.effect.effect import Effect
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.scene.scene import Scene
from phosphene.engine.show.frame_hooks import Drawn
from phosphene.engine.show.loop import Show
from phosphene.engine.show.settings import ShowParts, ShowSettings
from phosphene.engine.sinks.base import Sink
from phosphene.engine.trackers.base import Tracker

from phosphene.testing import FakeSource, FakeTracker, fake_face

SIZE = (32, 18)

TRACKERS: dict[str, Callable[[Frame], Any]] = {
    "face": lambda f: Faces(f.id, (fake_face(SIZE),)),
    "pose": lambda f: Poses(f.id),
    "person": lambda f: flat(1.0, f.id, (8, 4)),
}


class Watcher(Effect):
    """Needs what it is told to and remembers what each frame was drawn with."""

    glsl = "vec4 effect(vec2 uv) { return frame(uv); }"

    def __init__(self, *needed: str) -> None:
        super().__init__()
        self.needed = needed
        self.drawn: list[tuple[int, dict[str, int]]] = []
        self.times: list[tuple[float, float]] = []

    def wants(self) -> Sequence[str]:
        return self.needed

    def update(self, observation: Observation, dt: float) -> None:
        results = {name: result.frame_id for name, result in observation.results.items()}
        self.drawn.append((observation.frame.id, results))
        self.times.append((observation.frame.time_s, dt))


class Endless(FakeSource):
    """Noise with its own number and time, a thousand pictures a second, until it is `over`."""

    def __init__(self, over: Callable[[], bool] = lambda: False) -> None:
        super().__init__([plain(SIZE)])
        self.over = over

    def read(self) -> Frame | None:
        self._next += 1
        number = self._next - 1
        return None if self.closed or self.over() else Frame(number, number / 1000, noise(SIZE, number))


def pictures(count: int) -> list[Pixels]:
    """Noise, each image another."""
    return [noise(SIZE, number) for number in range(count)]


def after(delay_s: float | Callable[[], float], answer: Callable[[Frame], Any]) -> FakeTracker:
    """A tracker that takes so long for each answer."""

    def late(frame: Frame) -> Any:
        time.sleep(delay_s() if callable(delay_s) else delay_s)
        return answer(frame)

    return FakeTracker(late)


def show(
    gpu: Gpu,
    made: Scene,
    source: FakeSource,
    *sinks: Sink,
    trackers: dict[str, FakeTracker] | None = None,
    hooks: Sequence[Callable[[Drawn], bool]] = (),
    **settings: Any,
) -> Show:
    """A show with fake trackers; `settings` are those of ShowSettings, not live where nothing else is said."""

    def open_tracker(name: str) -> Tracker:
        return (trackers or {}).get(name) or FakeTracker(TRACKERS[name])

    return Show(
        made,
        source,
        sinks,
        gpu=gpu,
        open_tracker=open_tracker,
        settings=ShowSettings(**{"live": False, **settings}),
        parts=ShowParts(hooks=hooks),
    )
