"""Streams from an address, the screen, turned inputs, and cameras that deliver odd pictures."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from helpers_waiting import next_frame
from phosphene.engine.core.errors import SourceError
from phosphene.engine.sources import open_source, split_spec
from phosphene.engine.sources.camera_feed import in_bgr
from phosphene.engine.sources.live import LiveSource
from phosphene.engine.sources.rotate import RotatedSource
from phosphene.engine.sources.testcard import TestCardSource, read_number

from phosphene.testing import FakeSource

SIZE = (160, 120)


@pytest.mark.parametrize(
    "spec",
    [
        "rtsp://camera.local/live",
        "http://127.0.0.1:9/a.mp4",
        "HTTPS://example.org/a?b=c",
        "srt://host:1",
        "udp://0.0.0.0:1",
    ],
)
def test_an_address_is_a_stream(spec: str) -> None:
    assert split_spec(spec) == ("stream", spec)


@pytest.mark.parametrize("spec", ["file:///etc/passwd", "concat:a|b", "pipe:0", "data:video/mp4,x"])
def test_other_protocols_are_no_address(spec: str) -> None:
    with pytest.raises(Exception, match=r"not found|unknown"):
        split_spec(spec)


def test_an_address_where_nobody_is() -> None:
    with pytest.raises(SourceError, match="cannot be opened") as raised:
        open_source("http://127.0.0.1:9/clip.mp4")
    assert raised.value.where == "http://127.0.0.1:9/clip.mp4"


def test_a_stream_is_played_newest_first_and_comes_back() -> None:
    pytest.importorskip("aiohttp")
    from phosphene.engine.sinks.web import WebSink

    cards = [
        cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2RGBA) for frame in iter(TestCardSource(SIZE, 30.0, 60).read, None)
    ]
    state: dict[str, Any] = {"sink": WebSink("0", size=SIZE, fps=30.0), "ended": False}
    port = state["sink"].port

    fed = threading.Lock()  # nothing is written to a sink that is closed

    def feed() -> None:
        number = 0
        while not state["ended"]:
            with fed:
                if state["sink"] is not None:
                    state["sink"].write(cards[number % 60], 0.0)
                    number += 1
            time.sleep(1 / 60)

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        with open_source(f"http://127.0.0.1:{port}/stream.mjpg") as source:
            assert source.live
            assert source.size == SIZE
            numbers = []
            for _ in range(8):
                numbers.append(read_number(next_frame(source).pixels[..., ::-1]))
            assert None not in numbers
            with fed:
                state["sink"].close()
                state["sink"] = None
            with pytest.raises(SourceError, match="stream"):
                list(iter(source.read, None))
            state["sink"] = WebSink(str(port), size=SIZE, fps=30.0)
            next_frame(source)
            assert source.reconnected == 1  # type: ignore[attr-defined]
    finally:
        state["ended"] = True
        feeder.join()
        if state["sink"] is not None:
            state["sink"].close()


class Counting(LiveSource):
    """Delivers numbered pictures as fast as it is told to."""

    where = "counting"

    def __init__(self, timeout_s: float) -> None:
        super().__init__((4, 4), 30.0, timeout_s=timeout_s)


def test_only_the_newest_is_kept_and_problems_are_said() -> None:
    source = Counting(0.05)
    with pytest.raises(SourceError, match="no frame"):
        source.read()
    for value in range(5):
        source.deliver(np.full((4, 4, 3), value, np.uint8))
    frame = source.read()
    assert frame is not None
    assert (int(frame.pixels[0, 0, 0]), source.dropped) == (4, 4)
    source.fail("unplugged")
    with pytest.raises(SourceError, match="unplugged"):
        source.read()
    source.deliver(np.zeros((8, 4, 3), np.uint8))
    again = source.read()
    assert again is not None
    assert (again.id, again.size) == (1, (4, 4))
    source.close()
    assert source.read() is None


@pytest.mark.parametrize("degrees", [90, 180, 270])
@pytest.mark.parametrize("size", [None, (48, 64)])
def test_an_input_is_turned(degrees: int, size: tuple[int, int] | None) -> None:
    asked: list[tuple[int, int] | None] = []
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:8, :8] = 255  # the top left corner

    def opened(wanted: tuple[int, int] | None) -> FakeSource:
        asked.append(wanted)
        return FakeSource([pixels])

    with RotatedSource(opened, degrees, size) as source:
        frame = source.read()
        assert source.read() is None
    assert frame is not None
    lying = degrees != 180
    assert source.size == frame.size == ((48, 64) if lying else (64, 48))
    assert asked == [None if size is None else (64, 48) if lying else (48, 64)]
    corner = {90: (0, -1), 180: (-1, -1), 270: (-1, 0)}[degrees]
    assert frame.pixels[corner].tolist() == [255, 255, 255]
    assert frame.pixels.flags.c_contiguous


def test_grey_and_yuyv_cameras_give_colours() -> None:
    bgr = np.full((8, 8, 3), (200, 90, 40), np.uint8)
    assert in_bgr(bgr) is bgr
    assert in_bgr(np.full((8, 8), 77, np.uint8))[3, 3].tolist() == [77, 77, 77]
    assert in_bgr(np.full((8, 8, 1), 77, np.uint8)).shape == (8, 8, 3)
    yuyv = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_YUY2)
    assert np.abs(in_bgr(yuyv).astype(int) - bgr).max() <= 3


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A screen of 320×240 that shows red."""
    import os
    import subprocess

    if shutil.which("Xvfb") is None:
        pytest.skip("no Xvfb (apt install xvfb)")
    read, write = os.pipe()
    words = ["Xvfb", "-displayfd", str(write), "-screen", "0", "320x240x24", "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(words, pass_fds=(write,), stderr=subprocess.DEVNULL) as server:
        os.close(write)
        with os.fdopen(read) as told:
            number = told.readline().strip()
        try:
            if not number:
                pytest.skip("Xvfb does not start here")
            monkeypatch.setenv("DISPLAY", f":{number}")
            yield f":{number}"
        finally:
            server.terminate()


def test_the_screen_is_taken(display: str) -> None:
    pytest.importorskip("mss")
    with open_source("screen", fps=60.0) as source:
        frames = [source.read() for _ in range(3)]
        assert source.size == (320, 240)
    assert [frame.id for frame in frames if frame] == [0, 1, 2]
    assert all(frame is not None and frame.pixels.shape == (240, 320, 3) for frame in frames)
    with open_source("screen:0", size=(160, 120)) as source:
        frame = source.read()
    assert frame is not None
    assert frame.size == (160, 120)
    with open_source("screen:1@64x48+200+100") as source:
        frame = source.read()
    assert frame is not None
    assert (source.size, frame.size) == ((64, 48), (64, 48))
    for part in ("64x48+300+100", "64x48+0+200", "0x48+0+0"):
        with pytest.raises(SourceError, match="not on the monitor"):
            open_source(f"screen:1@{part}")
    with pytest.raises(SourceError, match="monitor 7 not found"):
        open_source("screen:7")
    with pytest.raises(SourceError, match="is not a monitor number"):
        open_source("screen:left")


def test_without_a_screen_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("mss")
    monkeypatch.setenv("DISPLAY", ":4711")
    with pytest.raises(SourceError, match="cannot be captured"):
        open_source("screen")


def test_without_mss_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "mss", None)
    with pytest.raises(SourceError, match="mss") as raised:
        open_source("screen")
    assert "phosphene[screen]" in raised.value.hint
