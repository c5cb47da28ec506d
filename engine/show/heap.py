"""The C library's heap, which learns that what a show frees in one frame it wants again in the next."""

from __future__ import annotations

import ctypes
import sys

# glibc's mallopt(3). Left alone it gives free memory at the heap's end back to the system whenever that is more than
# 128 kB, and every page of it costs a fault when it is asked for again: hundreds a frame for a matte's small planes.
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
KEPT = 64 << 20
MAPPED = 32 << 20  # the most that glibc takes; an image of 4096×2160 has 27 MB


def keep_freed() -> bool:
    """Lets the process keep up to 64 MB that it has freed; returns whether its C library knows how."""
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(TRIM_THRESHOLD, KEPT)) and bool(mallopt(MMAP_THRESHOLD, MAPPED))


def give_back() -> None:
    """Gives the system what was freed and kept; takes about a millisecond.

    For after a show, and after a shader was compiled in one: what they freed lies scattered over the parts of the heap
    that glibc gives to each thread, and the next ones take other parts, so that a process would grow with each.
    """
    if sys.platform.startswith("linux") and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)
