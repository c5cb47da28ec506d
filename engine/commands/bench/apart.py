"""A naive loop in a process of its own, as its author would run it: nothing that a show sets up for itself helps it."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from ...core.closing import Closing
from .naive import LOOPS, Loop
from .shows import Slice

_loop: Loop | None = None  # of the child process


class Apart(Closing):
    """One naive loop; its process waits idle between slices."""

    def __init__(self, name: str, size: tuple[int, int], numpy_floats: bool) -> None:
        self._pool = ProcessPoolExecutor(1, get_context("spawn"), _open, (name, size, numpy_floats))

    def slice(self, clip: Path, warm: int, frames: int) -> Slice:
        """One slice: `warm` frames of the clip that are not counted, then `frames` that are."""
        fps, cpu_ms = self._pool.submit(_slice, clip, warm, frames).result()
        return Slice(fps, cpu_ms)

    def close(self) -> None:
        """Ends the process."""
        self._pool.shutdown()


def _open(name: str, size: tuple[int, int], numpy_floats: bool) -> None:
    global _loop
    _loop = LOOPS[name](size, numpy_floats)


def _slice(clip: Path, warm: int, frames: int) -> tuple[float, float]:
    assert _loop is not None
    _loop.begin(clip)
    for _ in range(warm):
        _loop.step()
    wall, cpu = time.perf_counter(), time.process_time()
    done = sum(_loop.step() is not None for _ in range(frames))
    seconds, used = time.perf_counter() - wall, time.process_time() - cpu
    _loop.end()
    return done / seconds, used * 1e3 / max(done, 1)
