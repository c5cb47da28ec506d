"""All sinks of a show. Each has a thread of its own, so that images go out at its own speed, and a live show goes on
when it fails; only a sink that presents is driven in the thread that draws."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..core.frame import Pixels
from ..core.imaging import straight_alpha
from ..core.mailbox import Mailbox
from ..effect.shapes import Shape
from ..renderer.renderer import Renderer
from ..sinks.base import KeepsEnd, Presents, Rests, Sink, WritesFiles
from .stats import Stats
from .worker import Worker

if TYPE_CHECKING:
    from .settings import ShowSettings

log = logging.getLogger("phosphene")

QUEUED = 4  # finished images that a sink may be behind


class Outputs:
    """Hands every finished image to all sinks. In a live show, images that a sink is too slow for are dropped; else
    everything waits for it. `size` is (width, height) of the images."""

    def __init__(self, sinks: Sequence[Sink], size: tuple[int, int], stats: Stats, settings: ShowSettings) -> None:
        self._live, self._end_s = settings.live, settings.timeouts.sink_end_s
        self._buffers = Buffers(size)
        self._presenting: list[Presents] = [sink for sink in sinks if isinstance(sink, Presents)]
        self.threads = [
            SinkThread(sink, stats, self._live, self._buffers.give_back)
            for sink in sinks
            if not isinstance(sink, Presents)
        ]
        self._reported: set[str] = set()

    def start(self) -> None:
        """Begins to write."""
        for thread in self.threads:
            thread.start()

    def put(self, image: Renderer, time_s: float) -> None:
        """Waits until the image is drawn, reads it back once where a sink wants it, and hands it to each of these."""
        working = [thread for thread in self.threads if thread.error is None and not thread.rests]
        if not working:
            image.gpu.finish()
            return
        pixels = image.read(self._buffers.take(len(working)))
        for thread in working:
            lost = thread.inbox.put((pixels, time_s))
            if lost is not None:
                self._buffers.give_back(lost[0])

    def present(self, image: Renderer, over: Sequence[Shape] = ()) -> bool:
        """Shows the image, with the shapes `over` on top, in every sink that presents; returns whether all stay open.

        The shapes may be drawn into the image: it is presented after `put`.
        """
        still_open = [sink.present(image, over) for sink in self._presenting]
        return all(still_open)

    @property
    def failed(self) -> bool:
        """Whether the show must end: a sink failed, and the show is not live, or nobody would see it any more.

        A sink that a live show goes on without is reported in the log.
        """
        broken = [thread for thread in self.threads if thread.error is not None]
        if not broken:
            return False
        if not self._live or (len(broken) == len(self.threads) and not self._presenting):
            return True
        for thread in broken:
            if thread.name not in self._reported:
                self._reported.add(thread.name)
                log.error("%s stopped, the show goes on without it: %s", thread.name, thread.error)
        return False

    def complete(self) -> None:
        """Says that the input came to its own end: what is written is whole. A live show's is, however it ends."""
        for thread in self.threads:
            thread.complete()

    @property
    def dropped(self) -> int:
        """Images that a sink was too slow for."""
        return sum(thread.inbox.dropped for thread in self.threads)

    def close(self, end_s: float | None = None) -> None:
        """Waits until each has written what it was given and has closed its sink; the last image ends at `end_s`.

        A sink that presents is left open: everything is drawn in its graphics context.
        """
        if self._live:
            self.complete()
        for thread in self.threads:
            thread.finish(end_s)
        for thread in self.threads:
            thread.join(self._end_s if self._live else None)
            if thread.is_alive():
                log.error("%s is stuck: what it writes may not be whole", thread.name)


class SinkThread(Worker):
    """Writes finished images to one sink."""

    def __init__(self, sink: Sink, stats: Stats, drops: bool, give_back: Callable[[Pixels], None]) -> None:
        super().__init__(f"sink {type(sink).__name__}")
        self.sink = sink
        self.inbox: Mailbox[tuple[Pixels, float]] = Mailbox(QUEUED, drops=drops)
        self._stats, self._give_back = stats, give_back
        self._resting = sink if isinstance(sink, Rests) else None
        self._complete = False
        self._end_s: float | None = None

    @property
    def rests(self) -> bool:
        """Whether its sink needs no image at the moment."""
        return self._resting is not None and self._resting.resting

    def complete(self) -> None:
        """Says that nothing is missing from what it was given; before `finish`."""
        self._complete = True

    def finish(self, end_s: float | None) -> None:
        """Ends it after what it was given. `end_s` is when the last image ends, where that is known."""
        self._end_s = end_s
        self.inbox.close()

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
            if self._end_s is not None and self.error is None and isinstance(self.sink, KeepsEnd):
                self.sink.end(self._end_s)
            self.sink.close()
        except Exception as error:  # noqa: BLE001 (raised again in the main thread)
            self.error = self.error or error


class Buffers:
    """Images that go round between the renderer and the sinks, so that none is allocated in a frame."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._shape = (size[1], size[0], 4)
        self._free: list[Pixels] = []
        self._held: dict[int, int] = {}
        self._lock = threading.Lock()

    def take(self, holders: int) -> Pixels:
        """An image that `holders` will give back."""
        with self._lock:
            image = self._free.pop() if self._free else np.empty(self._shape, np.uint8)
            self._held[id(image)] = holders
            return image

    def give_back(self, image: Pixels) -> None:
        """Takes an image back from one holder."""
        with self._lock:
            left = self._held.get(id(image), 0) - 1
            self._held[id(image)] = left
            if left == 0:
                self._free.append(image)
