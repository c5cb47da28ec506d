"""Effects that never end, or take far too long: the show goes on, and says which it was."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers import noise, observe, scene, shader
from phosphene.engine.commands.cli import main
from phosphene.engine.core.errors import EffectRefused
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.effect.effect import Effect
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.renderer.renderer import Renderer
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.toml_read import load_scene
from phosphene.engine.show.opening import Trials
from phosphene.engine.show.reload import LOOK_S, Reloader
from phosphene.engine.show.slow_effects import FRAMES, SlowEffectGuard
from phosphene.engine.show.trial import Job, Trial, not_built_in
from phosphene.engine.show.watchdog import place_in
from phosphene.engine.sources import open_source

pytestmark = pytest.mark.gl

ROOT = Path(__file__).resolve().parents[2]
GOOD = "// Red.\nvec4 effect(vec2 uv) { return vec4(1.0, 0.0, 0.0, 1.0); }\n"
ENDLESS = """// Never ends.
vec4 effect(vec2 uv) {
    float x = 0.0;
    while (true) {
        x += sin(x + time_s);
        if (x > 1e30) break;
    }
    return vec4(x);
}
"""
# As slow as its parameter wants: at 0 it is done at once.
SLOW = """uniform int rounds; // = 0 [0, 2000000000] how slow
vec4 effect(vec2 uv) {
    float x = time_s;
    for (int i = 0; i < rounds; i++) x = fract(sin(x + uv.x) * 43758.5453);
    return vec4(x, 0.0, 1.0, 1.0);
}
"""
SCENE = 'title = "T"\n[[layer]]\nsource = "camera"\neffects = [{ use = "mine" }]\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "t.toml").write_text(SCENE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def trial(folder: Path) -> Iterator[Trial]:
    made = Trial([folder], limit_s=4.0)
    yield made
    made.close()


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def verdict(trial: Trial, path: Path, effect: Effect | None = None) -> str:
    job = trial.ask(path, "mine", effect)
    assert job.done.wait(240.0)
    return job.error


# Trying out


@pytest.mark.slow
def test_a_good_effect_joins_and_one_without_end_does_not(trial: Trial, folder: Path) -> None:
    """And after the one that was stopped, the next is judged as ever."""
    assert verdict(trial, write(folder / "mine.frag", GOOD)) == ""
    wrong = verdict(trial, write(folder / "mine.frag", ENDLESS))
    assert wrong.startswith(f"{folder / 'mine.frag'}:4:")
    assert "a loop without an end" in wrong
    assert verdict(trial, write(folder / "mine.frag", GOOD)) == ""


def test_what_is_merely_broken_is_left_to_the_show(trial: Trial, folder: Path) -> None:
    assert verdict(trial, write(folder / "mine.frag", "vec4 effect(vec2 uv) { return oops; }")) == ""


@pytest.mark.slow
def test_it_is_tried_with_the_parameters_that_it_will_have(trial: Trial, folder: Path) -> None:
    path = write(folder / "mine.frag", SLOW)
    effect = Registry([folder], []).effect("mine")()
    assert verdict(trial, path, effect) == ""
    effect.set("rounds", 2_000_000_000)
    assert "loop without an end" in verdict(trial, path, effect)


@pytest.mark.slow
def test_python_that_never_ends_is_stopped(trial: Trial, folder: Path) -> None:
    body = '    """Waits."""\n\n    def update(self, observation, dt):\n        while True:\n            pass\n'
    path = write(folder / "mine.py", f"from phosphene import Effect\n\n\nclass Mine(Effect):\n{body}")
    assert "mine.py" in verdict(trial, path)


def test_one_that_brings_the_process_down_is_named(trial: Trial, folder: Path) -> None:
    body = '    """Falls."""\n\n    def update(self, observation, dt):\n        os.abort()\n'
    path = write(folder / "mine.py", f"import os\n\nfrom phosphene import Effect\n\n\nclass Mine(Effect):\n{body}")
    assert "brought the process down" in verdict(trial, path)


def test_built_in_effects_are_trusted(folder: Path) -> None:
    write(folder / "mine.frag", GOOD)
    registry = Registry([folder], [])
    assert list(not_built_in(load_scene(str(folder / "t.toml"), registry), registry)) == ["camera/mine"]
    assert not_built_in(load_scene("laser-eyes", registry), registry) == {}


# A running show


def test_a_hanging_python_file_is_told_with_its_line_whichever_thread_draws(folder: Path) -> None:
    path = write(folder / "mine.py", "def hang(reached, end):\n    reached.set()\n    end.wait(60)\n")
    spec = importlib.util.spec_from_file_location("mine_that_hangs", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    reached, end = threading.Event(), threading.Event()
    thread = threading.Thread(target=module.hang, args=(reached, end))
    thread.start()
    assert reached.wait(60)
    while place_in(path.resolve()).endswith(":2"):
        time.sleep(0.001)
    assert place_in(path.resolve()) == f"{path.resolve()}:3"
    end.set()
    thread.join()


def colours(path: Path) -> list[tuple[int, int, int]]:
    """The colour near the top of each picture of a video."""
    with open_source(str(path)) as source:
        return [tuple(int(v) for v in f.pixels[8, 30]) for f in iter(source.read, None)]  # type: ignore[misc]


@pytest.mark.slow
@pytest.mark.parametrize("private", [False, True])
def test_a_show_with_an_endless_effect_goes_on_and_names_it(folder: Path, private: bool) -> None:
    write(folder / "mine.frag", ENDLESS)
    write(folder / "t.toml", ("private = true\n" if private else "") + SCENE)
    arguments = ["run", str(folder / "t.toml"), "--effects", str(folder), "--input", "testcard:320x180@30x15"]
    done = subprocess.run(
        [sys.executable, "main.py", *arguments, "--output", str(folder / "out.mp4"), "--quiet"],
        cwd=ROOT, capture_output=True, text=True, timeout=400, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 1, done.stderr  # what was rendered lacks an effect
    assert "camera/mine switched off" in done.stderr
    assert "mine.frag:4" in done.stderr
    drawn = colours(folder / "out.mp4")
    assert len(drawn) == 15
    with open_source("testcard:320x180@30x1") as source:
        card = source.read()
    assert card is not None
    near = max(abs(a - int(b)) for a, b in zip(drawn[0], card.pixels[8, 30], strict=True)) < 12
    assert near is not private, "without the effect the picture goes on, but a private scene stays closed"


def test_an_endless_transition_is_refused_before_the_show(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loop = "float x = 0.0; while (x < 1.0) x -= sin(x) * 0.0 + 1e-9 * progress; return getFromColor(uv) * x;"
    path = write(folder / "stuck.glsl", f"vec4 transition(vec2 uv) {{\n    {loop}\n}}\n")
    arguments = ["run", "mirror", "duotone", "--transition", str(path), "--input", "testcard:64x48@30x3"]
    assert main([*arguments, "--output", "null", "--quiet"]) == 1
    assert "stuck.glsl:2" in capsys.readouterr().err


class Running:
    """A scene that is drawn again and again while its effect is saved."""

    def __init__(self, folder: Path, gpu: Gpu, trial: Trial) -> None:
        self.folder = folder
        write(folder / "mine.frag", GOOD)
        registry = Registry([folder], [])
        load = lambda: load_scene(str(folder / "t.toml"), registry)  # noqa: E731
        self.scene = load()
        self.renderer = Renderer(gpu, self.scene, (320, 240))
        self.reloader = Reloader(self.scene, registry, load, trial)
        self.frame = Frame(0, 0.0, np.full((240, 320, 3), 90, np.uint8))
        self.draw()

    def save(self, text: str, name: str = "mine.frag") -> None:
        path = self.folder / name
        before = path.stat().st_mtime_ns if path.exists() else 0
        write(path, text)
        os.utime(path, ns=(before + 10**9, before + 10**9))

    def draw(self) -> tuple[int, ...]:
        self.reloader._looked_s = -LOOK_S
        self.reloader.look(self.renderer)
        self.renderer.render(Observation(self.frame), 0.03)
        return tuple(int(v) for v in self.renderer.read()[10, 160, :3])

    def until(self, wanted: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """Draws until that colour, or a problem, is seen."""
        end = time.monotonic() + 240.0
        while time.monotonic() < end:
            found = self.draw()
            if found == wanted or (wanted is None and self.renderer.problems):
                return found
            time.sleep(0.02)
        pytest.fail(f"{wanted} does not come: {found}, {self.renderer.problems}")


@pytest.fixture
def running(folder: Path, gpu: Gpu, trial: Trial) -> Iterator[Running]:
    made = Running(folder, gpu, trial)
    yield made
    made.renderer.release()


@pytest.mark.slow
def test_an_endless_shader_that_is_saved_never_joins_the_running_show(running: Running) -> None:
    assert running.draw() == (255, 0, 0)
    running.save(ENDLESS)
    assert running.until() == (255, 0, 0), "the last good version goes on"
    assert "mine.frag:4" in str(running.renderer.problems["camera/mine"])
    running.save(GOOD.replace("1.0, 0.0, 0.0", "0.0, 1.0, 0.0"))
    assert running.until((0, 255, 0)) == (0, 255, 0)
    assert running.renderer.problems == {}


@pytest.mark.slow
def test_a_scene_that_is_saved_with_an_endless_effect_is_not_taken(running: Running) -> None:
    write(running.folder / "other.frag", ENDLESS)
    running.save(SCENE.replace("mine", "other"), "t.toml")
    assert running.until() == (255, 0, 0)
    assert "other.frag:4" in str(running.renderer.problems["scene"])


# What is slow only while it runs


def test_an_effect_that_takes_seconds_is_found_and_switched_off(gpu: Gpu) -> None:
    class Sleepy(Effect):
        """Is slow from its third frame on."""

        glsl = "vec4 effect(vec2 uv) { return vec4(0.0, 0.0, 1.0, 1.0); }"

        def update(self, observation: Observation, dt: float) -> None:
            if observation.frame.id >= 3:
                time.sleep(0.6)

    made = scene(shader("frame(uv)"), Sleepy(), shader("frame(uv)"))
    renderer, guard = Renderer(gpu, made, (64, 36)), SlowEffectGuard(slow_s=0.5)
    try:
        for number in range(3 + FRAMES + 1):
            assert renderer.problems == {}
            renderer.render(observe(noise((64, 36)), number), 0.03)
            gpu.finish()
            guard.frame(0.6 if number >= 3 else 0.0, [renderer])
        assert list(renderer.problems) == ["camera/e1"]
        assert "s a frame" in str(renderer.problems["camera/e1"])
    finally:
        renderer.release()


def test_a_slow_shader_is_told_from_its_quick_neighbours(gpu: Gpu, folder: Path) -> None:
    slow = Registry([folder], []).effect("mine") if write(folder / "mine.frag", SLOW) else None
    assert slow is not None
    effect = slow(rounds=3000)
    renderer = Renderer(gpu, scene(shader("frame(uv) * 0.5"), effect, shader("frame(uv)")), (160, 90))
    try:
        drawn = []
        for _ in range(6):  # the first draw compiles; another may be held up by whatever else the machine does
            renderer.measure_effects()
            renderer.render(observe(noise((160, 90))), 0.03)
            drawn.append(renderer.effect_costs())
        assert drawn[0].keys() == {"camera/e0", "camera/e1", "camera/e2"}
        spent = {address: min(one[address] for one in drawn) for address in drawn[0]}
        assert max(spent, key=lambda address: spent[address]) == "camera/e1"
    finally:
        renderer.release()


def judged(path: Path, error: str) -> Job:
    job = Job(path, error=error)
    job.done.set()
    return job


def test_what_a_trial_refuses_is_not_drawn_and_its_class_is_left_alone(gpu: Gpu, tmp_path: Path) -> None:
    class Fine(Effect):
        glsl = "vec4 effect(vec2 uv) { return vec4(1.0); }"

    made = scene(Fine(), shader("frame(uv)"))
    before = dict(vars(Fine))
    refused, good = made.layers[0].effects.values()
    jobs = [(refused, judged(tmp_path, "mine.frag:4: hangs")), (good, judged(tmp_path, ""))]
    Trials([made], (), None, jobs).refuse()
    assert dict(vars(Fine)) == before
    renderer = Renderer(gpu, made, (64, 36))
    try:
        assert {address: str(problem) for address, problem in renderer.problems.items()} == {
            "camera/e0": "mine.frag:4: hangs"
        }
        assert "camera/e0" not in renderer.effects
        assert "camera/e1" in renderer.effects
    finally:
        renderer.release()


def test_a_transition_that_a_trial_refuses_ends_the_show_before_it_begins(tmp_path: Path) -> None:
    way = Registry([], []).transition("fade")()
    with pytest.raises(EffectRefused, match="hangs"):
        Trials([], (way,), None, [(way, judged(tmp_path, "way.glsl:2: hangs"))]).refuse()


def test_a_quick_show_is_never_measured(gpu: Gpu) -> None:
    renderer, budget = Renderer(gpu, scene(shader("frame(uv)")), (32, 18)), SlowEffectGuard(slow_s=1.0)
    try:
        for took_s in (1.5, 1.5, 0.1, 1.5, 1.5, 0.1):
            budget.frame(took_s, [renderer])
            assert renderer.effect_costs() == {}
    finally:
        renderer.release()
