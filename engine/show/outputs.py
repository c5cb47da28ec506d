"""All sinks of a show, each in a thread of its own: pictures go out at each one's speed, and one that fails does not
take a live show along."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

import numpy as np

from ..core.frame import Pixels
from ..core.imaging import straight_alpha
from ..core.mailbox import Mailbox
from ..sinks.base import KeepsEnd, Sink, WritesFiles
from .stats import Stats
from .worker import Worker

QUEUED = 4  # finished pictures that a sink may be behind


log = logging.getLogger("phosphene")

END_S = 20.0  # a sink of a live show that needs longer to finish counts as stuck


class Outputs:
    """One thread a sink. `live`: pictures that a sink is too slow for are dropped; else everything waits for it.

    `shown`: the pictures are seen elsewhere too (in a window), so that a live show may go on without any sink.
    """

    def __init__(self, sinks: Sequence[Sink], size: tuple[int, int], stats: Stats, *, live: bool, shown: bool) -> None:
        self._live, self._shown = live, shown
        self._buffers = Buffers(size)
        self.threads = [SinkThread(sink, stats, live, self._buffers.give) for sink in sinks]
        self._told: set[str] = set()

    def start(self) -> None:
        """Begins to write."""
        for thread in self.threads:
            thread.start()

    def put(self, read: Callable[[Pixels], Pixels], time_s: float) -> None:
        """Hands on the picture that `read` writes into a buffer."""
        working = [thread for thread in self.threads if thread.error is None]
        if not working:
            return
        image = read(self._buffers.take(len(working)))
        for thread in working:
            lost = thread.inbox.put((image, time_s))
            if lost is not None:
                self._buffers.give(lost[0])

    @property
    def failed(self) -> bool:
        """Whether the show must end: a sink failed, and it is not live, or nobody would see it any more.

        A sink that a live show goes on without is named in the log.
        """
        broken = [thread for thread in self.threads if thread.error is not None]
        if not broken:
            return False
        if not self._live or (len(broken) == len(self.threads) and not self._shown):
            return True
        for thread in broken:
            if thread.name not in self._told:
                self._told.add(thread.name)
                log.error("%s stopped, the show goes on without it: %s", thread.name, thread.error)
        return False

    def complete(self) -> None:
        """Says that the input came to its own end: what is written is whole. A live show's is, however it ends."""
        for thread in self.threads:
            thread.complete()

    @property
    def dropped(self) -> int:
        """Pictures that a sink was too slow for."""
        return sum(thread.inbox.dropped for thread in self.threads)

    def close(self, end_s: float | None = None) -> None:
        """Waits until each has written what it was given and has closed its sink; the last picture ends at `end_s`."""
        if self._live:
            self.complete()
        for thread in self.threads:
            thread.end_s = end_s
            thread.inbox.close()
        for thread in self.threads:
            thread.join(END_S if self._live else None)
            if thread.is_alive():
                log.error("%s is stuck: what it writes may not be whole", thread.name)


class SinkThread(Worker):
    """Writes finished pictures to one sink."""

    def __init__(self, sink: Sink, stats: Stats, drops: bool, give_back: Callable[[Pixels], None]) -> None:
        super().__init__(f"sink {type(sink).__name__}")
        self.sink = sink
        self.inbox: Mailbox[tuple[Pixels, float]] = Mailbox(QUEUED, drops=drops)
        self._stats, self._give_back = stats, give_back
        self._complete = False
        self.end_s: float | None = None  # when the last picture ends, where that is known

    def complete(self) -> None:
        """Says that nothing is missing from what it was given; before its inbox is closed."""
        self._complete = True

    def run(self) -> None:
        while (item := self.inbox.get()) is not None:
            image, time_s = item
            if self.error is None:
                try:
                    with self._stats.timed(f"sink.{type(self.sink).__name__}"):
                        self.sink.write(straight_alpha(image) if self.sink.alpha else image, time_s)
                except Exception as error:  # noqa: BLE001 (raised again in the main thread)
                    self.error = error
            self._give_back(image)
        try:
            if isinstance(self.sink, WritesFiles) and (self.error is not None or not self._complete):
                self.sink.cut_short()
            if self.end_s is not None and self.error is None and isinstance(self.sink, KeepsEnd):
                self.sink.end(self.end_s)
            self.sink.close()
        except Exception as error:  # noqa: BLE001 (raised again in the main thread)
            self.error = self.error or error


class Buffers:
    """Pictures that go round between the renderer and the sinks, so that none is allocated in a frame."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._shape = (size[1], size[0], 4)
        self._free: list[Pixels] = []
        self._held: dict[int, int] = {}
        self._lock = threading.Lock()

    def take(self, holders: int) -> Pixels:
        """A picture that `holders` will give back."""
        with self._lock:
            image = self._free.pop() if self._free else np.empty(self._shape, np.uint8)
            self._held[id(image)] = holders
            return image

    def give(self, image: Pixels) -> None:
        """Takes a picture back from one holder."""
        with self._lock:
            left = self._held.get(id(image), 0) - 1
            self._held[id(image)] = left
            if left == 0:
                self._free.append(image)
