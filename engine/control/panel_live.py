"""One connected page: the whole state at first, then what changes; and every change that it asks for, answered."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..core.errors import PhospheneError, UsageError
from . import panel_words as words
from .panel_requests import NOTHING_DRAWN, Requests

if TYPE_CHECKING:
    from .desk import Snapshot
    from .panel_log import LastLines

log = logging.getLogger("phosphene")

SLOW_S = 10.0  # a page that takes nothing for so long is let go
WAITING = 256  # changes of one page that are not answered yet
NUMBERS_S = 0.5
SIGNALS_S = 0.1  # most are computed only where somebody asks for them
BAD_DATA, TOO_SLOW = 1003, 1008  # RFC 6455


class LivePage:
    """A WebSocket of a page. `serve` runs until either side ends."""

    def __init__(self, socket: Any, kinds: Any, requests: Requests, lines: LastLines) -> None:
        self._socket, self._kinds = socket, kinds
        self._requests, self._lines = requests, lines
        self._answers: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Tells the page what changes, and does what it asks."""
        told = asyncio.ensure_future(self._tell())
        heard = asyncio.ensure_future(self._hear())
        try:
            await asyncio.wait((told, heard), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (told, heard, *self._answers):
                task.cancel()
            await asyncio.gather(told, heard, *self._answers, return_exceptions=True)
            await self._socket.close()

    async def _send(self, message: dict[str, Any]) -> None:
        """Raises TimeoutError for a page that takes nothing, ConnectionError for one that is gone."""
        await asyncio.wait_for(self._socket.send_str(words.dumped(message)), SLOW_S)

    async def _tell(self) -> None:
        news = self._requests.news
        before: Snapshot | None = None
        values: dict[str, float | None] = {}
        counted_s, measured_s, line = 0.0, 0.0, -1
        clock: Callable[[], float] = asyncio.get_running_loop().time
        try:
            with news.reading():
                while (snapshot := await news.next(0 if before is None else before.number)) is not None:
                    if before is None or _another(before, snapshot):
                        await self._send({"state": words.state(snapshot, self._requests.desk.titles)})
                    else:
                        for message in words.changed(before, snapshot):
                            await self._send(message)
                    if clock() - measured_s >= SIGNALS_S:
                        measured_s, old, values = clock(), values, words.signal_values(snapshot)
                        if moved := {n: v for n, v in values.items() if old.get(n, ...) != v}:
                            await self._send({"signals": moved})
                    if line != self._lines.number:
                        line = self._lines.number
                        await self._send({"log": self._lines.lines})
                    if clock() - counted_s >= NUMBERS_S:
                        counted_s = clock()
                        await self._send({"numbers": words.numbers(snapshot)})
                    before = snapshot
                await self._send({"ended": True})
        except TimeoutError:
            log.info("a page took nothing for %g s and was let go", SLOW_S)
            await self._socket.close(code=TOO_SLOW, drain=False)
        except ConnectionError:
            return

    async def _hear(self) -> None:
        async for message in self._socket:
            if message.type is not self._kinds.TEXT:
                await self._socket.close(code=BAD_DATA, message=b"expected text")
                return
            number = None
            try:
                asked = json.loads(message.data)
                if not isinstance(asked, dict):
                    raise UsageError('expected a table, such as {"a": "camera/duotone.amount", "v": 0.5}')
                number = asked.get("n")
                if len(self._answers) >= WAITING:
                    raise UsageError(f"{WAITING} changes wait already")
                self._begin(asked, number)
            except (ValueError, RecursionError) as error:
                await self._send({"error": f"not JSON: {error}", "hint": "", "n": number})
            except PhospheneError as error:
                await self._send({**words.explained(error), "n": number})

    def _begin(self, asked: dict[str, Any], number: Any) -> None:
        """Puts a change into the queue at once, so that their order is kept, and answers when it is done."""
        done = self._requests.begin(asked)
        task = asyncio.ensure_future(self._answer(done, asked.get("a"), number))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _answer(self, done: asyncio.Future[Any], address: Any, number: Any) -> None:
        try:
            full = await self._requests.settled(done) or address
            value = None if full is None else await self._requests.value(full)
            answer = {"ok": True, "a": full, "v": value, "n": number}
        except TimeoutError:
            answer = {"error": NOTHING_DRAWN, "hint": "", "n": number}
        except PhospheneError as error:
            answer = {**words.explained(error), "n": number}
        try:
            await self._send(answer)
        except (ConnectionError, TimeoutError):
            return  # whoever asked has gone


def _another(before: Snapshot, after: Snapshot) -> bool:
    """Whether the page must be made anew: another scene is on, or it has other parameters."""
    return (before.scene, before.scenes) != (after.scene, after.scenes) or before.parameters.keys() != (
        after.parameters.keys()
    )
