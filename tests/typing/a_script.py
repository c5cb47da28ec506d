"""A user's script: renders, tracks, judges an effect, draws single images, and plays a live show."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

import numpy as np
from numpy.typing import NDArray

from phosphene import (
    LiveShow,
    Observation,
    PhospheneError,
    RenderedFrame,
    Renderer,
    Scene,
    list_scenes,
    load_scene,
    open_source,
    render,
    run,
    save_scene,
    track,
)
from phosphene.testing import Verdict, check


def brightness(scene: str, folder: Path) -> list[float]:
    """How bright each image of a scene is."""
    images = [np.zeros((48, 64, 3), np.uint8)]
    values: list[float] = []
    for drawn in render(scene, images, size=(64, 48), fps=25.0, effects=[folder]):
        assert_type(drawn, RenderedFrame)
        assert_type(drawn.time_s, float)
        pixels: NDArray[np.uint8] = drawn.pixels
        values.append(float(pixels.mean()))
    return values


def smiles(clip: Path) -> list[float]:
    """How much somebody smiles in each frame of a clip; none where it cannot be read."""
    try:
        found = list(track(["face", "pose"], clip, seconds=2))
    except PhospheneError:
        return []
    assert_type(found, list[Observation])
    return [observation.signal("face.smile") for observation in found]


def judge(file: str) -> bool:
    """What `phosphene check` says."""
    verdict: Verdict = check(file)
    return verdict.good


def photograph(photo: Path) -> NDArray[np.uint8]:
    """One image of a scene, which is saved as it was drawn."""
    scene = load_scene("duotone")
    assert_type(scene, Scene)
    scene.set("duotone.amount", 0.5)
    save_scene(scene, "mine.toml")
    with open_source(str(photo)) as source, Renderer(scene, parameters={"duotone.amount": 0.2}) as renderer:
        frame = source.read()
        drawn = renderer.render(np.zeros((48, 64, 3), np.uint8) if frame is None else frame)
    assert_type(drawn, RenderedFrame)
    return drawn.rgb


def play() -> int:
    """A live show of every scene."""
    names = [listed.name for listed in list_scenes()]
    with run(names, input="demo", outputs=["null"], size=(320, 180), seconds=1.0) as show:
        assert_type(show, LiveShow)
        show.set("duotone.amount", 0.5)
        if show.observation is not None:
            assert_type(show.observation.signal("face.smile"), float)
        show.go("duotone")
        ended = show.wait(timeout_s=10.0)
    assert_type(ended, bool)
    return show.stats.frames_out
