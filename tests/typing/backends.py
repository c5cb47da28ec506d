"""A user's backends: a source, a sink and a tracker, derived and not, and a program that puts them together."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self, assert_type

import numpy as np

from phosphene import (
    Binding,
    Float,
    Frame,
    Landmarks,
    Layer,
    Listed,
    LiveShow,
    Observation,
    Parametrized,
    Pixels,
    RenderedFrame,
    Renderer,
    Scene,
    Sink,
    SinkError,
    Source,
    Tracker,
    list_effects,
    load_effect,
    load_scene,
    open_sink,
    open_source,
    open_tracker,
    run,
    save_scene,
)


class Grey(Source):
    """One grey frame."""

    size = (32, 18)
    frame_count = 1

    def __init__(self) -> None:
        self.given = False

    def read(self) -> Frame | None:
        """The frame, then None."""
        given, self.given = self.given, True
        return None if given else Frame(0, 0.0, np.full((18, 32, 3), 128, np.uint8))


class Last(Sink):
    """Keeps the last image."""

    alpha = True

    def __init__(self) -> None:
        self.image: Pixels | None = None

    def write(self, image: Pixels, time_s: float) -> None:
        """Keeps it."""
        if time_s < 0.0:
            raise SinkError("a time before the beginning")
        self.image = image.copy()


class Middle(Parametrized, Tracker):
    """The middle of each frame."""

    height = Float(0.5, 0.0, 1.0, "where it is")

    def track(self, frame: Frame) -> Landmarks:
        """One point."""
        assert_type(self.height, float)
        return Landmarks(frame.id, np.array([[0.5, self.height, 0.0]], np.float32), np.ones(1, np.float32))


class Duck:
    """A tracker that derives from nothing."""

    def track(self, frame: Frame) -> None:
        """Sees nothing."""

    def close(self) -> None:
        """Nothing to close."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


duck: Tracker = Duck()


def draw(folder: Path) -> Pixels | None:
    """From a source by a tracker and a renderer to a sink."""
    layer = Layer("camera")
    layer.effects["duotone"] = load_effect("duotone", effects=folder)()
    scene = Scene("mine", layers=[layer])
    scene.bind("duotone.amount", Binding("lfo.2", high_out=0.5))
    save_scene(scene, folder / "mine.toml", overwrite=True)
    assert_type(load_scene(folder / "mine.toml"), Scene)
    with Grey() as source, Middle() as tracker, Last() as sink, Renderer(scene, seed=1) as renderer:
        while (frame := source.read()) is not None:
            drawn = renderer.render(Observation(frame, {"middle": tracker.track(frame)}))
            assert_type(drawn, RenderedFrame)
            sink.write(drawn.pixels, drawn.time_s)
        assert_type(renderer.scene, Scene)
        return sink.image


def by_name() -> None:
    """The engine's own."""
    assert_type(open_source("demo", size=(320, 180)), Source)
    assert_type(open_sink("null", size=(320, 180), fps=30), Sink)
    assert_type(open_tracker("face", max_faces=1), Tracker)
    assert_type(list_effects(), list[Listed])
    with run("duotone", input="demo", outputs=["null"], pace="live") as show:
        assert_type(show, LiveShow)
        assert_type(show.set("duotone.amount", 0.5), str)
