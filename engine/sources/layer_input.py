"""The inputs beside the show's own: a layer's second camera, or the screen behind a person."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace

from ..core.closing import Closing
from ..core.frame import Frame
from ..core.mailbox import Mailbox
from .base import Source
from .fit import cover

log = logging.getLogger("phosphene")

RETRY_S = 0.5
OLD_S = 2.0
JOIN_S = 5.0


class LayerInputSource(Closing):
    """Gives the image of `source` that belongs to a moment of the show, at `size`.

    A live one is read in a thread of its own, and the newest image counts; where it breaks off there is none until it
    is back, which is named once. Of any other it is the image at that time, the last one when it has ended.
    `retry_s`: how long until one that broke off is asked again; `old_s`: after so long without a frame there is none.
    """

    def __init__(
        self, source: Source, name: str, size: tuple[int, int], *, retry_s: float = RETRY_S, old_s: float = OLD_S
    ) -> None:
        self._source, self._name, self._size = source, name, size
        self._retry_s, self._old_s = retry_s, old_s
        self._inbox: Mailbox[tuple[float, Frame | None]] = Mailbox(1)  # None: there is no frame any more
        self._newest: tuple[float, Frame | None] = 0.0, None  # the last one, and when it came; of the show's thread
        self._next: Frame | None = None
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        if source.live:
            self._thread = threading.Thread(target=self._drain, name=f"input {name}", daemon=True)
            self._thread.start()
        else:
            self._next = source.read()

    def at(self, time_s: float) -> Frame | None:
        """The image at that time of the show; None where there is none. Times rise from call to call."""
        if self._thread is None:
            while self._next is not None and self._next.time_s <= time_s + 1e-6:
                self._newest = 0.0, self._fitted(self._next)
                self._next = self._source.read()
            return self._newest[1]
        self._newest = self._inbox.pop() or self._newest
        came_s, frame = self._newest
        return None if time.perf_counter() - came_s > self._old_s else frame

    def close(self) -> None:
        """Ends the reading and closes the input; harmless when called twice."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(JOIN_S)
        self._source.close()

    def _drain(self) -> None:
        reported = ""
        while not self._ended.is_set():
            try:
                frame = self._source.read()
            except Exception as error:  # noqa: BLE001 (whatever a device does: it is named, the show goes on without it)
                if str(error) != reported:
                    log.warning("input %s: %s", self._name, error)
                reported = str(error)
                self._inbox.put((time.perf_counter(), None))
                self._ended.wait(self._retry_s)
                continue
            if frame is None:
                return
            reported = ""
            fitted = self._fitted(frame)
            self._inbox.put((time.perf_counter(), fitted))

    def _fitted(self, frame: Frame) -> Frame:
        return frame if frame.size == self._size else replace(frame, pixels=cover(frame.pixels, self._size))
