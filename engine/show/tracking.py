"""The threads of the trackers, and the ticket of a frame, which gathers what they answer."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from ..core.frame import Frame
from ..core.mailbox import Mailbox
from ..trackers.base import DetectsAhead, TakesUpstream, Tracker
from .stats import Stats
from .worker import Worker

log = logging.getLogger("phosphene")

IN_FLIGHT = 2  # one frame with the trackers, one being drawn: the best balance of rate and lag
EARLY_S = 5.0  # how long the end waits for what was begun early
TELL_AGAIN_S = 10.0
TOLD = 200  # different errors of one tracker that are named


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


class DetectAheadThread(Worker):
    """Lets a tracker begin with frames that it will look at next."""

    def __init__(self, tracker_name: str, tracker: DetectsAhead, stats: Stats) -> None:
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
        self._early: DetectAheadThread | None = None
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
            if isinstance(tracker, DetectsAhead):
                self._early = DetectAheadThread(self.tracker_name, tracker, self._stats)
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
                        if self._fed and isinstance(tracker, TakesUpstream):
                            result = tracker.follow(ticket.frame, food)
                        elif isinstance(tracker, DetectsAhead):
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
