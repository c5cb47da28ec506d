"""A taught model in a show: it takes the results of the tracker that runs anyway, and a take holds what it said."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from phosphene.engine.commands.cli import main
from phosphene.engine.show.options import run_options
from phosphene.engine.show.session import play
from phosphene.engine.trackers.custom import features

from phosphene.testing import FakeSink

SCENE = """
title = "Thanks, in two inks"
[[layer]]
source = "camera"
[[layer.effects]]
use    = "duotone"
amount = { from = "class.signs.thanks", range = [0.3, 0.9] }
"""
pytestmark = [pytest.mark.gl, pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("models_ready")]


def test_a_taught_model_runs_on_shared_results_and_a_take_is_drawn_again_without_it(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classes = [f"--class={sign}={data_dir / 'desk' / f'asl_{sign}.mkv'}" for sign in ("thanks", "yes")]
    taught = ["teach", "signs", "--from", "pose", *classes, "--method", "nearest", "--into", str(tmp_path), "-q"]
    assert main(taught) == 0
    scene, folder = tmp_path / "thanks.toml", tmp_path / "take"
    scene.write_text(SCENE, encoding="utf-8")
    monkeypatch.setattr(features, "open_tracker", lambda name: pytest.fail(f"{name} was opened a second time"))
    options = run_options(
        str(scene), str(data_dir / "desk" / "asl_thanks.mkv"), ["null"], size=(320, 240), seconds=1.0,
        record_take=folder, models=[("signs", str(tmp_path / "signs"))],
    )  # fmt: skip
    first = FakeSink()
    stages = play(options, extra_sinks=[first]).stages
    assert {"tracker.pose", "tracker.model.signs"} <= set(stages), "what each costs is told"
    assert len(np.unique([image.mean() for image in first.images])) > 5
    shutil.rmtree(tmp_path / "signs")
    again = FakeSink()
    play(run_options(str(scene), outputs=["null"], take=folder), extra_sinks=[again])
    assert len(again.images) == len(first.images) == 30
    assert all(np.array_equal(a, b) for a, b in zip(again.images, first.images, strict=True))
