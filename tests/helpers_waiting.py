"""Waiting for what another thread or process does, for as long as a busy machine may take and no longer."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from phosphene.engine.core.errors import SourceError
from phosphene.engine.core.frame import Frame
from phosphene.engine.sources.base import Source

PATIENCE_S = 240.0  # only ever reached where something hangs


def wait_until(
    true: Callable[[], object],
    *,
    timeout_s: float = PATIENCE_S,
    process: subprocess.Popen[str] | subprocess.Popen[bytes] | None = None,
) -> None:
    """Waits until it is true. AssertionError where it does not come in time, or where `process` ends before."""
    end = time.monotonic() + timeout_s
    while not true():
        assert process is None or process.poll() is None, "the process ended before"
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


def next_frame(source: Source) -> Frame:
    """The next frame of a live source, asked again while it says that none comes."""
    found: list[Frame] = []

    def came() -> bool:
        with suppress(SourceError):
            found.extend(filter(None, [source.read()]))
        return bool(found)

    wait_until(came)
    return found[0]


def show_threads() -> list[str]:
    """The threads of a show that are alive; what loads a library for a tracker ends by itself."""
    return [t.name for t in threading.enumerate() if t.name.startswith(("render", "capture", "tracker", "watchdog"))]
