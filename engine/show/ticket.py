"""The ticket of a frame, which gathers the results of the trackers."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from typing import Any

from ..core import awake
from ..core.frame import Frame


class Ticket:
    """One frame on its way through the trackers, with what they have found in it so far.

    `results` are those that are known from the start. `resting` are the trackers that skip this frame. `wake` is
    notified with every answer.
    """

    def __init__(
        self,
        frame: Frame,
        trackers: Collection[str],
        wake: threading.Condition,
        *,
        resting: Collection[str] = (),
        results: Mapping[str, Any] | None = None,
    ) -> None:
        self.frame = frame
        self.results: dict[str, Any] = dict(results or {})
        self.resting = tuple(resting)
        self.born_s = time.perf_counter()
        self.detected_ahead: dict[str, Future[Any]] = {}  # by tracker: found while it worked on the frame before
        self._waiting = set(trackers)
        self._given_up = False
        self._wake = wake

    @property
    def waiting_for(self) -> frozenset[str]:
        """The trackers that have not answered."""
        return frozenset(self._waiting)

    @property
    def done(self) -> bool:
        """Whether every tracker has answered."""
        return not self._waiting

    def wait_for(self, tracker: str, timeout_s: float) -> Any:
        """The result of `tracker` for this frame, once it has answered.

        None where it has none, where it does not answer within `timeout_s`, and where the ticket is given up.
        """
        with self._wake:
            awake.wait_for(self._wake, lambda: tracker not in self._waiting or self._given_up, timeout_s)
            return self.results.get(tracker)

    def answer(self, tracker: str, result: Any) -> None:
        """Takes one tracker's result; None where it failed. After `give_up` it comes too late and is left out."""
        with self._wake:
            if result is not None and not self._given_up:
                self.results[tracker] = result
            self._waiting.discard(tracker)
            self._wake.notify_all()

    def give_up(self) -> None:
        """The frame waits no longer: it is drawn with the results so far, or not at all."""
        with self._wake:
            self._given_up = True
            self._wake.notify_all()

    def draw_with(self, frame: Frame, results: Mapping[str, Any]) -> None:
        """The frame and the results to draw, in the place of the ticket's own."""
        self.frame, self.results = frame, dict(results)
