"""What drawing a frame takes: measured, and reported to the numbers, the slow-effect guard and the governor."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..core.awake import since
from ..renderer.gpu import Gpu
from ..renderer.gpu_timer import GlTime
from ..renderer.stage import Stage
from .slow_effects import SlowEffectGuard
from .stats import Stats

if TYPE_CHECKING:
    from .governor import Governor


class FrameCosts:
    """Measures the drawing of each frame. In a `live` show the slow-effect guard gets it, and a governor always."""

    def __init__(self, gpu: Gpu, stats: Stats, governor: Governor | None, *, live: bool) -> None:
        self._stats, self._governor = stats, governor
        self._gl_time = GlTime(gpu)
        self._guard = SlowEffectGuard() if live else None
        self._begin_s = 0.0

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measures a block that draws a frame and reads it back."""
        self._begin_s = time.perf_counter()
        with self._stats.timed("draw"), self._gl_time:
            yield

    def report(self, stage: Stage, slowest_tracker_s: float) -> None:
        """Reports the frame that was measured last. `slowest_tracker_s`: what its slowest tracker took."""
        if self._gl_time.seconds is not None:
            self._stats.add("gl", self._gl_time.seconds)
        if self._guard is not None:
            self._guard.frame(since(self._begin_s), [stage.renderers[number] for number in stage.playlist.shown])
        if self._governor is not None:
            now = time.perf_counter()
            trackers_ms = slowest_tracker_s * 1e3 / self._governor.quality.every
            self._governor.frame(now, (now - self._begin_s) * 1e3, trackers_ms)
