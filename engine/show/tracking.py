"""The threads of the trackers: each opens its tracker and answers for one ticket after another."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

from ..core.frame import Frame
from ..core.mailbox import Mailbox
from ..trackers.base import DetectsAhead, TakesUpstream, Tracker
from .stats import Stats
from .ticket import Ticket
from .timeouts import Timeouts
from .worker import Worker

if TYPE_CHECKING:
    from .settings import ShowSettings

log = logging.getLogger("phosphene")

IN_FLIGHT = 2  # one frame with the trackers, one being drawn: the best balance of rate and lag
REPORTED = 200  # different errors of one tracker that are reported


class DetectAheadThread(Worker):
    """Lets a tracker begin with frames that it will look at next."""

    def __init__(self, tracker_name: str, tracker: DetectsAhead, stats: Stats) -> None:
        super().__init__(f"tracker {tracker_name} early")
        self.inbox: Mailbox[tuple[Frame, Future[Any]]] = Mailbox(IN_FLIGHT + 1, drops=False)
        self._stage, self._tracker, self._stats = f"tracker.{tracker_name}.early", tracker, stats

    def ask(self, frame: Frame) -> Future[Any]:
        """The detection in `frame`, to come; a caller that does not wait for its begin cancels it."""
        answer: Future[Any] = Future()
        self.inbox.put((frame, answer))
        return answer

    def run(self) -> None:
        while (item := self.inbox.get()) is not None:
            frame, answer = item
            if answer.set_running_or_notify_cancel():
                try:
                    with self._stats.timed(self._stage):
                        found = self._tracker.detect_ahead(frame)
                    answer.set_result(found)
                except Exception as error:  # noqa: BLE001 (raised again in the tracker's own thread)
                    answer.set_exception(error)


class TrackerThread(Worker):
    """Opens one tracker and lets it look at tickets, one after another. One with an `upstream` tracker takes that
    one's results instead of looking for itself."""

    def __init__(
        self, name: str, open_tracker: Callable[[], Tracker], stats: Stats, upstream: str, timeouts: Timeouts
    ) -> None:
        super().__init__(f"tracker {name}")
        self.tracker_name, self._upstream = name, upstream
        self.inbox: Mailbox[Ticket] = Mailbox(IN_FLIGHT + 1, drops=False)
        self.took_s = 0.0  # for the last frame; 0 until it has answered for one
        self._open, self._stats, self._timeouts = open_tracker, stats, timeouts
        self._reported: set[str] = set()  # the errors that were reported
        self._hung_s = -math.inf  # when it was given up last
        self._ahead: DetectAheadThread | None = None

    def send(self, ticket: Ticket) -> None:
        """Hands a frame on."""
        if self._ahead is not None:
            ticket.detected_ahead[self.tracker_name] = self._ahead.ask(ticket.frame)
        self.inbox.put(ticket)

    def run(self) -> None:
        tracker = self._opened()
        while (ticket := self.inbox.get()) is not None:
            found = ticket.wait_for(self._upstream, self._timeouts.first_result_s) if self._upstream else None
            begin = time.perf_counter()
            result = None if tracker is None else self._result(tracker, ticket, found)
            self.took_s = max(time.perf_counter() - begin, 1e-9)
            ticket.answer(self.tracker_name, result)
            self.hangs = False
        if self._ahead is not None:
            self._ahead.inbox.close()
            self._ahead.join(self._timeouts.detect_ahead_end_s)
        if tracker is not None:
            tracker.close()

    def _opened(self) -> Tracker | None:
        tracker: Tracker | None = None
        try:
            tracker = self._open()
            if isinstance(tracker, DetectsAhead):
                self._ahead = DetectAheadThread(self.tracker_name, tracker, self._stats)
                self._ahead.start()
        except Exception as error:  # noqa: BLE001 (raised again in the main thread)
            self.error = error
        return tracker

    def _result(self, tracker: Tracker, ticket: Ticket, found: Any) -> Any:
        """What `tracker` finds in the frame of `ticket`; None where it fails, and each of its errors is reported once.

        `found` is the result of the upstream tracker.
        """
        try:
            with self._stats.timed(f"tracker.{self.tracker_name}"):
                ahead = ticket.detected_ahead.pop(self.tracker_name, None)
                if self._upstream and isinstance(tracker, TakesUpstream):
                    return tracker.follow(ticket.frame, found)
                if isinstance(tracker, DetectsAhead):
                    detected = None if ahead is None or ahead.cancel() else ahead.result()
                    return tracker.track_after(ticket.frame, detected)
                return tracker.track(ticket.frame)
        except Exception as error:  # noqa: BLE001 (whatever a tracker does: it is reported and the show goes on)
            if str(error) not in self._reported and len(self._reported) < REPORTED:
                self._reported.add(str(error))
                log.error("tracker %s failed on frame %d: %s", self.tracker_name, ticket.frame.id, error)
            return None

    def give_up(self, frame: Frame) -> None:
        """It has not answered for `frame` in time: it gets no more frames until it does. One that is only slow, and so
        is given up again and again, is not reported each time."""
        self.hangs = True
        now = time.perf_counter()
        if now - self._hung_s > self._timeouts.hang_report_s:
            log.error("tracker %s hangs on frame %d", self.tracker_name, frame.id)
        self._hung_s = now


class TrackerThreads:
    """The threads of a show's trackers by name; each starts when it is first needed.

    `recorded` are the trackers whose results a take holds: they never run.
    """

    def __init__(
        self,
        open_tracker: Callable[[str], Tracker],
        stats: Stats,
        settings: ShowSettings,
        recorded: frozenset[str] = frozenset(),
    ) -> None:
        self._open, self._stats, self._recorded = open_tracker, stats, recorded
        self._upstream, self._timeouts = settings.upstream, settings.timeouts
        self._threads: dict[str, TrackerThread] = {}

    @property
    def names(self) -> Collection[str]:
        """Every tracker that was needed so far."""
        return self._threads.keys()

    @property
    def threads(self) -> list[TrackerThread]:
        """Every thread that was started."""
        return list(self._threads.values())

    @property
    def failed(self) -> bool:
        """Whether a tracker could not be opened."""
        return any(thread.error for thread in self._threads.values())

    @property
    def slowest_s(self) -> float:
        """How long the slowest tracker took for its last frame; 0 where none has answered."""
        return max((thread.took_s for thread in self._threads.values()), default=0.0)

    def needed(self, names: frozenset[str]) -> dict[str, TrackerThread]:
        """The threads of the trackers called `names` and of their upstream trackers; new ones start."""
        names |= {self._upstream[name] for name in names if name in self._upstream}
        needed = {}
        for name in sorted(names - self._recorded):
            if name not in self._threads:
                opened = partial(self._open, name)
                upstream = self._upstream.get(name, "")
                self._threads[name] = TrackerThread(name, opened, self._stats, upstream, self._timeouts)
                self._threads[name].start()
            needed[name] = self._threads[name]
        return needed

    def have_answered(self, names: Collection[str]) -> bool:
        """Whether each of these trackers has answered for a frame, so that its model is loaded."""
        return all(self._threads[name].took_s for name in names)

    def give_up(self, ticket: Ticket) -> None:
        """Waits no longer for the trackers that have not answered for `ticket`. A tracker that itself waits for its
        upstream tracker does not hang."""
        waiting = ticket.waiting_for
        for name in sorted(waiting):
            if self._upstream.get(name) not in waiting:
                self._threads[name].give_up(ticket.frame)
        ticket.give_up()

    def stop(self) -> None:
        """Ends every thread after what it was given; each closes its tracker."""
        for thread in self.threads:
            thread.inbox.close()
