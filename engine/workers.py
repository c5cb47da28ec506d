"""The threads of a show and what they hand on: tickets from capture to the trackers, pictures to the sinks."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import numpy as np

from engine import awake
from engine.data import Frame, Pixels
from engine.errors import PhospheneError, SourceError, SourceRests, SourceSilent
from engine.imaging import straight_alpha
from engine.mailbox import Mailbox
from engine.sinks.base import KeepsEnd, Sink, WritesFiles
from engine.sources.base import Source
from engine.sources.fit import cover
from engine.stats import Stats
from engine.trackers.base import Early, Fed, Tracker

log = logging.getLogger("phosphene")

IN_FLIGHT = 2  # one frame with the trackers, one being drawn: the best balance of rate and lag
EARLY_S = 5.0  # how long the end waits for what was begun early
RETRY_S = 0.3  # until a source that delivers nothing is asked again
SILENT_S = 2.5  # a camera that takes longer for a frame has stopped; most sources say so themselves after 2 s
TELL_AGAIN_S = 10.0
TOLD = 200  # different errors of one tracker that are named
LONG = 1.5  # of a source's nominal frame time: what is shown longer counts as a long picture where a show is cut
QUEUED = 4  # finished pictures that a sink may be behind


class Ticket:
    """A frame on its way through the trackers."""

    def __init__(self, frame: Frame, trackers: Sequence[str], wake: threading.Condition) -> None:
        self.frame = frame
        self.results: dict[str, Any] = {}
        self.resting: tuple[str, ...] = ()  # the trackers that let this frame pass
        self.born_s = time.perf_counter()
        self.early: dict[str, Future[Any]] = {}  # by tracker: what it finds while at work on the frame before
        self._waiting = set(trackers)
        self._wake = wake

    @property
    def waiting_for(self) -> frozenset[str]:
        """The trackers that have not answered."""
        return frozenset(self._waiting)

    @property
    def done(self) -> bool:
        """Whether every tracker has answered."""
        return not self._waiting

    def wait_for(self, tracker: str) -> Any:
        """What `tracker` says of the frame, once it has; None where it says nothing."""
        with self._wake:
            self._wake.wait_for(lambda: tracker not in self._waiting)
            return self.results.get(tracker)

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
        self.hangs = False


class EarlyThread(Worker):
    """Lets a tracker begin with frames that it will look at next."""

    def __init__(self, tracker_name: str, tracker: Early, stats: Stats) -> None:
        super().__init__(f"tracker {tracker_name} early")
        self.inbox: Mailbox[tuple[Frame, Future[Any]]] = Mailbox(IN_FLIGHT + 1, drops=False)
        self._stage, self._tracker, self._stats = f"tracker.{tracker_name}.early", tracker, stats

    def ask(self, frame: Frame) -> Future[Any]:
        """What will be known of `frame`; who cannot wait for it to be begun cancels it."""
        answer: Future[Any] = Future()
        self.inbox.put((frame, answer))
        return answer

    def run(self) -> None:
        while (item := self.inbox.get()) is not None:
            frame, answer = item
            if answer.set_running_or_notify_cancel():
                try:
                    with self._stats.timed(self._stage):
                        found = self._tracker.early(frame)
                    answer.set_result(found)
                except Exception as error:  # noqa: BLE001 (raised again in the tracker's own thread)
                    answer.set_exception(error)


class TrackerThread(Worker):
    """Opens one tracker and lets it look at tickets, one after another; one that is `fed` by another gets its results
    instead of looking for itself."""

    def __init__(self, name: str, open_tracker: Callable[[], Tracker], stats: Stats, fed: str = "") -> None:
        super().__init__(f"tracker {name}")
        self.tracker_name, self._fed = name, fed
        self.inbox: Mailbox[Ticket] = Mailbox(IN_FLIGHT + 1, drops=False)
        self._open, self._stats = open_tracker, stats
        self._told: set[str] = set()  # the errors that were named
        self._told_hang_s = -math.inf
        self._early: EarlyThread | None = None
        self.took_s = 0.0  # for the last frame; 0 until it has answered for one

    def send(self, ticket: Ticket) -> None:
        """Hands a frame on."""
        if self._early is not None:
            ticket.early[self.tracker_name] = self._early.ask(ticket.frame)
        self.inbox.put(ticket)

    def run(self) -> None:
        tracker: Tracker | None = None
        try:
            tracker = self._open()
            if isinstance(tracker, Early):
                self._early = EarlyThread(self.tracker_name, tracker, self._stats)
                self._early.start()
        except Exception as error:  # noqa: BLE001 (raised again in the main thread)
            self.error = error
        while (ticket := self.inbox.get()) is not None:
            result = None
            food = ticket.wait_for(self._fed) if self._fed else None
            begin = time.perf_counter()
            if tracker is not None:
                try:
                    with self._stats.timed(f"tracker.{self.tracker_name}"):
                        early = ticket.early.pop(self.tracker_name, None)
                        if self._fed and isinstance(tracker, Fed):
                            result = tracker.follow(ticket.frame, food)
                        elif isinstance(tracker, Early):
                            known = None if early is None or early.cancel() else early.result()
                            result = tracker.track_after(ticket.frame, known)
                        else:
                            result = tracker.track(ticket.frame)
                except Exception as error:  # noqa: BLE001 (each error of a tracker is told once)
                    if str(error) not in self._told and len(self._told) < TOLD:
                        self._told.add(str(error))
                        log.error("tracker %s failed on frame %d: %s", self.tracker_name, ticket.frame.id, error)
            self.took_s = max(time.perf_counter() - begin, 1e-9)
            ticket.answer(self.tracker_name, result)
            self.hangs = False
        if self._early is not None:
            self._early.inbox.close()
            self._early.join(EARLY_S)
        if tracker is not None:
            tracker.close()

    def give_up(self, frame: Frame) -> None:
        """It has not answered for `frame` in time: gets no more frames until it does. One that is only slow, and so is
        given up again and again, is not named each time."""
        self.hangs = True
        now = time.perf_counter()
        if now - self._told_hang_s > TELL_AGAIN_S:
            log.error("tracker %s hangs on frame %d", self.tracker_name, frame.id)
        self._told_hang_s = now


class CaptureThread(Worker):
    """Reads the source: at its own pace where the show is live, else as fast as the frames are taken."""

    def __init__(
        self, source: Source, outbox: Mailbox[Frame], stats: Stats, paced: bool, until_s: float | None
    ) -> None:
        super().__init__("capture")
        self._source, self._outbox, self._stats = source, outbox, stats
        self._paced, self._until_s = paced, until_s
        self._halt = threading.Event()
        self._begin_s = 0.0
        self._problem = ""  # why a live source delivers nothing at the moment
        self._asked_s: float | None = None  # since when it has been owing a frame
        self._size = source.size
        self._last_s: float | None = None  # the time of the newest frame
        self._end_s: float | None = None  # when the last one ends, where it is no usual one

    @property
    def stalled(self) -> str:
        """Why a live source delivers nothing at the moment, in words; empty while it does."""
        if self._problem or not self._source.live or self._asked_s is None:
            return self._problem
        if awake.since(self._asked_s) < SILENT_S:
            return ""
        if not self.hangs:
            self.hangs = True
            log.warning("the input has given no picture for %g s", SILENT_S)
        return "the input gives no picture"

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
        begin = self._begin_s = time.perf_counter()
        while not self._halt.is_set():
            frame = self._read()
            if frame is None or (self._until_s is not None and frame.time_s >= self._until_s - 1e-6):
                if not self._halt.is_set():
                    self._end(None if frame is None else self._until_s)
                if self._paced and self._end_s is not None:
                    self._halt.wait(max(0.0, self._end_s - (time.perf_counter() - begin)))
                return
            self._last_s = frame.time_s
            if self._paced:
                if self._halt.wait(max(0.0, frame.time_s - (time.perf_counter() - begin))):
                    return
                frame = replace(frame, captured_s=time.perf_counter())
            yield frame

    def _end(self, cut_s: float | None) -> None:
        """The source has ended, or was cut at `cut_s`, in a picture that goes on for longer than others."""
        if cut_s is None:
            end_s: float | None = getattr(self._source, "end_s", None)
            self._end_s = end_s if end_s is None or self._until_s is None else min(end_s, self._until_s)
        elif (
            not self._source.live
            and self._last_s is not None
            and cut_s - self._last_s > LONG * (1.0 / (self._source.fps or 30.0))
        ):
            self._end_s = cut_s

    def end_after(self, drawn_s: float) -> float | None:
        """When the picture at `drawn_s` ends, where it is the source's last one and lasts for a time of its own."""
        return self._end_s if drawn_s == self._last_s else None

    def _read(self) -> Frame | None:
        """The next frame. A live source that delivers nothing is asked again until it does; `stalled` says why."""
        while not self._halt.is_set():
            self._asked_s = time.perf_counter()
            try:
                with self._stats.timed("capture"):
                    frame = self._source.read()
                self._problem, self.hangs, self._asked_s = "", False, None
                return None if frame is None else self._fitted(frame)
            except Exception as error:
                if not self._source.live:
                    raise
                words = error.message if isinstance(error, SourceError) else f"{type(error).__name__}: {error}"
                if words != self._problem:
                    quiet = isinstance(error, SourceRests) or (self.hangs and isinstance(error, SourceSilent))
                    log.log(logging.INFO if quiet else logging.WARNING, "%s", error or words)
                self._problem = words
                self._halt.wait(RETRY_S)
                if self._until_s is not None and time.perf_counter() - self._begin_s >= self._until_s:
                    return None
        return None

    def _fitted(self, frame: Frame) -> Frame:
        """The frame at the show's size, whatever size the input has changed to."""
        wanted = self._source.size
        if frame.size not in (self._size, wanted):
            log.warning("the input changed its size to %d×%d: it is fitted to %d×%d", *frame.size, *wanted)
        self._size = frame.size
        return frame if frame.size == wanted else replace(frame, pixels=cover(frame.pixels, wanted))

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


def raise_errors(threads: Iterable[Worker]) -> None:
    """Raises the first error that ended one of `threads`; one that is no error of ours stands in the log with its
    traceback."""
    for thread in threads:
        if thread.error is not None:
            if not isinstance(thread.error, PhospheneError):
                log.error("%s failed", thread.name, exc_info=thread.error)
            raise thread.error
