"""What all live sources share: another thread delivers frames, and the newest one is the one that is read."""

from __future__ import annotations

import threading
import time

from ..core import awake
from ..core.closing import Closing
from ..core.errors import SourceError, SourceSilent
from ..core.frame import Frame, Pixels
from ..core.mailbox import Mailbox
from .fit import cover

TIMEOUT_S = 2.0


class LiveSource(Closing):
    """Gives the newest frame that was delivered; frames that nobody read in time are counted in `dropped`.

    `size`: of the frames, which are scaled to fill it. `start_s`: the moment (time.perf_counter) that is second 0, None
    for that of the first frame. `timeout_s`: how long a read waits. `where` names the device in messages.
    """

    live = True
    endless = True
    frame_count: int | None = None
    audio_path: str | None = None
    where = ""

    def __init__(
        self,
        size: tuple[int, int],
        fps: float | None,
        start_s: float | None = None,
        *,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.size, self.fps = size, fps
        self.problem = ""  # why no frames come
        self.timeout_s = timeout_s
        self.ended = threading.Event()
        self._start_s = start_s
        self._inbox: Mailbox[tuple[float, Pixels]] = Mailbox(1)
        self._next = 0

    @property
    def dropped(self) -> int:
        """How many frames nobody read in time."""
        return self._inbox.dropped

    def deliver(self, pixels: Pixels, captured_s: float | None = None) -> None:
        """Takes the newest frame, captured at `captured_s` (time.perf_counter), None for now."""
        moment_s = time.perf_counter() if captured_s is None else captured_s
        with self._inbox.wake:
            if self._start_s is None:
                self._start_s = moment_s
            self.problem = ""
            self._inbox.put((moment_s, pixels))

    def fail(self, problem: str) -> None:
        """Reports why no frames come for now; the next frame clears it."""
        with self._inbox.wake:
            self.problem = problem
            self._inbox.wake.notify_all()

    def read(self) -> Frame | None:
        """The newest frame that was not read yet; None after `close`. Raises SourceError while none comes."""
        inbox = self._inbox
        with inbox.wake:
            answered = lambda: len(inbox) > 0 or bool(self.problem) or self.ended.is_set()  # noqa: E731
            awake.wait_for(inbox.wake, answered, self.timeout_s)
            if self.ended.is_set():
                return None
            found = inbox.pop()
            if found is None:
                raise self.silence()
        captured_s, pixels = found
        number, self._next = self._next, self._next + 1
        time_s = captured_s - (captured_s if self._start_s is None else self._start_s)
        return Frame(number, time_s, cover(self.rgb(pixels), self.size), captured_s)

    def rgb(self, pixels: Pixels) -> Pixels:
        """What was delivered as H×W×3 uint8 sRGB; called for the frames that are read."""
        return pixels

    def silence(self) -> SourceError:
        """The error while no frames come."""
        kind = SourceError if self.problem else SourceSilent
        text = self.problem or f"no frame for {self.timeout_s:g} s"
        return kind(text, where=self.where, hint="Phosphene keeps trying while the show runs")

    def close(self) -> None:
        """Ends reading; harmless when called twice."""
        self.ended.set()
        self._inbox.close()
