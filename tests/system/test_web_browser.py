"""The preview in a real browser: pictures arrive, and a person stands on another page."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import helpers_browser
import numpy as np
import pytest

pytest.importorskip("aiohttp")

from engine.sinks.web import WebSink
from engine.sources.testcard import TestCardSource, read_number

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


def screenshot(address: str, where: Path, patience_ms: int = 4000) -> np.ndarray:
    """What a browser shows at `address`, RGB."""
    browser = helpers_browser.chromium()
    assert browser is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        flags = [*helpers_browser.FLAGS, f"--user-data-dir={profile}", "--hide-scrollbars"]
        flags += ["--window-size=640,360", f"--screenshot={where}", f"--timeout={patience_ms}"]
        done = subprocess.run([browser, *flags, address], capture_output=True, timeout=60, check=False)
    assert where.exists(), done.stderr.decode(errors="replace")[-2000:]
    return cv2.imread(str(where))[..., ::-1]


def cards() -> list[np.ndarray]:
    source = TestCardSource(SIZE, 30.0, 60)
    return [cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2RGBA) for frame in iter(source.read, None)]


@pytest.mark.parametrize("query", ["", "?plain"])
def test_a_browser_shows_the_pictures(tmp_path: Path, query: str) -> None:
    with WebSink("0", size=SIZE, fps=30.0) as sink:
        feeder = Feeder(sink, cards())
        feeder.start()
        shown = screenshot(sink.address + query, tmp_path / "shown.png")
        feeder.ended.set()
        feeder.join()
    assert sink.frames > 10
    scale = SIZE[0] / shown.shape[1]
    whole = cv2.resize(shown, None, fx=scale, fy=scale) if scale != 1 else shown
    place = whole[-SIZE[1] :] if whole.shape[0] >= SIZE[1] else whole
    assert read_number(np.ascontiguousarray(place[..., ::-1])) is not None


def test_a_person_stands_on_another_page(tmp_path: Path, green: str) -> None:
    person = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
    person[..., :3] = (230, 40, 200)  # the room behind is as bright as the person: only the matte tells them apart
    cv2.circle(person, (320, 200), 110, (230, 40, 200, 255), -1)
    cv2.rectangle(person, (0, 300), (640, 360), (230, 40, 200, 128), -1)
    with WebSink("0", size=SIZE, fps=30.0, alpha=True) as sink:
        feeder = Feeder(sink, [person])
        feeder.start()
        shown = screenshot(f"{sink.address}?over={green}", tmp_path / "over.png")
        feeder.ended.set()
        feeder.join()
    height = shown.shape[0]
    centre = shown[height - 160, shown.shape[1] // 2].astype(int)
    corner = shown[height - 340, 20].astype(int)
    floor = shown[height - 20, 40].astype(int)
    assert np.abs(corner - (0, 160, 60)).max() < 6
    assert np.abs(centre - (230, 40, 200)).max() < 8
    assert np.abs(floor - (np.array((230, 40, 200)) + (0, 160, 60)) / 2).max() < 10
    if folder := os.environ.get("PHOSPHENE_KEEP_SHOTS"):
        shutil.copy(tmp_path / "over.png", folder)
