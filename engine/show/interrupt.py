"""Ctrl-C and other requests to end: the show ends between two frames, its files whole."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .stats import Stats


@contextmanager
def stopping(stop: Callable[[], None], stats: Stats) -> Iterator[None]:
    """Ctrl-C, a polite kill and a terminal that is closed end the show after the frame at hand; a second at once.

    Which of them it was is noted in `stats`. Who let a hang-up be ignored (nohup) keeps that.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {}

    def handle(number: int, _: object) -> None:
        stats.stopped_by = number
        if number == hang_up:  # nobody reads any more: a word to a terminal that is gone would be an error
            for terminal in terminals:
                os.dup2(os.open(os.devnull, os.O_WRONLY), terminal)
        stop()
        signal.signal(number, signal.default_int_handler)

    hang_up: int | None = getattr(signal, "SIGHUP", None)  # unknown to Windows
    ending: list[int] = [signal.SIGINT, signal.SIGTERM]
    if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:
        ending.append(hang_up)
    terminals = [number for number in (1, 2) if os.isatty(number)]
    for number in ending:
        with contextlib.suppress(ValueError, OSError):
            before[number] = signal.signal(number, handle)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def is_terminal() -> bool:
    """Whether somebody watches standard error."""
    return os.isatty(2)
