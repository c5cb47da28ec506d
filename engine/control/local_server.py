"""A small HTTP server in a thread of its own, for programs of this machine, or of others on request."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlsplit

from ..core.closing import Closing
from ..core.errors import ControlError

EXTRA = "pip install 'phosphene[web]' (it brings aiohttp)"
MOST_CONNECTIONS = 64
_OPEN_S, _CLOSE_S = 10.0, 5.0


class _Gate(asyncio.Protocol):
    """A connection that has just been made: it is handed to aiohttp's `server`, or it is one too many."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        if len(self._server.connections) >= MOST_CONNECTIONS:
            transport.abort()
            return
        handler = self._server()
        transport.set_protocol(handler)
        handler.connection_made(transport)


def trusted(host: str, origin: str | None, fetch_site: str) -> bool:
    """Whether a request may be answered: `host` is the header Host, `origin` the header Origin.

    A page from elsewhere must not read through a browser of this machine. Such a page gives itself away by its Origin;
    where it has had a name of its own pointed here (DNS rebinding), by that name in Host.
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    own = socket.gethostname().lower()
    if name not in ("localhost", own, f"{own}.local"):
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
    if fetch_site not in ("none", "same-origin"):
        return False
    return origin is None or (origin.startswith("http") and urlsplit(origin).netloc == host)


class LocalServer(Closing):
    """Serves what `add_routes` puts into an application of aiohttp, at `host` and `port`; port 0 is a free one.

    More than MOST_CONNECTIONS at once are refused.

    `where` is what messages call it. Raises ControlError where aiohttp is missing or the port is taken.
    """

    def __init__(self, name: str, host: str, port: int, where: str, add_routes: Callable[[Any], None]) -> None:
        try:
            import aiohttp.web
        except ImportError as error:
            raise ControlError(f"{where} needs aiohttp", hint=EXTRA) from error
        self._web: Any = aiohttp.web
        self._host, self._wanted, self._add_routes = host, port, add_routes
        self.port = 0
        self._ended: asyncio.Event | None = None
        self._problem: OSError | None = None
        self._up = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        self._up.wait(_OPEN_S)
        if self.port == 0:
            self.close()
            reason = "it does not begin" if self._problem is None else self._problem.strerror
            raise ControlError(
                f"{where}: TCP port {port} of {host} cannot be used ({reason})",
                hint="another program may have it: choose another port",
            )

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Has the server's thread do `work`; for any thread. Nothing where the server has ended."""
        try:
            asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:  # the loop is closed
            work.close()

    def close(self) -> None:
        """Ends the server and its connections."""
        if self._loop.is_closed():
            return
        if self._ended is not None:
            self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(_CLOSE_S)

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
            headers = request.headers
            if not trusted(request.host, headers.get("Origin"), headers.get("Sec-Fetch-Site", "none")):
                return web.Response(status=403, text="only for programs and pages of this address")
            return await handler(request)

        application = web.Application(middlewares=[web.middleware(guard)])
        self._add_routes(application)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        listening: asyncio.Server | None = None
        try:
            listening = await self._loop.create_server(lambda: _Gate(runner.server), self._host, self._wanted)
            self.port = int(listening.sockets[0].getsockname()[1])
            self._up.set()
            await self._ended.wait()
        finally:
            if listening is not None:
                listening.close()
            await runner.cleanup()
