"""`phosphene new`: what it makes works as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from phosphene.engine.check.watch import judge_files
from phosphene.engine.commands.cli import main
from phosphene.engine.commands.new import write_new
from phosphene.engine.core.errors import GpuError, UsageError
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.toml_read import load_scene

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("kind", ["py", "glsl", "isf"])
def test_the_scene_shows_the_effect(tmp_path: Path, kind: str) -> None:
    file, scene, _ = write_new("gold-rain", kind, tmp_path)
    made = load_scene(str(scene), Registry([tmp_path], []))
    assert made.title == "Gold rain"
    assert made.get("amount") == 0.8
    assert Registry([tmp_path], []).effects()["gold-rain"].path == file


def test_check_finds_nothing_wrong(tmp_path: Path) -> None:
    files = [write_new("gold-rain", kind, tmp_path / kind)[0] for kind in ("py", "glsl", "isf")]
    try:
        found = list(judge_files(files))
    except GpuError as error:
        pytest.skip(f"no OpenGL here: {error}")
    assert [(v.error, v.notes, v.unused) for v in found] == [("", [], [])] * 3
    assert all(v.good for v in found)
    assert found[2].identity is True


def test_its_test_passes(tmp_path: Path) -> None:
    test = write_new("gold-rain", "glsl", tmp_path)[2]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300, check=False)
    if "GpuError" in done.stdout:
        pytest.skip("no OpenGL here")
    assert done.returncode == 0, done.stdout


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    file, _, _ = write_new("gold-rain", "py", tmp_path)
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="already exists"):
        write_new("gold-rain", "py", tmp_path)
    assert file.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["", "Gold", "gold rain", "../gold", "-gold", "gold_rain", "g" * 41, "1gold", "gold-"])
def test_names_that_are_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="is not a valid effect name"):
        write_new(name, "py", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_built_in_is_not_hidden_by_accident(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOSPHENE_EFFECTS", str(tmp_path / "effects"))
    monkeypatch.setenv("PHOSPHENE_SCENES", str(tmp_path / "scenes"))
    with pytest.raises(UsageError, match="an effect called 'duotone' already"):
        write_new("duotone", "py", None)
    made = write_new("gold-rain", "isf", None)
    assert [p.relative_to(tmp_path).as_posix() for p in made] == [
        "effects/gold-rain.fs",
        "scenes/gold-rain.toml",
        "effects/tests/test_gold_rain.py",
    ]
    assert "gold-rain" in Registry().effects()
    assert not [e.name for e in Registry().effects().values() if e.problem]


def test_the_command_says_how_to_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "gold-rain", "--kind", "isf", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert f"phosphene check {tmp_path / 'gold-rain.fs'}" in said
    assert f"phosphene run {tmp_path / 'gold-rain.toml'} --effects {tmp_path}" in said
