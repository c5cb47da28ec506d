"""Ctrl-C, a polite kill, a closed terminal: the run ends, and the file that was being written plays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import av
import pytest
from helpers_waiting import wait_until
from phosphene.engine.sources.testcard import read_number

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.gl,
    pytest.mark.models,
    pytest.mark.slow,
    pytest.mark.usefixtures("models_ready"),
    pytest.mark.skipif(sys.platform == "win32", reason="signals as on Linux and macOS"),
]


CASES = [
    (signal.SIGINT, "exact", "out.mp4"),
    (signal.SIGTERM, "exact", "out.mkv"),
    (signal.SIGINT, "live", "out.mp4"),
    *([(signal.SIGHUP, "exact", "out.mp4"), (signal.SIGHUP, "live", "out.mkv")] if hasattr(signal, "SIGHUP") else []),
]


def written(folder: Path) -> int:
    """How many bytes were written: what is rendered has a hidden name until it is whole."""
    return sum(path.stat().st_size for path in folder.iterdir())


def wait_for_frames(folder: Path, process: subprocess.Popen[str] | None = None) -> None:
    """Waits until the first second of frames is in the file: it grows once more after its head was written."""
    wait_until(lambda: written(folder), process=process)
    head = written(folder)
    wait_until(lambda: written(folder) > head, process=process)


@pytest.mark.parametrize(("number", "pace", "name"), CASES, ids=lambda value: getattr(value, "name", value))
def test_interrupted_file_plays(tmp_path: Path, number: signal.Signals, pace: str, name: str) -> None:
    """A test card of an hour is recorded and interrupted: no traceback, every picture in order.

    A show has come to its end, with exit code 0; what was to be rendered has not, which a script must see.
    """
    out = tmp_path / name
    words = [sys.executable, "main.py", "run", "duotone", "--input", "testcard:320x180", "--output", str(out)]
    with subprocess.Popen(
        [*words, "--pace", pace, "--seconds", "3600"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            wait_for_frames(tmp_path, process)
            process.send_signal(number)
            _, told = process.communicate(timeout=240)
        finally:
            process.kill()
    assert process.returncode == (0 if pace == "live" else 128 + number), told
    assert "Traceback" not in told
    with av.open(str(out)) as file:
        numbers = [read_number(f.to_ndarray(format="rgb24")) for f in file.decode(file.streams.video[0])]
    assert numbers, "no picture in the file"
    known = [n for n in numbers if n is not None]
    assert len(known) == len(numbers), "a picture is broken"
    assert known == sorted(set(known))
    if pace == "exact":
        assert known == list(range(len(known)))
    assert [p.name for p in tmp_path.iterdir()] == [name], "something was left behind"


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="Windows knows no such terminals")
def test_a_terminal_that_is_closed_leaves_a_file_that_plays(tmp_path: Path) -> None:
    """As when its window is closed or the connection breaks: what was told to it goes nowhere, and hinders nothing."""
    import pty

    out = tmp_path / "out.mp4"
    words = [sys.executable, str(ROOT / "main.py"), "run", "duotone", "--input", "testcard:320x180"]
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.execv(sys.executable, [*words, "--output", str(out), "--seconds", "3600"])
    try:
        wait_for_frames(tmp_path)
        os.close(terminal)
        ended: list[int] = []

        def over() -> bool:
            found, status = os.waitpid(child, os.WNOHANG)
            ended.extend([status] * (found == child))
            return bool(ended)

        wait_until(over)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    assert os.waitstatus_to_exitcode(ended[0]) == 128 + signal.SIGHUP
    with av.open(str(out)) as file:
        assert sum(1 for _ in file.decode(file.streams.video[0])) > 5
