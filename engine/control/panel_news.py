"""The newest moment of a show for everybody who is connected: one thread looks at the desk, and only for them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..sinks.broadcast import Broadcast
from .desk import Desk, Snapshot

EVERY_S = 1 / 30  # a page shows no more, and each look costs the show a little
LOOK_S = 0.5
PATIENCE_S = 5.0  # a show that loads models or compiles shaders draws nothing for so long


class News:
    """Snapshots of `desk` in the event loop `loop`, taken while somebody is `reading`."""

    def __init__(self, desk: Desk, loop: asyncio.AbstractEventLoop) -> None:
        self._desk, self._loop = desk, loop
        self._snapshots: Broadcast[Snapshot] = Broadcast()
        self._readers = 0
        self._wanted = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._look, name="panel news", daemon=True)
        self._thread.start()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """While the block runs, snapshots are taken. Called in the loop."""
        self._readers += 1
        self._wanted.set()
        try:
            yield
        finally:
            self._readers -= 1
            if not self._readers:
                self._wanted.clear()

    async def next(self, after: int) -> Snapshot | None:
        """A snapshot of a higher number than `after`, the newest; None at the end of the show."""
        seen = 0
        while True:
            seen, snapshot = await self._snapshots.next(seen)
            if snapshot is None or snapshot.number > after:
                return snapshot

    async def fresh(self) -> Snapshot:
        """The next moment. Raises TimeoutError where nothing is drawn, or the show has ended."""
        with self.reading():
            snapshot = await asyncio.wait_for(self.next(self._desk.snapshot.number), PATIENCE_S)
        if snapshot is None:
            raise TimeoutError
        return snapshot

    async def end(self) -> None:
        """Wakes everybody who waits: no more will come. Called in the loop."""
        await self._snapshots.end()

    def close(self) -> None:
        """Ends the thread, before the loop is closed; any thread but these two may call it."""
        self._closed = True
        self._wanted.set()
        self._thread.join()

    def _look(self) -> None:
        number = 0
        while True:
            looked_for = self._wanted.wait(LOOK_S)
            if self._closed:
                return
            if not looked_for:
                continue
            begun_s = time.perf_counter()
            snapshot = self._desk.look(number, LOOK_S)
            if self._loop.is_closed():
                return
            if snapshot.number > number:
                number = snapshot.number
                asyncio.run_coroutine_threadsafe(self._snapshots.publish(snapshot), self._loop)
            if self._desk.ended:
                asyncio.run_coroutine_threadsafe(self.end(), self._loop)
                return
            time.sleep(max(0.0, EVERY_S - (time.perf_counter() - begun_s)))
