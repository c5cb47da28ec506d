"""A run describes the effects that it uses, each once, and reads no others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.test_offline import ROOT

# Python says whatever it parses, and from which file. The effect's module is imported before anybody listens.
COUNTS = """
import importlib, json, sys
from collections import Counter
importlib.import_module("phosphene.effects.duotone")
from phosphene.engine.commands.cli import main
parsed = Counter()
def note(event, arguments):
    if event == "compile" and isinstance(arguments[1], str):
        parsed[arguments[1]] += 1
sys.addaudithook(note)
code = main(sys.argv[1:])
print(json.dumps({"code": code, "parsed": parsed}))
"""


@pytest.mark.gl
@pytest.mark.slow
def test_an_effect_is_described_once_a_run_and_others_never(tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text((ROOT / "effects" / "duotone.py").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "other.py").write_text(mine.read_text(encoding="utf-8"), encoding="utf-8")
    scene = tmp_path / "both.toml"
    scene.write_text('title = "t"\n[[layer]]\neffects = ["mine", "duotone"]\n', encoding="utf-8")
    words = ["run", str(scene), "--effects", str(tmp_path), "--input", "testcard", "--seconds", "0.2"]
    done = subprocess.run(
        [sys.executable, "-c", COUNTS, *words, "--output", "null", "--size", "64x48"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["code"] == 0, done.stderr
    effects = {
        path: count for path, count in told["parsed"].items() if Path(path).parent in (ROOT / "effects", tmp_path)
    }
    # A user's file is parsed once more where it is imported.
    assert effects == {str(ROOT / "effects" / "duotone.py"): 1, str(mine): 2}
