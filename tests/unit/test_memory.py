"""Freed memory stays with the process, so that frames do not pay for it again and again."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import resource, sys
import numpy as np
{first}
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def frame():
    planes = [np.ones((144, 250), np.float32) for _ in range(20)]
    return sum(float(p[0, 0]) for p in planes)
for _ in range(5):
    frame()
before = faults()
for _ in range(20):
    frame()
print(faults() - before)
"""


def page_faults(first: str) -> int:
    run = subprocess.run([sys.executable, "-c", CODE.format(first=first)], capture_output=True, text=True, check=True)
    return int(run.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's heap")
def test_a_frame_does_not_fault_its_pages_in_again() -> None:
    kept = page_faults("from phosphene.engine.show.heap import keep_freed; assert keep_freed()")
    assert kept < 200  # of 14 000 pages


def test_asking_twice_does_no_harm() -> None:
    from phosphene.engine.show.heap import keep_freed

    assert keep_freed() == keep_freed() == sys.platform.startswith("linux")


SHOWS = """
import ctypes, os, threading
import numpy as np
from phosphene.engine.show.heap import give_back, keep_freed
assert keep_freed()
def show(turn):
    pieces = [np.ones(60_000, np.uint8) for _ in range(400)]
    kept.append(pieces[-1].copy())  # a little stays, and the heap's end with it
    del pieces
kept = []
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20
before = resident()
for turn in range(8):
    threads = [threading.Thread(target=show, args=(turn,)) for _ in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
full = resident()
give_back()
print(full - before, resident() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's heap")
def test_what_was_kept_is_given_back_between_shows() -> None:
    run = subprocess.run([sys.executable, "-c", SHOWS], capture_output=True, text=True, check=True)
    kept, left = (int(word) for word in run.stdout.split())
    assert kept > 15
    assert left < kept / 3
