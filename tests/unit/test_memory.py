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
    kept = page_faults("from engine.memory import keep_freed; assert keep_freed()")
    assert kept < 200  # of 14 000 pages


def test_asking_twice_does_no_harm() -> None:
    from engine.memory import keep_freed

    assert keep_freed() == keep_freed() == sys.platform.startswith("linux")
