"""The inputs beside the show's own: which a scene may name, and which picture belongs to a moment."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from helpers_waiting import wait_until
from phosphene.engine.core.errors import PhospheneError, SourceError, UsageError
from phosphene.engine.core.frame import Frame
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.toml_read import load_scene
from phosphene.engine.show.options import run_options
from phosphene.engine.show.session import play
from phosphene.engine.sources.layer_input import LayerInputSource
from phosphene.engine.sources.testcard import TestCardSource, read_number

from phosphene.testing import FakeSink, FakeSource

SIZE = (64, 48)
BUILT_IN = Registry([], [])
TWO = """
title = "Two"

[[layer]]
source = "camera"

[[layer]]
source = "testcard:64x48@10"
effects = [{ use = "inset", x = 0.5, y = 0.5, scale = 1.0, corner = 0.0 }]
"""


def written(folder: Path, text: str = TWO) -> str:
    path = folder / "two.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("source", "name"), [("camera:1", "camera-1"), ("screen", "screen"), ("camera", "camera"), ("screen:2", "screen-2")]
)
def test_a_layer_names_its_input(tmp_path: Path, source: str, name: str) -> None:
    scene = load_scene(written(tmp_path, f'[[layer]]\nsource = "{source}"\n'), BUILT_IN)
    assert [(layer.source, layer.name, layer.has_own_input) for layer in scene.layers] == [
        (source, name, source != "camera")
    ]


@pytest.mark.parametrize("source", ["http://127.0.0.1/a", "video:a.mp4", "stream:rtsp://a", "/etc/passwd", "images:/"])
def test_a_scene_opens_no_file_and_no_address(tmp_path: Path, source: str) -> None:
    with pytest.raises(PhospheneError, match="layer source"):
        load_scene(written(tmp_path, f'[[layer]]\nsource = "{source}"\n'), BUILT_IN)


def test_what_has_times_of_its_own_is_shown_at_them() -> None:
    with LayerInputSource(TestCardSource(SIZE, 10.0, 5), "testcard", SIZE) as side:
        shown = [side.at(time_s) for time_s in (0.0, 0.05, 0.1, 0.35, 0.4, 9.0)]
    assert [read_number(frame.pixels) if frame else None for frame in shown] == [0, 0, 1, 3, 4, 4]


def test_another_size_is_fitted() -> None:
    with LayerInputSource(FakeSource([np.zeros((100, 100, 3), np.uint8)]), "fake", SIZE) as side:
        frame = side.at(0.0)
    assert frame is not None
    assert frame.size == SIZE


class Flaky(FakeSource):
    """A camera that the test hands frames to, or errors."""

    def __init__(self) -> None:
        super().__init__([np.zeros((48, 64, 3), np.uint8)], live=True)
        self.gives: list[int | Exception] = []
        self.reads = threading.Semaphore(0)
        self.asked = 0

    def read(self) -> Frame | None:
        self.asked += 1
        while not self.closed:
            if self.reads.acquire(timeout=0.02):
                given = self.gives.pop(0)
                if isinstance(given, Exception):
                    raise given
                return Frame(given, 0.0, np.full((48, 64, 3), given, np.uint8))
        return None

    def give(self, *things: int | Exception) -> None:
        self.gives += things
        for _ in things:
            self.reads.release()


def until(side: LayerInputSource, wanted: int | None) -> None:
    """Waits until the picture is the wanted one."""
    wait_until(lambda: getattr(side.at(0.0), "id", None) == wanted)


def test_a_camera_that_breaks_off_shows_nothing_until_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    source = Flaky()
    side = LayerInputSource(source, "camera:1", SIZE, retry_s=0.01, old_s=60.0)
    try:
        assert side.at(0.0) is None
        source.give(1, 2)
        until(side, 2)
        source.give(SourceError("unplugged"), SourceError("unplugged"))
        until(side, None)
        source.give(3)
        until(side, 3)
        assert caplog.text.count("unplugged") == 1
    finally:
        source.closed = True  # the read that waits ends
        side.close()
    assert source.closed


def test_a_camera_that_is_silent_for_too_long_shows_nothing() -> None:
    source = Flaky()
    side = LayerInputSource(source, "camera:1", SIZE, old_s=0.0)
    try:
        source.give(1)
        wait_until(lambda: source.asked == 2)  # the frame was taken before the next one is asked for
        assert side.at(0.0) is None
    finally:
        source.closed = True
        side.close()


@pytest.mark.gl
def test_two_inputs_in_one_show(tmp_path: Path) -> None:
    sink = FakeSink()
    options = run_options(written(tmp_path), "testcard:128x96@20x10", ["null"])
    play(options, extra_sinks=[sink])
    assert len(sink.images) == 10
    assert [read_number(np.ascontiguousarray(image[..., :3])) for image in sink.images] == [k // 2 for k in range(10)]


@pytest.mark.gl
def test_a_take_holds_one_input(tmp_path: Path) -> None:
    options = run_options(written(tmp_path), "testcard:128x96@20x10", ["null"], record_take=tmp_path / "take")
    with pytest.raises(UsageError, match="one input"):
        play(options)
