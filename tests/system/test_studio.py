"""`phosphene studio`: what it shows without being told, and the one line that it prints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers_waiting import PATIENCE_S
from phosphene.engine.commands.studio import FIRST, scenes_for
from phosphene.engine.models import store
from phosphene.engine.scene.registry import Registry

pytest.importorskip("aiohttp")

ROOT = Path(__file__).resolve().parents[2]


def test_every_scene_that_needs_no_large_model_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    here = store.state
    monkeypatch.setattr(store, "state", lambda name: SimpleNamespace(ready=False, path=here(name).path))
    names, left_out = scenes_for([], Registry())
    assert names[0] == FIRST
    assert {"duotone", "mirror", "teleport"} <= set(names)
    assert "models --fetch" in left_out["body-parts"]
    assert set(names).isdisjoint(left_out)


def test_a_scene_that_is_named_comes_first_and_several_are_all() -> None:
    assert scenes_for(["teleport"], Registry())[0][:1] == ["teleport"]
    assert scenes_for(["mirror", "duotone"], Registry()) == (["mirror", "duotone"], {})


@pytest.mark.gl
@pytest.mark.slow
def test_it_prints_its_address_alone() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "main.py"), "studio", "mirror", "blur", "--set", "camera/opacity=1", "--input",
         "demo", "--no-browser", "--port", "0", "--seconds", "0.3", "--size", "160x90"],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert line.startswith("studio: http://127.0.0.1:")
    assert "/#t=" in line
    assert "this machine" in done.stderr
