"""What a run did, in numbers: frames, rates, times of each stage, lag. Cheap enough to be measured always."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.problem import Problem

KEPT = 4096


class Stats:
    """Collects measurements of one run."""

    def __init__(self) -> None:
        self.frames_in = 0
        self.frames_out = 0
        self.dropped = 0
        self.started_s: float | None = None
        self.ended_s: float | None = None
        self.extra: dict[str, Any] = {}  # what other parts report: a recording, the governor
        self.reports: dict[str, Any] = {}  # what effects found, by layer and name; in no table unless asked for
        self.problems: dict[str, Problem] = {}  # what was wrong at the end, or with a file at the begin, by address
        self.files: list[Path] = []  # what was written; of numbered images the pattern
        self.live = False  # a show, which ends when somebody ends it
        self.stopped_by: int | None = None  # the signal that ended it before its end
        self._stages: dict[str, deque[float]] = {}

    def add(self, stage: str, seconds: float) -> None:
        """Notes that `stage` took `seconds`."""
        times = self._stages.get(stage)
        if times is None:
            times = self._stages.setdefault(stage, deque(maxlen=KEPT))
        times.append(seconds)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Measures a block."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.add(stage, time.perf_counter() - begin)

    def frame_done(self) -> None:
        """Counts a finished frame; the clock runs from the first one."""
        now = time.perf_counter()
        if self.started_s is None:
            self.started_s = now
        self.frames_out += 1
        self.ended_s = now

    @property
    def fps(self) -> float:
        """Finished frames a second, from the first to the last; 0 where fewer than two were finished."""
        if self.started_s is None or self.ended_s is None or self.frames_out < 2:
            return 0.0
        return (self.frames_out - 1) / max(self.ended_s - self.started_s, 1e-9)

    def table(self) -> dict[str, Any]:
        """Everything, ready for JSON: counts, frames a second, each stage's median and 95th percentile in ms."""
        stages = {}
        for name in sorted(self._stages):
            ms = self.recent_ms(name, KEPT)
            stages[name] = {
                "median_ms": round(float(np.median(ms)), 3),
                "p95_ms": round(float(np.percentile(ms, 95)), 3),
            }
        return {
            "frames_in": self.frames_in,
            "frames_out": self.frames_out,
            "fps": round(self.fps, 2),
            "dropped": self.dropped,
            "problems": {address: str(problem) for address, problem in self.problems.items()},
            "lag_ms": stages.get("lag"),
            "memory_mb": memory_mb(),
            "stages": stages,
            **self.extra,
        }

    def recent_ms(self, stage: str, count: int) -> NDArray[np.float64]:
        """The last `count` times of a stage in milliseconds; empty where it was never measured."""
        times = self._stages.get(stage)
        return np.array([] if times is None else list(times)[-count:], np.float64) * 1e3

    @property
    def stages(self) -> list[str]:
        """The stages that were measured."""
        return sorted(self._stages)


def memory_mb() -> float | None:
    """What the process holds in memory now, in MiB; None where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)
    except (OSError, AttributeError, ValueError):
        return None
