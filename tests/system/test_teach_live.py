"""Teaching from the window: keys are held on a screen of its own, Enter learns."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import models

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


def held_keys(command: list[str], display: dict[str, str], keys: str, cwd: Path = ROOT) -> None:
    """Runs `command`, holds `keys` one after another in its window and presses Enter; it must end well."""

    def xdotool(*what: str) -> str:
        done = subprocess.run(["xdotool", *what], env=display, capture_output=True, text=True, timeout=30, check=False)
        return done.stdout.strip()

    process = subprocess.Popen(command, cwd=cwd, env=display, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 60
        while not (window := xdotool("search", "--name", "Phosphene")) and time.monotonic() < deadline:
            time.sleep(0.3)
        assert window, "no window appeared"
        time.sleep(2)
        xdotool("windowfocus", window.splitlines()[0])
        for key in keys:
            xdotool("keydown", key)
            time.sleep(2.0)
            xdotool("keyup", key)
            time.sleep(0.3)
        xdotool("key", "Return")
        _, said = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
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
