"""How threads hand items on: one slot where the newest wins, or a short queue that makes the sender wait."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Holds up to `capacity` items. `drops`: a full one lets go of its oldest (and counts it); else `put` waits.

    `wake` may be shared by several mailboxes, so that one thread can wait for any of them.
    """

    def __init__(self, capacity: int = 1, *, drops: bool = True, wake: threading.Condition | None = None) -> None:
        self.capacity, self.drops = capacity, drops
        self.wake = wake if wake is not None else threading.Condition()
        self.dropped = 0
        self._items: deque[T] = deque()
        self._closed = False

    def put(self, item: T) -> T | None:
        """Hands `item` on; returns what was dropped for it. After `close` the item itself comes back."""
        with self.wake:
            while not self.drops and len(self._items) >= self.capacity and not self._closed:
                self.wake.wait()
            if self._closed:
                return item
            lost = self._items.popleft() if len(self._items) >= self.capacity else None
            if lost is not None:
                self.dropped += 1
            self._items.append(item)
            self.wake.notify_all()
            return lost

    def get(self, timeout_s: float | None = None) -> T | None:
        """The oldest item; None when there is none within `timeout_s` or ever again."""
        with self.wake:
            self.wake.wait_for(lambda: self._items or self._closed, timeout_s)
            return self.pop()

    def pop(self) -> T | None:
        """The oldest item, or None at once."""
        with self.wake:
            if not self._items:
                return None
            item = self._items.popleft()
            self.wake.notify_all()
            return item

    def close(self) -> None:
        """No more will come; what is there can still be taken."""
        with self.wake:
            self._closed = True
            self.wake.notify_all()

    @property
    def ended(self) -> bool:
        """Whether nothing is there and nothing will come."""
        with self.wake:
            return self._closed and not self._items

    def __len__(self) -> int:
        return len(self._items)
