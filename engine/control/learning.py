"""Learning: the next control of a device that is moved is given what was named before."""

from __future__ import annotations

import logging
import threading
from collections import deque
from concurrent.futures import Future

from .targets import Target

log = logging.getLogger("phosphene")


class Learning:
    """What waits for a control, in its order. For any thread.

    Whoever wants to teach calls `begin`; a device that hears of a control asks `take`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Target, Future[str]]] = deque()
        self._taken: set[str] = set()

    @property
    def waiting(self) -> tuple[Target, ...]:
        """What waits for a control, the next first."""
        return tuple(target for target, _ in self._waiting)

    def begin(self, target: str) -> Future[str]:
        """Gives `target` to the next control that is moved; the future says which one it was.

        A future that is cancelled waits no longer. Raises UsageError for what is no target.
        """
        wanted: tuple[Target, Future[str]] = Target.parse(target), Future()
        with self._lock:
            if not self._waiting:
                self._taken.clear()
            self._waiting.append(wanted)
            first = len(self._waiting) == 1
        if first:
            _ask_for(wanted[0])
        return wanted[1]

    def take(self, control: str) -> Target | None:
        """What `control`, which has just been moved, is to do from now on; None where nothing waits.

        A control that took one already gets no second one, however long it is turned.
        """
        if not self._waiting:
            return None
        with self._lock:
            while self._waiting and control not in self._taken:
                target, result = self._waiting.popleft()
                if result.set_running_or_notify_cancel():
                    break
            else:
                return None
            self._taken.add(control)
            following = self._waiting[0][0] if self._waiting else None
        result.set_result(control)
        if following is not None:
            _ask_for(following)
        return target


def _ask_for(target: Target) -> None:
    log.info("move the control, or press the button, that is to do %s (turn an endless knob clockwise)", target)
