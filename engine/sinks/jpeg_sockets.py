"""Images for browsers over WebSockets, as fast as each of them shows them: none waits in a queue."""

from __future__ import annotations

import asyncio
import struct
import time
from typing import Any

import cv2

from ..core.errors import SinkError
from ..core.frame import Pixels
from .broadcast import Broadcast

QUALITY = 85
IN_FLIGHT = 2  # images that a browser may have got and not shown yet: the next waits, and only the newest is sent
HEADER = struct.Struct("<IdI")  # number, seconds since 1970 when it was handed over, 1 where a matte lies below it


def encoded(bgr: Pixels, number: int, *, matte: bool = False) -> bytes:
    """The header and the JPEG of one image (H×W×3, BGR); `matte` says that one lies below the colour."""
    ok, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not ok:
        raise SinkError("the image could not be encoded")
    return HEADER.pack(number & 0xFFFFFFFF, time.time(), int(matte)) + jpeg.tobytes()


def shrunk(image: Pixels, most_width: int) -> Pixels:
    """An image (H×W×4, RGBA) as BGR, `most_width` pixels wide at most."""
    height, width = image.shape[:2]
    bgr: Pixels = cv2.cvtColor(image, cv2.COLOR_RGBA2BGR)
    if width > most_width:
        size = (most_width, max(1, round(height * most_width / width)))
        bgr = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)
    return bgr


class JpegSockets(Broadcast[bytes]):
    """Hands the newest image, encoded by `encoded`, to every browser. Belongs to the event loop in which it is used.

    `watching` counts who looks; any thread may read it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.watching = 0

    async def serve(self, socket: Any, text: Any) -> None:
        """Sends images as binary messages, each answered by its number when it is on the screen, until one side ends.

        `socket` is a WebSocket of aiohttp, `text` its type of text messages.
        """
        shown = asyncio.Event()
        state = {"sent": 0, "answered": 0}
        sender = asyncio.ensure_future(self._send(socket, shown, state))
        self.watching += 1
        try:
            async for message in socket:
                if message.type is not text or not message.data.isdecimal():
                    break
                state["answered"] += 1
                shown.set()
        finally:
            self.watching -= 1
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    async def _send(self, socket: Any, shown: asyncio.Event, state: dict[str, int]) -> None:
        number = self.number
        while True:
            while state["sent"] - state["answered"] >= IN_FLIGHT:
                shown.clear()
                await shown.wait()
            number, data = await self.next(number)
            if data is None:
                await socket.close()
                return
            try:
                await socket.send_bytes(data)
            except ConnectionError:
                return  # the reader has gone
            state["sent"] += 1
