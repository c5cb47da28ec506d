"""The camera, with a pretended device that can be unplugged."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from helpers_waiting import next_frame, wait_until
from phosphene.engine.core.errors import SourceError
from phosphene.engine.core.frame import Pixels
from phosphene.engine.sources import cameras, open_source
from phosphene.engine.sources.camera import CameraSource


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
    from phosphene.engine.sources import camera_feed

    FakeCapture.plugged, FakeCapture.opened = True, 0
    monkeypatch.setattr(camera_feed.cv2, "VideoCapture", FakeCapture)
    monkeypatch.setattr(cameras, "SYSFS", Path("/nowhere"))
    return FakeCapture


def unplug(camera: type[FakeCapture], source: CameraSource) -> None:
    """Takes the camera away, until that has been told and it is being looked for."""
    opened, camera.plugged = camera.opened, False
    with pytest.raises(SourceError, match="no frame"):
        list(iter(source.read, None))  # what was on its way still comes
    wait_until(lambda: camera.opened > opened)


def test_camera_gives_rgb_with_rising_times(camera: type[FakeCapture]) -> None:
    with open_source("camera", size=(64, 48)) as source:
        frames = [next_frame(source) for _ in range(5)]
    assert [f.id for f in frames] == [0, 1, 2, 3, 4]
    times = [f.time_s for f in frames]
    assert times == sorted(set(times))
    assert all(f.pixels[0, 0, 2] == 255 for f in frames)  # blue came last: BGR was turned
    assert source.live


def test_camera_says_what_was_negotiated(camera: type[FakeCapture]) -> None:
    source: Any = open_source("camera:2", size=(32, 32))
    with source:
        assert (source.negotiated_size, source.negotiated_fps, source.negotiated_format) == ((64, 48), 30.0, "MJPG")
        assert source.size == (32, 32)
        assert next_frame(source).size == (32, 32)


def test_camera_keeps_only_the_newest(camera: type[FakeCapture]) -> None:
    source: Any = open_source("camera")
    with source:
        next_frame(source)
        wait_until(lambda: source.dropped >= 3)
        assert next_frame(source).id == 1


def test_unplugged_camera_raises_and_comes_back(camera: type[FakeCapture]) -> None:
    with CameraSource(timeout_s=0.3, retry_s=0.02) as source:
        next_frame(source)
        unplug(camera, source)
        camera.plugged = True
        next_frame(source)
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


def test_two_sources_of_one_camera_share_it(camera: type[FakeCapture]) -> None:
    with open_source("camera", size=(64, 48)) as first:
        with open_source("camera:0", size=(32, 24)) as second:
            assert camera.opened == 1
            frames = [next_frame(source) for source in (first, second, first, second)]
            assert [frame.size for frame in frames] == [(64, 48), (32, 24), (64, 48), (32, 24)]
            assert [frame.id for frame in frames] == [0, 0, 1, 1]
        next_frame(first)  # the other one left it open
    with open_source("camera"):
        assert camera.opened == 2


def test_two_cameras_are_two(camera: type[FakeCapture]) -> None:
    with open_source("camera:0") as first, open_source("camera:1") as second:
        assert camera.opened == 2
        next_frame(first)
        next_frame(second)


def test_another_size_after_coming_back_is_fitted(camera: type[FakeCapture], monkeypatch: pytest.MonkeyPatch) -> None:
    with CameraSource(timeout_s=0.3, retry_s=0.02) as source:
        assert next_frame(source).size == (64, 48)
        unplug(camera, source)
        monkeypatch.setattr(camera, "retrieve", lambda self: (True, np.zeros((30, 80, 3), np.uint8)))
        camera.plugged = True
        assert next_frame(source).size == (64, 48)
        assert source.negotiated_size == (80, 30)


# ------------------------------------------------------------------------------------- which camera it is, found again


@pytest.fixture
def plugs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Pretends what is plugged in: number=(name, place), and links by serial number."""
    monkeypatch.setattr(cameras, "SYSFS", tmp_path / "sysfs")
    monkeypatch.setattr(cameras, "BY_ID", tmp_path / "by-id")

    def plug(links: dict[str, int] | None = None, **nodes: tuple[str, str]) -> None:
        for folder in ("sysfs", "by-id"):
            shutil.rmtree(tmp_path / folder, ignore_errors=True)
            (tmp_path / folder).mkdir()
        for node, (name, place) in nodes.items():
            (tmp_path / place).mkdir(exist_ok=True)
            entry = tmp_path / "sysfs" / node
            entry.mkdir()
            (entry / "name").write_text(name + "\n")
            (entry / "device").symlink_to(tmp_path / place)
        for link, number in (links or {}).items():
            (tmp_path / "by-id" / link).symlink_to(f"/dev/video{number}")

    return plug


def test_a_camera_is_found_under_another_number(plugs: Callable[..., None]) -> None:
    plugs(video0=("Cam", "usb1"))
    known = cameras.identify(0)
    assert cameras.find(known) == "/dev/video0"
    plugs()
    assert cameras.find(known) is None
    plugs(video0=("Other", "usb2"), video1=("Cam", "usb1"))
    assert cameras.find(known) == "/dev/video1"
    plugs(video0=("Other", "usb2"), video1=("Cam", "usb3"))  # into another socket
    assert cameras.find(known) == "/dev/video1"


def test_another_camera_at_its_number_is_not_taken_for_it(plugs: Callable[..., None]) -> None:
    plugs(video0=("Cam", "usb1"))
    known = cameras.identify("/dev/video0")
    plugs(video0=("Other", "usb1"))
    assert cameras.find(known) is None


def test_a_twin_is_not_taken_for_it(plugs: Callable[..., None]) -> None:
    plugs(video0=("Cam", "usb1"), video1=("Cam", "usb2"))
    known = cameras.identify(0)
    plugs(video1=("Cam", "usb2"))
    assert cameras.find(known) is None
    plugs(video1=("Cam", "usb2"), video2=("Cam", "usb1"))
    assert cameras.find(known) == "/dev/video2"
    plugs(video1=("Cam", "usb2"), video2=("Cam", "usb3"))
    assert cameras.find(known) == "/dev/video2"


def test_the_serial_number_tells_twins_apart(plugs: Callable[..., None]) -> None:
    plugs({"cam-A": 0, "cam-B": 1}, video0=("Cam", "usb1"), video1=("Cam", "usb2"))
    known = cameras.identify(1)
    plugs({"cam-A": 1, "cam-B": 4}, video1=("Cam", "usb8"), video4=("Cam", "usb9"))
    assert cameras.find(known) == "/dev/video4"


def test_a_loopback_has_no_place(plugs: Callable[..., None], tmp_path: Path) -> None:
    plugs(video7=("Loop", "none"))
    (tmp_path / "sysfs" / "video7" / "device").unlink()
    known = cameras.identify(7)
    assert known.place == ""
    assert cameras.find(known) == "/dev/video7"


def test_what_the_system_does_not_know_keeps_its_name(plugs: Callable[..., None], tmp_path: Path) -> None:
    plugs()
    assert cameras.find(cameras.identify(3)) is None
    there = tmp_path / "device"
    there.touch()
    assert cameras.find(cameras.identify(str(there))) == str(there)
    shutil.rmtree(tmp_path / "sysfs")
    assert cameras.find(cameras.identify(3)) == 3
