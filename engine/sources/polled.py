"""Live sources that are read in a thread of their own: the screen, streams."""

from __future__ import annotations

import threading
import time

from .live import LiveSource

_CLOSE_S = 5.0


class PolledSource(LiveSource):
    """A live source fed by `drain`, which a subclass runs in the thread that `begin` starts, calling `deliver`."""

    def __init__(self, size: tuple[int, int], fps: float | None) -> None:
        super().__init__(size, fps, time.perf_counter())
        self._thread = threading.Thread(target=self.drain, name=self.where, daemon=True)

    def begin(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def drain(self) -> None:
        """Delivers frames until `ended` is set."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends the thread; harmless when called twice."""
        super().close()
        if self._thread.is_alive():
            self._thread.join(_CLOSE_S)
