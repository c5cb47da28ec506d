"""Set lists: what a file of cues may say, and the steps through them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from phosphene.engine.control.changes import Changes
from phosphene.engine.control.desk import Desk
from phosphene.engine.control.keys import press
from phosphene.engine.core.errors import SceneError, UsageError
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.scene.playlist import Playlist
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.set_list import SetList
from phosphene.engine.scene.toml_read import load_scene
from phosphene.engine.show.options import run_options
from phosphene.engine.show.session import with_set_list

AMOUNT = "camera/duotone.amount"
SCENE = '[[layer]]\nsource = "camera"\neffects = ["duotone"]\n'
EVENING = """title = "Friday"

[[cue]]
scene = "one.toml"
preset = "half"

[[cue]]
preset = "none"
transition_s = 0.5

[[cue]]
scene = "two.toml"
preset = "half"
transition = "wipe"
transition_s = 0.2

[[cue]]
name = "the end"
scene = "one.toml"
transition_s = 0
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text(SCENE, encoding="utf-8")
        (tmp_path / f"{name}.presets.toml").write_text(
            f'[preset.half]\n"{AMOUNT}" = 0.5\n[preset.none]\n"{AMOUNT}" = 0.0\n', encoding="utf-8"
        )
    (tmp_path / "friday.toml").write_text(EVENING, encoding="utf-8")
    return tmp_path


class Evening:
    """A show of the set list without images: frames come by `draw`, a tenth of a second apart."""

    def __init__(self, path: Path) -> None:
        registry = Registry()
        self.set_list = SetList(path)
        self.set_list.check_scenes(registry)
        self.playlist = Playlist([load_scene(name, registry) for name in self.set_list.scenes])
        self.set_list.check(self.playlist.scenes)
        self.changes = Changes()
        self.desk = Desk(self.playlist, self.changes, set_list=self.set_list)
        self.time_s = 0.0

    def draw(self, count: int = 1) -> None:
        for _ in range(count):
            self.changes.apply(self.playlist.scenes, lambda setting: None)
            self.playlist.move(self.time_s, ())
            frame = Frame(round(self.time_s * 10), self.time_s, np.zeros((2, 2, 3), np.uint8))
            self.desk.update(Observation(frame, {}), {}, {})
            self.time_s += 0.1

    @property
    def now(self) -> tuple[int, str, float]:
        assert self.desk.set_list is not None
        scene = self.playlist.scene
        return self.desk.set_list.at, scene.name, scene.get(AMOUNT)


def test_a_set_list_says_cues_and_scenes(folder: Path) -> None:
    found = SetList(folder / "friday.toml")
    assert found.title == "Friday"
    assert [Path(name).name for name in found.scenes] == ["one.toml", "two.toml"]
    assert [(c.number, c.preset, c.transition, c.transition_s) for c in found.cues] == [
        (0, "half", "", None), (0, "none", "", 0.5), (1, "half", "wipe", 0.2), (0, "", "", 0.0),
    ]  # fmt: skip
    assert [c.name for c in found.cues] == ["one · half", "one · none", "two · half", "the end"]
    assert list(found.transitions(Registry())) == ["wipe"]


def test_an_evening_goes_from_cue_to_cue(folder: Path) -> None:
    show = Evening(folder / "friday.toml")
    show.draw()
    assert show.now == (0, "one", 0.5), "the first cue is on from the first frame"
    show.desk.step(1)
    show.draw(4)
    assert 0.0 < show.now[2] < 0.5, "within a scene the change is a morph"
    show.draw(4)
    assert show.now == (1, "one", 0.0)
    show.desk.step(1)
    show.draw(2)
    assert show.playlist.transition == "wipe"
    assert show.playlist.scenes[1].get(AMOUNT) == 0.5, "the scene comes in its preset"
    assert show.now == (2, "one", 0.0), "the one that goes is left as it is"
    show.draw(4)
    assert show.now == (2, "two", 0.5)
    show.desk.step(1)
    show.draw(2)
    assert show.now == (3, "one", 0.0), "0 seconds cut; without a preset the scene is as it was left"
    show.desk.step(1)
    show.draw(2)
    assert show.now[0] == 3, "after the last there is none"
    show.desk.go_to_cue(0)
    show.draw(14)
    assert show.now == (0, "one", 0.5)
    show.desk.step(-1)
    show.draw(2)
    assert show.now[0] == 0


def test_keys_step_through_cues(folder: Path) -> None:
    show = Evening(folder / "friday.toml")
    assert show.desk.set_list is not None
    for key, at in (("n", 1), ("n", 2), ("p", 1), ("4", 3), ("9", 3), ("x", 3)):
        press(key, show.desk.set_list, show.desk)
        assert show.desk.set_list.at == at


def test_cues_that_are_not_there(folder: Path) -> None:
    show = Evening(folder / "friday.toml")
    plain = Desk(show.playlist, Changes())
    for desk, number in ((show.desk, 4), (show.desk, -1), (plain, 0)):
        result = desk.go_to_cue(number)
        desk.update(None, {}, {})
        with pytest.raises(UsageError, match="no cue"):
            result.result(0)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('title = "x"\n', 1, "at least one"),
        ('[[cue]]\npreset = "half"\n', 1, "must name a scene"),
        ('[[cue]]\nscene = "one.toml"\npreset = "hafl"\n', 3, "unknown preset of one 'hafl'"),
        ('[[cue]]\nscene = "one.toml"\n[[cue]]\nscene = "three.toml"\n', 4, "three.toml"),
        ('[[cue]]\nscene = "one.toml"\ntransition = "wiep"\n', 3, "unknown transition"),
        ('[[cue]]\nscene = "one.toml"\ntransition_s = -1\n', 3, "expected 0"),
        ('[[cue]]\nscene = "one.toml"\ntransition_s = "1"\n', 3, "expected 0"),
        ('[[cue]]\nscene = "one.toml"\npreste = "half"\n', 3, "unknown key in a cue"),
        ("[[cue]]\nscene = 7\n", 2, "must be text"),
        ("cue = 3\n", 1, "at least one"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(folder: Path, text: str, line: int, words: str) -> None:
    path = folder / "wrong.toml"
    path.write_text(text, encoding="utf-8")
    registry = Registry()
    with pytest.raises(SceneError, match=words) as caught:
        Evening(path).set_list.transitions(registry)
    assert caught.value.where == f"{path}:{line}"


def test_what_does_not_go_together(folder: Path) -> None:
    path = folder / "friday.toml"
    options = with_set_list(run_options((), set_list=path))
    assert [Path(name).stem for name in options.scene.names] == ["one", "two"]
    assert with_set_list(options) == options
    for wrong, words in (
        (run_options("duotone", set_list=path), "names its scenes itself"),
        (run_options((), set_list=path, every_s=3.0), "--every"),
        (run_options(()), "no scene named"),
        (run_options((), set_list=folder / "none.toml"), "no set list"),
    ):
        with pytest.raises(UsageError, match=words):
            with_set_list(wrong)
