"""The show: capture, trackers, drawing and sinks, each in its own thread, frames handed on by mailboxes.

`live` draws the newest frame and drops late ones; `exact` draws every frame in order. In both a picture is drawn with
the mask and landmarks of that very frame (`sync = "frame"`): a ticket goes with the frame to every tracker, and the
picture is drawn when all have answered, while the trackers look at the next frame already.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from engine.data import Frame, Observation, Pixels
from engine.errors import PhospheneError, SourceError
from engine.imaging import straight_alpha
from engine.mailbox import Mailbox
from engine.renderer import Renderer
from engine.renderer.gpu import Gpu
from engine.scene import Scene
from engine.signals import Signals
from engine.sinks.base import Sink
from engine.sources.base import Source
from engine.stats import Stats
from engine.trackers.base import Tracker

log = logging.getLogger("phosphene")

IN_FLIGHT = 2  # one frame with the trackers, one being drawn: the best balance of rate and lag
QUEUED = 4  # finished pictures that a sink may be behind
TRACKER_PATIENCE_S = 20.0  # a tracker that needs longer for one frame counts as hung


class Ticket:
    """A frame on its way through the trackers."""

    def __init__(self, frame: Frame, trackers: Sequence[str], wake: threading.Condition) -> None:
        self.frame = frame
        self.results: dict[str, Any] = {}
        self.born_s = time.perf_counter()
        self._waiting = set(trackers)
        self._wake = wake

    @property
    def done(self) -> bool:
        """Whether every tracker has answered."""
        return not self._waiting

    def answer(self, tracker: str, result: Any) -> None:
        """Takes one tracker's result; None where it failed."""
        with self._wake:
            if result is not None:
                self.results[tracker] = result
            self._waiting.discard(tracker)
            self._wake.notify_all()


class Worker(threading.Thread):
    """A thread that keeps the error that ended it, for the main thread to raise."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.error: Exception | None = None


class TrackerThread(Worker):
    """Opens one tracker and lets it look at tickets, one after another."""

    def __init__(self, name: str, open_tracker: Callable[[], Tracker], stats: Stats) -> None:
        super().__init__(f"tracker {name}")
        self.tracker_name = name
        self.inbox: Mailbox[Ticket] = Mailbox(IN_FLIGHT + 1, drops=False)
        self._open, self._stats, self._told = open_tracker, stats, False

    def run(self) -> None:
        tracker: Tracker | None = None
        try:
            tracker = self._open()
        except Exception as error:  # noqa: BLE001 (raised again in the main thread)
            self.error = error
        while (ticket := self.inbox.get()) is not None:
            result = None
            if tracker is not None:
                try:
                    with self._stats.timed(f"tracker.{self.tracker_name}"):
                        result = tracker.track(ticket.frame)
                except Exception as error:  # noqa: BLE001 (a tracker that fails on a frame is told once)
                    if not self._told:
                        log.error("tracker %s failed on frame %d: %s", self.tracker_name, ticket.frame.id, error)
                        self._told = True
            ticket.answer(self.tracker_name, result)
        if tracker is not None:
            tracker.close()


class CaptureThread(Worker):
    """Reads the source: at its own pace where the show is live, else as fast as the frames are taken."""

    def __init__(
        self, source: Source, outbox: Mailbox[Frame], stats: Stats, paced: bool, until_s: float | None
    ) -> None:
        super().__init__("capture")
        self._source, self._outbox, self._stats = source, outbox, stats
        self._paced, self._until_s = paced, until_s
        self._halt = threading.Event()

    def run(self) -> None:
        try:
            for frame in self._frames():
                self._stats.frames_in += 1
                if self._outbox.put(frame) is frame:
                    break
        except Exception as error:  # noqa: BLE001 (raised again in the main thread)
            self.error = error
        finally:
            self._outbox.close()

    def _frames(self) -> Iterator[Frame]:
        begin = time.perf_counter()
        while not self._halt.is_set():
            with self._stats.timed("capture"):
                frame = self._source.read()
            if frame is None or (self._until_s is not None and frame.time_s >= self._until_s - 1e-6):
                return
            if self._paced and self._halt.wait(max(0.0, frame.time_s - (time.perf_counter() - begin))):
                return
            yield frame

    def stop(self) -> None:
        """Ends the reading after the frame that is being read."""
        self._halt.set()
        self._outbox.close()


class SinkThread(Worker):
    """Writes finished pictures to one sink."""

    def __init__(self, sink: Sink, stats: Stats, drops: bool, give_back: Callable[[Pixels], None]) -> None:
        super().__init__(f"sink {type(sink).__name__}")
        self.sink = sink
        self.inbox: Mailbox[tuple[Pixels, float]] = Mailbox(QUEUED, drops=drops)
        self._stats, self._give_back = stats, give_back

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


class Show:
    """One run of a scene. `run` blocks until the source ends, `stop` is called, or something fails."""

    def __init__(
        self,
        scene: Scene,
        source: Source,
        sinks: Sequence[Sink],
        *,
        gpu: Gpu,
        open_tracker: Callable[[str], Tracker],
        live: bool,
        until_s: float | None = None,
        seed: int = 0,
        stats: Stats | None = None,
        on_frame: Callable[[Renderer], bool] | None = None,
    ) -> None:
        self.scene, self.source, self.gpu, self.live = scene, source, gpu, live
        self.stats = stats or Stats()
        self.signals = Signals()
        self.renderer: Renderer | None = None
        self._seed, self._on_frame = seed, on_frame
        self._wake = threading.Condition()
        self._stopping = False
        self._buffers = Buffers(source.size)
        self._frames: Mailbox[Frame] = Mailbox(1 if live else IN_FLIGHT, drops=live, wake=self._wake)
        self._capture = CaptureThread(source, self._frames, self.stats, live and not source.live, until_s)
        self._open_tracker = open_tracker
        self._trackers: dict[str, TrackerThread] = {}
        self._sinks = [SinkThread(s, self.stats, live, self._buffers.give) for s in sinks]
        self._last_results: dict[str, Any] = {}

    def stop(self) -> None:
        """Ends the show after the frame that is being drawn; may be called from any thread or signal handler."""
        self._stopping = True

    def run(self) -> Stats:
        """Runs to the end; raises the first error of any part, after every part was closed."""
        for thread in (self._capture, *self._sinks):
            thread.start()
        self._needed_trackers()
        try:
            # Shaders compile while the trackers load their models.
            with self.stats.timed("compile"):
                self.renderer = Renderer(self.gpu, self.scene, self.source.size, self._seed)
            self._draw_all(self.renderer)
        finally:
            self._close()
        self._raise_errors()
        return self.stats

    def _draw_all(self, renderer: Renderer) -> None:
        tickets: deque[Ticket] = deque()
        last_s: float | None = None
        while not self._stopping:
            ticket = self._next(tickets)
            if ticket is None:
                return
            dt = 0.0 if last_s is None else max(0.0, ticket.frame.time_s - last_s)
            last_s = ticket.frame.time_s
            if not self._draw(renderer, ticket, dt):
                return

    def _needed_trackers(self) -> dict[str, TrackerThread]:
        """The trackers that the scene needs now; one that is needed for the first time is started."""
        needed = {}
        for name in sorted(self.scene.needs()):
            if name not in self._trackers:
                self._trackers[name] = TrackerThread(name, partial(self._open_tracker, name), self.stats)
                self._trackers[name].start()
            needed[name] = self._trackers[name]
        return needed

    def _next(self, tickets: deque[Ticket]) -> Ticket | None:
        """The next frame to draw, with its results, or None at the end; meanwhile new frames go to the trackers."""
        deadline = time.perf_counter() + TRACKER_PATIENCE_S
        with self._wake:
            while not self._stopping:
                if any(w.error for w in self._workers()[1:]):
                    return None
                while len(tickets) < IN_FLIGHT and (frame := self._frames.pop()) is not None:
                    needed = self._needed_trackers()
                    ticket = Ticket(frame, list(needed), self._wake)
                    tickets.append(ticket)
                    for thread in needed.values():
                        thread.inbox.put(ticket)
                    deadline = time.perf_counter() + TRACKER_PATIENCE_S
                if tickets and tickets[0].done:
                    return tickets.popleft()
                if not tickets and self._frames.ended:
                    return None
                if tickets and time.perf_counter() > deadline:
                    hung = ", ".join(sorted(tickets[0]._waiting))
                    log.error("tracker %s hangs on frame %d", hung, tickets[0].frame.id)
                    return tickets.popleft()
                self._wake.wait(0.05)
        return None

    def _draw(self, renderer: Renderer, ticket: Ticket, dt: float) -> bool:
        """Draws one frame and hands it to the sinks; returns whether the show goes on."""
        frame = ticket.frame
        if frame.size != renderer.size:
            raise SourceError(f"the input changed its size from {renderer.size} to {frame.size}")
        observation = self.signals.observe(Observation(frame, ticket.results))
        self.scene.apply(observation.signals, dt)
        with self.stats.timed("draw"):
            renderer.render(observation, dt)
            if self._sinks:
                image = renderer.read(self._buffers.take(len(self._sinks)))
            else:
                self.gpu.finish()
        goes_on = True if self._on_frame is None else self._on_frame(renderer)
        for sink in self._sinks:
            lost = sink.inbox.put((image, frame.time_s))
            if lost is not None:
                self._buffers.give(lost[0])
        self.stats.add("lag", time.perf_counter() - (frame.captured_s or ticket.born_s))
        self.stats.frame_done()
        return goes_on

    def _close(self) -> None:
        """Ends every thread and releases everything; sinks finish what was handed to them."""
        self._capture.stop()
        for tracker in self._trackers.values():
            tracker.inbox.close()
        for sink in self._sinks:
            sink.inbox.close()
        for thread in (self._capture, *self._trackers.values()):
            thread.join(TRACKER_PATIENCE_S)
            if thread.is_alive():
                log.warning("%s does not end", thread.name)
        for sink in self._sinks:
            sink.join()
        self.source.close()
        self.stats.dropped = self._frames.dropped + sum(s.inbox.dropped for s in self._sinks)
        if self.renderer is not None:
            self.renderer.release()

    def _workers(self) -> list[Worker]:
        return [self._capture, *self._trackers.values(), *self._sinks]

    def _raise_errors(self) -> None:
        for thread in self._workers():
            if thread.error is not None:
                if not isinstance(thread.error, PhospheneError):
                    log.error("%s failed", thread.name, exc_info=thread.error)
                raise thread.error
