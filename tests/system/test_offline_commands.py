"""Every command with the network refused: what Python asks of it is written down, and it asks nothing."""

from __future__ import annotations

import importlib.resources
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from phosphene.engine.commands.cli import COMMANDS
from PIL import Image

from tests.system.test_offline import HOOK, ROOT

PORTRAIT = importlib.resources.files("matplotlib") / "mpl-data" / "sample_data" / "grace_hopper.jpg"
# What each command is asked to do; TMP is a folder with pictures of two classes, an effect of one's own and room.
WORDS = {
    "run": "run teleport --input demo --seconds 0.3 --size 320x180 --output TMP/out.mp4 --sound none",
    "demo": "demo --seconds 0.3 --size 320x180 --output TMP/demo.mp4",
    "list": "list",
    "show": "show teleport",
    "doctor": "doctor --json TMP/doctor.json",
    "models": "models --verify",
    "bench": "bench --scene duotone --size 320x240 --frames 4 --rounds 1",
    "score": "score --pictures TMP/score",
    "check": "check TMP/own.frag",
    "gallery": "gallery duotone --out TMP/gallery",
    "new": "new mine --out TMP/new",
    "measure": "measure PORTRAIT --height-cm 170",
    "teach": "teach mine --from image --class red=TMP/red --class blue=TMP/blue --method nearest --into TMP/models",
    "studio": "studio duotone --input demo --no-browser --port 0 --seconds 2",
    "soak": "soak duotone --minutes 0.12 --size 320x180",
}
pytestmark = [pytest.mark.slow, pytest.mark.gl, pytest.mark.models, pytest.mark.usefixtures("models_ready")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("offline")
    (made / "hook").mkdir()
    (made / "hook" / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    (made / "own.frag").write_text("vec4 effect(vec2 uv) { return frame(uv).bgra; }\n", encoding="utf-8")
    for name, color in (("red", (200, 40, 30)), ("blue", (30, 60, 200))):
        (made / name).mkdir()
        for i in range(12):
            noise = np.random.default_rng(i).integers(-20, 20, (120, 160, 3))
            Image.fromarray(np.clip(noise + color, 0, 255).astype(np.uint8)).save(made / name / f"{i}.png")
    return made


def test_every_command_is_tried() -> None:
    assert set(WORDS) == set(COMMANDS)


@pytest.mark.parametrize("command", WORDS)
def test_a_command_asks_nothing_of_the_network(folder: Path, command: str) -> None:
    log = folder / f"{command}.log"
    words = [w.replace("TMP", str(folder)).replace("PORTRAIT", str(PORTRAIT)) for w in WORDS[command].split()]
    paths = os.pathsep.join([str(folder / "hook"), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "main.py", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths, "NETWORK_LOG": str(log)},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    said = done.stdout[-1500:] + done.stderr[-1500:]
    assert not log.exists(), log.read_text(encoding="utf-8")
    if command == "teach" and "efficientnet" in said:
        pytest.skip("the model that teaching pictures needs is not here")
    assert done.returncode == 0 or command in ("doctor", "models"), said  # those say what a machine lacks
    assert "Traceback" not in said
