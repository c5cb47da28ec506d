"""What the tests of inputs and outputs share: test cards as images, written to a sink and read from a source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from phosphene.engine.commands.bench.clip import pictures, side_by_side
from phosphene.engine.core.frame import Frame, Pixels
from phosphene.engine.sinks import open_sink
from phosphene.engine.sources import open_source
from phosphene.engine.sources.testcard import TestCardSource


def cards(count: int, size: tuple[int, int] = (320, 240), alpha: int = 255) -> list[Pixels]:
    """Test cards 0, 1, 2 … as a sink gets them, RGBA."""
    out = []
    for frame in iter(TestCardSource(size, 30.0, count).read, None):
        rgba = cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2RGBA)
        rgba[..., 3] = alpha
        out.append(rgba)
    return out


def portraits(count: int, people: int = 1, size: tuple[int, int] = (640, 480)) -> list[Frame]:
    """Frames of the demo with as many `people` side by side, 30 a second."""
    shown = (np.ascontiguousarray(side_by_side(p, people)) for p in pictures("demo", size, count))
    return [Frame(number, number / 30, pixels) for number, pixels in enumerate(shown)]


def write_images(spec: str, images: list[Pixels], times: list[float] | None = None, **options: Any) -> None:
    """Writes images to an output, 30 a second or at `times`, and finishes it."""
    size = (images[0].shape[1], images[0].shape[0])
    with open_sink(spec, size=size, fps=30.0, **options) as sink:
        for number, image in enumerate(images):
            sink.write(image, times[number] if times else number / 30)


def read_frames(spec: str | Path, **options: Any) -> list[Frame]:
    """Every frame of an input."""
    with open_source(str(spec), **options) as source:
        return list(iter(source.read, None))


def psnr(a: Pixels, b: Pixels) -> float:
    """How alike two images are, in decibels."""
    error = float(np.mean((a.astype(np.float32) - b.astype(np.float32)) ** 2))
    return 10 * float(np.log10(255**2 / max(error, 1e-9)))
