"""How threads hand things on: one slot where the newest wins, or a short queue that makes the sender wait."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Holds up to `room` things. `drops`: a full one lets go of its oldest (and counts it); else `put` waits.

    `wake` may be shared by several mailboxes, so that one thread can wait for any of them.
    """

    def __init__(self, room: int = 1, *, drops: bool = True, wake: threading.Condition | None = None) -> None:
        self.room, self.drops = room, drops
        self.wake = wake if wake is not None else threading.Condition()
        self.dropped = 0
        self._things: deque[T] = deque()
        self._closed = False

    def put(self, thing: T) -> T | None:
        """Hands `thing` on; returns what was dropped for it. After `close` the thing itself comes back."""
        with self.wake:
            while not self.drops and len(self._things) >= self.room and not self._closed:
                self.wake.wait()
            if self._closed:
                return thing
            lost = self._things.popleft() if len(self._things) >= self.room else None
            if lost is not None:
                self.dropped += 1
            self._things.append(thing)
            self.wake.notify_all()
            return lost

    def get(self, timeout_s: float | None = None) -> T | None:
        """The oldest thing; None when there is none within `timeout_s` or ever again."""
        with self.wake:
            self.wake.wait_for(lambda: self._things or self._closed, timeout_s)
            return self.pop()

    def pop(self) -> T | None:
        """The oldest thing, or None at once."""
        with self.wake:
            if not self._things:
                return None
            thing = self._things.popleft()
            self.wake.notify_all()
            return thing

    def close(self) -> None:
        """No more will come; what is there can still be taken."""
        with self.wake:
            self._closed = True
            self.wake.notify_all()

    @property
    def ended(self) -> bool:
        """Whether nothing is there and nothing will come."""
        with self.wake:
            return self._closed and not self._things

    def __len__(self) -> int:
        return len(self._things)
