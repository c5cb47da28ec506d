"""The clock that stands still while the process does."""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phosphene.engine.core.awake import LOOK_S, STILL_S, Awake

ROOT = Path(__file__).resolve().parents[2]


class Clocks:
    def __init__(self) -> None:
        self.now = self.work = 100.0


@given(st.lists(st.tuples(st.sampled_from(["look", "halt", "work"]), st.floats(0.01, 50.0)), max_size=20))
def test_only_standstills_are_left_out(steps: list[tuple[str, float]]) -> None:
    clocks = Clocks()
    awake = Awake(lambda: clocks.now, lambda: clocks.work)
    begin, ran = clocks.now, 0.0
    for kind, seconds in steps:
        if kind == "halt":
            clocks.now += STILL_S + seconds
        elif kind == "work":  # all processors busy, and nobody looked
            clocks.now, clocks.work, ran = clocks.now + seconds, clocks.work + 100.0 * seconds, ran + seconds
        else:
            step = min(seconds, LOOK_S)
            clocks.now, ran = clocks.now + step, ran + step
        assert awake.since(begin) == pytest.approx(ran, abs=1e-6) if kind != "work" else awake.since(begin) >= 0.0
        if kind == "work":
            ran = awake.since(begin)


def test_waiting_ends_with_what_is_waited_for_or_in_time() -> None:
    awake, news, items = Awake(), threading.Condition(), queue.Queue[int]()
    with news:
        assert awake.wait_for(news, lambda: True, 60.0)
        assert not awake.wait_for(news, lambda: False, 0.01)
    items.put(3)
    assert awake.get(items, 60.0) == 3
    with pytest.raises(queue.Empty):
        awake.get(items, 0.01)


WATCHED = """
import os, re, sys, time
from phosphene.engine.show.watchdog import Watchdog
watchdog = Watchdog(0.1, lambda *_: os._exit(7))
watchdog.start()
if sys.argv[1] == "hold":
    re.match("(a+)+$", "a" * 60 + "b")  # never lets go of the interpreter's lock
print("up", flush=True)
sys.stdin.readline()
watchdog.close()
print("fine")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals as on Linux and macOS")
def test_a_halted_process_is_not_ended_and_one_that_is_stuck_is() -> None:
    def started(what: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [sys.executable, "-c", WATCHED, what], cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )

    halted = started("wait")
    assert halted.stdout is not None
    assert halted.stdout.readline() == "up\n"
    halted.send_signal(signal.SIGSTOP)
    stuck = started("hold")
    _, words = stuck.communicate()
    assert stuck.returncode == (1 if sys.platform.startswith("linux") else -signal.SIGPROF)
    assert "line 7 in <module>" in words
    halted.send_signal(signal.SIGCONT)
    assert halted.communicate("\n")[0] == "fine\n"
    assert halted.returncode == 0
