"""OSCQuery: programs find every parameter with its type, range and doc by themselves, and listen to those they show."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..core.closing import Closing
from .desk import Desk
from .local_server import LocalServer
from .oscquery_tree import ATTRIBUTES, find, tree

MOST_READERS = 16
MOST_PATHS = 4096  # that one reader may listen to
LARGEST_BYTES = 65536  # of what a reader says
FIRST_S = 5.0  # until the first frame is drawn
_EXTENSIONS = {
    "ACCESS": True, "VALUE": True, "RANGE": True, "DESCRIPTION": True, "LISTEN": True, "PATH_CHANGED": True,
    "TAGS": False, "CLIPMODE": False, "UNIT": False, "EXTENDED_TYPE": False, "CRITICAL": False,
}  # fmt: skip


class _Reader:
    """A program that listens. Of what it has not taken yet only the newest of each path is kept."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.packets: dict[str, bytes] = {}
        self.texts: list[str] = []
        self.news = asyncio.Event()
        self.ended = False


class OscQuery:
    """Answers for the show of `desk`, in a server's thread; `publish` is a coroutine of that thread.

    `take` gets each OSC packet that a program sends over its WebSocket. `add_routes` puts it all into an application of
    aiohttp. The OSC itself is heard at UDP port `osc_port`.
    """

    def __init__(self, desk: Desk, osc_port: int, take: Callable[[bytes], None]) -> None:
        self._desk, self._osc_port, self._take = desk, osc_port, take
        self._readers: set[_Reader] = set()

    @property
    def heard(self) -> bool:
        """Whether anybody is connected."""
        return bool(self._readers)

    def add_routes(self, application: Any) -> None:
        """Serves every path."""
        application.router.add_get("/{path:.*}", self._answer)

    async def publish(self, packets: Mapping[str, bytes], *, changed: bool = False, ended: bool = False) -> None:
        """Sends each packet to who listens to its path. `changed`: there are other parameters now."""
        for reader in self._readers:
            reader.packets.update({path: packets[path] for path in reader.paths & packets.keys()})
            if changed and not reader.texts:
                reader.texts.append(json.dumps({"COMMAND": "PATH_CHANGED", "DATA": "/"}))
            reader.ended = reader.ended or ended
            reader.news.set()

    async def _answer(self, request: Any) -> Any:
        from aiohttp import web

        ws = web.WebSocketResponse(heartbeat=20.0, max_msg_size=LARGEST_BYTES, compress=False)
        if ws.can_prepare(request):
            if len(self._readers) >= MOST_READERS:
                return web.Response(status=503, text=f"{MOST_READERS} programs listen already")
            return await self._converse(ws, request)
        query = request.query_string.rstrip("=")
        if query == "HOST_INFO":
            return web.json_response(self._host_info(request))
        if query and query not in ATTRIBUTES:
            return web.Response(status=400, text=f"'{query}' is no attribute; known: {', '.join(ATTRIBUTES)}")
        snapshot = self._desk.snapshot
        if not snapshot.number:
            snapshot = await asyncio.to_thread(self._desk.look, 0, FIRST_S)
        root = tree(snapshot)
        node = find(root, request.rel_url.raw_path) or find(root, request.path)
        if node is None:
            return web.Response(status=404, text="no such path in the scene that is on")
        if not query:
            return web.json_response(node)
        if query == "VALUE" and query not in node:
            return web.Response(status=204)
        return web.json_response({query: node[query]} if query in node else {})

    def _host_info(self, request: Any) -> dict[str, Any]:
        return {
            "NAME": "Phosphene",
            "OSC_IP": request.url.host,
            "OSC_PORT": self._osc_port,
            "OSC_TRANSPORT": "UDP",
            "EXTENSIONS": _EXTENSIONS,
        }

    async def _converse(self, ws: Any, request: Any) -> Any:
        """A program that is connected: LISTEN, IGNORE and OSC packets come, OSC packets go."""
        await ws.prepare(request)
        reader = _Reader()
        self._readers.add(reader)
        sender = asyncio.ensure_future(_send(ws, reader))
        try:
            async for message in ws:
                if isinstance(message.data, str):
                    _heed(message.data, reader)
                elif isinstance(message.data, bytes):
                    self._take(message.data)
        finally:
            self._readers.discard(reader)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        return ws


def _heed(text: str, reader: _Reader) -> None:
    """What a program asks for; anything else is left alone, as the proposal says of unknown commands."""
    try:
        asked = json.loads(text)
    except (ValueError, RecursionError):
        return
    if not isinstance(asked, dict) or not isinstance(path := asked.get("DATA"), str):
        return
    if asked.get("COMMAND") == "LISTEN" and len(reader.paths) < MOST_PATHS:
        reader.paths.add(path)
    elif asked.get("COMMAND") == "IGNORE":
        reader.paths.discard(path)


async def _send(ws: Any, reader: _Reader) -> None:
    try:
        while not reader.ended:
            await reader.news.wait()
            reader.news.clear()
            texts, reader.texts = reader.texts, []
            packets, reader.packets = reader.packets, {}
            for text in texts:
                await ws.send_str(text)
            for packet in packets.values():
                await ws.send_bytes(packet)
        await ws.close()
    except ConnectionError:
        return  # it has gone


class OscQueryServer(Closing):
    """OSCQuery at TCP `port` of `host`. Raises ControlError where aiohttp is missing or the port is taken."""

    def __init__(self, desk: Desk, host: str, port: int, take: Callable[[bytes], None]) -> None:
        self._query = OscQuery(desk, port, take)
        self._known: frozenset[str] = frozenset()
        self._server = LocalServer("oscquery", host, port, "OSCQuery", self._query.add_routes)

    def publish(self, known: Iterable[str], packets: Mapping[str, bytes]) -> None:
        """Tells who listens what changed; `known` are all paths that there are. For one thread."""
        before, self._known = self._known, frozenset(known)
        if self._query.heard:
            changed = bool(before) and before != self._known
            self._server.run(self._query.publish(packets, changed=changed))

    def close(self) -> None:
        """Ends the server; who listens hears of it."""
        self._server.run(self._query.publish({}, ended=True))
        self._server.close()
