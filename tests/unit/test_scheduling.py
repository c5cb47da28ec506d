"""What a library does to the urgency of threads is undone: SVT-AV1 would make root's process a real-time one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux's scheduling")

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
LEADS = pytest.mark.skipif(not ROOT, reason="only root may ask for real time")

WRITE = """
import os, sys, threading
import numpy as np
from phosphene.engine.sinks.scheduling import threads
from phosphene.engine.sinks import open_sink
sink = open_sink(sys.argv[1], size=(128, 72), fps=30.0)
urgent = set()
for number in range(12):
    sink.write(np.full((72, 128, 4), number * 9, np.uint8), number / 30)
    urgent |= {t for t in threads() if os.sched_getscheduler(t) in (os.SCHED_FIFO, os.SCHED_RR)}
sink.close()
print(len(urgent), os.sched_getscheduler(0) == os.SCHED_OTHER, os.path.getsize(sys.argv[1]) > 300)
"""


@LEADS
@pytest.mark.parametrize("name", ["a.mp4?codec=av1", "a.webm?codec=vp9", "a.mp4"])
def test_no_encoder_makes_the_process_urgent(tmp_path: Path, name: str) -> None:
    code = WRITE.replace("os.path.getsize(sys.argv[1])", "os.path.getsize(sys.argv[1].split('?')[0])")
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / name)], capture_output=True, text=True, check=True, timeout=300
    )
    assert run.stdout.split() == ["0", "True", "True"]


@LEADS
def test_threads_made_within_go_back_too_and_those_before_are_left_alone() -> None:
    code = """
import os, threading
from phosphene.engine.sinks.scheduling import same_urgency, threads
wait = threading.Event()
own = threading.Thread(target=wait.wait); own.start()
os.sched_setscheduler(own.native_id, os.SCHED_RR, os.sched_param(3))
with same_urgency():
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99))
    inner = threading.Thread(target=wait.wait); inner.start()
    assert os.sched_getscheduler(inner.native_id) == os.SCHED_FIFO
found = [os.sched_getscheduler(t) for t in (0, inner.native_id, own.native_id)]
wait.set()
print(found == [os.SCHED_OTHER, os.SCHED_OTHER, os.SCHED_RR])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    assert run.stdout.strip() == "True"


def test_nothing_is_touched_where_nothing_changed() -> None:
    from phosphene.engine.sinks.scheduling import same_urgency, threads

    before = os.sched_getscheduler(0)
    with same_urgency():
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()
    assert os.sched_getscheduler(0) == before
    assert threading.get_native_id() in threads()
