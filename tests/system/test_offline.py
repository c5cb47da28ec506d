"""Everything stays on this machine: no scene looks up a name or opens a connection, and none needs a network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.helpers_system import playable_scenes

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.gl, pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("models_ready")]

# Refuses and writes down whatever Python does with the network, from the interpreter's first moment on.
HOOK = """
import os, sys

def watch(event, args):
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        note = f"{event} {args[0]!r}"
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg") and isinstance(args[1], tuple):
        note = f"{event} {args[1]!r}"
    else:
        return
    with open(os.environ["NETWORK_LOG"], "a", encoding="utf-8") as log:
        log.write(note + "\\n")
    raise OSError(f"refused by the test: {note}")

sys.addaudithook(watch)
"""
# Plays every scene, then one that needs every tracker for longer than late look-ups take to come (3 s after a task
# was made, in the versions of MediaPipe that do it).
PLAYS = """
import sys
from phosphene.engine.show.options import run_options; from phosphene.engine.show.session import play

for scene in {scenes!r}:
    stats = play(run_options(scene, "demo", ["null"], size=(320, 180), seconds=0.4))
    assert stats.frames_out == 12, (scene, stats.frames_out)
stats = play(run_options({all_trackers!r}, "demo", ["null"], size=(320, 180), seconds={seconds}, pace="live"))
assert stats.frames_out >= 1
assert {{"tracker.face", "tracker.person", "tracker.pose"}} <= set(stats.table()["stages"])
print("played")
"""
ALL_TRACKERS = """
title = "Every tracker"
doc = "Face, pose and person."

[[layer]]
name = "room"
source = "camera"
effects = [{ use = "laser-eyes", trigger = "always" }, { use = "clothing-size" }]

[[layer]]
name = "person"
source = "camera"
cut = "person"
"""


@pytest.fixture
def played(tmp_path: Path) -> Path:
    """A script that plays every scene."""
    scene = tmp_path / "all.toml"
    scene.write_text(ALL_TRACKERS, encoding="utf-8")
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    return scene


def play(scene: Path, seconds: float, before: list[str]) -> tuple[str, str]:
    """Runs the script, with the words `before` in front; gives what Python asked of the network and what was told."""
    log = scene.parent / "network.log"
    script = textwrap.dedent(PLAYS).format(scenes=playable_scenes(), all_trackers=str(scene), seconds=seconds)
    paths = os.pathsep.join([str(scene.parent / "hook"), str(ROOT)])
    done = subprocess.run(
        [*before, sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths, "NETWORK_LOG": str(log)},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "played" in done.stdout
    return log.read_text(encoding="utf-8") if log.exists() else "", done.stderr


def test_hook_refuses(played: Path) -> None:
    """The watcher itself works: a look-up and a connection are refused and written down."""
    log = played.parent / "network.log"
    script = (
        "import socket\n"
        "for act in (lambda: socket.getaddrinfo('example.com', 80), "
        "lambda: socket.socket().connect(('127.0.0.1', 9))):\n"
        "    try:\n        act()\n    except OSError as error:\n        assert 'refused by the test' in str(error)\n"
        "    else:\n        raise SystemExit('not refused')\n"
    )
    env = {**os.environ, "PYTHONPATH": str(played.parent / "hook"), "NETWORK_LOG": str(log)}
    subprocess.run([sys.executable, "-c", script], env=env, check=True, timeout=240)
    assert len(log.read_text(encoding="utf-8").splitlines()) == 2


def test_no_look_up_and_no_connection(played: Path) -> None:
    """Not from Python, and, where strace can tell, not from any library either."""
    trace = played.parent / "trace.log"
    strace = shutil.which("strace")
    before = [strace, "-f", "--seccomp-bpf", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg"] if strace else []
    asked, told = play(played, 7.0, [*before, "-o", str(trace)] if before else [])
    if strace and "ptrace" in told:
        pytest.skip("strace may not trace here")
    assert asked == "", f"Python asked the network:\n{asked}"
    if strace:
        calls = [line for line in trace.read_text(errors="replace").splitlines() if re.search(r"AF_INET6?\b", line)]
        assert not calls, "a library used the network:\n" + "\n".join(calls[:10])


def test_runs_without_any_network(played: Path) -> None:
    """In a network name space of its own, where not even the loop-back device is up."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-n", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no right to make a network name space (needs root and util-linux)")
    asked, _ = play(played, 1.0, [unshare, "-n"])
    assert asked == ""
