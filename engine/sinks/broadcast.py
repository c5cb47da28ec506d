"""The newest item for several readers in one event loop, each at its own pace."""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class Broadcast(Generic[T]):
    """Hands the newest item to every reader; a late one misses what came between.

    Belongs to the event loop in which it is used.
    """

    def __init__(self) -> None:
        self.number = 0  # of the newest item, counted from 1
        self._newest: T | None = None
        self._ended = False
        self._news = asyncio.Condition()

    async def publish(self, item: T) -> None:
        """Replaces the newest item and wakes everyone who waits; after `end` nothing is published."""
        async with self._news:
            if not self._ended:
                self.number, self._newest = self.number + 1, item
                self._news.notify_all()

    async def end(self) -> None:
        """Wakes everyone who waits: no more items will come."""
        async with self._news:
            self._ended = True
            self._news.notify_all()

    async def next(self, after: int) -> tuple[int, T | None]:
        """The newest item and its number, once that is above `after`; None for the item at the end."""
        async with self._news:
            await self._news.wait_for(lambda: self._ended or self.number > after)
            return self.number, None if self._ended else self._newest
