"""What cameras, streams and screens share: a thread that always drains, so that the newest frame is the one read."""

from __future__ import annotations

import threading
import time

from ..core import awake
from ..core.closing import Closing
from ..core.errors import SourceError, SourceSilent
from ..core.frame import Frame, Pixels
from .fit import cover

WAIT_S = 2.0
_CLOSE_S = 5.0


class NewestSource(Closing):
    """A live source fed by `drain`, which a subclass runs in the thread that `begin` starts, calling `deliver`.

    `size` is that of the frames, which are scaled to fill it; frames that nobody read in time are counted in `dropped`.
    """

    live = True
    endless = True
    frame_count: int | None = None
    audio_path: str | None = None
    where = ""

    def __init__(self, size: tuple[int, int], fps: float | None) -> None:
        self.size, self.fps = size, fps
        self.dropped = 0
        self.problem = ""  # why nothing comes
        self.ended = threading.Event()
        self._start_s = time.perf_counter()
        self._news = threading.Condition()
        self._newest: tuple[float, Pixels] | None = None
        self._next = 0
        self._thread = threading.Thread(target=self.drain, name=self.where, daemon=True)

    def begin(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def drain(self) -> None:
        """Delivers frames until `ended` is set."""
        raise NotImplementedError

    def deliver(self, rgb: Pixels) -> None:
        """The newest frame, H×W×3 uint8 sRGB."""
        with self._news:
            self.dropped += self._newest is not None
            self._newest = (time.perf_counter(), rgb)
            self.problem = ""
            self._news.notify()

    def fail(self, problem: str) -> None:
        """Nothing comes any more, for now."""
        with self._news:
            self.problem = problem
            self._news.notify()

    def read(self) -> Frame | None:
        """The newest frame that was not read yet; None after `close`. Raises SourceError while none comes."""
        with self._news:
            awake.wait_for(
                self._news, lambda: self._newest is not None or bool(self.problem) or self.ended.is_set(), WAIT_S
            )
            if self.ended.is_set():
                return None
            if self._newest is None:
                kind = SourceError if self.problem else SourceSilent
                text = self.problem or f"has given no picture for {WAIT_S:g} s"
                raise kind(text, where=self.where, hint="it is asked again as long as the show lasts")
            captured_s, rgb = self._newest
            self._newest = None
        number, self._next = self._next, self._next + 1
        return Frame(number, captured_s - self._start_s, cover(rgb, self.size), captured_s)

    def close(self) -> None:
        """Ends the thread; harmless when called twice."""
        self.ended.set()
        with self._news:
            self._news.notify_all()
        if self._thread.is_alive():
            self._thread.join(_CLOSE_S)
