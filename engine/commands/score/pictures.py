"""Each level side by side on the portrait, as the images of docs/compositing.md."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from ...core.errors import SinkError
from ...core.files.put import check_free, write_whole
from ...core.frame import Floats, Frame, Pixels
from ...core.paths import in_words
from ...core.srgb import LINEAR, encode8
from ...sources.demo import DemoSource
from .quality_levels import LEVELS, run, segmenter

SIZE = (1280, 720)
PLACE = (200, 60, 160)  # sRGB of what the person is set before: a colour that shows every halo
# What is shown: left, top, width and height in pixels.
DETAILS = {"cap": (430, 60, 220, 160), "shoulder": (760, 360, 220, 160)}
ENLARGED = 2
SETTLE = 8  # frames


def draw_pictures(folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Writes `LEVEL.jpg` (the whole cut-out) and `LEVEL-DETAIL.jpg` for every level; returns the paths.

    Raises SinkError, before anything is drawn, where one is there already and not to be replaced.
    """
    for name in (name for level in LEVELS for name in (level, *(f"{level}-{detail}" for detail in DETAILS))):
        check_free(folder / f"{name}.jpg", overwrite=overwrite)
    source = DemoSource(SIZE)
    frames = [frame for _ in range(SETTLE) if (frame := source.read()) is not None]
    with segmenter() as segment:
        made = run([f.pixels for f in frames], segment)
    written = []
    for level in LEVELS:
        picture = over_place(frames[-1], made[level][0][-1])
        written.append(write(folder / f"{level}.jpg", cv2.resize(picture, (480, 270), interpolation=cv2.INTER_AREA)))
        for name, (left, top, width, height) in DETAILS.items():
            part = picture[top : top + height, left : left + width]
            large = cv2.resize(part, None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_NEAREST)
            written.append(write(folder / f"{level}-{name}.jpg", large))
    return written


def over_place(frame: Frame, alpha: Floats) -> Pixels:
    """The frame, cut out by `alpha`, before the plain colour, blended in linear light."""
    place = LINEAR[np.array(PLACE)]
    light = LINEAR[frame.pixels] * alpha[..., None] + place * (1 - alpha[..., None])
    return encode8(light)


def write(path: Path, picture: Pixels) -> Path:
    """Writes a JPEG, over one that is there. Raises SinkError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise in_words(error, path.parent) from error
    made, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not made:
        raise SinkError("the image could not be encoded", where=str(path))
    write_whole(path, data.tobytes(), overwrite=True)
    return path
