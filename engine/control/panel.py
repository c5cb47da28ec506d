"""The page: a server on this machine for the browsers and programs that control a running show and watch it.

One thread, `panel`, has the server and its event loop; another, `panel news`, looks at the desk for those who are
connected. Nothing is reachable beyond this machine, and nothing without the token of the printed address.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import ControlError
from ..sinks.http_server import EXTRA, HttpServer
from ..sinks.jpeg_sockets import JpegSockets
from .panel_guard import HEADERS, Guard
from .panel_http import Answers
from .panel_images import PanelSink
from .panel_log import LastLines
from .panel_news import News
from .panel_requests import Requests

if TYPE_CHECKING:
    from ..sinks.base import Sink
    from .desk import Desk

HOST = "127.0.0.1"
DEFAULT_PORT = 8770
BODY = 65536  # bytes of a request, and of a message
BROWSER = "browser"


class PanelControl:
    """Serves the page at http://127.0.0.1:PORT/; `port` as text, 0 for a free one, empty for 8770.

    With `:browser` after the port it is opened in the user's browser as well.

    Prints the address with its token. Raises ControlError where aiohttp is missing or the port is taken.
    """

    def __init__(self, port: str, desk: Desk) -> None:
        port, _, how = (spec := port).partition(":")
        if how not in ("", BROWSER) or (port and not (port.isdecimal() and int(port) < 65536)):
            hint = f"write --panel {DEFAULT_PORT}, or --panel {DEFAULT_PORT}:{BROWSER} to open it in a browser as well"
            raise ControlError(f"--panel {spec}: not a port", hint=hint)
        try:
            self._server = HttpServer("panel", HOST)
        except ImportError as error:
            raise ControlError("the page needs aiohttp", hint=EXTRA) from error
        self.guard = Guard()
        self._images = JpegSockets()
        self._sink = PanelSink(self._images, self._server)
        self._lines = LastLines()
        self._news = News(desk, self._server.loop)
        requests = Requests(desk, self._news)
        self._answers = Answers(self._server.web, self.guard, requests, self._images, self._lines, most_bytes=BODY)
        wanted = int(port) if port else DEFAULT_PORT
        try:
            self._server.start(wanted, self._application)
        except OSError as error:
            self.close()
            raise ControlError(
                f"port {wanted} cannot be used ({error.strerror or error})",
                hint=f"another Phosphene may be running; use another port: --panel {wanted + 1}",
            ) from error
        self.guard.names = frozenset({f"{HOST}:{self.port}", f"localhost:{self.port}"})
        print(f"studio: {self.address}", flush=True)
        print("Only browsers and programs of this machine that have this address can open it.", file=sys.stderr)
        if how and not self._opened():
            print("No browser could be opened: open the address yourself.", file=sys.stderr)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.port

    @property
    def address(self) -> str:
        """Where a browser finds it, with the token, which browsers send to nobody."""
        return f"http://{HOST}:{self.port}/#t={self.guard.token}"

    def _opened(self) -> bool:
        """Opens the page in the browser of the user; returns whether there is one. Those of a terminal are left out."""
        import webbrowser

        from ..sinks.window import display_present

        return display_present() and webbrowser.open(f"http://{HOST}:{self.port}/open/{self.guard.ticket}")

    @property
    def sink(self) -> Sink:
        """What takes the images."""
        return self._sink

    def close(self) -> None:
        """Ends the server; harmless when called twice."""
        self._lines.close()
        self._news.close()
        self._server.close()

    # -- the server's thread -------------------------------------------------------------------------------------------

    def _application(self) -> Any:
        web = self._server.web

        async def guard(request: Any, handler: Any) -> Any:
            return await self._guarded(request, handler)

        application = web.Application(middlewares=[web.middleware(guard)], client_max_size=BODY)
        application.on_response_prepare.append(_protected)
        application.on_shutdown.append(self._end)
        self._answers.route(application.router, Path(__file__).with_name("page"))
        return application

    async def _end(self, _: Any) -> None:
        """Wakes everybody who waits for images or news."""
        await self._images.end()
        await self._news.end()

    async def _guarded(self, request: Any, handler: Any) -> Any:
        if (found := self.guard.refusal(request)) is not None:
            return self._answers.refused(*found)
        return await self._answers.safely(request, handler)


async def _protected(_: Any, response: Any) -> None:
    """Every answer forbids the browser whatever the page does not need."""
    response.headers.update(HEADERS)
