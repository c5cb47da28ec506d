"""Hot reload: what is saved while the show runs is drawn soon after, and a mistake leaves the last good one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.data import Frame, Observation
from engine.registry import Registry
from engine.reload import LOOK_S, Reloader
from engine.renderer import Renderer
from engine.renderer.gpu import Gpu
from engine.scene import Scene
from engine.scene_file import load_scene

pytestmark = pytest.mark.gl

EFFECT = '''
from phosphene import Effect, Float, Observation


class Tint(Effect):
    """Tints."""

    amount = Float(1.0, 0.0, 1.0, "how much")
    glsl = "tint.frag"

    def prepare(self, size):
        self.frames = 0

    def update(self, observation: Observation, dt: float) -> None:
        self.frames += 1
'''
RED = "vec4 effect(vec2 uv) { return vec4(amount, 0.0, 0.0, 1.0); }\n"
GREEN = "vec4 effect(vec2 uv) { return vec4(0.0, amount, 0.0, 1.0); }\n"
SCENE = 'title = "T"\n[[layer]]\nsource = "camera"\neffects = [{ use = "tint", amount = 1.0 }]\n'


class Running:
    """A scene that is drawn again and again, as the loop does."""

    def __init__(self, folder: Path, gpu: Gpu) -> None:
        self.folder = folder
        self.write("tint.py", EFFECT)
        self.write("tint.frag", RED)
        self.write("t.toml", SCENE)
        registry = Registry(effect_folders=[folder], scene_folders=[])
        load: Callable[[], Scene] = lambda: load_scene(str(folder / "t.toml"), registry)  # noqa: E731
        self.scene = load()
        self.renderer = Renderer(gpu, self.scene, (320, 240))
        self.reloader = Reloader(self.scene, registry, load)
        self.frame = Frame(0, 0.0, np.full((240, 320, 3), 90, np.uint8))
        self.picture()

    def write(self, name: str, text: str) -> None:
        """Saves a file; its time differs from the last save's however coarse the file system's clock is."""
        path = self.folder / name
        before = path.stat().st_mtime_ns if path.exists() else 0
        path.write_text(text, encoding="utf-8")
        os.utime(path, ns=(before + 10**9, max(before + 10**9, path.stat().st_mtime_ns)))

    def picture(self) -> tuple[int, int, int]:
        """Looks at the files and draws; the colour near the top, where no problem is written."""
        self.reloader._looked_s = -LOOK_S
        self.reloader.look(self.renderer)
        self.renderer.render(Observation(self.frame), 0.03)
        red, green, blue, _ = (int(v) for v in self.renderer.read()[10, 160])
        return red, green, blue

    @property
    def effect(self) -> object:
        return self.scene.layers[0].effects["tint"]


@pytest.fixture
def running(tmp_path: Path, gpu: Gpu) -> Iterator[Running]:
    made = Running(tmp_path, gpu)
    yield made
    made.renderer.release()


def test_a_saved_shader_is_drawn_and_the_state_kept(running: Running) -> None:
    assert running.picture() == (255, 0, 0)
    effect, frames = running.effect, running.effect.frames
    running.write("tint.frag", GREEN)
    assert running.picture() == (0, 255, 0)
    assert running.effect is effect
    assert effect.frames > frames


def test_a_broken_shader_is_told_with_its_line_and_the_last_one_goes_on(running: Running) -> None:
    running.write("tint.frag", "\n\nvec4 effect(vec2 uv) { return nonsense; }\n")
    assert running.picture() == (255, 0, 0)
    assert "tint.frag:3" in running.renderer.problems["camera/tint"]
    running.write("tint.frag", GREEN)
    assert running.picture() == (0, 255, 0)
    assert not running.renderer.problems


def test_saved_python_is_loaded_and_parameters_are_kept(running: Running) -> None:
    running.scene.set("tint.amount", 0.5)
    half = running.picture()
    running.write("tint.py", EFFECT.replace("how much", "how very much"))
    assert running.picture() == half
    assert type(running.effect).amount.doc == "how very much"


def test_broken_python_is_told_and_the_last_one_goes_on(running: Running) -> None:
    running.write("tint.py", "def broken(:\n")
    assert running.picture() == (255, 0, 0)
    assert "tint.py:1" in running.renderer.problems["camera/tint"]


def test_a_saved_scene_takes_effect_and_keeps_the_effects_state(running: Running) -> None:
    effect = running.effect
    running.write("t.toml", SCENE.replace("amount = 1.0", "amount = 0.0"))
    assert running.picture() == (0, 0, 0)
    assert running.effect is effect


def test_a_broken_scene_is_told_and_the_last_one_goes_on(running: Running) -> None:
    running.write("t.toml", SCENE.replace("amount", "amuont"))
    assert running.picture() == (255, 0, 0)
    assert "t.toml:4" in running.renderer.problems["scene"]


def test_a_layer_can_come_and_go(running: Running) -> None:
    running.write("t.toml", SCENE + '[[layer]]\nname = "top"\nsource = "camera"\n')
    assert running.picture() == (90, 90, 90)
    running.write("t.toml", SCENE)
    assert running.picture() == (255, 0, 0)


def test_a_file_that_vanishes_for_a_moment_is_waited_for(running: Running) -> None:
    text = (running.folder / "tint.frag").read_text()
    (running.folder / "tint.frag").unlink()
    assert running.picture() == (255, 0, 0)
    assert not running.renderer.problems
    running.write("tint.frag", text.replace("amount, 0.0, 0.0", "0.0, 0.0, amount"))
    time.sleep(0.01)
    assert running.picture() == (0, 0, 255)
