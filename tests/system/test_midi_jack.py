"""MIDI through a real server and the real library: JACK's dummy driver needs neither a device nor a kernel module."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.gl,
    pytest.mark.slow,
    pytest.mark.usefixtures("gpu"),
    pytest.mark.skipif(shutil.which("jackd") is None, reason="jackd is not here (Debian: jackd2)"),
]
EVENTS = 8000

SCRIPT = f"""
import sys, time, threading
import rtmidi
from phosphene.engine.control.midi.control import MidiControl
from phosphene.engine.control.midi.ports import RtMidiPorts
from phosphene.engine.show.options import run_options
from phosphene.engine.show.session import play

heard, lights, done = [], [], threading.Event()
surface = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK)
surface.open_virtual_port("Surface")
back = rtmidi.MidiIn(rtapi=rtmidi.API_UNIX_JACK)
back.open_virtual_port("Surface")

class Counted(RtMidiPorts):
    def open_input(self, name, hear):
        def both(message):
            heard.append(message)
            hear(message)
        return super().open_input(name, both)

def send():
    for n in range({EVENTS}):  # in a second
        surface.send_message([0xB0, n % 8, n % 127])
        if n % 40 == 39:
            time.sleep(0.005)
    surface.send_message([0xB0, 1, 101])
    while len(heard) < {EVENTS} + 1:
        time.sleep(0.01)
    done.set()

controls, amounts = [], []
def on_desk(desk):
    controls.append(MidiControl(sys.argv[2], desk, ports=Counted(jack=True)))
    threading.Thread(target=send, daemon=True).start()

def look(drawn):
    amounts.append(drawn.image.scene.get("duotone.amount"))
    while (light := back.get_message()) is not None:
        lights.append(light[0][2])
    return not (done.is_set() and amounts[-1] == 101 / 127 and 64 in lights)

play(run_options(sys.argv[1], input="testcard:64x48@30", outputs=["null"], pace="live"), on_image=look, on_desk=on_desk)
controls[0].close()
print(len(heard), amounts[-1] == 101 / 127, 64 in lights)
"""


@pytest.fixture
def jack() -> Iterator[dict[str, str]]:
    """A server of its own that waits for its clients; the variables that lead a program to it."""
    name = f"phosphene-test-{os.getpid()}"
    server = subprocess.Popen(
        ["jackd", "-n", name, "-S", "-t", "10000", "--no-realtime", "-d", "dummy", "-r", "48000", "-p", "1024"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    env = {
        **os.environ,
        "JACK_DEFAULT_SERVER": name,
        "JACK_NO_START_SERVER": "1",
        "PYTHONPATH": str(ROOT),
    }
    try:
        while subprocess.run(["jack_wait", "-w", "-t", "1", "-s", name], env=env, capture_output=True).returncode:
            assert server.poll() is None, "jackd has ended"
            time.sleep(0.05)
        yield env
    finally:
        server.terminate()
        try:
            server.wait(10.0)
        except subprocess.TimeoutExpired:  # it may wait for a client that is gone
            server.kill()
            server.wait()


def test_eight_thousand_events_in_a_second(tmp_path: Path, jack: dict[str, str]) -> None:
    """None is lost on the way, the newest wins, and the motor is sent where the parameter stood at first."""
    (tmp_path / "one.toml").write_text(
        '[[layer]]\nsource = "camera"\neffects = [{ use = "duotone", amount = 0.5 }]\n', encoding="utf-8"
    )
    rows = "".join(f'[[control]]\nmidi = "cc {n}"\nto = "duotone.amount"\npickup = false\n' for n in range(8))
    (tmp_path / "map.toml").write_text(f'device = "jack:Surface"\n{rows}', encoding="utf-8")
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    words = [sys.executable, str(tmp_path / "script.py"), str(tmp_path / "one.toml"), str(tmp_path / "map.toml")]
    done = subprocess.run(words, env=jack, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.split() == [str(EVENTS + 1), "True", "True"], done.stderr
