"""The page: a server on this machine for the browsers and programs that control a running show and watch it.

One thread, `panel`, has the server and its event loop; another, `panel news`, looks at the desk for those who are
connected. Nothing is reachable beyond this machine, and nothing without the token of the printed address.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import ControlError
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
EXTRA = "pip install 'phosphene[web]' (it brings aiohttp)"
BODY = 65536  # bytes of a request, and of a message
BROWSER = "browser"
CONNECTIONS = 128  # at once, whatever they want
_OPEN_S, _CLOSE_S = 10.0, 5.0


class PanelControl:
    """Serves the page at http://127.0.0.1:PORT/; `port` as text, 0 for a free one, empty for 8770.

    With `:browser` after the port it is opened in the user's browser as well.

    Prints the address with its token. Raises ControlError where aiohttp is missing or the port is taken.
    """

    def __init__(self, port: str, desk: Desk) -> None:
        try:
            import aiohttp.web
        except ImportError as error:
            raise ControlError("the page needs aiohttp", hint=EXTRA) from error
        port, _, how = (spec := port).partition(":")
        if how not in ("", BROWSER) or (port and not (port.isdecimal() and int(port) < 65536)):
            hint = f"write --panel {DEFAULT_PORT}, or --panel {DEFAULT_PORT}:{BROWSER} to open it in a browser as well"
            raise ControlError(f"--panel {spec}: not a port", hint=hint)
        self._web: Any = aiohttp.web
        self._wanted = int(port) if port else DEFAULT_PORT
        self.port = 0
        self.guard = Guard()
        self._problem: OSError | None = None
        self._up = threading.Event()
        self._ended: asyncio.Event | None = None
        self._loop = asyncio.new_event_loop()
        self._images = JpegSockets()
        self._sink = PanelSink(self._images, self._loop)
        self._lines = LastLines()
        self._news = News(desk, self._loop)
        self._answers = Answers(
            self._web, self.guard, Requests(desk, self._news), self._images, self._lines, most_bytes=BODY
        )
        self._thread = threading.Thread(target=self._run, name="panel", daemon=True)
        self._thread.start()
        self._up.wait(_OPEN_S)
        if not self.port:
            self.close()
            raise ControlError(
                f"port {self._wanted} cannot be used ({self._problem and self._problem.strerror})",
                hint=f"another Phosphene may be running; use another port: --panel {self._wanted + 1}",
            )
        print(f"studio: {self.address}", flush=True)
        print("Only browsers and programs of this machine that have this address can open it.", file=sys.stderr)
        if how and not self._opened():
            print("No browser could be opened: open the address yourself.", file=sys.stderr)

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
        if self._loop.is_closed():
            return
        if self._ended is not None:
            self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(_CLOSE_S)

    # -- the server's thread -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except OSError as error:
            self._problem = error
        finally:
            self._loop.close()
            self._up.set()

    async def _serve(self) -> None:
        web = self._web
        self._ended = asyncio.Event()

        async def guard(request: Any, handler: Any) -> Any:
            return await self._guarded(request, handler)

        application = web.Application(middlewares=[web.middleware(guard)], client_max_size=BODY)
        application.on_response_prepare.append(_protected)
        self._answers.route(application.router, Path(__file__).with_name("page"))
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            server = await self._loop.create_server(lambda: _connection(runner.server), HOST, self._wanted)
            self.port = int(server.sockets[0].getsockname()[1])
            self.guard.names = frozenset({f"{HOST}:{self.port}", f"localhost:{self.port}"})
            self._up.set()
            await self._ended.wait()
            server.close()
            await self._images.end()
            await self._news.end()
        finally:
            await runner.cleanup()

    async def _guarded(self, request: Any, handler: Any) -> Any:
        if (found := self.guard.refusal(request)) is not None:
            return self._answers.refused(*found)
        return await self._answers.safely(request, handler)


async def _protected(_: Any, response: Any) -> None:
    """Every answer forbids the browser whatever the page does not need."""
    response.headers.update(HEADERS)


class _Full(asyncio.Protocol):
    """Lets a connection go that is one too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ends it at once."""
        transport.close()


def _connection(server: Any) -> asyncio.Protocol:
    """What speaks with the next connection."""
    if len(server.connections) >= CONNECTIONS:
        return _Full()
    speaks: asyncio.Protocol = server()
    return speaks
