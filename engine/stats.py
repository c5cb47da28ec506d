"""What a run did, in numbers: frames, rates, times of each stage, lag. Cheap enough to be measured always."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

KEPT = 4096


class Stats:
    """Collects measurements of one run."""

    def __init__(self) -> None:
        self.frames_in = 0
        self.frames_out = 0
        self.dropped = 0
        self.started_s: float | None = None
        self.ended_s: float | None = None
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
        for name, times in sorted(self._stages.items()):
            ms = np.array(times) * 1e3
            stages[name] = {
                "median_ms": round(float(np.median(ms)), 3),
                "p95_ms": round(float(np.percentile(ms, 95)), 3),
            }
        return {
            "frames_in": self.frames_in,
            "frames_out": self.frames_out,
            "fps": round(self.fps, 2),
            "dropped": self.dropped,
            "stages": stages,
        }
