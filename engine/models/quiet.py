"""Keeps MediaPipe's and LiteRT's start-up chatter off the terminal, without touching Python's own stderr."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_lock = threading.Lock()
_depth = 0
_real: int | None = None
_null: int | None = None


def _streams() -> tuple[Any, Any] | None:
    """The C library and its `stderr` variable, or None where it has no such variable (Windows)."""
    name = {"linux": "stderr", "darwin": "__stderrp"}.get(sys.platform)
    if name is None:
        return None
    try:
        libc = ctypes.CDLL(None)
        libc.fopen.restype = ctypes.c_void_p
        libc.fopen.argtypes = (ctypes.c_char_p, ctypes.c_char_p)
        return libc, ctypes.c_void_p.in_dll(libc, name)
    except (OSError, ValueError, AttributeError):
        return None  # Another C library: the lines stay, which harms nothing.


@contextmanager
def quiet() -> Iterator[None]:
    """What C code writes to `stderr` inside goes nowhere; Python's `sys.stderr` and file descriptor 2 are untouched.

    Neither library has a switch for these lines: environment variables and absl's flags do not reach them (upstream
    issue google-ai-edge/mediapipe#5737). Failures are not lost, they come as exceptions. May be nested and used by
    several threads at once. PHOSPHENE_VERBOSE=1 lets the lines through.
    """
    global _depth, _real, _null
    found = None if os.environ.get("PHOSPHENE_VERBOSE") == "1" else _streams()
    if found is None:
        yield
        return
    libc, stderr = found
    with _lock:
        if _null is None:
            _null = libc.fopen(os.devnull.encode(), b"w")
        if _depth == 0 and _null is not None:
            _real, stderr.value = stderr.value, _null
        _depth += 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0 and _real is not None:
                stderr.value, _real = _real, None
