"""Ends this process after so much work of the processors, however busy the interpreter is.

Python's own timer (faulthandler.dump_traceback_later) counts time, which passes while a process is halted.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import io
import os
import signal
import sys

PROCESS_CPU_CLOCK, NOTIFY_BY_THREAD = 2, 2  # linux/time.h, asm-generic/siginfo.h
SAYING_S = 0.5  # of work: what Python may need to write down where its threads are


class _Event(ctypes.Structure):
    """struct sigevent, sigevent(3type)."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signal", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("function", ctypes.c_void_p),
        ("attributes", ctypes.c_void_p),
        ("padding", ctypes.c_char * 32),
    )


class LastResort:
    """`put_off` again and again: where that stops, the line that every thread is in is told and the process ends.

    With exit code 1 where the system can call `_exit` (Linux), else by the signal SIGPROF. On Windows, which does not
    halt processes, it counts time.
    """

    def __init__(self) -> None:
        self._timer = ctypes.c_void_p()
        self._libc: ctypes.CDLL | None = None
        if sys.platform.startswith("linux"):
            libc = ctypes.CDLL(None, use_errno=True)
            leave = ctypes.cast(libc._exit, ctypes.c_void_p).value
            event = _Event(value=1, notify=NOTIFY_BY_THREAD, function=leave)
            if hasattr(libc, "timer_create") and not libc.timer_create(
                PROCESS_CPU_CLOCK, ctypes.byref(event), ctypes.byref(self._timer)
            ):
                self._libc = libc

    def put_off(self, seconds: float) -> None:
        """It ends after so many seconds of all processors' work from now on."""
        if not hasattr(signal, "setitimer"):
            with contextlib.suppress(io.UnsupportedOperation, AttributeError, ValueError, RuntimeError):
                faulthandler.dump_traceback_later(seconds, exit=True, file=sys.stderr)
            return
        work_s = seconds * (os.cpu_count() or 1)
        self._set(work_s + SAYING_S)
        if signal.getsignal(signal.SIGPROF) is signal.SIG_DFL:  # else a profiler is at work
            # A host's own standard error may be no file: then there are no words.
            with contextlib.suppress(io.UnsupportedOperation, AttributeError, ValueError, RuntimeError):
                faulthandler.register(signal.SIGPROF, file=sys.stderr, all_threads=True, chain=self._libc is None)
                signal.setitimer(signal.ITIMER_PROF, work_s)

    def close(self) -> None:
        """It does not end any more; harmless when called twice."""
        if not hasattr(signal, "setitimer"):
            faulthandler.cancel_dump_traceback_later()
            return
        if signal.getsignal(signal.SIGPROF) is signal.SIG_DFL:
            signal.setitimer(signal.ITIMER_PROF, 0.0)
        if self._libc is not None:
            self._libc.timer_delete(self._timer)
            self._libc = None

    def _set(self, seconds: float) -> None:
        if self._libc is not None:
            whole = int(seconds)
            spec = (ctypes.c_long * 4)(0, 0, whole, int((seconds - whole) * 1e9))  # struct itimerspec
            self._libc.timer_settime(self._timer, 0, ctypes.byref(spec), None)
