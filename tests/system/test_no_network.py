"""Nothing leaves the machine: no name is looked up and no connection is made while the trackers live."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Later versions of MediaPipe look up a logging host about 3 s after a task was created, so the trackers live for 6 s.
# Python's own calls are refused and recorded here; those of C code are seen by strace.
LIVE = """
import socket, time
import numpy as np

calls = []

def refuse(name):
    def refused(*args, **kwargs):
        calls.append((name, args[:2]))
        raise OSError(f"{name} is refused")
    return refused

for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "create_connection", "getnameinfo"):
    setattr(socket, name, refuse(name))
socket.socket.connect = refuse("connect")
socket.socket.connect_ex = refuse("connect_ex")
socket.socket.sendto = refuse("sendto")

from phosphene.engine.core.frame import Frame
from phosphene.engine.models import store as models
from phosphene.engine.trackers.names import TRACKERS; from phosphene.engine.trackers import open_tracker

ready = [n for n, kind in TRACKERS.items() if all(models.state(m).ready for m in kind.models)]
trackers = [open_tracker(name) for name in ready]
noise = np.random.default_rng(1).integers(0, 255, (144, 256, 3), np.uint8)
start = time.monotonic()
i = 0
while time.monotonic() - start < 6.0:
    for tracker in trackers:
        tracker.track(Frame(i, i * 0.2, noise))
    i += 1
    time.sleep(0.2)
for tracker in trackers:
    tracker.close()
assert not calls, calls
print("frames", i)
"""


def live(prefix: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*prefix, sys.executable, "-c", LIVE],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.usefixtures("models_ready")
def test_the_trackers_look_up_no_name_and_connect_nowhere(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    calls = "trace=socket,connect,sendto,sendmsg,sendmmsg,openat"
    tracing = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", calls, "-o", str(trace)]
    traceable = (
        shutil.which("strace") is not None
        and subprocess.run([*tracing, "true"], capture_output=True, check=False, timeout=60).returncode == 0
    )
    done = live(tracing if traceable else [])
    assert done.returncode == 0, done.stderr
    assert "frames" in done.stdout
    # The libraries' start-up chatter stays off the terminal too.
    assert done.stderr == ""
    if traceable:
        lines = trace.read_text(errors="replace").splitlines()
        assert lines, "strace recorded nothing"
        assert not [line for line in lines if re.search(r"socket\((AF|PF)_INET", line)]
        assert not [line for line in lines if re.search(r"connect\(.*sin6?_addr", line)]
        assert not [line for line in lines if "/etc/hosts" in line or "/etc/resolv.conf" in line]
