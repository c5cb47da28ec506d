"""The preview in a real browser: pictures arrive, and a person stands on another page."""

from __future__ import annotations

import functools
import http.server
import importlib.util
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import helpers_browser
import numpy as np
import pytest
from helpers_files import cards

pytest.importorskip("aiohttp")

from phosphene.engine.sinks.web import WebSink
from phosphene.engine.sources.testcard import read_number

SIZE = (640, 360)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(helpers_browser.chromium() is None, reason="no Chromium here"),
]
GREEN = "<!doctype html><style>html,body{margin:0;height:100%;background:rgb(0,160,60)}</style>"


class Feeder(threading.Thread):
    """Writes pictures at 30 a second until it is stopped."""

    def __init__(self, sink: WebSink, images: list[np.ndarray]) -> None:
        super().__init__(daemon=True)
        self.sink, self.images, self.ended = sink, images, threading.Event()

    def run(self) -> None:
        number = 0
        while not self.ended.wait(1 / 30):
            self.sink.write(self.images[number % len(self.images)], number / 30)
            number += 1


@pytest.fixture
def green() -> Iterator[str]:
    """The address of another site, which is green all over."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "index.html").write_text(GREEN)

        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            yield f"http://127.0.0.1:{server.server_address[1]}/"
            server.shutdown()
            thread.join()


def look(address: str, ready: str) -> tuple[np.ndarray, dict[str, Any]]:
    """What a browser shows (RGB) when the page's state fulfils `ready`, and that state."""
    png, state = helpers_browser.look(address, f"window.phosphene && phosphene.{ready} && phosphene", SIZE)
    shown = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    if folder := os.environ.get("PHOSPHENE_KEEP_SHOTS"):
        cv2.imwrite(f"{folder}/shot-{ready.split()[0]}-{'over' in address}.png", shown)
    return shown[..., ::-1], state


needs_webrtc = pytest.mark.skipif(importlib.util.find_spec("aiortc") is None, reason="no aiortc here")


@pytest.mark.parametrize(
    ("query", "ready"),
    [pytest.param("", "shown > 20", marks=needs_webrtc), ("?jpeg", "shown > 20"), ("?plain", "shown > 0")],
)
def test_a_browser_shows_the_pictures(query: str, ready: str) -> None:
    with WebSink("0", size=SIZE, fps=30.0) as sink:
        feeder = Feeder(sink, cards(60, SIZE))
        feeder.start()
        shown, state = look(sink.address + query, ready)
        feeder.ended.set()
        feeder.join()
    assert (state["webrtc"], state["plain"]) == (query == "", query == "?plain")
    number = read_number(np.ascontiguousarray(shown[..., ::-1]))
    assert number is not None
    card = cards(60, SIZE)[number % 60][..., :3]
    assert np.abs(shown[:200].astype(int) - card[:200]).mean() < 6  # JPEG or VP8, and nothing else, lies between them


@pytest.mark.parametrize("way", [pytest.param("", marks=needs_webrtc), "jpeg&"])
def test_a_person_stands_on_another_page(green: str, way: str) -> None:
    person = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
    person[..., :3] = (230, 40, 200)  # the room behind is as bright as the person: only the matte tells them apart
    person[100:250, 200:400, 3] = 255
    person[300:, :, 3] = 128
    with WebSink("0", size=SIZE, fps=30.0, alpha=True) as sink:
        feeder = Feeder(sink, [person])
        feeder.start()
        shown, state = look(f"{sink.address}?{way}over={green}", "shown > 10")
        feeder.ended.set()
        feeder.join()
    assert state["matte"] is True
    assert state["webrtc"] is (not way)
    alpha = person[..., 3:] / 255
    expected = person[..., :3] * alpha + np.array((0, 160, 60)) * (1 - alpha)
    error = np.abs(shown.astype(float) - expected).max(axis=2)
    assert np.median(error) < 3
    assert (error < 12).mean() > 0.95  # JPEG softens the matte's edge


@needs_webrtc
def test_a_browser_without_webrtc_gets_jpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(self: Peers, offer: str) -> Any:
        raise ValueError("as where a firewall lies between")

    from phosphene.engine.sinks.web_rtc import Peers

    monkeypatch.setattr(Peers, "answer", refused)
    with WebSink("0", size=SIZE, fps=30.0) as sink:
        feeder = Feeder(sink, cards(60, SIZE))
        feeder.start()
        _, state = look(sink.address, "shown > 5")
        feeder.ended.set()
        feeder.join()
    assert state["webrtc"] is False


@needs_webrtc
def test_a_browser_comes_back_when_the_show_does() -> None:
    with WebSink("0", size=SIZE, fps=30.0) as first:
        port = first.port
        feeder = Feeder(first, cards(60, SIZE))
        feeder.start()

        def again() -> None:
            while first.frames < 30:
                first_look.wait(0.05)
            feeder.ended.set()
            feeder.join()
            first.close()
            with WebSink(str(port), size=SIZE, fps=30.0) as second:
                later = Feeder(second, cards(60, SIZE))
                later.start()
                first_look.wait(300.0)
                later.ended.set()
                later.join()
            told.append(second.frames)

        first_look, told = threading.Event(), list[int]()
        thread = threading.Thread(target=again)
        thread.start()
        _, state = look(first.address, "shown > 80")
        first_look.set()
        thread.join()
    assert state["webrtc"] is True
    assert told[0] > 0
