"""Several scenes in one show, from the command line: by the clock, with a transition, the same every time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers_system import images_of
from phosphene.engine.commands.cli import main
from phosphene.engine.core.errors import UsageError
from phosphene.engine.show.options import RunOptions, run_options
from phosphene.engine.show.session import play

pytestmark = [pytest.mark.gl, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
CARD = "testcard:64x48@10"


def color_scene(folder: Path, name: str, color: str) -> str:
    path = folder / f"{name}.toml"
    effect = f'{{ use = "place", kind = "color", color = "{color}" }}'
    path.write_text(f'title = "{name}"\n[[layer]]\nsource = "none"\neffects = [{effect}]\n')
    return str(path)


@pytest.fixture
def scenes(tmp_path: Path) -> list[str]:
    return [color_scene(tmp_path, n, c) for n, c in (("red", "#ff0000"), ("green", "#00ff00"), ("blue", "#0000ff"))]


def asked(scenes: list[str], **more: object) -> RunOptions:
    said = {"input": CARD, "outputs": ["null"], "seconds": 6.0, "every_s": 2.0, **more}
    return run_options(scenes, **said)  # type: ignore[arg-type]


def test_the_clock_goes_through_the_scenes(scenes: list[str]) -> None:
    found = [tuple(int(v) for v in p[20, 20, :3]) for p in images_of(asked(scenes))]
    assert len(found) == 60
    assert set(found[:21]) == {(255, 0, 0)}
    assert set(found[30:41]) == {(0, 255, 0)}
    assert set(found[50:]) == {(0, 0, 255)}
    assert [r for r, _, _ in found[20:31]] == sorted((r for r, _, _ in found[20:31]), reverse=True)
    assert abs(found[25][0] - 127) <= 2, "half way"
    assert abs(found[25][1] - 127) <= 2


def test_twice_the_same(scenes: list[str]) -> None:
    first, second = (images_of(asked(scenes, transition="embers")) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.usefixtures("models_ready")
def test_real_scenes_with_trackers_twice_the_same(data_dir: Path) -> None:
    """A private scene comes with its person, at once, and goes; bit for bit the same in a second run."""
    said = {"input": str(data_dir / "portrait/ml5_presenter.mp4"), "size": (320, 180), "seconds": 4.0, "every_s": 1.5}
    first, second = (images_of(asked(["laser-eyes", "teleport"], **said, transition_s=0.5)) for _ in range(2))
    assert len(first) > 60
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    rate = len(first) / 4.0
    slates = [n for n, p in enumerate(first) if np.median(p[..., :3]) < 25 and n > rate * 2.1 and n < rate * 2.9]
    assert slates == []


def test_settings_go_to_the_scenes_that_they_fit(scenes: list[str]) -> None:
    said = {"every_s": 2.0, "parameters": [("hour", "0.2"), ("mode", "left")]}
    assert len(images_of(asked([scenes[0], "mirror"], seconds=0.2, **said))) == 2
    with pytest.raises(UsageError, match="no_such"):
        images_of(asked([scenes[0], "mirror"], parameters=[("no_such", "1")]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"record_take": Path("take")}, "one scene"),
        ({"transition": "fdae"}, "(?s)unknown transition 'fdae'.*fade"),
        ({"transition": "nowhere.glsl"}, "no transition file"),
        ({"transition": "{folder}/plain.glsl"}, "not a transition"),
    ],
)
def test_what_cannot_be_is_said(scenes: list[str], tmp_path: Path, changes: dict[str, object], message: str) -> None:
    (tmp_path / "plain.glsl").write_text("vec4 effect(vec2 uv) { return vec4(1.0); }")
    if "transition" in changes:
        changes["transition"] = str(changes["transition"]).format(folder=tmp_path)
    with pytest.raises(UsageError, match=message):
        play(asked(scenes, **changes))
    with pytest.raises(UsageError, match="several scenes"):
        play(asked(scenes[:1]))


def test_a_transition_of_the_users_own(scenes: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "top.glsl").write_text(
        "vec4 transition(vec2 uv) { return uv.y > 1.0 - progress ? getToColor(uv) : getFromColor(uv); }"
    )
    for name in ("top", str(folder / "top.glsl")):
        pictures = images_of(asked(scenes, effects=[folder], transition=name, seconds=2.6))
        assert tuple(pictures[25][4, 30, :3]) == (0, 255, 0), "the upper half is the new scene"
        assert tuple(pictures[25][44, 30, :3]) == (255, 0, 0)


def test_from_the_command_line(scenes: list[str], tmp_path: Path) -> None:
    out = tmp_path / "frames"
    arguments = ["run", *scenes, "--input", CARD, "--every", "1", "--transition", "wipe", "--transition-time", "0.4"]
    assert main([*arguments, "--seconds", "2", "--output", f"{out}/", "--quiet"]) == 0
    assert len(list(out.glob("*.png"))) == 20
    listed = subprocess.run(
        [sys.executable, "main.py", "list", "transitions"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert {"fade", "wipe", "iris"} <= set(listed.split())
