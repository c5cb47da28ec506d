"""What a script sees of a run: exit codes, and what effects of others cannot spoil."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from phosphene.engine.commands.cli import main
from phosphene.engine.commands.measure.batch import leave_with_parent
from phosphene.engine.commands.run import exit_code
from phosphene.engine.core.problem import Problem
from phosphene.engine.effect.effect import Effect, Uniform
from phosphene.engine.scene.layer import Layer
from phosphene.engine.scene.scene import Scene
from phosphene.engine.show.stats import Stats

ROOT = Path(__file__).resolve().parents[2]


class Finds(Effect):
    """Finds something."""

    def report(self) -> Mapping[str, Any]:
        return {"found": 1}


class Stumbles(Effect):
    """Its report fails."""

    def report(self) -> Mapping[str, Any]:
        raise AttributeError("no such thing")


BROKEN = {"you/x": Problem("you/x", "raised")}


def scene_of(**effects: Effect) -> Scene:
    layer = Layer("you")
    layer.effects.update(effects)
    return Scene("a scene", layers=[layer])


def test_a_report_that_fails_costs_nobody_elses(caplog: pytest.LogCaptureFixture) -> None:
    problems: dict[str, Problem] = {}
    assert scene_of(stumbles=Stumbles(), finds=Finds()).reports(problems) == {"you/finds": {"found": 1}}
    assert "no such thing" in str(problems["you/stumbles"])
    assert "you/stumbles" in caplog.text


def test_who_was_switched_off_is_not_asked(caplog: pytest.LogCaptureFixture) -> None:
    problems = {"you/stumbles": Problem("you/stumbles", "raised")}
    assert scene_of(stumbles=Stumbles()).reports(problems) == {}
    assert problems == {"you/stumbles": Problem("you/stumbles", "raised")}
    assert not caplog.records


@pytest.mark.parametrize(
    ("live", "stopped_by", "problems", "wanted"),
    [
        (False, None, {}, 0),
        (False, None, BROKEN, 1),
        (False, signal.SIGINT, {}, 130),
        (False, signal.SIGTERM, BROKEN, 143),
        (True, None, BROKEN, 0),
        (True, signal.SIGINT, {}, 0),
    ],
)
def test_what_is_rendered_must_be_whole(
    live: bool, stopped_by: int | None, problems: dict[str, Problem], wanted: int
) -> None:
    stats = Stats()
    stats.live, stats.stopped_by, stats.problems = live, stopped_by, problems
    assert exit_code(stats) == wanted


@pytest.mark.gl
def test_a_rendered_file_without_its_effect_is_a_failure(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """An effect that raises is named and the file is made; the exit code and the numbers tell, and JSON stays JSON."""
    (tmp_path / "loud.py").write_text(
        "from phosphene import Effect, Observation\n"
        "class Loud(Effect):\n"
        "    'Prints, then raises.'\n"
        "    glsl = 'vec4 effect(vec2 uv) { return frame_here(); }'\n"
        "    def update(self, observation: Observation, dt: float) -> None:\n"
        "        print('here I am')\n"
        "        raise RuntimeError('boom')\n",
        encoding="utf-8",
    )
    scene = tmp_path / "loud.toml"
    scene.write_text('title = "Loud"\n[[layer]]\nsource = "camera"\neffects = [{ use = "loud" }]\n', encoding="utf-8")
    words = ["run", str(scene), "--effects", str(tmp_path), "--input", "testcard:64x48@30x6", "--output", "null"]
    assert main([*words, "--stats-json", "-"]) == 1
    said = capfd.readouterr()
    numbers = json.loads(said.out)
    assert numbers["frames_out"] == 6
    assert "boom" in numbers["problems"]["camera/loud"]
    assert "here I am" in said.err


def test_a_uniform_of_no_type_is_told_at_once() -> None:
    with pytest.raises(ValueError, match=r"vec2.*got 0\.5"):
        Uniform(0.5)  # type: ignore[arg-type]


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "phosphene", "--version"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.split()[0]) == (0, "phosphene")


def test_the_packages_say_that_they_are_typed() -> None:
    """Else a plugin's type checker sees Any in every effect (PEP 561)."""
    assert [(ROOT / package / "py.typed").is_file() for package in ("phosphene",)] == [True]


def parent_that_dies(said: Any) -> None:
    """Begins a worker and is gone without a word to it."""
    worker = multiprocessing.get_context("spawn").Process(target=worker_that_waits, args=(said,))
    worker.start()
    worker.join(60)


def worker_that_waits(said: Any) -> None:
    leave_with_parent()
    said.send(os.getppid())
    signal.pause()


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9, as on Linux and macOS")
def test_a_worker_leaves_with_its_killed_parent() -> None:
    """The pipe closes only where nobody holds its other end any more: the worker is gone."""
    context = multiprocessing.get_context("spawn")
    hears, says = context.Pipe(duplex=False)
    parent = context.Process(target=parent_that_dies, args=(says,))
    parent.start()
    says.close()
    assert hears.poll(60)
    assert hears.recv() == parent.pid
    parent.kill()
    parent.join(30)
    assert hears.poll(60)
    with pytest.raises(EOFError):
        hears.recv()
