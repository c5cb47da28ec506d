"""Hot reload: what is saved while the show runs is drawn soon after, and a mistake leaves the last good one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.renderer.renderer import Renderer
from phosphene.engine.renderer.stage import Stage
from phosphene.engine.scene.playlist import Playlist
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.scene import Scene
from phosphene.engine.scene.toml_read import load_scene
from phosphene.engine.show.reload import LOOK_S, Reloader
from phosphene.engine.show.reload_transition import TransitionReloader

from tests.system.reload_times import KINDS, Kind, measure

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
FILES = {"tint.py": EFFECT, "tint.frag": RED, "t.toml": SCENE}


class Running:
    """A scene that is drawn again and again, as the loop does."""

    def __init__(self, folder: Path, gpu: Gpu, files: Mapping[str, str] = FILES) -> None:
        self.folder = folder
        for name, text in files.items():
            self.write(name, text)
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


def test_what_compiling_left_is_given_back_once_a_save(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[bool] = []
    monkeypatch.setattr("phosphene.engine.show.reload.give_back", lambda: given.append(True))
    running.picture()
    assert not given
    running.write("tint.frag", GREEN)
    running.picture()
    running.picture()
    assert len(given) == 1


def test_a_broken_shader_is_told_with_its_line_and_the_last_one_goes_on(running: Running) -> None:
    running.write("tint.frag", "\n\nvec4 effect(vec2 uv) { return nonsense; }\n")
    assert running.picture() == (255, 0, 0)
    assert "tint.frag:3" in str(running.renderer.problems["camera/tint"])
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
    assert "tint.py:1" in str(running.renderer.problems["camera/tint"])


def test_a_saved_scene_takes_effect_and_keeps_the_effects_state(running: Running) -> None:
    effect = running.effect
    running.write("t.toml", SCENE.replace("amount = 1.0", "amount = 0.0"))
    assert running.picture() == (0, 0, 0)
    assert running.effect is effect


def test_a_broken_scene_is_told_and_the_last_one_goes_on(running: Running) -> None:
    running.write("t.toml", SCENE.replace("amount", "amuont"))
    assert running.picture() == (255, 0, 0)
    assert "t.toml:4" in str(running.renderer.problems["scene"])


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


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.what)
def test_in_a_running_show_a_saved_file_is_seen_and_a_mistake_is_told_with_its_line(kind: Kind, tmp_path: Path) -> None:
    row = measure(kind, tmp_path, rounds=1)
    assert f"{tmp_path / kind.file}:1: " in row.words


# State


def test_saved_python_goes_on_from_its_state(running: Running) -> None:
    frames = running.effect.frames
    running.write("tint.py", EFFECT.replace("self.frames += 1", "self.frames += 1000"))
    running.picture()
    assert running.effect.frames == frames + 1000


def test_what_an_effect_imports_from_its_own_folder_is_looked_after(tmp_path: Path, gpu: Gpu) -> None:
    inner = "from .colour import COLOUR\n" + EFFECT.replace(
        '"tint.frag"', 'f"vec4 effect(vec2 uv) {{ return {COLOUR}; }}"'
    )
    colour = 'COLOUR = "vec4(RED, 0.0, 0.0, 1.0)"\n'
    (tmp_path / "tint").mkdir()
    files = {"tint/__init__.py": inner, "tint/colour.py": colour.replace("RED", "1.0"), "t.toml": SCENE}
    running = Running(tmp_path, gpu, files)
    try:
        assert running.picture() == (255, 0, 0)
        running.write("tint/colour.py", "oops(\n")
        assert running.picture() == (255, 0, 0)
        assert "colour.py:1" in str(running.renderer.problems["camera/tint"])
        running.write("tint/colour.py", "\nCOLOUR = nonsense\n")
        assert running.picture() == (255, 0, 0)
        assert "colour.py:2" in str(running.renderer.problems["camera/tint"])
        running.write("tint/colour.py", colour.replace("RED", "0.0"))
        assert running.picture() == (0, 0, 0)
        assert not running.renderer.problems
    finally:
        running.renderer.release()


def test_python_with_another_prepare_begins_anew(running: Running) -> None:
    for _ in range(3):
        running.picture()
    running.write("tint.py", EFFECT.replace("self.frames = 0", "self.frames = 500"))
    running.picture()
    assert running.effect.frames == 501


# Each counts its frames in red, by what it keeps; MARK is blue.
ISF_INPUT = '"INPUTS": [{"NAME": "amount", "TYPE": "float", "DEFAULT": 1.0}]'
AMOUNT = "uniform float amount; // = 1.0 [0, 1] how much\n"
TOY = "void mainImage(out vec4 c, in vec2 p) { "
KEEPING = {
    "past": ("mine.frag", AMOUNT + "vec4 effect(vec2 uv) { return vec4(past(uv).r + 0.02, amount, MARK, 1.0); }\n", {}),
    "PERSISTENT": (
        "mine.fs",
        '/*{"PASSES": [{"TARGET": "kept", "PERSISTENT": true, "FLOAT": true}, {}], '
        + ISF_INPUT
        + "}*/\nvoid main() {\n"
        " gl_FragColor = vec4(IMG_THIS_PIXEL(kept).r + (PASSINDEX == 0 ? 0.02 : 0.0), amount, MARK, 1.0);\n}\n",
        {},
    ),
    "FRAMEINDEX": (
        "mine.fs",
        "/*{" + ISF_INPUT + "}*/\nvoid main() { gl_FragColor = vec4(float(FRAMEINDEX) * 0.02, amount, MARK, 1.0); }\n",
        {},
    ),
    "iFrame": ("mine.frag", AMOUNT + TOY + "c = vec4(float(iFrame) * 0.02, amount, MARK, 1.0); }\n", {}),
    "its own buffer": (
        "mine.bufA.frag",
        '#iChannel0 "self"\n' + TOY + "c = vec4(texelFetch(iChannel0, ivec2(p), 0).r + 0.02, 0.0, MARK, 1.0); }\n",
        {
            "mine.frag": AMOUNT
            + '#iChannel0 "bufA"\n'
            + TOY
            + "c = texelFetch(iChannel0, ivec2(p), 0); c.g = amount; }\n"
        },
    ),
}


@pytest.mark.parametrize("what", KEEPING)
def test_what_a_shader_keeps_and_its_parameters_stay(what: str, tmp_path: Path, gpu: Gpu) -> None:
    name, text, beside = KEEPING[what]
    running = Running(
        tmp_path, gpu, {"t.toml": SCENE.replace("tint", "mine"), **beside, name: text.replace("MARK", "0.0")}
    )
    try:
        running.scene.set("mine.amount", 0.5)
        for _ in range(4):
            red, green, blue = running.picture()
        assert red > 10
        assert 0 < green < 255
        assert blue == 0
        running.write(name, text.replace("MARK", "1.0"))
        later = running.picture()
        assert not running.renderer.problems
        assert red < later[0] < 255
        assert later[1:] == (green, 255)
    finally:
        running.renderer.release()


# The way back


def test_python_that_fails_only_when_it_runs_goes_back_to_the_version_before(running: Running) -> None:
    running.scene.set("tint.amount", 0.5)
    half, before = running.picture(), running.effect
    frames = before.frames
    running.write("tint.py", EFFECT.replace("+= 1", "+= nonsense"))
    assert running.picture() == half
    assert "tint.py:15: NameError" in str(running.renderer.problems["camera/tint"])
    assert running.effect is before
    assert running.picture() == half
    assert running.effect.frames > frames, "and it is not merely a picture that stands"
    running.write("tint.py", EFFECT.replace("+= 1", "+= 1000"))
    assert running.picture() == half
    assert not running.renderer.problems


def test_parameters_set_meanwhile_are_kept_on_the_way_back(running: Running) -> None:
    late = "self.frames += 1\n        if self.amount == 0.0:\n            self.nonsense()"
    running.write("tint.py", EFFECT.replace("self.frames += 1", late))
    assert running.picture() == (255, 0, 0)
    assert not running.renderer.problems
    running.scene.set("tint.amount", 0.0)
    assert running.picture() == (0, 0, 0)
    assert "tint.py:17: AttributeError" in str(running.renderer.problems["camera/tint"])
    assert running.scene.find("tint.amount")[1] is running.effect


def test_a_second_failure_switches_it_off(running: Running) -> None:
    running.write("tint.py", EFFECT.replace("+= 1", "+= nonsense"))
    running.picture()
    running.effect.frames = None  # now the version before fails, too
    assert running.picture() == (90, 90, 90)


def test_nothing_of_old_versions_is_left(running: Running, gpu: Gpu) -> None:
    counts = set()
    for number in range(4):
        running.write("tint.py", EFFECT.replace("+= 1", f"+= {number + 2}"))
        running.picture()
        counts.add(gpu.live_objects)
    assert len(counts) == 1


# What mends a mistake


def test_a_mistake_in_a_newly_included_file_is_gone_when_that_is_saved(running: Running) -> None:
    running.write("tint.frag", '#include "_new.glsl"\n' + GREEN)
    assert running.picture() == (255, 0, 0)
    assert "_new.glsl" in str(running.renderer.problems["camera/tint"])
    running.picture()
    running.write("_new.glsl", "oops\n")
    assert running.picture() == (255, 0, 0)
    assert "_new.glsl:1" in str(running.renderer.problems["camera/tint"])
    running.write("_new.glsl", "float unused = 1.0;\n")
    assert running.picture() == (0, 255, 0)
    assert not running.renderer.problems


def test_a_scene_comes_in_when_the_effect_that_it_names_is_mended(running: Running) -> None:
    running.write("other.py", "oops(\n")
    running.write("t.toml", SCENE.replace("tint", "other").replace(", amount = 1.0", ""))
    assert running.picture() == (255, 0, 0)
    assert "other.py:1" in str(running.renderer.problems["scene"])
    running.picture()
    running.write("other.py", EFFECT.replace("tint.frag", GREEN.strip()))
    assert running.picture() == (0, 255, 0)
    assert not running.renderer.problems
    running.write("other.py", EFFECT.replace("tint.frag", RED.strip()))
    assert running.picture() == (255, 0, 0), "an effect that came later is looked after, too"


# The way from one scene into the next

WAY = "vec4 transition(vec2 uv) { return mix(getFromColor(uv), vec4(COLOUR, 1.0), progress > 0.1 ? 1.0 : 0.0); }\n"


class Changing:
    """A stage on the way from one scene into the next, whose transition is saved."""

    def __init__(self, folder: Path, gpu: Gpu) -> None:
        self.path = folder / "way.glsl"
        self.save(WAY.replace("COLOUR", "1.0, 0.0, 0.0"), 1)
        registry = Registry([folder], [])
        load = lambda: registry.transition(str(self.path))  # noqa: E731
        (folder / "plain.toml").write_text('[[layer]]\nsource = "camera"\n', encoding="utf-8")
        scenes = [load_scene(str(folder / "plain.toml"), registry) for _ in range(2)]
        playlist = Playlist(scenes, transition_s=1.0)
        self.stage = Stage(gpu, playlist, (64, 48), 0, load()())
        self.reloader = TransitionReloader(self.path, load, None)
        self.playlist, self.number = playlist, 0
        self.frame = np.full((48, 64, 3), 90, np.uint8)
        playlist.move(0.0, {})
        playlist.go(1)
        self.picture()
        self.picture()

    def save(self, text: str, number: int) -> None:
        self.path.write_text(text, encoding="utf-8")
        os.utime(self.path, ns=(number * 10**9, number * 10**9))

    def picture(self) -> tuple[int, ...]:
        self.reloader._looked_s = -LOOK_S
        self.reloader.look(self.stage)
        self.number += 1
        time_s = 0.5 + self.number * 0.01
        self.playlist.move(time_s, {})
        renderer = self.stage.render(Observation(Frame(self.number, time_s, self.frame)), 0.01)
        return tuple(int(v) for v in renderer.read()[5, 32, :3])


def test_a_saved_transition_is_drawn_and_a_mistake_leaves_the_last_one(tmp_path: Path, gpu: Gpu) -> None:
    before = gpu.live_objects
    changing = Changing(tmp_path, gpu)
    try:
        changing.number += 20
        assert changing.picture() == (255, 0, 0)
        changing.save(WAY.replace("COLOUR", "0.0, 1.0, 0.0"), 2)
        assert changing.picture() == (0, 255, 0)
        changing.save("\noops\n" + WAY, 3)
        assert changing.picture() == (0, 255, 0)
        assert all("way.glsl:2" in str(r.problems["transition"]) for r in changing.stage.renderers)
        changing.save("vec4 effect(vec2 uv) { return vec4(1.0); }\n", 4)
        assert changing.picture() == (0, 255, 0)
        assert "is not a transition" in str(changing.stage.renderer.problems["transition"])
        changing.save(WAY.replace("COLOUR", "0.0, 0.0, 1.0"), 5)
        assert changing.picture() == (0, 0, 255)
        assert not any(r.problems for r in changing.stage.renderers)
    finally:
        changing.stage.release()
    assert gpu.live_objects == before
