"""The stage on which `check` puts an effect: images, a person, a mask and sound, the same every time."""

from __future__ import annotations

import math
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from ..core.files.put import write_whole
from ..core.frame import Frame, Pixels
from ..core.observation import Observation
from ..core.paths import in_words
from ..core.results import AudioFeatures, Face, Faces, Mask, Pose, Poses

Size = tuple[int, int]
EYES = ((33, 133, 159, 145, 468, -1.0), (263, 362, 386, 374, 473, 1.0))  # outer, inner, upper, lower, iris; side
STEP_S = 0.25


def image(size: Size, seed: int = 0) -> Pixels:
    """An image of ramps, discs and noise that differs in every corner: H×W×3 uint8."""
    width, height = size
    x, y = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    rng = np.random.default_rng(seed)
    out = np.stack([x, y, 0.5 + 0.5 * np.sin(9.0 * (x + seed) + 5.0 * y)], axis=2)
    for _ in range(14):
        at, radius, ink = rng.random(2), 0.04 + 0.12 * rng.random(), rng.random(3)
        disc = (x - at[0]) ** 2 + ((y - at[1]) * height / width) ** 2 < radius**2
        out[disc] = ink
    out += rng.normal(0.0, 0.02, out.shape)
    if seed:
        out = 1.0 - out[:, ::-1]
    return (np.clip(out, 0.0, 1.0) * 255.0).astype(np.uint8)


def face(size: Size, number: int) -> Face:
    """A face in the middle whose mouth and eyes are open."""
    aspect, tall = size[1] / size[0], 0.5
    at = (0.5 + 0.02 * math.sin(number), 0.45)
    points = np.zeros((478, 3), np.float32)
    turn = np.linspace(0.0, 2.0 * math.pi, 468, endpoint=False)
    points[:468, 0] = at[0] + np.cos(turn) * tall * 0.35 * aspect
    points[:468, 1] = at[1] + np.sin(turn) * tall * 0.5
    unit = tall * 0.1
    for outer, inner, upper, lower, iris, side in EYES:
        x, y = at[0] + side * 1.5 * unit * aspect, at[1] - unit
        points[outer, :2], points[inner, :2] = (x + side * unit * aspect, y), (x - side * unit * aspect, y)
        points[upper, :2], points[lower, :2] = (x, y - 0.35 * unit), (x, y + 0.35 * unit)
        for offset, (dx, dy) in enumerate([(0.0, 0.0), (0.4, 0.0), (0.0, -0.4), (-0.4, 0.0), (0.0, 0.4)]):
            points[iris + offset, :2] = x + dx * unit * aspect, y + dy * unit
    transform = np.eye(4, dtype=np.float32)
    transform[:3, 3] = 0.0, 0.0, -45.0
    shapes = {"jawOpen": 0.7, "mouthSmileLeft": 0.5, "mouthSmileRight": 0.5}
    return Face(points=points, blendshapes=shapes, transform=transform, identity=1)


def pose() -> Pose:
    """A body in the middle."""
    turn = np.linspace(0.0, 2.0 * math.pi, 33, endpoint=False)
    points = np.stack([0.5 + 0.1 * np.cos(turn), 0.55 + 0.35 * np.sin(turn), np.zeros(33)], axis=1)
    world = np.stack([0.3 * np.cos(turn), 0.8 * np.sin(turn), np.zeros(33)], axis=1)
    return Pose(points.astype(np.float32), world.astype(np.float32), np.ones(33, np.float32))


@lru_cache(maxsize=64)
def observation(size: Size, number: int, *, loud: bool = False) -> Observation:
    """Frame `number` with everything known about it, in silence where it is not `loud`."""
    x, y = np.meshgrid((np.arange(size[0]) + 0.5) / size[0], (np.arange(size[1]) + 0.5) / size[1])
    inside = 1.0 - (((x - 0.5) / 0.22) ** 2 + ((y - 0.6) / 0.45) ** 2)
    mask = Mask(number, np.clip(0.5 + 4.0 * inside, 0.0, 1.0).astype(np.float32))
    frame = Frame(number, number * STEP_S, np.roll(image(size), 3 * number, axis=1))
    results: dict[str, Any] = {
        "person": mask,
        "face": Faces(number, (face(size, number),)),
        "pose": Poses(number, (pose(),)),
    }
    if loud:
        results["sound"] = sound(number)
    return Observation(frame, results)


def sound(number: int) -> AudioFeatures:
    """A wave and a spectrum that differ from frame to frame."""
    along = np.arange(512) / 512.0
    wave = 0.8 * np.sin(40.0 * along + number)
    spectrum = np.exp(-5.0 * along) * (0.6 + 0.4 * np.cos(60.0 * along + number))
    return AudioFeatures(number, wave.astype(np.float32), spectrum.astype(np.float32), 0.7, 0.8, 0.6, 0.5, 1.0)


def write_image(path: Path, pixels: Pixels) -> None:
    """Writes H×W×3 as PNG, over one that is there. Raises SinkError."""
    from PIL import Image

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise in_words(error, path) from error
    data = BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(data, "PNG")
    write_whole(path, data.getvalue(), overwrite=True)
