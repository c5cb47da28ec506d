"""Streams from real servers on this machine: killed during a show and started again, a slate in between."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from helpers import scene, shader
from phosphene.engine.core.closing import Closing
from phosphene.engine.core.errors import SourceError
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.show.frame_hooks import Drawn
from phosphene.engine.show.loop import Show
from phosphene.engine.show.settings import ShowParts, ShowSettings
from phosphene.engine.sinks import open_sink
from phosphene.engine.sources import open_source
from phosphene.engine.sources.testcard import TestCardSource, read_number

SERVER = Path(__file__).resolve().parents[1] / "helpers_stream_server.py"
SIZE = (320, 240)
FEW = 25  # pictures that are enough to know that it plays
PATIENCE_S = 240.0
NOBODY = 65534  # VLC will not run as root
Start = Callable[[Path, int], subprocess.Popen[bytes]]


def vlc(clip: Path, port: int) -> subprocess.Popen[bytes]:
    """VLC's RTSP server, which sends by UDP."""
    who: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    out = f"#rtp{{sdp=rtsp://127.0.0.1:{port}/live}}"
    command = ["vlc", "-I", "dummy", "--no-audio", "--no-dbus", "--loop", clip.as_uri(), "--sout", out]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": str(clip.parent)}, **who)


def rtmp(clip: Path, port: int) -> subprocess.Popen[bytes]:
    """FFmpeg's RTMP server, for one client."""
    words = [
        "-re",
        "-stream_loop",
        "-1",
        "-i",
        str(clip),
        "-c",
        "copy",
        "-flush_packets",
        "1",
        "-f",
        "flv",
        "-listen",
        "1",
    ]
    command = ["ffmpeg", "-loglevel", "quiet", "-nostdin", *words, f"rtmp://127.0.0.1:{port}/live"]
    return subprocess.Popen(command)


def http(kind: str) -> Start:
    """An HTTP server in a process of its own."""
    return lambda clip, port: subprocess.Popen(
        [sys.executable, str(SERVER), str(clip), kind, str(port)], stderr=subprocess.DEVNULL
    )


# A server's address, the program that it needs, and how it is started.
SERVERS: dict[str, tuple[str, str, Start]] = {
    "RTSP": ("rtsp", "vlc", vlc),
    "RTMP": ("rtmp", "ffmpeg", rtmp),
    "MPEG-TS": ("http", "", http("mpegts")),
    "MJPEG": ("http", "", http("mpjpeg")),
}


@pytest.fixture(scope="module")
def clip() -> Iterator[Path]:
    """Twenty seconds of numbered pictures, where every user may read them (pytest's own folders are closed)."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "clip.mp4"
        with TestCardSource(SIZE, 30.0, 600) as source, open_sink(str(path), size=SIZE, fps=30.0, live=True) as sink:
            for frame in iter(source.read, None):
                sink.write(cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2RGBA), frame.time_s)
        yield path


class Server:
    """A server that can be killed, stopped and started again, at the same address."""

    def __init__(self, kind: str, clip: Path) -> None:
        scheme, program, self._start = SERVERS[kind]
        if program and shutil.which(program) is None:
            pytest.skip(f"no {program} here")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self.address = f"{scheme}://127.0.0.1:{self.port}/live"
        self._clip = clip
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Starts it."""
        self._process = self._start(self._clip, self.port)

    def signal(self, number: int) -> None:
        """Sends a signal, and waits for the end where that is one."""
        assert self._process is not None
        self._process.send_signal(number)
        if number == signal.SIGKILL:
            self._process.wait()


@pytest.fixture
def server(request: pytest.FixtureRequest, clip: Path) -> Iterator[Server]:
    made = Server(request.param, clip)
    yield made
    made.signal(signal.SIGKILL)


class Acts(Closing):
    """An output that sees numbered pictures and slates, and acts when enough of one kind came in a row."""

    alpha = False

    def __init__(self, acts: Sequence[tuple[bool, Callable[[], None]]]) -> None:
        self.waiting, self.row, self.numbers = list(acts), 0, list[int]()

    def write(self, image: np.ndarray, time_s: float) -> None:
        """Looks at one picture."""
        number = read_number(np.ascontiguousarray(image[..., 2::-1]))
        if number is not None:
            self.numbers.append(number)
        if not self.waiting:
            return
        wanted, act = self.waiting[0]
        slate = number is None and int(image[0, 0, :3].max()) < 40
        self.row = self.row + 1 if (slate if not wanted else number is not None) else 0
        if self.row >= FEW:
            self.waiting.pop(0)
            self.row = 0
            act()


def opened(address: str) -> Any:
    """The stream, as soon as its server is up."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return open_source(address)
        except SourceError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def play(server: Server, acts: Sequence[tuple[bool, Callable[[], None]]]) -> Acts:
    """A show of the stream until everything was done, which must be within PATIENCE_S."""
    sink = Acts(acts)
    over = threading.Event()
    timer = threading.Timer(PATIENCE_S, over.set)

    def hook(drawn: Drawn) -> bool:
        return bool(sink.waiting) and not over.is_set()

    with opened(server.address) as source:
        assert source.live
        assert source.size == SIZE
        gpu = Gpu.headless()
        timer.start()
        try:
            words = scene(shader("frame(uv)"))
            settings, parts = ShowSettings(live=True), ShowParts(hooks=[hook])
            Show(words, source, [sink], gpu=gpu, open_tracker=pytest.fail, settings=settings, parts=parts).run()
        finally:
            timer.cancel()
            gpu.context.release()
    assert not sink.waiting, f"{len(sink.waiting)} of {len(acts)} never came"
    return sink


@pytest.mark.gl
@pytest.mark.slow
@pytest.mark.parametrize("server", SERVERS, indirect=True)
def test_a_server_is_killed_and_comes_back(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    def kill() -> None:
        server.signal(signal.SIGKILL)

    with caplog.at_level(logging.WARNING, "phosphene"):
        sink = play(server, [(True, kill), (False, server.start), (True, lambda: None)])
    said = [record.getMessage() for record in caplog.records]
    assert len(set(said)) == len(said), said
    # It may be seen to be silent before it is known why.
    silent = [words for words in said if "no frame for" in words or "given no picture" in words]
    why = [words for words in said if "interrupted" in words or "has ended" in words]
    assert (len(silent) <= 1, len(why), len(said) - len(silent)) == (True, 1, 2), said
    assert "reconnected" in said[-1]
    late = sink.numbers[-FEW:]
    steps = [(b - a) % 600 for a, b in pairwise(late)]
    assert all(0 < step < 300 for step in steps)  # in order, none again
    assert np.median(steps) < 60


@pytest.mark.gl
@pytest.mark.slow
@pytest.mark.parametrize("server", ["RTSP", "MJPEG"], indirect=True)
def test_a_server_falls_silent_and_goes_on(server: Server) -> None:
    def stop() -> None:
        server.signal(signal.SIGSTOP)

    def go_on() -> None:
        server.signal(signal.SIGCONT)

    play(server, [(True, stop), (False, go_on), (True, lambda: None)])


def test_what_pyav_cannot_do_is_named() -> None:
    with pytest.raises(SourceError, match="without srt") as raised:
        open_source("srt://127.0.0.1:9")
    assert "ffmpeg -i" in raised.value.hint
