"""A thread that keeps the error that ended it, and what raises that error in the main thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable

from ..core.errors import PhospheneError
from .timeouts import Timeouts

log = logging.getLogger("phosphene")


class Worker(threading.Thread):
    """A thread that keeps the error that ended it, for the main thread to raise."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.error: Exception | None = None
        self.hangs = False

    def end_within(self, timeouts: Timeouts) -> None:
        """Waits for its end; a thread that hangs gets less time. One that does not end is reported and left."""
        self.join(timeouts.hung_thread_end_s if self.hangs else timeouts.thread_end_s)
        if self.is_alive():
            log.warning("%s does not end", self.name)


def raise_errors(threads: Iterable[Worker]) -> None:
    """Raises the first error that ended one of `threads`; one that is no error of ours stands in the log with its
    traceback."""
    for thread in threads:
        if thread.error is not None:
            if not isinstance(thread.error, PhospheneError):
                log.error("%s failed", thread.name, exc_info=thread.error)
            raise thread.error
