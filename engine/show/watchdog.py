"""Ends a show that is stuck inside one effect with a word, rather than never.

An effect of others is tried before it joins (trial.py), and switched off where it gets slow (slow_effects.py). What
is left is one that is good for a while and then never comes back from a frame: nothing makes Python or a driver return
from that, so what was written is finished, the effect is remembered (quarantine.py), and the process ends.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.source_lines import location_of_thread
from ..effect.origin import file_of
from ..glsl.dialects import is_shader
from ..glsl.locate import loop_line
from . import quarantine
from .last_resort import LastResort

if TYPE_CHECKING:
    from ..renderer.effect_runner import EffectRunner

log = logging.getLogger("phosphene")

LIVE_S = 12.0  # above what the try-out lets through (10 s a frame), so that the merely slow are left to the budget
EXACT_S = 120.0  # nobody waits for the next image
LOOK_S = 0.25
SAVE_S = 30.0  # how long the end waits for what is being written
SHOW_CURSOR = "\x1b[?25h"  # a progress bar hides it


class Watchdog(threading.Thread):
    """Calls `stuck` with an effect that has been at work for `limit_s`, and how long, in a thread of its own, once.

    Its time is counted in its own looks, so that a machine that slept, or a process that was halted, blames nobody.
    Where a call never lets go of the interpreter's lock, and so not even this thread runs, the system ends the process
    (exit code 1) after three times the limit, of all processors' work, and Python says in which line.
    """

    def __init__(self, limit_s: float, stuck: Callable[[EffectRunner, float], None]) -> None:
        super().__init__(name="watchdog", daemon=True)
        self.limit_s, self._stuck = limit_s, stuck
        self._at_work: EffectRunner | None = None
        self._turn = 0  # which piece of work it is
        self._end = threading.Event()
        self._last_resort = LastResort()

    @contextmanager
    def over(self, runner: EffectRunner) -> Iterator[None]:
        """While the effect of `runner` is at work.

        What others wrote is waited for until it is drawn. Else the wait would fall to whoever touches the image next;
        most of them hold the interpreter's lock, and no thread could see it.
        """
        self._turn += 1
        self._at_work = runner
        try:
            yield
            if not runner.is_built_in:
                runner.gpu.finish()
        finally:
            self._at_work = None

    def start(self) -> None:
        """Begins to look; at once, as the very first call may be the one that never lets go."""
        self._last_resort.put_off(3.0 * self.limit_s)
        super().start()

    def run(self) -> None:
        """Looks until it is closed."""
        turn, waited_s = -1, 0.0
        try:
            while not self._end.wait(LOOK_S):
                self._last_resort.put_off(3.0 * self.limit_s)
                runner = self._at_work
                if runner is None or turn != self._turn:
                    turn, waited_s = self._turn, 0.0
                    continue
                waited_s += LOOK_S
                if waited_s >= self.limit_s:
                    self._stuck(runner, waited_s)
                    return
        finally:
            self._last_resort.close()

    def close(self) -> None:
        """Ends it."""
        self._end.set()
        if self.is_alive() and threading.current_thread() is not self:
            self.join()


def end_within(seconds: float) -> None:
    """Has Python itself end this process (exit code 1) after so long, if no thread is let in to put that off again. A
    host's own standard error may be no file: then there is no such end."""
    with contextlib.suppress(io.UnsupportedOperation, AttributeError, ValueError, RuntimeError):
        faulthandler.dump_traceback_later(seconds, exit=True, file=sys.stderr)


def end_stuck(runner: EffectRunner, waited_s: float, save: Sequence[Callable[[], None]]) -> None:
    """Says which effect is stuck and ends this process (exit code 1), when all of `save` have finished writing.

    It ends whatever goes wrong meanwhile: a show that hangs and cannot even say so must not go on hanging.
    """
    end_within(2.0 * SAVE_S)
    try:
        report_stuck(runner, waited_s, save)
    except Exception:
        log.critical("the stuck effect could not be reported properly", exc_info=True)
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):  # the reader may have gone
                stream.flush()
        os._exit(1)


def report_stuck(runner: EffectRunner, waited_s: float, save: Sequence[Callable[[], None]]) -> None:
    """Remembers the effect, lets all of `save` finish writing, and says which it is."""
    kind = type(runner.effect)
    file = file_of(kind)
    where = kind.__name__ if file is None else place_in(file)
    why = f"{where}: did not come back from a frame within {waited_s:.0f} s: a loop without an end?"
    log.critical("%s A frame that is being drawn cannot be stopped: the show ends.", why)
    known = file is not None and quarantine.quarantine_effect(file, runner.files, why)
    savers = [threading.Thread(target=one, name="saver", daemon=True) for one in save]
    for saver in savers:
        saver.start()
    end_s = time.monotonic() + SAVE_S
    for saver in savers:
        saver.join(max(0.0, end_s - time.monotonic()))
    again = "the same command runs without it, until it is saved anew" if known else "take it out of the scene"
    print(f"{SHOW_CURSOR if sys.stderr.isatty() else ''}phosphene: {why}\n  next: mend it; {again}", file=sys.stderr)


def place_in(file: Path) -> str:
    """`file:line` of the loop that a shader most likely hangs in, or of where a thread is in a Python file."""
    if is_shader(file):
        return loop_line(file)
    return location_of_thread(file) or loop_line(file)
