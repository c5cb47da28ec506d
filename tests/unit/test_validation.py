"""What is wrong with an effect's file is said with its line, what was expected and what to do next."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from phosphene.engine.check.watch import judge_files
from phosphene.engine.commands.check import line
from phosphene.engine.core.errors import GpuError, ShaderError, UsageError
from phosphene.engine.core.places import SHADERS
from phosphene.engine.effect.effect import Effect
from phosphene.engine.glsl.includes import Sources
from phosphene.engine.renderer.problems import format_error
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.scene import Scene
from phosphene.engine.show.frame_hooks import Drawn, NameWindow
from phosphene.engine.show.stats import Stats

HEAD = 'from phosphene import Effect, Float\n\n\nclass Mine(Effect):\n    """Mine."""\n\n'
GLSL = '    glsl = "vec4 effect(vec2 uv) { return frame_here(); }"\n'


def load(folder: Path, body: str) -> type[Effect]:
    (folder / "mine.py").write_text(HEAD + body + GLSL, encoding="utf-8")
    return Registry([folder], []).effect("mine")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("    seed = Float(0.5, 0.0, 1.0)\n", "a parameter cannot be called 'seed'"),
        ("    size = Float(0.5, 0.0, 1.0)\n", "a parameter cannot be called 'size'"),
        ("    time_s = Float(0.5, 0.0, 1.0)\n", "a parameter cannot be called 'time_s'"),
        ("    luma = Float(0.5, 0.0, 1.0)\n", "a parameter cannot be called 'luma'"),
        ('    needs = ("fase",)\n', "unknown need 'fase'"),
        ("    level = Float(2.0, 0.0, 1.0)\n", "cannot be 2.0: expected a number 0"),
    ],
)
def test_what_a_class_must_not_say_is_named_in_its_line(tmp_path: Path, body: str, expected: str) -> None:
    with pytest.raises(UsageError, match=expected) as failed:
        load(tmp_path, body)
    assert failed.value.where == f"{tmp_path / 'mine.py'}:7"


def test_an_unknown_need_suggests_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as failed:
        load(tmp_path, '    needs = ("persn", "sound")\n')
    assert "'person'" in failed.value.hint


@pytest.mark.parametrize("entry", [e for e in Registry([], []).effects().values() if e.origin == "built-in"])
def test_every_built_in_effect_passes(entry: Any) -> None:
    assert issubclass(Registry([], []).effect(entry.name), Effect)


def test_an_error_of_a_running_effect_names_its_line(tmp_path: Path) -> None:
    kind = load(tmp_path, "    def update(self, observation, dt):\n        observation.nothing\n\n")
    effect: Any = kind()
    with pytest.raises(AttributeError) as failed:
        effect.update(object(), 0.0)
    assert format_error(failed.value, effect).startswith(f"{tmp_path / 'mine.py'}:8: AttributeError")


def test_a_path_that_leaves_the_folder_is_told_from_one_that_is_not_there(tmp_path: Path) -> None:
    sources = Sources((tmp_path, SHADERS))
    for name in ("/etc/passwd", "../../../../../../../etc/passwd"):
        with pytest.raises(ShaderError, match="lies outside the effect's folder"):
            sources.find(name, "a.frag:2")
    with pytest.raises(ShaderError, match=r"no shader file 'b\.glsl'"):
        sources.find("b.glsl", "a.frag:2")


@pytest.mark.gl
def test_check_says_what_to_do_next_and_knows_a_blank_picture(tmp_path: Path) -> None:
    files = {
        "blank.frag": "vec4 effect(vec2 uv) { return vec4(0.2, 0.2, 0.2, 1.0); }\n",
        "channel.frag": '#iChannel0 "bufX"\nvoid mainImage(out vec4 c, in vec2 p) { c = vec4(1.0); }\n',
        "itself.frag": '#include "itself.frag"\nvec4 effect(vec2 uv) { return frame(uv) * vec4(0.5, 1, 1, 1); }\n',
        "fails.py": HEAD + "    def update(self, observation, dt):\n        observation.nothing\n\n" + GLSL,
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    try:
        found = {Path(v.file).name: v for v in judge_files([tmp_path / name for name in files], size=(160, 90))}
    except GpuError as error:
        pytest.skip(f"no OpenGL here: {error}")
    assert found["blank.frag"].error.startswith(f"{tmp_path / 'blank.frag'}:1: draws nothing but one colour")
    assert "next: did you mean 'buf" in line(found["channel.frag"])
    assert found["itself.frag"].error == f"{tmp_path / 'itself.frag'}:1: files include each other in a circle"
    assert found["fails.py"].error.startswith(f"{tmp_path / 'fails.py'}:8: AttributeError")


def test_the_window_bears_the_name_of_the_scene_that_is_on() -> None:
    said: list[str] = []
    window: Any = SimpleNamespace(rename=said.append)
    name_window = NameWindow(window)
    first, second = Scene("a", "First"), Scene("b", "Second")
    for scene in (first, first, second, second, first):
        image: Any = SimpleNamespace(scene=scene)
        stage: Any = None
        assert name_window(Drawn(image, stage, None, Stats(), live=True))
    assert said == ["Phosphene · Second", "Phosphene · First"]
