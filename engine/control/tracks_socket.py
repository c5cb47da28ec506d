"""Tracks as JSON over a WebSocket: one text a frame for whoever is connected."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..core.closing import Closing
from .local_server import LocalServer

MOST_READERS = 16
DIGITS = 5  # behind the point: a hundredth of a pixel


class TracksBySocket(Closing):
    """Serves tracks at `ws://HOST:PORT/`. A reader that is too slow misses frames, and gets no old ones.

    While nobody is connected nothing is written. Raises ControlError.
    """

    def __init__(self, host: str, port: int) -> None:
        self._readers: set[asyncio.Queue[str | None]] = set()
        self._server = LocalServer("tracks server", host, port, f"--tracks ws:{port}", self._add_routes)
        self.port = self._server.port

    def send(self, tracks: Mapping[str, Any]) -> None:
        """Sends those of one frame."""
        if self._readers:
            self._server.run(self._publish(json.dumps(tracks, default=_plain, separators=(",", ":"))))

    def close(self) -> None:
        """Ends the server; its readers hear of it."""
        self._server.run(self._publish(None))
        self._server.close()

    # The server's thread

    def _add_routes(self, application: Any) -> None:
        application.router.add_get("/", self._serve)

    async def _publish(self, text: str | None) -> None:
        for queue in self._readers:
            while queue.full():
                queue.get_nowait()
            queue.put_nowait(text)

    async def _serve(self, request: Any) -> Any:
        from aiohttp import web

        if len(self._readers) >= MOST_READERS:
            return web.Response(status=503, text=f"{MOST_READERS} programs read the tracks already")
        ws = web.WebSocketResponse(heartbeat=20.0, max_msg_size=1024, compress=False)
        if not ws.can_prepare(request):
            return web.Response(status=426, text="the tracks come by a WebSocket at this address")
        await ws.prepare(request)
        queue: asyncio.Queue[str | None] = asyncio.Queue(1)
        self._readers.add(queue)
        sender = asyncio.ensure_future(self._send(ws, queue))
        try:
            async for _ in ws:  # what a reader says is not heeded; its going ends this
                pass
        finally:
            self._readers.discard(queue)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        return ws

    async def _send(self, ws: Any, queue: asyncio.Queue[str | None]) -> None:
        try:
            while (text := await queue.get()) is not None:
                await ws.send_str(text)
        except ConnectionError:
            return  # the reader has gone
        await ws.close()


def _plain(value: Any) -> Any:
    """An array as lists of numbers."""
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{type(value).__name__} is not written as JSON")
    return np.round(value.astype(np.float64), DIGITS).tolist()
