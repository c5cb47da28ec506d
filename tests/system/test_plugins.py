"""An installed package with effects: listed without being imported, used in a show, and named where it is broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOOD = '''from pathlib import Path

from phosphene import Effect, Float

(Path(__file__).parent / "imported").touch()


class Shine(Effect):
    """Makes it shine."""

    amount = Float(0.5, 0.0, 1.0, "how much")
    glsl = "vec4 effect(vec2 uv) { return frame_here() * (1.0 + amount); }"
'''


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder as pip leaves it: a package, and what it says of itself."""
    (tmp_path / "their_effects").mkdir()
    (tmp_path / "their_effects" / "__init__.py").write_text("")
    (tmp_path / "their_effects" / "shine.py").write_text(GOOD)
    (tmp_path / "their_effects" / "broken.py").write_text("from phosphene import Effect\n\n\ndef oops(:\n")
    info = tmp_path / "their_effects-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-effects\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(
        "[phosphene.effects]\ntheir-shine = their_effects.shine:Shine\ntheir-broken = their_effects.broken:Broken\n"
    )
    return tmp_path


def phosphene(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(installed)])}
    return subprocess.run(
        [sys.executable, "main.py", *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_it_is_listed_without_being_imported(installed: Path) -> None:
    done = phosphene(installed, "list", "effects", "--json")
    found = {e["name"]: e for e in json.loads(done.stdout)["effects"]}
    assert found["their-shine"]["origin"] == "plugin"
    assert found["their-shine"]["doc"] == "Makes it shine. (from package their-effects)"
    assert found["their-shine"]["params"] == ["amount"]
    assert "broken.py:4" in found["their-broken"]["problem"]
    assert "mirror" in found
    assert not (installed / "their_effects" / "imported").exists()


@pytest.mark.gl
def test_it_is_drawn(installed: Path) -> None:
    scene = installed / "shiny.toml"
    scene.write_text('title = "S"\n[[layer]]\nsource = "camera"\neffects = [{ use = "their-shine", amount = 0.2 }]\n')
    done = phosphene(installed, "run", str(scene), "--input", "testcard:64x48@30x3", "--output", "null")
    assert done.returncode == 0, done.stderr
    assert "3 frames" in done.stderr
    assert "switched off" not in done.stderr


@pytest.mark.gl
def test_doctor_names_the_broken_one_with_file_and_line(installed: Path) -> None:
    told = phosphene(installed, "doctor").stdout
    assert "their-broken" in told
    assert "broken.py:4" in told
