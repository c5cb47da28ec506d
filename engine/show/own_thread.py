"""The thread of an image renderer: it does one call after another, beside whatever the caller's own may hold."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class OwnThread:
    """Does what it is asked in one thread, in the order of asking, and hands back what comes of it or was raised."""

    def __init__(self) -> None:
        calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._calls = calls
        self._thread = threading.Thread(target=work, args=(calls,), name="image renderer", daemon=True)
        self._thread.start()

    def do(self, call: Callable[[], T]) -> T:
        """What `call` returns. Raises what it raises; an interrupted wait leaves it at work."""
        if threading.current_thread() is self._thread:
            return call()
        future: Future[T] = Future()
        self._calls.put((future, call))
        return future.result()

    def close(self) -> None:
        """Ends the thread, once what was asked before is done; harmless when called twice."""
        self._calls.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join()


def work(calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None]) -> None:
    """Does the calls until None comes. It knows nothing of who asks, so that nobody is kept alive by it."""
    while (item := calls.get()) is not None:
        future, call = item
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 (raised again in the thread that asked)
            future.set_exception(error)
        del item, future, call
