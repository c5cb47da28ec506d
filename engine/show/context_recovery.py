"""Recovery of a show whose graphics context was lost: it goes on in a new one."""

from __future__ import annotations

import logging
import time

from ..core.errors import GpuLost
from ..renderer.gpu import Gpu
from ..renderer.stage import Stage

log = logging.getLogger("phosphene")

WITHIN_S, MOST = 60.0, 3  # a context that is lost more often than this is lost by what is drawn
LOST = "the graphics context was lost"


class ContextRecovery:
    """Counts how often the context of `gpu` was lost; a show that is not `live` ends with the first time."""

    def __init__(self, gpu: Gpu, *, live: bool) -> None:
        self._gpu, self._live = gpu, live
        self._times: list[float] = []

    def begin(self, error: Exception, stage: Stage) -> None:
        """Releases all that was drawn with and makes another context. Raises `error` where none was lost, and GpuLost
        where that does not help."""
        if not self._gpu.lost:
            raise error
        now = time.perf_counter()
        self._times = [moment for moment in self._times if now - moment < WITHIN_S] + [now]
        if not self._live:
            raise GpuLost from error
        if len(self._times) > MOST:
            text = f"{LOST} {len(self._times)} times in a minute"
            raise GpuLost(text, hint="an effect may be too much for the driver: try without, or at a smaller --size")
        log.error("%s: everything is made again in a new one", LOST)
        stage.release()
        self._gpu.recreate()
