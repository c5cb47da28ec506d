"""A tracker for tests that answers as the test says."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..core.frame import Frame
from ..sources.fake import FakeClosing


class FakeTracker(FakeClosing):
    """Answers with what `answer(frame)` returns, or fails with what it raises; `seen` has the ids of its frames.

    An answer of None means that nothing is known of the frame. `answer` runs in the thread that tracks, so it may wait.
    `on_close` is called once, with the first `close`. AssertionError where the tracker is used after `close`, or from a
    second thread.
    """

    def __init__(
        self, answer: Callable[[Frame], Any] = lambda _: None, *, on_close: Callable[[], None] | None = None
    ) -> None:
        self.answer = answer
        self.seen: list[int] = []
        self.thread: int | None = None
        self._on_close = on_close

    def track(self, frame: Frame) -> Any:
        """What `answer` says of `frame`."""
        if self.closed:
            raise AssertionError("used after close")
        if self.thread not in (None, threading.get_ident()):
            raise AssertionError("used from a second thread")
        self.thread = threading.get_ident()
        self.seen.append(frame.id)
        return self.answer(frame)

    def close(self) -> None:
        """Remembers that it was closed; harmless when called twice."""
        if not self.closed and self._on_close is not None:
            self._on_close()
        super().close()
