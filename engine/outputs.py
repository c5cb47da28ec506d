"""All sinks of a show: pictures go out to each at its own speed, and one that fails does not take a live show along."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from engine.data import Pixels
from engine.sinks.base import Sink
from engine.stats import Stats
from engine.workers import Buffers, SinkThread

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
