"""How long something has taken while this process ran: what it stood still does not count.

A process is stopped by Ctrl-Z, a debugger or the system, and a virtual machine by its host. Whoever has waited for a
tracker or a camera across that must not say that it hangs.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LOOK_S = 0.25  # nobody who waits here sleeps for longer without a look at the clocks
STILL_S = 1.0  # a shorter gap between two looks is a busy machine
KEPT = 64  # the newest standstills


class Awake:
    """Notices from the gap between two looks, in which the process used next to no processor time, that it stood still.

    Every call is a look; a show makes one at least every 0.25 s, whatever it waits for.
    """

    def __init__(
        self, clock: Callable[[], float] = time.perf_counter, worked: Callable[[], float] = time.process_time
    ) -> None:
        self._clock, self._worked = clock, worked
        self._lock = threading.Lock()
        self._last_s, self._last_work_s = clock(), worked()
        self._stills: deque[tuple[float, float]] = deque(maxlen=KEPT)  # begin and end
        self._most_work_s = LOOK_S * ((os.cpu_count() or 1) + 1)  # what may be done in a look before it stands still

    def since(self, moment_s: float) -> float:
        """Seconds since `moment_s` (time.perf_counter) in which this process ran."""
        with self._lock:
            now, work = self._clock(), self._worked()
            if now - self._last_s > STILL_S and work - self._last_work_s < self._most_work_s:
                self._stills.append((self._last_s, now))
            self._last_s, self._last_work_s = now, work
            still = sum(max(0.0, end - max(begin, moment_s)) for begin, end in self._stills)
            return now - moment_s - still

    def wait_for(self, news: threading.Condition, found: Callable[[], bool], seconds: float) -> bool:
        """Waits on `news`, whose lock is held, until `found` or so many seconds have passed; what `found` says then."""
        begin = self._clock()
        while not found() and (left := seconds - self.since(begin)) > 0.0:
            news.wait(min(left, LOOK_S))
        return found()

    def get(self, items: queue.Queue[T], seconds: float) -> T:
        """The next of `items`. Raises queue.Empty where none comes within so many seconds."""
        begin = self._clock()
        while (left := seconds - self.since(begin)) > 0.0:
            try:
                return items.get(timeout=min(left, LOOK_S))
            except queue.Empty:
                continue
        return items.get_nowait()


AWAKE = Awake()
since, wait_for, get = AWAKE.since, AWAKE.wait_for, AWAKE.get
