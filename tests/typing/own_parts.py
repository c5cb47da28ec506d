"""A user's own source, sink and tracker: derived from the protocols, or with the same methods and nothing more."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import numpy as np

from phosphene import (
    Detection,
    Detections,
    Effect,
    Float,
    Frame,
    Layer,
    Observation,
    Parametrized,
    Pixels,
    Scene,
    Sink,
    SinkError,
    Source,
    Tracker,
)
from phosphene.testing import FakeSink, FakeSource, FakeTracker


class Grey(Source):
    """Gives ten grey frames."""

    def __init__(self) -> None:
        self.size = (64, 48)
        self.frame_count = 10
        self._next = 0

    def read(self) -> Frame | None:
        """The next frame."""
        if self._next == 10:
            return None
        self._next += 1
        return Frame(self._next - 1, self._next / 30, np.full((48, 64, 3), 128, np.uint8))


class Brightest(Sink):
    """Says which image was the brightest."""

    def __init__(self) -> None:
        self.best: tuple[float, float] = (0.0, 0.0)

    def write(self, image: Pixels, time_s: float) -> None:
        """Looks at one image."""
        if image.ndim != 3:
            raise SinkError("expected one image", hint="write images one by one")
        self.best = max(self.best, (float(image.mean()), time_s))


class Corners(Parametrized, Tracker):
    """Finds something in each corner."""

    size = Float(0.1, 0.0, 0.5, "of a corner")

    def track(self, frame: Frame) -> Detections:
        """The upper left one."""
        box = np.array([0.0, 0.0, self.size, self.size], np.float32)
        return Detections(frame.id, (Detection("corner", 1.0, box),))


class Bare:
    """A tracker that derives from nothing."""

    def track(self, frame: Frame) -> None:
        """Nothing is known."""

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Marks(Effect):
    """Draws where the tracker found something."""

    needs = ("corners",)
    glsl = "vec4 effect(vec2 uv) { return frame_here(); }"

    def update(self, observation: Observation, dt: float) -> None:
        """Reads the tracker's results, which a plug-in names itself."""
        found = observation.results.get("corners")
        if isinstance(found, Detections):
            self.shapes = ()


SOURCES: list[Source] = [Grey(), FakeSource([np.zeros((48, 64, 3), np.uint8)])]
SINKS: list[Sink] = [Brightest(), FakeSink()]
TRACKERS: list[Tracker] = [Corners(), Bare(), FakeTracker()]


def scene() -> Scene:
    """A scene with the effect."""
    layer = Layer("me")
    layer.effects["marks"] = Marks()
    return Scene("mine", "Mine", layers=[layer])
