"""The PipeWire camera in a private session: what a consumer and a browser see, who watches, a daemon that restarts."""

from __future__ import annotations

import base64
import ctypes.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import cv2
import helpers_browser
import helpers_pipewire
import numpy as np
import pytest
from helpers_pipewire import PipeWireSession
from phosphene.engine.core.frame import Pixels
from phosphene.engine.sources.testcard import TestCardSource, read_number

ROOT = Path(__file__).resolve().parents[2]
SIZE = (320, 240)
READER = ROOT / "tests" / "helpers_pipewire_reader.py"
pytestmark = pytest.mark.slow

# Feeds the test card for ever, its numbers rising; reports what the sink counts for each line that it reads.
FEED = """
import sys, threading, time, json
import cv2
from phosphene.engine.sinks import open_sink
from phosphene.engine.core.frame import Pixels
from phosphene.engine.sources.testcard import TestCardSource

size = ({width}, {height})
cards = TestCardSource(size, 30.0)
with open_sink({spec!r}, size=size, fps=30.0) as sink:
    asked = threading.Event()
    threading.Thread(target=lambda: [asked.set() for _ in sys.stdin], daemon=True).start()
    print("up", flush=True)
    while True:
        card = cards.read()
        sink.write(cv2.cvtColor(card.pixels, cv2.COLOR_RGB2RGBA), card.time_s)
        if asked.is_set():
            asked.clear()
            state = {{"watched": sink.watched, "frames": sink.frames, "reconnected": sink.reconnected}}
            print(json.dumps(state), flush=True)
        time.sleep(1 / 30)
"""
# Takes the camera by its label, waits for moving pictures, and posts a few of them.
PAGE = """
<video id=v playsinline muted></video>
<script>
(async () => {
  let first = null;  // a browser that has just started may not have found its cameras yet
  for (let tries = 0; !first && tries < 40; tries++)
    first = await navigator.mediaDevices.getUserMedia({video: true}).catch(() => later(500));
  const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((d) => d.kind == 'videoinput');
  const video = document.getElementById('v');
  video.srcObject = first;
  await video.play();
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth; canvas.height = video.videoHeight;
  const pictures = [];
  let shown = 0;
  const begin = performance.now();
  await new Promise((done) => {
    const next = () => {
      canvas.getContext('2d').drawImage(video, 0, 0);
      if (shown % 5 == 0) pictures.push(canvas.toDataURL('image/png'));
      if (++shown < 40) video.requestVideoFrameCallback(next); else done();
    };
    video.requestVideoFrameCallback(next);
  });
  post({labels: cameras.map((c) => c.label), size: [canvas.width, canvas.height], pictures,
        fps: 1000 * shown / (performance.now() - begin)});
})();
</script>
"""


@pytest.fixture(scope="module")
def session() -> Iterator[PipeWireSession]:
    """A session of our own."""
    if absent := helpers_pipewire.missing():
        pytest.skip(f"not installed: {', '.join(absent)}")
    with PipeWireSession() as started:
        yield started


class Feed:
    """A process that feeds a camera."""

    def __init__(self, session: PipeWireSession, name: str, size: tuple[int, int] = SIZE) -> None:
        script = FEED.format(spec=f"pipewire:{name}", width=size[0], height=size[1])
        env = {**session.env, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", script], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.output.readline().strip() == "up"

    @property
    def output(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout

    def ask(self) -> dict[str, Any]:
        """What the sink says of itself."""
        assert self.process.stdin is not None
        self.process.stdin.write("?\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.output.readline())
        return found

    def wait_for(self, key: str, value: Any, patience_s: float = 120.0) -> dict[str, Any]:
        """Asks until `key` is `value`."""
        end = time.monotonic() + patience_s
        while (found := self.ask())[key] != value:
            assert time.monotonic() < end, f"{key} stays {found[key]}"
            time.sleep(0.1)
        return found

    def __enter__(self) -> Feed:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


def read(session: PipeWireSession, node: str, code: str = "I420", frames: int = 20) -> dict[str, Any]:
    """What a consumer sees."""
    command = [sys.executable, str(READER), node, code, str(SIZE[0]), str(SIZE[1]), str(frames)]
    end = time.monotonic() + 120
    while True:
        done = subprocess.run(command, env=session.env, capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        if found["problem"] != "no node available" or time.monotonic() > end:
            break
        time.sleep(0.2)  # the camera is not published yet
    assert not found["problem"]
    return found


def cards(size: tuple[int, int], numbers: Sequence[int]) -> dict[int, Pixels]:
    """The test cards of these numbers, RGB."""
    source = TestCardSource(size, 30.0, max(numbers) + 1)
    return {card.id: card.pixels for card in iter(source.read, None) if card.id in set(numbers)}


def card_sums(numbers: Sequence[int]) -> list[int]:
    """The sum of all I420 bytes of each card: equal sums and numbers mean the same image, byte for byte."""
    wanted = cards(SIZE, numbers)
    return [int(cv2.cvtColor(wanted[n], cv2.COLOR_RGB2YUV_I420).astype(np.int64).sum()) for n in numbers]


def in_order(numbers: Sequence[int]) -> bool:
    """Whether each number is above the one before: how many a busy machine lets pass says nothing."""
    return all(before < after for before, after in pairwise(numbers))


@pytest.mark.parametrize("code", ["I420", "YUY2"])
def test_pictures_arrive_whole_and_in_order(session: PipeWireSession, code: str) -> None:
    with Feed(session, "Order") as feed:
        found = read(session, "order", code)
        feed.wait_for("watched", False)
    numbers = found["numbers"]
    assert len(numbers) == 20
    assert None not in numbers
    assert in_order(numbers), numbers
    if code == "I420":
        assert found["sums"] == card_sums(numbers)


def test_it_knows_who_watches(session: PipeWireSession) -> None:
    with Feed(session, "Watched") as feed:
        assert feed.ask()["watched"] is False
        assert feed.ask()["frames"] == 0
        read(session, "watched", frames=5)
        after = feed.wait_for("watched", False)
        assert after["frames"] >= 5
        time.sleep(0.3)
        assert feed.ask()["frames"] == after["frames"]  # nobody watches: nothing is converted
        read(session, "watched", frames=5)  # and a second time


def test_a_restarted_daemon_gets_the_camera_again(session: PipeWireSession) -> None:
    with Feed(session, "Again") as feed:
        session.stop_daemon()
        feed.wait_for("watched", False)
        session.start_daemon()
        feed.wait_for("reconnected", 1)
        assert len(read(session, "again", frames=5)["numbers"]) == 5


def test_without_a_daemon_it_says_what_to_start(tmp_path: Path) -> None:
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "PIPEWIRE_RUNTIME_DIR": str(tmp_path),
    }
    words = ["run", "duotone", "--input", "testcard", "--output", "pipewire"]
    command = [sys.executable, str(ROOT / "main.py"), *words]
    if ctypes.util.find_library("pipewire-0.3") is None:
        pytest.skip("libpipewire is not installed")
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 1
    assert "no PipeWire daemon found" in done.stderr
    assert "systemctl --user start pipewire" in done.stderr


def test_a_browser_takes_it_as_a_webcam(session: PipeWireSession) -> None:
    if helpers_browser.chromium() is None:
        pytest.skip("no Chromium here")
    if absent := helpers_pipewire.portal_missing():
        pytest.skip(f"not installed: {', '.join(absent)}")
    session.start_portal()
    with Feed(session, "Phosphene", (640, 480)):
        flags = ["--enable-features=WebRtcPipeWireCamera"]
        found = helpers_browser.run_page(PAGE, flags=flags, env=session.env)
    assert "Phosphene" in found["labels"]
    assert found["size"] == [640, 480]
    shown = [
        cv2.imdecode(np.frombuffer(base64.b64decode(url.partition(",")[2]), np.uint8), cv2.IMREAD_COLOR)
        for url in found["pictures"]
    ]
    read_numbers = [read_number(bgr) for bgr in shown]
    numbers = [number for number in read_numbers if number is not None]
    assert len(numbers) == len(shown)
    assert in_order(numbers), numbers
    wanted = cards((640, 480), numbers)
    psnr = []
    for bgr, number in zip(shown, numbers, strict=True):
        halved = cv2.cvtColor(cv2.cvtColor(wanted[number], cv2.COLOR_RGB2YUV_I420), cv2.COLOR_YUV2RGB_I420)
        error = float(np.mean((bgr[..., ::-1].astype(np.float32) - halved) ** 2))
        psnr.append(10 * np.log10(255**2 / max(error, 1e-9)))
    assert min(psnr) > 45  # the wrong matrix or range would leave 20


# A show on demand whose camera is a test card that says when it is opened and closed.
ON_DEMAND = """
import sys, threading
from phosphene.engine.show import session
from phosphene.engine.show.options import run_options
from phosphene.engine.show import on_demand
from phosphene.engine.core.frame import Pixels
from phosphene.engine.sources.testcard import TestCardSource

class Camera(TestCardSource):
    live = True

    def __init__(self, spec, *, size, fps):
        super().__init__(size, fps)
        print("opened", flush=True)

    def read(self):
        threading.Event().wait(1 / 30)
        return super().read()

    def close(self):
        print("closed", flush=True)

on_demand.open_source = Camera
on_demand.LINGER_S = 0.2
on_demand.OnDemandSource.__init__.__kwdefaults__["linger_s"] = 0.2
options = run_options("mirror", "camera", ["pipewire:Demand"], size=(320, 240), seconds=600, on_demand=True)
session.play(options)
"""


@pytest.mark.gl
def test_the_camera_is_on_only_while_somebody_reads(session: PipeWireSession) -> None:
    env = {**session.env, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", ON_DEMAND], env=env, stdout=subprocess.PIPE, text=True) as show:
        assert show.stdout is not None
        try:
            for _ in range(2):
                found = read(session, "demand", frames=60)
                assert found["numbers"][0] is None  # the slate came first
                assert show.stdout.readline().strip() == "opened"
                assert show.stdout.readline().strip() == "closed"
        finally:
            show.kill()
