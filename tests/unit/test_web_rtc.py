"""The browser's preview by WebRTC: only over this machine's own address, and what comes out is what went in."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import sys
import threading
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("aiortc")

import aiohttp
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from helpers_waiting import PATIENCE_S, wait_until
from helpers_web import get
from phosphene.engine.sinks.web import WebSink
from phosphene.engine.sinks.web_rtc import QUEUED, Peers, _Track

SIZE = (64, 48)
COLORS = ((200, 30, 60), (20, 180, 40), (30, 60, 220), (128, 128, 128))


def picture(color: tuple[int, int, int] = COLORS[0], alpha: int = 255, size: tuple[int, int] = SIZE) -> np.ndarray:
    return np.full((size[1], size[0], 4), (*color, alpha), np.uint8)


class Viewer:
    """A browser as far as WebRTC goes: watches until `count` pictures came."""

    def __init__(self, sink: WebSink, count: int) -> None:
        self.sink, self.count = sink, count
        self.pictures: list[np.ndarray] = []
        self.answer, self.told_the_end = "", False
        self.thread = threading.Thread(target=lambda: asyncio.run(self._watch()))
        self.thread.start()

    async def _watch(self) -> None:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        peer.addTransceiver("video", direction="recvonly")
        tracks: asyncio.Queue[Any] = asyncio.Queue()
        peer.on("track", tracks.put_nowait)
        await peer.setLocalDescription(await peer.createOffer())
        address = f"{self.sink.address}webrtc"
        async with aiohttp.ClientSession() as session, session.ws_connect(address) as socket:
            await socket.send_str(peer.localDescription.sdp)
            self.answer = (await socket.receive(PATIENCE_S)).data
            await peer.setRemoteDescription(RTCSessionDescription(self.answer, "answer"))
            track = await tracks.get()
            try:
                while len(self.pictures) < self.count:
                    self.pictures.append((await track.recv()).to_ndarray(format="rgb24"))
            except MediaStreamError:
                self.told_the_end = (await socket.receive(PATIENCE_S)).type is aiohttp.WSMsgType.CLOSE
            await peer.close()


def watch(sink: WebSink, image: np.ndarray, count: int = 4) -> Viewer:
    """A viewer that has seen `image` often enough."""
    viewer = Viewer(sink, count)
    wait_until(lambda: sink.write(image, 0.0) or not viewer.thread.is_alive())
    viewer.thread.join()
    wait_until(lambda: not sink.watched)
    return viewer


def test_a_viewer_gets_the_pictures_and_is_counted() -> None:
    with WebSink("0", size=SIZE, fps=30.0) as sink:
        assert not sink.watched
        viewer = watch(sink, picture())
    assert viewer.pictures[-1].shape == (48, 64, 3)
    assert np.abs(viewer.pictures[-1].astype(int) - COLORS[0]).max() < 8
    hosts = re.findall(r"a=candidate:\S+ \d udp \d+ (\S+) ", viewer.answer)
    assert hosts
    assert set(hosts) == {"127.0.0.1"}


def test_the_matte_goes_below_the_colour_and_odd_sides_grow() -> None:
    with WebSink("0", size=(63, 47), fps=30.0, alpha=True) as sink:
        viewer = watch(sink, picture(alpha=77, size=(63, 47)))
    rgb = viewer.pictures[-1].astype(int)
    assert rgb.shape == (96, 64, 3)
    assert np.abs(rgb[:44] - COLORS[0]).max() < 8
    matte = rgb[52:, :, 1]  # the channel that the page reads; colour bleeds into the others across the seam
    assert np.abs(matte - 77).max() < 6


@pytest.mark.parametrize("color", COLORS)
def test_colours_come_back(color: tuple[int, int, int]) -> None:
    import av

    decoder = av.CodecContext.create("libvpx", "r")
    peers = Peers(30.0, stacked=False)
    for _ in range(3):
        packet = peers.encode(picture(color))
        assert packet is not None
        frame = decoder.decode(packet)[0]
    rgb = cv2.cvtColor(frame.to_ndarray(format="yuv420p"), cv2.COLOR_YUV2RGB_I420)
    assert np.abs(rgb.astype(int) - color).max() < 6


def test_a_sender_that_is_behind_starts_anew_with_a_whole_picture() -> None:
    async def run() -> tuple[list[bool], int]:
        lost: list[int] = []
        peers, track = Peers(30.0, stacked=False), _Track(lambda: lost.append(1))
        for _ in range(QUEUED + 2):
            track.put(peers.encode(picture()))
        peers._wanted.set()
        track.put(peers.encode(picture()))
        track.put(peers.encode(picture()))
        return [(await track.recv()).is_keyframe for _ in range(2)], len(lost)

    whole, lost = asyncio.run(run())
    assert whole == [True, False]
    assert lost == 1


@pytest.mark.parametrize(
    "offer", ["", "hello", "v=0\r\n", "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video x"]
)
def test_nonsense_is_no_offer(offer: str) -> None:
    async def run() -> None:
        peers = Peers(30.0, stacked=False)
        with pytest.raises(ValueError, match="not a valid WebRTC offer"):
            await peers.answer(offer)
        assert not peers

    asyncio.run(run())


@pytest.mark.parametrize("message", ["nonsense", b"\0\1", ""])
def test_who_offers_nonsense_is_shown_the_door(message: str | bytes) -> None:
    async def run(address: str) -> Any:
        async with aiohttp.ClientSession() as session, session.ws_connect(address) as socket:
            await (socket.send_str(message) if isinstance(message, str) else socket.send_bytes(message))
            return (await socket.receive(PATIENCE_S)).type

    with WebSink("0", size=SIZE, fps=30.0) as sink:
        assert asyncio.run(run(f"{sink.address}webrtc")) is aiohttp.WSMsgType.CLOSE
        wait_until(lambda: not sink.watched)


def test_the_end_is_told_to_whoever_looks() -> None:
    sink = WebSink("0", size=SIZE, fps=30.0)
    viewer = Viewer(sink, 10**6)
    wait_until(lambda: sink.write(picture(), 0.0) or len(viewer.pictures) > 2)
    sink.close()
    viewer.thread.join(PATIENCE_S)
    assert viewer.told_the_end


def test_other_sites_are_refused() -> None:
    with WebSink("0", size=SIZE, fps=30.0) as sink:
        assert get(sink, "/webrtc", Origin="https://evil.example")[0] == 403
        assert get(sink, "/show.json", Origin="https://evil.example")[0] == 403


def test_without_the_extra_there_is_jpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "phosphene.engine.sinks.web_rtc", None)
    with WebSink("0", size=SIZE, fps=30.0) as sink:
        connection = http.client.HTTPConnection("127.0.0.1", sink.port, timeout=PATIENCE_S)
        connection.request("GET", "/show.json")
        told = json.loads(connection.getresponse().read())
        assert (told["webrtc"], told["matte"]) == (False, False)
        connection.close()
        assert get(sink, "/webrtc")[0] == 404
