"""A small HTTP server in a thread of its own, for whatever this program shows to browsers and other programs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from ..core.closing import Closing

EXTRA = "pip install 'phosphene[web]' (it brings aiohttp)"
MOST_CONNECTIONS = 128
_OPEN_S, _CLOSE_S = 10.0, 5.0


class HttpServer(Closing):
    """Serves an application of aiohttp at `host`, once `start` has been called; `name` is what its thread is called.

    `web` is aiohttp's module, `loop` the event loop of the thread, `port` the port that is listened at, 0 before.
    More than `most_connections` at once are refused. Raises ImportError where aiohttp is missing.
    """

    def __init__(self, name: str, host: str, *, most_connections: int = MOST_CONNECTIONS) -> None:
        import aiohttp.web

        self.web: Any = aiohttp.web
        self.loop = asyncio.new_event_loop()
        self.port = 0
        self._name, self._host, self._most_connections = name, host, most_connections
        self._problem: OSError | None = None
        self._up = threading.Event()
        self._ended: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    def start(self, port: int, build: Callable[[], Any]) -> None:
        """Listens at `port`, 0 for a free one. `build` makes the application, in the server's thread.

        Raises OSError where that port cannot be had.
        """
        self._thread = threading.Thread(target=self._run, args=(port, build), name=self._name, daemon=True)
        self._thread.start()
        self._up.wait(_OPEN_S)
        if not self.port:
            self.close()
            raise self._problem or TimeoutError(f"no server within {_OPEN_S:g} s")

    def run(self, work: Coroutine[Any, Any, Any]) -> None:
        """Has the server's thread do `work`; for any thread. Nothing where the server has ended."""
        try:
            asyncio.run_coroutine_threadsafe(work, self.loop)
        except RuntimeError:  # the loop is closed
            work.close()

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self.loop.is_closed()

    def close(self) -> None:
        """Ends the server and its connections: the application's `on_shutdown`, then its `on_cleanup`."""
        if self._thread is None:
            self.loop.close()
        elif not self.closed:
            if self._ended is not None:
                self.loop.call_soon_threadsafe(self._ended.set)
            self._thread.join(_CLOSE_S)

    # -- the server's thread -------------------------------------------------------------------------------------------

    def _run(self, port: int, build: Callable[[], Any]) -> None:
        try:
            self.loop.run_until_complete(self._serve(port, build))
        except OSError as error:
            self._problem = error
        finally:
            self.loop.close()
            self._up.set()

    async def _serve(self, port: int, build: Callable[[], Any]) -> None:
        self._ended = asyncio.Event()
        runner = self.web.AppRunner(build(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        listening: asyncio.Server | None = None
        try:
            server = runner.server
            listening = await self.loop.create_server(lambda: _Gate(server, self._most_connections), self._host, port)
            self.port = int(listening.sockets[0].getsockname()[1])
            self._up.set()
            await self._ended.wait()
        finally:
            if listening is not None:
                listening.close()
            await runner.cleanup()


class _Gate(asyncio.Protocol):
    """A connection that has just been made: it is handed to aiohttp's `server`, or it is one too many."""

    def __init__(self, server: Any, most: int) -> None:
        self._server, self._most = server, most

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        if len(self._server.connections) >= self._most:
            transport.abort()
            return
        handler = self._server()
        transport.set_protocol(handler)
        handler.connection_made(transport)
