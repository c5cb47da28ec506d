"""How long a show waits for each of its parts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds that a show waits for each of its parts before it goes on without it.

    A frame waits for the first result of a tracker for `first_result_s`, because its model is loaded meanwhile. After
    that it waits for `result_s`, or in a live show for `live_result_s`. A tracker that misses this counts as hung; it
    is reported again only after `hang_report_s` without such a miss.
    """

    first_result_s: float = 20.0
    result_s: float = 20.0
    live_result_s: float = 2.0
    hang_report_s: float = 10.0
    thread_end_s: float = 20.0  # for a thread to end at the end of the show
    hung_thread_end_s: float = 1.0  # the same, for a thread that hangs already
    detect_ahead_end_s: float = 5.0  # the same, for detection that was begun ahead
    sink_end_s: float = 20.0  # for a sink of a live show to finish what it writes
    source_retry_s: float = 0.3  # until a live source that failed is read again
    source_silent_s: float = 2.5  # a camera that takes longer for a frame has stopped; most report it after 2 s
    idle_s: float = 0.1  # without a frame, until the window and the slate are looked after
