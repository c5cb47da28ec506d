"""Looks behind the image for `check`: what an effect's last pass gives before it is rounded to 8 bits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.observation import Observation
from .renderer import Renderer
from .targets import Target


def float_images(renderer: Renderer, address: str, observation: Observation) -> Iterator[NDArray[np.float32]]:
    """What the effect at `address` gave for the frame that was just drawn: its float targets, and its last pass drawn
    once more without rounding. H×W×4 each."""
    runner = renderer.effects.get(address)
    if runner is None:
        return
    for target in runner.targets.values():
        if target.spec.dtype in ("f2", "f4"):
            yield read_floats(target.shown, target.size)
    layer = next(item for item in renderer.scene.layers if item.name == address.split("/")[0])
    uniforms = {
        "time_s": observation.frame.time_s,
        "dt": 0.0,
        "seed": 0.0,
        "face_count": len(observation.faces),
        "pose_count": len(observation.poses),
    }
    textures, _, values = renderer.layer_inputs(layer, uniforms)
    canvas = Target(renderer.gpu, renderer.size, dtype="f4")
    try:
        for index, step in enumerate(runner.steps):
            if not step.is_full_frame or (step.when is not None and not step.when(runner.effect)):
                continue
            runner.draw(index, canvas.framebuffer, values, textures, step.probe_ending)
            yield read_floats(canvas.framebuffer, canvas.size)
    finally:
        canvas.release()


def read_floats(framebuffer: Any, size: tuple[int, int]) -> NDArray[np.float32]:
    """A framebuffer's content as it is."""
    data = framebuffer.read(components=4, dtype="f4")
    return np.frombuffer(data, np.float32).reshape(size[1], size[0], 4)
