"""What the page's server answers: its files, the show as JSON, and its WebSockets."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import PhospheneError, UsageError
from ..sinks.jpeg_sockets import JpegSockets
from . import panel_words as words
from .panel_guard import PROTOCOL, Guard
from .panel_live import LivePage
from .panel_requests import NOTHING_DRAWN, Requests

if TYPE_CHECKING:
    from .panel_log import LastLines

KINDS = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}
PAGES = 16  # that may be connected at once
STEPS = {"next": 1, "previous": -1}


class Answers:
    """The handlers of the server. Belongs to its event loop."""

    def __init__(
        self, web: Any, guard: Guard, requests: Requests, images: JpegSockets, lines: LastLines, *, most_bytes: int
    ) -> None:
        self._guard = guard
        self._web, self._requests, self._images, self._lines = web, requests, images, lines
        self._most_bytes = most_bytes
        self._live = 0
        self._files: dict[str, Path] = {}

    def route(self, router: Any, page: Path) -> None:
        """Adds every address to `router`; the files of the page are those that lie in the folder `page` now."""
        router.add_get("/api/parameters", self._parameters)
        router.add_post("/api/parameters/{address:.+}", self._set)
        router.add_get("/api/signals", self._signals)
        router.add_get("/api/scenes", self._scenes)
        router.add_post("/api/scenes/{name}", self._go)
        router.add_post("/api/show/{action}", self._act)
        router.add_get("/api/live", self._socket)
        router.add_get("/api/images", self._watch)
        router.add_get("/open/{ticket}", self._open)
        for path in sorted(page.iterdir()):
            if path.suffix in KINDS:
                at = "/" if path.name == "index.html" else f"/{path.name}"
                self._files[at] = path
                router.add_get(at, self._file)

    def refused(self, status: int, error: str, hint: str = "") -> Any:
        """An answer that says what was wrong, and what to do next."""
        return self._json({"error": error, "hint": hint}, status)

    async def safely(self, request: Any, handler: Any) -> Any:
        """What `handler` answers; what a user can mend is said in words."""
        try:
            return await handler(request)
        except TimeoutError:
            return self.refused(503, NOTHING_DRAWN)
        except PhospheneError as error:
            return self._json(words.explained(error), 400)
        except self._web.HTTPException as error:
            return self.refused(error.status, error.reason)

    def _json(self, found: Any, status: int = 200) -> Any:
        return self._web.Response(status=status, text=words.dumped(found), content_type="application/json")

    async def _file(self, request: Any) -> Any:
        path = self._files[request.path]
        return self._web.Response(text=path.read_text(encoding="utf-8"), content_type=KINDS[path.suffix])

    async def _open(self, request: Any) -> Any:
        """The page with its token, once."""
        if not self._guard.spent(request.match_info["ticket"]):
            return self.refused(403, "this address was used already", "open the one that was printed")
        return self._web.Response(status=302, headers={"Location": f"/#t={self._guard.token}"})

    async def _parameters(self, request: Any) -> Any:
        return self._json(words.parameters(await self._requests.moment()))

    async def _signals(self, request: Any) -> Any:
        return self._json(words.signals(await self._requests.moment()))

    async def _scenes(self, request: Any) -> Any:
        return self._json(words.scenes(await self._requests.moment(), self._requests.desk.titles))

    async def _set(self, request: Any) -> Any:
        """One parameter, which is answered as it was taken."""
        await self._requests.moment()  # so that its address, and its kind, are those of the scene that is on
        try:
            wanted = json.loads(await request.text())
        except (ValueError, RecursionError) as error:
            raise UsageError(f"not JSON: {error}", hint='send {"value": 0.5}') from None
        if not isinstance(wanted, dict):
            raise UsageError('expected {"value": …} or {"bind": {"from": "face.smile"}}')
        address = request.match_info["address"]
        full = await self._requests.settled(self._requests.set(address, wanted)) or address
        parameter = (await self._requests.moment()).parameters.get(full)
        return self._json({"address": full, **({} if parameter is None else words.now(parameter))})

    async def _go(self, request: Any) -> Any:
        await self._requests.settled(asyncio.wrap_future(self._requests.desk.go(request.match_info["name"])))
        return self._json({"ok": True})

    async def _act(self, request: Any) -> Any:
        action = request.match_info["action"]
        if action == "stop":
            self._requests.desk.stop()
        elif action in STEPS:
            await self._requests.settled(asyncio.wrap_future(self._requests.desk.step(STEPS[action])))
        else:
            return self.refused(404, f"unknown action '{action}'", "known: stop, next, previous")
        return self._json({"ok": True})

    async def _socket(self, request: Any) -> Any:
        """What a page hears and asks."""
        return await self._connected(request, self._most_bytes, self._talk)

    async def _watch(self, request: Any) -> Any:
        """The images."""
        return await self._connected(request, 1024, self._show)

    async def _talk(self, socket: Any) -> None:
        await LivePage(socket, self._web.WSMsgType, self._requests, self._lines).serve()

    async def _show(self, socket: Any) -> None:
        await self._images.serve(socket, self._web.WSMsgType.TEXT)

    async def _connected(self, request: Any, most_bytes: int, talk: Any) -> Any:
        """Opens a WebSocket, of which there is a bounded number, and lets `talk` have it."""
        if self._live >= 2 * PAGES:
            return self.refused(503, f"{PAGES} pages are connected already", "close one of them")
        socket = self._web.WebSocketResponse(
            heartbeat=20.0, max_msg_size=most_bytes, compress=False, protocols=(PROTOCOL,)
        )
        if not socket.can_prepare(request):
            return self.refused(426, "this address is for WebSockets")
        self._live += 1
        try:
            await socket.prepare(request)
            await talk(socket)
        finally:
            self._live -= 1
        return socket
