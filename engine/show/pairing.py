"""Which frame is drawn next, and with which results of the trackers."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..core.awake import since
from ..core.frame import Frame
from ..core.mailbox import Mailbox
from ..core.observation import Observation
from ..scene.playlist import Playlist
from .held_pairs import HeldPairs
from .settings import ShowSettings
from .ticket import Ticket
from .tracking import IN_FLIGHT, TrackerThreads

if TYPE_CHECKING:
    from .governor import Governor
    from .takes.take import Take

WAKE_S = 0.05  # how often a wait looks at what wakes nobody: hung trackers, the window, the end


class Pairing:
    """Hands frames to the trackers and gives them back, each with its results.

    With `sync = "frame"` a frame is drawn when all trackers have answered for it, while they look at the next ones
    already. With `sync = "latest"` a live show draws the newest frame at once, with the newest results carried on to
    its time. A tracker that does not answer in time is given up, and the frame is drawn without it.
    """

    def __init__(
        self,
        playlist: Playlist,
        trackers: TrackerThreads,
        settings: ShowSettings,
        governor: Governor | None = None,
        take: Take | None = None,
    ) -> None:
        live = settings.live
        self._wake = threading.Condition()
        self.frames: Mailbox[Frame] = Mailbox(1 if live else IN_FLIGHT, drops=live, wake=self._wake)
        self._playlist, self._trackers, self._settings = playlist, trackers, settings
        self._governor, self._take = governor, take
        self._held = HeldPairs(playlist)
        self._tickets: deque[Ticket] = deque()  # the frames that are with the trackers, oldest first
        self._in_flight = IN_FLIGHT if live else IN_FLIGHT + 1  # where nobody waits, the rate alone counts
        self._sent = 0
        self._asked: set[str] = set()  # the trackers that have been sent a frame

    def next(self, goes_on: Callable[[float], bool]) -> Ticket | None:
        """The next frame to draw, with its results; None at the end. Meanwhile new frames go to the trackers.

        `goes_on` is called over and over with the seconds waited so far; the wait ends with None when it returns False.
        """
        begin = time.perf_counter()
        latest = self._settings.live and self._playlist.scene.sync == "latest"
        while goes_on(time.perf_counter() - begin) and not self._trackers.failed:
            with self._wake:
                found = self._newest() if latest else self._oldest()
                if found is not None:
                    return found
                if self.exhausted:
                    return None
                if self._tickets and since(max(begin, self._tickets[0].born_s)) > self._timeout_s(self._tickets[0]):
                    late = self._tickets.popleft()
                    self._trackers.give_up(late)
                    if not latest:
                        return late
                self._wake.wait(WAKE_S)
        return None

    @property
    def exhausted(self) -> bool:
        """Whether the input has ended and every frame of it was given out."""
        return not self._tickets and self.frames.ended

    @property
    def upcoming(self) -> Observation | None:
        """The frame that is drawn next, with its results, where that is certain already; else None."""
        ticket = self._tickets[0] if self._tickets else None
        if ticket is None or not ticket.done or ticket.resting or self._playlist.scene.sync != "frame":
            return None
        return Observation(ticket.frame, ticket.results)

    @property
    def reused(self) -> int:
        """How many results were used for more than the frame that they are of."""
        return self._held.reused

    def close(self) -> None:
        """Lets go of the frames that are with the trackers, so that none waits there for another tracker."""
        for ticket in self._tickets:
            ticket.give_up()

    def _timeout_s(self, ticket: Ticket) -> float:
        """How long a frame waits for its trackers; longest for a first result, for which the model is loaded."""
        timeouts = self._settings.timeouts
        if not self._trackers.have_answered(ticket.waiting_for):
            return timeouts.first_result_s
        return timeouts.live_result_s if self._settings.live else timeouts.result_s

    def _oldest(self) -> Ticket | None:
        """`sync = "frame"`: the oldest frame that every tracker has answered for."""
        while len(self._tickets) < self._in_flight and (frame := self.frames.pop()) is not None:
            self._send(frame)
        if not self._tickets or not self._tickets[0].done:
            return None
        ticket = self._tickets.popleft()
        self._held.add(ticket)
        if ticket.resting:
            self._held.fill(ticket)
        return ticket

    def _newest(self) -> Ticket | None:
        """`sync = "latest"`: the newest frame at once, with the newest results carried on to its time."""
        while self._tickets and self._tickets[0].done:
            self._held.add(self._tickets.popleft())
        if (frame := self.frames.pop()) is None:
            return None
        if not self._tickets:
            self._send(frame)
        drawn = Ticket(frame, (), self._wake)
        self._held.fill(drawn)
        return drawn

    def _send(self, frame: Frame) -> None:
        """Hands a frame to every tracker that the scene needs, and that neither hangs nor rests in its turn."""
        wanted = self._trackers.needed(self._playlist.needs(frame.time_s))
        needed = {name: thread for name, thread in wanted.items() if not thread.hangs}
        resting = self._resting(list(needed))
        self._asked |= set(needed)
        known = None if self._take is None else self._take.results(frame)
        ticket = Ticket(frame, needed.keys() - resting, self._wake, resting=resting, results=known)
        self._tickets.append(ticket)
        for name, thread in needed.items():
            if name not in resting:
                thread.send(ticket)

    def _resting(self, needed: list[str]) -> set[str]:
        """Which of these trackers skip the next frame, where the governor lets them look at every nth one only.

        Where the image rests with them they all take the same turns. Else they take turns, each together with its
        upstream tracker. A tracker's first frame is never skipped.
        """
        every = 1 if self._governor is None else self._governor.quality.every
        self._sent += 1
        together = every > 1 and self._held.required
        turns = {name: self._sent + (0 if together else i) for i, name in enumerate(needed)}
        upstream = self._settings.upstream
        resting = {n for n in needed if turns.get(upstream.get(n, n), turns[n]) % every and n in self._asked}
        return set() if together and len(resting) < len(needed) else resting
