"""Presets of shows that run: begun in one, recalled and saved from Python, and drawn the same each time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from phosphene.engine.control.desk import Desk
from phosphene.engine.core.errors import UsageError
from phosphene.engine.show.frame_hooks import Drawn
from phosphene.engine.show.options import run_options
from phosphene.engine.show.session import play

import phosphene

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("gpu")]
AMOUNT = "camera/duotone.amount"
SCENE = '[[layer]]\nsource = "camera"\neffects = ["duotone"]\n'
PRESETS = f'[preset.half]\n"{AMOUNT}" = 0.5\n\n[preset.none]\n"{AMOUNT}" = 0.0\n'


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    (tmp_path / "look.toml").write_text(SCENE, encoding="utf-8")
    (tmp_path / "look.presets.toml").write_text(PRESETS, encoding="utf-8")
    return tmp_path / "look.toml"


def test_presets_from_python(scene: Path) -> None:
    with phosphene.run(scene, input="testcard:64x48@30", outputs="null", pace="live", preset="half") as show:
        assert show.get(AMOUNT) == 0.5
        assert show.presets == ["default", "half", "none"]
        show.set(AMOUNT, 0.75)
        assert show.save_preset("mine") == scene.with_name("look.presets.toml")
        show.recall("none", over_s=0.2)
        while show.get(AMOUNT) != 0.0:
            assert show.running
        show.morph("none", "mine", 1.0)
        while show.get(AMOUNT) != 0.75:
            assert show.running
        with pytest.raises(UsageError, match="mine"):
            show.recall("min")
        show.delete_preset("mine")
        assert show.presets == ["default", "half", "none"]


def test_what_is_set_comes_after_the_preset(scene: Path) -> None:
    options = run_options(
        scene, input="testcard:64x48@30", outputs=["null"], pace="exact", seconds=0.1, preset="half",
        parameters={"camera/opacity": 0.25},
    )  # fmt: skip
    seen: list[tuple[float, float]] = []

    def look(drawn: Drawn) -> bool:
        seen.append((drawn.image.scene.get(AMOUNT), drawn.image.scene.get("camera/opacity")))
        return True

    play(options, on_image=look)
    assert set(seen) == {(0.5, 0.25)}


def test_an_unknown_preset_is_named_before_anything_is_opened(scene: Path) -> None:
    with pytest.raises(UsageError, match="halve") as caught:
        play(run_options(scene, input="no-such-clip.mp4", outputs=["null"], preset="halve"))
    assert "half" in caught.value.hint
    assert str(scene.with_name("look.presets.toml")) in caught.value.where


def test_a_morph_is_drawn_the_same_each_time(scene: Path) -> None:
    def amounts() -> list[float]:
        seen: list[float] = []

        def on_desk(desk: Desk) -> None:
            desk.presets.recall("none", over_s=0.5)

        def look(drawn: Drawn) -> bool:
            if drawn.stats.frames_out == len(seen):
                seen.append(drawn.image.scene.get(AMOUNT))
            return True

        options = run_options(scene, input="testcard:64x48@30", outputs=["null"], pace="exact", seconds=1.0)
        play(options, on_image=look, on_desk=on_desk)
        return seen

    first = amounts()
    assert first == amounts()
    assert first[-1] == 0.0
    assert np.all(np.diff(first) <= 0.0)
    assert len(set(first)) > 10


def test_a_set_list_runs_an_evening(scene: Path, tmp_path: Path) -> None:
    (tmp_path / "blue.toml").write_text(SCENE, encoding="utf-8")
    (tmp_path / "friday.toml").write_text(
        '[[cue]]\nscene = "look.toml"\npreset = "half"\n\n[[cue]]\nscene = "blue.toml"\ntransition = "wipe"\n'
        "transition_s = 0.1\n",
        encoding="utf-8",
    )
    with phosphene.run(
        set_list=tmp_path / "friday.toml", input="testcard:64x48@30", outputs="null", pace="live"
    ) as show:
        assert (show.scene, show.scenes) == ("look", ("look", "blue"))
        assert show.get(AMOUNT) == 0.5
        show.step()
        while show.scene != "blue":
            assert show.running
        show.step(-1)
        while show.scene != "look":
            assert show.running


def test_a_take_holds_a_morph(scene: Path, tmp_path: Path) -> None:
    """Frame for frame, though nobody recalls anything when it is drawn again."""

    def on_desk(desk: Desk) -> None:
        desk.presets.recall("none", over_s=0.5)

    def shown(**more: Any) -> list[float]:
        seen: list[float] = []

        def look(drawn: Drawn) -> bool:
            if drawn.stats.frames_out == len(seen):
                seen.append(drawn.image.scene.get(AMOUNT))
            return True

        again = "take" in more
        options = run_options(scene, outputs=["null"], pace="exact", **more)
        play(options, on_image=look, on_desk=None if again else on_desk)
        return seen

    drawn = shown(input="testcard:64x48@30", seconds=1.0, record_take=tmp_path / "monday")
    assert len(set(drawn)) > 10
    assert shown(take=tmp_path / "monday") == drawn
