"""Thirty files of the public collections as this engine draws them, each as 8×8 mean colours: no picture, no code.

`python -m tests.golden.reference_shaders SHEET.png` draws them anew into references.json and lays the pictures out in a
sheet, to be looked at before the file is committed. The collections' folders stand in PHOSPHENE_ISF_FILES and
PHOSPHENE_GL_TRANSITIONS.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from phosphene.engine.check.exhibit import Exhibit
from phosphene.engine.core.frame import Pixels
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.scene.describe import describe_effect
from phosphene.engine.scene.load import load_file

FILE = Path(__file__).with_name("references.json")
SIZE = (96, 54)
CELLS = 8
FRAMES = 4  # drawn one after another, so that what is kept from frame to frame shows
# Every type of input, passes, buffers that are kept, pictures of their own, sound, a vertex shader, both directions.
SAMPLES: dict[str, tuple[str, ...]] = {
    "PHOSPHENE_ISF_FILES": (
        "ASCII Art.fs", "Bloom.fs", "Brick Pattern.fs", "Color Bars.fs", "Crosshatch.fs", "Cursor Overlay.fs",
        "Displacement.fs", "Dreamy Zoom.fs", "Duotone From Histogram.fs", "Edge Distort.fs", "FFT Filled Waveform.fs",
        "God Rays.fs", "Hexagonalize.fs", "Kaleidoscope Tile.fs", "Mirror Edge.fs", "Multi Pass Gaussian Blur.fs",
        "MultiFrame 2x2.fs", "Night Vision.fs", "RGB Trails 3.0.fs", "Sketch.fs", "Thermal Camera.fs", "Triangles.fs",
        "Waveform Displace.fs", "Wipe Up.fs", "Zooming Feedback.fs",
    ),
    "PHOSPHENE_GL_TRANSITIONS": (
        "Slides.glsl", "cube.glsl", "directional-easing.glsl", "flyeye.glsl", "windowblinds.glsl",
    ),
}  # fmt: skip


def folder(variable: str) -> Path | None:
    """The collection's folder, where the environment names one."""
    path = Path(os.environ.get(variable, ""))
    return path if os.environ.get(variable) and path.is_dir() else None


def drawn(gpu: Gpu, path: Path) -> Pixels:
    """The file's picture at its defaults, with sound, on the stage of `check`; transitions on their way."""
    exhibit = Exhibit(gpu, SIZE)
    renderer = exhibit.stage(load_file(describe_effect(path, "user")))
    try:
        return [exhibit.frame(renderer, number, loud=True) for number in range(FRAMES)][-1]
    finally:
        renderer.release()
        exhibit.close()


def grid(picture: Pixels) -> NDArray[np.float64]:
    """Mean colours of 8×8 cells: (8, 8, 3) codes."""
    rows = np.array_split(picture[..., :3].astype(np.float64), CELLS, axis=0)
    return np.array([[cell.mean(axis=(0, 1)) for cell in np.array_split(row, CELLS, axis=1)] for row in rows])


def renew(sheet: Path) -> None:
    """Draws every sample anew."""
    from PIL import Image

    gpu, found, pictures = Gpu.headless(), {}, []
    for variable, names in SAMPLES.items():
        path = folder(variable)
        if path is None:
            sys.exit(f"{variable} names no folder")
        for name in names:
            picture = drawn(gpu, path / name)
            pictures.append(np.repeat(np.repeat(picture[..., :3], 3, axis=0), 3, axis=1))
            found[name] = np.round(grid(picture)).astype(int).reshape(CELLS, -1).tolist()
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(rows, separators=(',', ':'))}" for name, rows in found.items())
    FILE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    rows = [np.hstack(pictures[n : n + 6]) for n in range(0, len(pictures), 6)]
    Image.fromarray(np.vstack(rows)).save(sheet)


if __name__ == "__main__":
    renew(Path(sys.argv[1]))
