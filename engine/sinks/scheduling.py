"""What libraries may not change: how urgent the process's threads are to the system."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def same_urgency() -> Iterator[None]:
    """Threads that are made within, and the calling one, are scheduled as that was before.

    SVT-AV1, run by root, gives the caller and its own threads the highest real-time priority (check_set_prio in its
    EbThreads.c), which everything that is started later inherits: one loop without end, and the machine stands still.
    """
    if not sys.platform.startswith("linux"):
        yield
        return
    policy, param, known = os.sched_getscheduler(0), os.sched_getparam(0), threads()
    try:
        yield
    finally:
        if os.sched_getscheduler(0) != policy:
            for thread in {*(threads() - known), 0}:  # 0: the calling one
                with suppress(ProcessLookupError):  # it has ended meanwhile
                    os.sched_setscheduler(thread, policy, param)


def threads() -> set[int]:
    """The system's numbers of this process's threads."""
    return {int(entry.name) for entry in Path("/proc/self/task").iterdir()}
