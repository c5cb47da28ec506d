"""Teaching from the window: keys are held on a screen of its own, Enter learns."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from phosphene.engine.commands.teach.panel import LEFT, STEP, WIDE
from phosphene.engine.models import store as models

from tests.system.test_window import grab

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.gl,
    pytest.mark.slow,
    pytest.mark.skipif(
        not models.state("efficientnet_lite0").ready, reason="phosphene models --fetch efficientnet_lite0"
    ),
]


@pytest.fixture
def display() -> Iterator[dict[str, str]]:
    """The environment of a screen without a window manager."""
    if shutil.which("Xvfb") is None or shutil.which("xdotool") is None:
        pytest.skip("no Xvfb or no xdotool")
    read, write = os.pipe()
    words = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1000x700x24", "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(words, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        os.close(write)
        with os.fdopen(read) as told:
            number = told.readline().strip()
        if not number:
            pytest.skip("Xvfb does not start here")
        yield {**{k: v for k, v in os.environ.items() if k != "WAYLAND_DISPLAY"}, "DISPLAY": f":{number}"}
        server.terminate()


PATIENCE_S = 240.0


def recorded(display: str, height: int, classes: int) -> float:
    """How full the bar of the class is that is being recorded, 0..1, in a window of `height` at the screen's corner.

    A bar alone is red in its rows; in a small window it is thinner than a pixel, and so darker.
    """
    picture, longest = grab(display).astype(int), 0
    for number in range(classes):
        top = 0.032 + STEP * number + 0.036
        rows = picture[int(top * height) : int((top + 0.006) * height) + 1, round(LEFT * height) :]
        red = rows[..., 0] - rows[..., 1:].max(axis=2) > 60
        part = red[:, : round(WIDE * height)]
        longest = max(longest, *(len(run) for row in part for run in "".join(".#"[int(dot)] for dot in row).split(".")))
    return longest / (WIDE * height)


def held_keys(command: list[str], display: dict[str, str], keys: str, cwd: Path = ROOT) -> None:
    """Runs `command`, holds `keys` one after another in its window and presses Enter; it must end well."""

    def xdotool(*what: str) -> str:
        done = subprocess.run(
            ["xdotool", *what], env=display, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        return done.stdout.strip()

    def wait_for(what: str, there: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not there():
            assert process.poll() is None, f"it ended before {what}: {process.stderr and process.stderr.read()}"
            assert time.monotonic() < deadline, f"never: {what}"
            time.sleep(0.1)

    process = subprocess.Popen(command, cwd=cwd, env=display, stderr=subprocess.PIPE, text=True)
    try:
        wait_for("a window", lambda: bool(xdotool("search", "--name", "Phosphene")))
        window = xdotool("search", "--name", "Phosphene").splitlines()[0]
        screen = display["DISPLAY"]
        wait_for("a picture", lambda: bool(grab(screen).any()))
        xdotool("windowfocus", "--sync", window)
        height = int(re.findall(r"HEIGHT=(\d+)", xdotool("getwindowgeometry", "--shell", window))[0])
        full = dict.fromkeys(keys, 0.0)
        for key in keys:
            more = min(full[key] + 0.18, 0.9)  # a bar has twenty steps of two examples, and four are needed
            xdotool("keydown", key)
            wait_for(f"more examples of {key}", lambda more=more: recorded(screen, height, len(set(keys))) > more)  # type: ignore[misc]
            full[key] = recorded(screen, height, len(set(keys)))
            xdotool("keyup", key)
            wait_for(f"{key} let go", lambda: recorded(screen, height, len(set(keys))) < 0.04)
        xdotool("key", "Return")
        _, said = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()
    assert process.returncode == 0, said


def test_held_keys_record_and_enter_learns(display: dict[str, str], tmp_path: Path) -> None:
    words = ["teach", "hands-on", "--live", "one,two", "--input", "testcard", "--method", "nearest"]
    command = [sys.executable, "main.py", *words, "--into", str(tmp_path), "--json", str(tmp_path / "said.json")]
    held_keys(command, display, "1212")
    told = json.loads((tmp_path / "said.json").read_text(encoding="utf-8"))
    assert told["labels"] == ["one", "two"]
    assert min(told["examples"]) >= 4
    assert told["parts_of_one_recording"] == []
    kept = json.loads((tmp_path / "hands-on" / "metadata.json").read_text(encoding="utf-8"))
    assert [r["class"] for r in kept["recordings"]] == ["one", "two", "one", "two"]
