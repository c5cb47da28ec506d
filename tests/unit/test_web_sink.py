"""The browser's preview: who may look, what is sent when, and what comes out of it."""

from __future__ import annotations

import base64
import http.client
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from helpers_waiting import PATIENCE_S, wait_until

pytest.importorskip("aiohttp")

from helpers_web import get
from phosphene.engine.core.errors import SinkError, UsageError
from phosphene.engine.sinks import open_sink, split_spec
from phosphene.engine.sinks.web import WebSink

SIZE = (64, 48)


@pytest.fixture
def sink() -> Iterator[WebSink]:
    with WebSink("0", size=SIZE, fps=30.0) as made:
        yield made


def picture(color: tuple[int, int, int, int] = (200, 30, 60, 255)) -> np.ndarray:
    return np.full((SIZE[1], SIZE[0], 4), color, np.uint8)


@pytest.mark.skipif(shutil.which("node") is None, reason="no node to run the page's script")
def test_the_plain_page_looks_for_the_show_again(sink: WebSink) -> None:
    """Its script on a page of a few lines: the same show, none, another one."""
    with WebSink("0", size=SIZE, fps=30.0) as another:
        first, second = (json.loads(get(which, "/show.json")[2]) for which in (sink, another))
    script = (
        f"const answers = {json.dumps([first, first, None, second])}, asked = [], timers = [], said = {{}};"
        "const canvas = {replaceWith() {}};"
        "globalThis.window = {}; globalThis.location = {search: '?plain'};"
        "globalThis.document = {getElementById: (name) => name === 'said' ? said : canvas};"
        "globalThis.Image = class { set src(at) { asked.push(at); this.onload(); } };"
        "globalThis.fetch = async () => { const told = answers.shift(); if (!told) throw 1; "
        "return {json: async () => told}; };"
        "globalThis.setTimeout = (next) => timers.push(next);"
        f"eval({json.dumps(get(sink, '/show.js')[2].decode())});"
        "(async () => { const words = []; for (let k = 0; k < 4; k++) {"
        "for (let n = 0; n < 9; n++) await null; words.push(said.textContent); if (k < 3) timers.shift()(); }"
        "console.log(JSON.stringify({asked, words})); })();"
    )
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["asked"] == [f"/stream.mjpg?{first['show']}", f"/stream.mjpg?{second['show']}"]
    assert ["ended" in words for words in found["words"]] == [False, False, True, False]


class Browser:
    """Speaks WebSocket (RFC 6455) as far as the test needs it."""

    def __init__(self, sink: WebSink, **headers: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", sink.port), timeout=PATIENCE_S)
        self.since_s = time.time()
        key = base64.b64encode(os.urandom(16)).decode()
        words = {"Host": f"127.0.0.1:{sink.port}", "Upgrade": "websocket", "Connection": "Upgrade"}
        words |= {"Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13", **headers}
        self.socket.sendall(
            ("GET /socket HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in words.items()) + "\r\n").encode()
        )
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        while self.file.readline().strip():
            pass

    def receive(self) -> tuple[int, int, np.ndarray]:
        """(number, 1 where a matte lies below, the picture)."""
        kind, length = self.file.read(2)
        assert kind & 15 == 2, "no binary message"
        if length == 126:
            length = struct.unpack(">H", self.file.read(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", self.file.read(8))[0]
        data = self.file.read(length)
        number, sent_s, matte = struct.unpack("<IdI", data[:16])
        assert self.since_s <= sent_s <= time.time()
        return number, matte, cv2.imdecode(np.frombuffer(data[16:], np.uint8), cv2.IMREAD_COLOR)[..., ::-1]

    def answer(self, text: str) -> None:
        """A masked text message."""
        mask = b"\1\2\3\4"
        body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(text.encode()))
        self.socket.sendall(bytes([0x81, 0x80 | len(body)]) + mask + body)

    def silent(self) -> bool:
        """Whether nothing comes within a fifth of a second."""
        self.socket.settimeout(0.2)
        try:
            return not self.socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(PATIENCE_S)

    def close(self) -> None:
        self.file.close()
        self.socket.close()


def test_the_page_and_its_script_are_served_with_a_policy(sink: WebSink) -> None:
    status, policy, text = get(sink)
    assert status == 200
    assert "default-src 'self'" in policy
    assert b"show.js" in text
    assert b"WebSocket" in get(sink, "/show.js")[2]
    assert get(sink, "/../web.py")[0] == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},  # a name that was made to lead here
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/stream.mjpg", "/socket"])
def test_other_sites_are_refused(sink: WebSink, path: str, headers: dict[str, str]) -> None:
    assert get(sink, path, **headers)[0] == 403
    assert not sink.watched


def test_only_this_machine_is_served(sink: WebSink) -> None:
    assert sink.address == f"http://127.0.0.1:{sink.port}/"
    with socket.socket() as other, pytest.raises(OSError):
        other.bind(("127.0.0.1", sink.port))
    with socket.socket() as other:  # the port is free on every other address
        other.bind(("127.0.0.2", sink.port))


def test_nothing_is_encoded_while_nobody_looks(sink: WebSink) -> None:
    for _ in range(3):
        sink.write(picture(), 0.0)
    assert sink.frames == 0


def test_a_browser_gets_pictures_and_is_counted(sink: WebSink) -> None:
    browser = Browser(sink, Origin=f"http://127.0.0.1:{sink.port}")
    assert browser.status == 101
    wait_until(lambda: sink.watched)
    sink.write(picture(), 0.0)
    number, matte, rgb = browser.receive()
    assert (number, matte, rgb.shape) == (1, 0, (48, 64, 3))
    assert np.abs(rgb.astype(int) - (200, 30, 60)).max() < 8
    browser.close()
    wait_until(lambda: not sink.watched)


def test_a_browser_that_does_not_answer_gets_no_more_and_then_only_the_newest(sink: WebSink) -> None:
    browser = Browser(sink)
    wait_until(lambda: sink.watched)
    for number in (1, 2):
        sink.write(picture(), 0.0)
        assert browser.receive()[0] == number
    for _ in range(6):
        sink.write(picture(), 0.0)
    wait_until(lambda: sink._jpegs.number == 8)
    assert browser.silent()
    browser.answer("1")
    assert browser.receive()[0] == 8
    assert browser.silent()
    browser.close()


def test_two_browsers_do_not_wait_for_each_other(sink: WebSink) -> None:
    slow, quick = Browser(sink), Browser(sink)
    wait_until(lambda: sink._jpegs.watching == 2)
    for number in range(1, 7):
        sink.write(picture(), 0.0)
        assert quick.receive()[0] == number
        quick.answer(str(number))
    assert [slow.receive()[0] for _ in range(2)] == [1, 2]
    slow.close()
    quick.close()


@pytest.mark.parametrize("text", ["x", "-1", "9" * 100])
def test_a_browser_that_talks_nonsense_is_put_out_or_ignored(sink: WebSink, text: str) -> None:
    browser = Browser(sink)
    wait_until(lambda: sink.watched)
    browser.answer(text)
    sink.write(picture(), 0.0)
    browser.close()
    wait_until(lambda: not sink.watched)


def test_the_matte_goes_below_the_colour() -> None:
    with WebSink("0", size=SIZE, fps=30.0, alpha=True) as sink:
        browser = Browser(sink)
        wait_until(lambda: sink.watched)
        sink.write(picture((200, 30, 60, 77)), 0.0)
        _, matte, rgb = browser.receive()
        browser.close()
    assert matte == 1
    assert rgb.shape == (96, 64, 3)
    assert np.abs(rgb[:44].astype(int) - (200, 30, 60)).max() < 8
    assert np.abs(rgb[52:].astype(int) - 77).max() < 4


def test_mjpeg_for_the_rest(sink: WebSink) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", sink.port, timeout=PATIENCE_S)
    connection.request("GET", "/stream.mjpg")
    wait_until(lambda: sink.watched)
    sink.write(picture(), 0.0)
    response = connection.getresponse()
    assert "multipart/x-mixed-replace" in str(response.getheader("Content-Type"))
    head = [response.readline() for _ in range(4)]
    length = int(head[2].split(b":")[1])
    rgb = cv2.imdecode(np.frombuffer(response.read(length), np.uint8), cv2.IMREAD_COLOR)
    assert rgb.shape == (48, 64, 3)
    response.close()
    connection.close()
    wait_until(lambda: sink.write(picture(), 0.0) or not sink.watched)  # it is found out when one cannot be sent


def test_the_end_is_told_to_whoever_looks() -> None:
    sink = WebSink("0", size=SIZE, fps=30.0)
    browser = Browser(sink)
    wait_until(lambda: sink.watched)
    sink.close()
    sink.close()
    assert browser.file.read(1)[0] & 15 == 8  # a close message
    browser.close()
    with pytest.raises(SinkError, match="closed"):
        sink.write(picture(), 0.0)


def test_a_port_in_use_and_no_port_at_all(sink: WebSink) -> None:
    with pytest.raises(SinkError, match=rf"port {sink.port} cannot be used") as raised:
        WebSink(str(sink.port), size=SIZE, fps=30.0)
    assert f"web:{sink.port + 1}" in raised.value.hint
    for text in ("x", "70000", "-1"):
        with pytest.raises(SinkError, match="not a port"):
            WebSink(text, size=SIZE, fps=30.0)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    with pytest.raises(SinkError, match="aiohttp") as raised:
        open_sink("web:0", size=SIZE, fps=30.0)
    assert "phosphene[web]" in raised.value.hint


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("web", ("web", "", {})),
        ("web:9000", ("web", "9000", {})),
        ("web?alpha=1", ("web", "", {"alpha": "1"})),
        ("web:9000?alpha=1", ("web", "9000", {"alpha": "1"})),
    ],
)
def test_how_it_is_named(spec: str, found: Any) -> None:
    assert split_spec(spec) == found
    with pytest.raises(UsageError):
        split_spec(f"{spec.partition('?')[0]}?quality=3")
