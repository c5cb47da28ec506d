"""The browser's preview by WebRTC: VP8 over UDP on the loopback address, encoded once for everyone who watches."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from fractions import Fraction
from typing import Any

import aioice.ice
import av
import cv2
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from ..core.frame import Pixels

HOST = "127.0.0.1"
CLOCK = 90_000  # ticks a second of video in RTP (RFC 6184 and its kin)
BITS_A_PIXEL = 0.2  # at most, for each image: 5.5 Mbit/s for 1280×720 at 30
LEAST_BITS = 500_000  # a second: what is small may be good
QUEUED = 4  # encoded images that a sender may be behind; then it starts anew with a whole image
_REALTIME = {
    "deadline": "realtime",
    "cpu-used": "-8",  # a positive one is what the encoder chooses by how busy the machine is
    "lag-in-frames": "0",
    "error-resilient": "1",
    "static-thresh": "1",
    "qmin": "4",
    "qmax": "48",
}

# Its records are of single packets, and of the network's weather.
logging.getLogger("aioice").setLevel(logging.ERROR)
logging.getLogger("aiortc").setLevel(logging.ERROR)


def _loopback_alone(use_ipv4: bool, use_ipv6: bool) -> list[str]:  # noqa: ARG001 (the library's signature)
    """Where sockets are opened: the library would take every address of the machine but this one."""
    return [HOST]


aioice.ice.get_host_addresses = _loopback_alone


class _Track(MediaStreamTrack):
    """What one browser gets: the packets that `put` is given, until `stop`."""

    kind = "video"

    def __init__(self, on_lost: Any) -> None:
        super().__init__()
        self._packets: asyncio.Queue[av.Packet[Any] | None] = asyncio.Queue()
        self._on_lost = on_lost
        self._whole = True  # nothing before the next whole image can be decoded

    def put(self, packet: av.Packet[Any]) -> None:
        """The next encoded image; all that wait are dropped where there are too many."""
        if self._packets.qsize() >= QUEUED:
            self._packets = asyncio.Queue()
            self._whole = True
            self._on_lost()
        if self._whole and not packet.is_keyframe:
            return
        self._whole = False
        self._packets.put_nowait(packet)

    async def recv(self) -> Any:
        """The next packet. Raises MediaStreamError at the end."""
        packet = await self._packets.get()
        if packet is None or self.readyState != "live":
            raise MediaStreamError
        return packet

    def stop(self) -> None:
        """Ends it."""
        super().stop()
        self._packets.put_nowait(None)


class Peers:
    """The browsers that watch. `encode` belongs to the sink's thread, all else to the server's."""

    def __init__(self, fps: float, *, stacked: bool) -> None:
        self.fps, self.stacked = fps, stacked
        self.bytes = 0
        self._tracks: dict[RTCPeerConnection, _Track] = {}
        self._wanted = threading.Event()
        self._encoder: Any = None
        self._last_tick = -1

    def __len__(self) -> int:
        """How many watch."""
        return len(self._tracks)

    async def answer(self, offer: str) -> tuple[RTCPeerConnection, str]:
        """A new browser: its connection, and what it is answered (both SDP, RFC 8866). Raises ValueError for nonsense.

        The browser's own addresses are left out: they are names that would have to be asked for in the network, and it
        finds us by ours.
        """
        lines = [line for line in offer.splitlines() if not line.startswith(("a=candidate", "a=end-of-candidates"))]
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        track = _Track(self._wanted.set)
        try:
            await peer.setRemoteDescription(RTCSessionDescription("\r\n".join(lines) + "\r\n", "offer"))
            videos = [transceiver for transceiver in peer.getTransceivers() if transceiver.kind == "video"]
            if len(videos) != 1:
                raise ValueError("expected one video track")
            sender = peer.addTrack(track)
            # Packets are encoded here and not by the library, which therefore cannot make a whole image when asked.
            sender._send_keyframe = self._wanted.set  # type: ignore[method-assign]
            videos[0].setCodecPreferences([c for c in type(sender).getCapabilities("video").codecs if _vp8(c)])
            await peer.setLocalDescription(await peer.createAnswer())
        except Exception as error:  # anything may be in such a text, and the library does not say what it raises
            await peer.close()
            raise ValueError(f"not a valid WebRTC offer: {error}") from error
        self._wanted.set()
        self._tracks[peer] = track
        return peer, peer.localDescription.sdp

    async def leave(self, peer: RTCPeerConnection) -> None:
        """A browser has gone."""
        if track := self._tracks.pop(peer, None):
            track.stop()
        await peer.close()

    async def close(self) -> None:
        """All must go."""
        for peer in list(self._tracks):
            await self.leave(peer)

    def encode(self, image: Pixels) -> av.Packet[Any] | None:
        """One image (H×W×4, straight) as VP8, BT.601 in studio range; with `stacked` its matte below it."""
        rgb = _even(cv2.cvtColor(image, cv2.COLOR_RGBA2RGB))
        if self.stacked:
            rgb = np.vstack([rgb, cv2.cvtColor(_even(image[..., 3]), cv2.COLOR_GRAY2RGB)])
        frame = av.VideoFrame.from_ndarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420), "yuv420p")
        tick = max(round(time.perf_counter() * CLOCK), self._last_tick + 1)
        frame.pts, frame.time_base, self._last_tick = tick, Fraction(1, CLOCK), tick
        if self._wanted.is_set():
            self._wanted.clear()
            frame.pict_type = av.video.frame.PictureType.I
        if self._encoder is None:
            self._encoder = self._new_encoder(frame.width, frame.height)
        packets = self._encoder.encode(frame)
        return packets[0] if packets else None

    def deliver(self, packet: av.Packet[Any]) -> None:
        """Hands an image to every browser."""
        self.bytes += packet.size
        for track in list(self._tracks.values()):
            track.put(packet)

    def _new_encoder(self, width: int, height: int) -> Any:
        encoder = av.VideoCodecContext.create("libvpx", "w")
        assert isinstance(encoder, av.VideoCodecContext)
        encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
        encoder.time_base = Fraction(1, CLOCK)
        encoder.framerate = Fraction(self.fps).limit_denominator(1001)
        encoder.bit_rate = max(LEAST_BITS, round(BITS_A_PIXEL * width * height * self.fps))
        encoder.gop_size = 3000  # whole images when one is asked for
        encoder.thread_count = 1  # with more, libvpx spins while it waits: 64 times slower on a busy machine
        encoder.options = _REALTIME
        return encoder


def _vp8(codec: Any) -> bool:
    return str(codec.mimeType).lower() in ("video/vp8", "video/rtx")


def _even(image: Pixels) -> Pixels:
    """With even sides: the last row or column once more where they are odd."""
    height, width = image.shape[:2]
    if width % 2 or height % 2:
        image = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    return image
