"""The camera, with a pretended device that can be unplugged."""

from __future__ import annotations

import threading
import time
from typing import Any

import cv2
import numpy as np
import pytest

from engine.data import Pixels
from engine.errors import SourceError
from engine.sources import open_source


class FakeCapture:
    """Stands for cv2.VideoCapture: a camera that can be unplugged."""

    plugged = True
    opened = 0

    def __init__(self, *_: object) -> None:
        type(self).opened += 1
        self.count = 0
        self.settings: list[int] = []

    def isOpened(self) -> bool:  # noqa: N802 (OpenCV's name)
        return type(self).plugged

    def set(self, key: int, value: float) -> bool:
        self.settings.append(key)
        return True

    def get(self, key: int) -> float:
        return {cv2.CAP_PROP_FPS: 30.0, cv2.CAP_PROP_FOURCC: float(cv2.VideoWriter.fourcc(*"MJPG"))}.get(key, 0.0)

    def grab(self) -> bool:
        time.sleep(0.002)
        return type(self).plugged

    def retrieve(self) -> tuple[bool, Pixels | None]:
        self.count += 1
        return True, np.full((48, 64, 3), (255, 0, self.count % 200), np.uint8)

    def read(self) -> tuple[bool, Pixels | None]:
        return self.retrieve() if self.grab() else (False, None)

    def release(self) -> None:
        pass


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> type[FakeCapture]:
    import engine.sources.camera as module

    FakeCapture.plugged, FakeCapture.opened = True, 0
    monkeypatch.setattr(module.cv2, "VideoCapture", FakeCapture)
    monkeypatch.setattr(module, "WAIT_S", 0.3)
    monkeypatch.setattr(module, "_RETRY_S", 0.02)
    return FakeCapture


def test_camera_gives_rgb_with_rising_times(camera: type[FakeCapture]) -> None:
    with open_source("camera", size=(64, 48)) as source:
        frames = [source.read() for _ in range(5)]
    assert [f.id for f in frames if f] == [0, 1, 2, 3, 4]
    times = [f.time_s for f in frames if f]
    assert times == sorted(set(times))
    assert all(f and f.pixels[0, 0, 2] == 255 for f in frames)  # blue came last: BGR was turned
    assert source.live


def test_camera_says_what_was_negotiated(camera: type[FakeCapture]) -> None:
    source: Any = open_source("camera:2", size=(32, 32))
    with source:
        assert (source.negotiated_size, source.negotiated_fps, source.negotiated_format) == ((64, 48), 30.0, "MJPG")
        assert source.size == (32, 32)
        assert source.read().size == (32, 32)


def test_camera_keeps_only_the_newest(camera: type[FakeCapture]) -> None:
    source: Any = open_source("camera")
    with source:
        source.read()
        deadline = time.monotonic() + 5
        while source.dropped < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert source.dropped >= 3
        assert source.read().id == 1


def test_unplugged_camera_raises_and_comes_back(camera: type[FakeCapture]) -> None:
    source: Any = open_source("camera")
    with source:
        assert source.read() is not None
        camera.plugged = False
        with pytest.raises(SourceError, match="no picture"):
            list(iter(source.read, None))  # what was on its way still comes
        camera.plugged = True
        assert source.read() is not None
        assert source.reopened == 1


def test_missing_camera_suggests_the_demo(camera: type[FakeCapture]) -> None:
    camera.plugged = False
    with pytest.raises(SourceError) as caught:
        open_source("camera:7")
    assert "demo" in caught.value.hint


def test_closing_ends_the_camera_thread(camera: type[FakeCapture]) -> None:
    source = open_source("camera")
    source.close()
    source.close()
    assert source.read() is None
    assert not any(thread.name.startswith("camera") for thread in threading.enumerate())
