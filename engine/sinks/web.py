"""The show in a browser on this machine: WebRTC, JPEG images over a WebSocket, and an endless MJPEG stream."""

from __future__ import annotations

import asyncio
import logging
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import cv2
import numpy as np

from ..core.closing import Closing
from ..core.errors import SinkError
from ..core.frame import Pixels
from . import DEFAULT_WEB_PORT, check_image
from .http_server import EXTRA, HttpServer
from .jpeg_sockets import HEADER, JpegSockets, encoded

if TYPE_CHECKING:
    from .web_rtc import Peers

log = logging.getLogger("phosphene")

HOST = "127.0.0.1"
OFFER_BYTES = 65536  # of a browser's offer; one has 5000
PAGE = Path(__file__).with_name("web_page")
_PART = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n"
# The page may show another one under the person, and load nothing else from anywhere.
_POLICY = "default-src 'self'; img-src 'self' blob:; connect-src 'self'; frame-src http: https:; base-uri 'none'"
_FILES = {
    "/": ("index.html", "text/html"),
    "/show.js": ("show.js", "text/javascript"),
    "/style.css": ("style.css", "text/css"),
}
OFFER_S = 10.0  # for which a browser's offer is waited for


class WebSink(Closing):
    """Serves the images at http://127.0.0.1:PORT/ to browsers of this machine; `port` as text, 0 for a free one.

    With `alpha` each image has its matte below it, and the page shows the person without the room. Only pages of this
    server may look: requests that come from other sites, or under another name, are refused. While nobody watches
    nothing is encoded. A browser that is too slow gets fewer images, never old ones. Raises SinkError where the extra
    is missing or the port is taken.
    """

    def __init__(self, port: str = "", *, size: tuple[int, int], fps: float, alpha: bool = False) -> None:
        self.size, self.fps, self.alpha = size, fps, alpha
        self.frames = 0
        if port and not (port.isdecimal() and int(port) < 65536):
            raise SinkError(f"'{port}' is not a port", where=f"web:{port}", hint=f"write web:{DEFAULT_WEB_PORT}")
        wanted = int(port) if port else DEFAULT_WEB_PORT
        try:
            self._server = HttpServer("web", HOST)
        except ImportError as error:
            raise SinkError("the browser's preview needs aiohttp", hint=EXTRA) from error
        self._web = self._server.web
        self._show = secrets.token_hex(8)  # tells a page that the show it knew has begun anew
        self._peers = self._open_peers()
        self._jpegs = JpegSockets()
        self._ended: asyncio.Event | None = None
        try:
            self._server.start(wanted, self._application)
        except OSError as error:
            raise SinkError(
                f"port {wanted} cannot be used ({error.strerror or error})",
                hint=f"another Phosphene may be running; use another port: web:{wanted + 1}",
            ) from error

    def _open_peers(self) -> Peers | None:
        """WebRTC, where its extra is there."""
        try:
            from .web_rtc import Peers
        except ImportError as error:
            log.debug("no WebRTC: %s", error)
            return None
        return Peers(self.fps, stacked=self.alpha)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.port

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://{HOST}:{self.port}/"

    @property
    def watched(self) -> bool:
        """Whether a browser looks at the moment."""
        return self._jpegs.watching > 0 or bool(self._peers)

    def write(self, image: Pixels, time_s: float) -> None:
        """Encodes one image for whoever watches; with `alpha` it is straight, and the matte goes below the colour."""
        if self._server.closed:
            raise SinkError("is closed", where=self.address)
        check_image(image.shape, self.size)
        if not self.watched:
            return
        self.frames += 1
        if self._peers and (packet := self._peers.encode(image)):
            self._server.loop.call_soon_threadsafe(self._peers.deliver, packet)
        if self._jpegs.watching:
            self._write_jpeg(image)

    def _write_jpeg(self, image: Pixels) -> None:
        bgr = cv2.cvtColor(image, cv2.COLOR_RGBA2BGR)
        if self.alpha:
            bgr = np.vstack([bgr, cv2.cvtColor(image[..., 3], cv2.COLOR_GRAY2BGR)])
        self._server.run(self._jpegs.publish(encoded(bgr, self.frames, matte=self.alpha)))

    def close(self) -> None:
        """Ends the server; harmless when called twice."""
        self._server.close()

    # -- the server's thread -------------------------------------------------------------------------------------------

    def _application(self) -> Any:
        web = self._web
        self._ended = asyncio.Event()

        async def guard(request: Any, handler: Any) -> Any:
            return await self._guarded(request, handler)

        application = web.Application(middlewares=[web.middleware(guard)])
        application.router.add_get("/stream.mjpg", self._mjpeg)
        application.router.add_get("/socket", self._socket)
        application.router.add_get("/webrtc", self._webrtc)
        application.router.add_get("/show.json", self._state)
        for path in _FILES:
            application.router.add_get(path, self._file)
        application.on_shutdown.append(self._end)
        application.on_cleanup.append(self._close_peers)
        return application

    async def _end(self, _: Any) -> None:
        """Wakes everybody who waits for images."""
        assert self._ended is not None
        self._ended.set()
        await self._jpegs.end()

    async def _close_peers(self, _: Any) -> None:
        if self._peers is not None:
            await self._peers.close()

    async def _guarded(self, request: Any, handler: Any) -> Any:
        """Refuses what other sites ask for: a page anywhere on the web could else look through this camera."""
        names = {f"{HOST}:{self.port}", f"localhost:{self.port}"}
        origin = request.headers.get("Origin")
        strange = request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")
        if request.host not in names or strange or (origin and urlsplit(origin).netloc not in names):
            return self._web.Response(status=403, text="only for pages of this address")
        return await handler(request)

    async def _file(self, request: Any) -> Any:
        name, kind = _FILES[request.path]
        headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
        text = (PAGE / name).read_text(encoding="utf-8")
        return self._web.Response(text=text, content_type=kind, headers=headers)

    async def _state(self, request: Any) -> Any:
        """What the page has to know before it asks for images."""
        return self._web.json_response({"webrtc": self._peers is not None, "matte": self.alpha, "show": self._show})

    async def _webrtc(self, request: Any) -> Any:
        """A browser's offer, our answer; while this socket is open the images come by WebRTC."""
        if self._peers is None:
            return self._web.Response(status=404, text="aiortc is not installed")
        assert self._ended is not None
        socket = self._web.WebSocketResponse(heartbeat=20.0, max_msg_size=OFFER_BYTES, compress=False)
        await socket.prepare(request)
        peer = None
        try:
            offer = await socket.receive(OFFER_S)
            peer, answer = await self._peers.answer(str(offer.data))
            await socket.send_str(answer)
            gone, over = asyncio.ensure_future(socket.receive()), asyncio.ensure_future(self._ended.wait())
            await asyncio.wait((gone, over), return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            over.cancel()
        except (ValueError, ConnectionError, TimeoutError) as error:
            log.debug("a browser's offer: %s", error)
        finally:
            if peer is not None:
                await self._peers.leave(peer)
            await socket.close()
        return socket

    async def _mjpeg(self, request: Any) -> Any:
        """An endless MJPEG stream, for browsers and programs without WebSocket; the matte stays below the colour."""
        response = self._web.StreamResponse(
            headers={"Content-Type": "multipart/x-mixed-replace; boundary=frame", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        number, self._jpegs.watching = self._jpegs.number, self._jpegs.watching + 1
        try:
            while True:
                number, data = await self._jpegs.next(number)
                if data is None:
                    return response
                jpeg = data[HEADER.size :]
                await response.write(_PART % (len(jpeg), jpeg))
        except (ConnectionError, asyncio.CancelledError):
            return response  # the reader has gone
        finally:
            self._jpegs.watching -= 1

    async def _socket(self, request: Any) -> Any:
        """Images as binary messages, each answered by its number when it is on the screen."""
        socket = self._web.WebSocketResponse(heartbeat=20.0, max_msg_size=1024, compress=False)
        await socket.prepare(request)
        await self._jpegs.serve(socket, self._web.WSMsgType.TEXT)
        return socket
