"""A user's script: renders, tracks, and judges an effect."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

import numpy as np
from numpy.typing import NDArray

from phosphene import Observation, PhospheneError, RenderedFrame, render, track
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
