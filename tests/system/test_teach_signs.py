"""Signs taught from clips: judged by whole clips, and an effect is seen where the sign is made."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from phosphene.engine.commands.cli import main
from phosphene.engine.models import store as models
from phosphene.engine.models import tensorflow as tf_jobs

from tests.helpers_system import run

SIGNS = ("help", "thanks", "yes")
SCENE = """
title = "Thanks, in red"
[[layer]]
source = "camera"

[[layer.effects]]
use    = "duotone"
ink    = "#600000"
paper  = "#ff2020"
amount = { from = "class.signs.LABEL", range = [0.5, 0.8] }
"""
# Signs made with one hand, and with both; of each class the last clip is not taught, but rendered.
HANDS = {
    "one": ("bird", "eat", "milk", "no", "please", "sorry", "thanks", "yes"),
    "two": ("again", "brother", "night", "sister", "student", "help"),
}
pytestmark = [pytest.mark.gl, pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("models_ready")]


def changed(scene: Path, clip: Path) -> float:
    """The part of the clip's frames in which most of the picture has another colour than it came with."""
    done = run(str(scene), clip, count=40, size=(320, 240))
    assert not done.problems
    return float(
        np.mean(
            [
                np.mean(np.abs(image[..., :3].astype(int) - cv2.resize(frame.pixels, (320, 240))).max(2) > 40) > 0.5
                for image, frame in zip(done.images, done.frames, strict=True)
            ]
        )
    )


@pytest.mark.parametrize("method", ["nearest", "net"])
def test_a_sign_triggers_an_effect(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    if method == "net" and not tf_jobs.interpreter():
        pytest.skip("TensorFlow is not installed (extra `teach`, or PHOSPHENE_TENSORFLOW)")
    monkeypatch.setenv("PHOSPHENE_MODELS", str(tmp_path / "own"))
    classes = [f"--class={sign}={data_dir / 'desk' / f'asl_{sign}.mkv'}" for sign in SIGNS]
    said = tmp_path / "said.json"
    # The tracker models lie in the cache, whatever PHOSPHENE_MODELS says.
    assert models.state("pose_landmarker_full").ready
    assert main(["teach", "signs", "--from", "pose", *classes, "--method", method, "--json", str(said)]) == 0
    told = json.loads(said.read_text(encoding="utf-8"))
    assert told["accuracy"] > 0.6  # by chance it would be a third
    assert np.array(told["confusion"]).shape == (3, 3)
    assert told["parts_of_one_recording"] == list(SIGNS)

    scene = tmp_path / "thanks.toml"
    scene.write_text(SCENE.replace("LABEL", "thanks"), encoding="utf-8")
    red = {sign: changed(scene, data_dir / "desk" / f"asl_{sign}.mkv") for sign in ("thanks", "yes")}
    assert red["thanks"] > 0.5, "the sign is made for most of the clip, and the picture is red then"
    assert red["yes"] < 0.25, "another sign is made, and the picture is as it came"


@pytest.mark.parametrize("method", ["nearest", "net"])
def test_signs_are_judged_by_whole_clips_and_seen_in_clips_that_were_not_taught(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    if method == "net" and not tf_jobs.interpreter():
        pytest.skip("TensorFlow is not installed (extra `teach`, or PHOSPHENE_TENSORFLOW)")
    monkeypatch.setenv("PHOSPHENE_MODELS", str(tmp_path / "own"))
    clips = {label: [data_dir / "desk" / f"asl_{sign}.mkv" for sign in signs] for label, signs in HANDS.items()}
    classes = [f"--class={label}={clip}" for label, found in clips.items() for clip in found[:-1]]
    said = tmp_path / "said.json"
    assert main(["teach", "signs", "--from", "hands", *classes, "--method", method, "--json", str(said)]) == 0
    told = json.loads(said.read_text(encoding="utf-8"))
    assert told["parts_of_one_recording"] == [], "whole clips were held out"
    assert told["accuracy"] > 0.7
    scene = tmp_path / "two.toml"
    scene.write_text(SCENE.replace("LABEL", "two"), encoding="utf-8")
    red = {label: changed(scene, found[-1]) for label, found in clips.items()}
    assert red["two"] > 0.6, red
    assert red["one"] < min(0.5, red["two"] - 0.3), red
