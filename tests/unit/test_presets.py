"""Presets: what a file of them says and keeps, and how a running show is brought into one."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from phosphene.engine.control.changes import Changes
from phosphene.engine.control.desk import Desk
from phosphene.engine.core.errors import SceneError, UsageError
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.param_types import Bool, Choice, Color, Float, Int, Point
from phosphene.engine.core.places import ROOT
from phosphene.engine.scene.binding import Binding
from phosphene.engine.scene.mixing import mixed
from phosphene.engine.scene.playlist import Playlist
from phosphene.engine.scene.preset_names import presets_path
from phosphene.engine.scene.presets import Presets, differences, file_state
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.scene import Scene
from phosphene.engine.scene.toml_read import load_scene

AMOUNT, INK = "camera/duotone.amount", "camera/duotone.ink"
FILE = """# the looks of Friday

[preset.warm]  # for the end
"camera/duotone.amount" = 0.25  # not too much
"camera/duotone.ink" = "#ff0000"

[preset.smile]
"camera/duotone.amount" = { from = "face.smile", to = [0.0, 1.0] }
"""


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    (tmp_path / "duotone.toml").write_text('[[layer]]\nsource = "camera"\neffects = ["duotone"]\n', encoding="utf-8")
    (tmp_path / "duotone.presets.toml").write_text(FILE, encoding="utf-8")
    return load_scene(str(tmp_path / "duotone.toml"), Registry())


class Running:
    """A show without images: frames come by `draw`, a tenth of a second apart, as the loop does it."""

    def __init__(self, *scenes: Scene) -> None:
        self.scenes, self.changes = list(scenes), Changes()
        self.desk = Desk(Playlist(self.scenes), self.changes)
        self.time_s = 0.0

    def draw(self, count: int = 1) -> None:
        for _ in range(count):
            self.changes.apply(self.scenes, lambda setting: None)
            frame = Frame(round(self.time_s * 10), self.time_s, np.zeros((2, 2, 3), np.uint8))
            self.desk.update(Observation(frame, {}), {}, {})
            self.time_s += 0.1

    def meanwhile(self, action: Callable[[], Any]) -> Any:
        """What `action` gives that waits for this show."""
        given: list[Any] = []
        thread = threading.Thread(target=lambda: given.append(action()))
        thread.start()
        while thread.is_alive():
            self.draw()
            thread.join(0.001)
        return given[0]


def test_a_preset_says_the_whole_state(scene: Scene) -> None:
    presets = Presets(scene)
    assert presets.names == ["default", "warm", "smile"]
    warm = presets.state("warm")
    assert (warm[AMOUNT], warm[INK]) == (0.25, (1.0, 0.0, 0.0, 1.0))
    assert set(differences(warm, presets.state("default"))) == {AMOUNT, INK}
    assert isinstance(presets.state("smile")[AMOUNT], Binding)


def test_what_is_saved_comes_back(scene: Scene) -> None:
    presets = Presets(scene)
    scene.set(AMOUNT, 0.5)
    scene.bind("camera/opacity", Binding.parse({"from": "face.smile", "to": [0.2, 1.0], "smooth_s": 0.1}))
    saved = scene.state()
    assert presets.save("my look", saved) == presets.path
    assert not differences(presets.state("my look"), saved)
    assert set(differences(saved, file_state(scene))) == {AMOUNT, "camera/opacity"}


def test_the_rest_of_the_file_stays_with_its_comments(scene: Scene) -> None:
    presets = Presets(scene)
    scene.set(AMOUNT, 0.25)
    presets.save("warm", scene.state())
    text = presets.path.read_text(encoding="utf-8")
    assert text == FILE.replace('"camera/duotone.ink" = "#ff0000"\n', "")
    presets.delete("smile")
    assert presets.names == ["default", "warm"]
    assert "# the looks of Friday" in presets.path.read_text(encoding="utf-8")


def test_a_first_preset_makes_the_file(scene: Scene) -> None:
    presets = Presets(scene)
    presets.path.unlink()
    assert presets.names == ["default"]
    scene.set(AMOUNT, 0.5)
    presets.save("a", scene.state())
    assert presets.path.read_text(encoding="utf-8") == f'[preset.a]\n"{AMOUNT}" = 0.5\n'


def test_a_file_of_presets_is_no_scene(scene: Scene, tmp_path: Path) -> None:
    assert [name for name in Registry(scene_folders=[tmp_path]).scenes() if "preset" in name] == []


def test_presets_of_a_built_in_scene_lie_in_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = presets_path(load_scene("duotone", Registry()))
    assert not path.is_relative_to(ROOT)
    assert path.name == "duotone.presets.toml"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[preset.warm]\n"camera/duotone.amount" = 7\n', 2, "0 … 1"),
        ("[preset.warm]\n\n[other]\n", 3, "unknown key"),
        ('[preset]\nwarm = "red"\n', 2, "must be a table"),
        ('[preset.warm]\n"camera/duotone.amount" = { from = "face.smil" }\n', 2, "face.smile"),
        ("[preset.warm\n", 1, "not valid TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(scene: Scene, text: str, line: int, words: str) -> None:
    presets = Presets(scene)
    presets.path.write_text(text, encoding="utf-8")
    with pytest.raises(SceneError, match=words) as caught:
        presets.state("warm")
    assert caught.value.where == f"{presets.path}:{line}"


def test_unknown_names_and_addresses(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    presets = Presets(scene)
    with pytest.raises(UsageError, match="warn") as caught:
        presets.state("warn")
    assert "warm" in caught.value.hint
    presets.path.write_text('[preset.old]\n"camera/gone.x" = 1\n', encoding="utf-8")
    with caplog.at_level(logging.WARNING, "phosphene"):
        assert not differences(presets.state("old"), presets.state("default"))
    assert "camera/gone.x" in caplog.text


@pytest.mark.parametrize("name", ["", "  ", "default", "x" * 61, "a\nb"])
def test_names_that_cannot_be(scene: Scene, name: str) -> None:
    before = Presets(scene).path.read_text(encoding="utf-8")
    with pytest.raises(UsageError):
        Presets(scene).save(name, scene.state())
    assert Presets(scene).path.read_text(encoding="utf-8") == before


def test_what_lies_between_two_values() -> None:
    assert mixed(Float(0.0), 0.0, 2.0, 0.25) == 0.5
    assert mixed(Int(0), 0, 10, 0.26) == 3
    assert mixed(Point(), (0.0, 1.0), (1.0, 0.0), 0.5) == (0.5, 0.5)
    assert [mixed(Bool(False), False, True, p) for p in (0.4, 0.5)] == [False, True]
    assert [mixed(Choice("a", ("a", "b")), "a", "b", p) for p in (0.4, 0.6)] == ["a", "b"]
    middle = mixed(Color("black"), (0.0, 0.0, 0.0, 1.0), (1.0, 1.0, 1.0, 0.0), 0.5)
    assert middle == pytest.approx((0.7354, 0.7354, 0.7354, 0.5), abs=1e-3)  # half the light
    odd = (0.1, 0.2, 0.3, 1.0)
    assert mixed(Color("black"), odd, (1.0, 1.0, 1.0, 1.0), 0.0) is odd


def test_a_preset_is_recalled_at_once(scene: Scene) -> None:
    show = Running(scene)
    result = show.desk.presets.recall("warm")
    show.draw(2)
    assert result.result(0) is None
    assert (scene.get(AMOUNT), scene.get(INK)) == (0.25, (1.0, 0.0, 0.0, 1.0))
    show.desk.presets.recall("smile")
    show.draw(2)
    assert scene.bindings[AMOUNT].source == "face.smile"
    assert scene.get(INK) == file_state(scene)[INK]
    show.desk.presets.recall("default")
    show.draw(2)
    assert not differences(scene.state(), file_state(scene))


def test_a_morph_goes_by_the_time_of_the_show(scene: Scene) -> None:
    start = scene.get(AMOUNT)
    show = Running(scene)
    show.draw(3)
    show.desk.presets.recall("warm", over_s=1.0)
    seen = []
    for _ in range(13):
        show.draw()
        seen.append(scene.get(AMOUNT))
    # The first frame hears of it; from the next one on a tenth of the way is gone with each tenth of a second.
    steps = [0.0, *(n / 10 for n in range(11)), 1.0]
    assert seen == pytest.approx([start + (0.25 - start) * part for part in steps])


def test_a_hand_takes_a_parameter_out_of_a_morph(scene: Scene) -> None:
    show = Running(scene)
    show.desk.presets.recall("warm", over_s=1.0)
    show.draw(4)
    show.desk.set(AMOUNT, 0.9, "test")
    show.draw(12)
    assert scene.get(AMOUNT) == 0.9
    assert scene.get(INK) == (1.0, 0.0, 0.0, 1.0)


def test_a_bound_parameter_goes_from_where_it_is(scene: Scene) -> None:
    scene.bind(AMOUNT, Binding.parse({"from": "time"}))
    show = Running(scene)
    show.desk.presets.recall("warm", over_s=1.0)
    show.draw(2)
    assert AMOUNT not in scene.bindings
    show.draw(11)
    assert scene.get(AMOUNT) == 0.25


def test_two_presets_are_mixed_by_a_position(scene: Scene) -> None:
    show = Running(scene)
    for position in (0.5, 0.75, 1.0):
        show.desk.presets.morph("default", "warm", position)
        show.draw(2)
        start = file_state(scene)[AMOUNT]
        assert scene.get(AMOUNT) == pytest.approx(start + (0.25 - start) * position)


def test_only_the_scene_of_the_preset_changes(scene: Scene, tmp_path: Path) -> None:
    shutil.copy(tmp_path / "duotone.toml", tmp_path / "other.toml")
    other = load_scene(str(tmp_path / "other.toml"), Registry())
    show = Running(scene, other)
    show.desk.presets.recall("warm")
    show.draw(2)
    assert scene.get(AMOUNT) == 0.25
    assert other.get(AMOUNT) == file_state(other)[AMOUNT]
    # What was recalled is there again after a reload of its own scene alone.
    assert show.changes.reapply(load_scene(str(scene.path), Registry())).get(AMOUNT) == 0.25
    assert show.changes.reapply(load_scene(str(other.path), Registry())).get(AMOUNT) == file_state(other)[AMOUNT]


def test_saving_and_deleting_at_the_desk(scene: Scene) -> None:
    show = Running(scene)
    scene.set(AMOUNT, 0.75)
    path = show.meanwhile(lambda: show.desk.presets.save("mine"))
    assert Presets(scene).state("mine")[AMOUNT] == 0.75
    assert show.desk.presets.names() == ["default", "warm", "smile", "mine"]
    assert show.desk.presets.delete("mine") == path
    assert show.desk.presets.names("duotone") == ["default", "warm", "smile"]


def test_errors_reach_who_asked(scene: Scene) -> None:
    show = Running(scene)
    wrong = [show.desk.presets.recall("nope"), show.desk.presets.recall("warm", -1.0)]
    wrong.append(show.desk.presets.morph("warm", "nope", 0.5))
    before = scene.state()
    show.draw(2)
    for result in wrong:
        with pytest.raises(UsageError):
            result.result(0)
    assert not differences(scene.state(), before)
