"""A sink of one's own, a slit scan: it keeps the middle column of every frame, and puts them side by side.

To run it:

    python examples/own_sink.py                           # four seconds of a show, into slit_scan.png

In a package, one line makes it `--output slit-scan:scan.png`: see examples/package.
"""

import sys

import numpy as np
from PIL import Image

import phosphene
from phosphene import Pixels, Sink, SinkError


class SlitScan(Sink):
    """The middle column of each frame, side by side in one image."""

    def __init__(self, path: str, *, size: tuple[int, int], fps: float) -> None:
        if not path:
            raise SinkError("a slit scan needs the name of an image", hint="write slit-scan:scan.png")
        self._path, self._middle = path, size[0] // 2
        self._columns: list[Pixels] = []

    def write(self, image: Pixels, time_s: float) -> None:
        """Takes one frame; a copy is kept, as the image is written over after this call."""
        self._columns.append(image[:, self._middle, :3].copy())

    def close(self) -> None:
        """Writes the image, once."""
        columns, self._columns = self._columns, []
        if columns:
            Image.fromarray(np.stack(columns, axis=1)).save(self._path)


def main(out: str = "slit_scan.png", scene: str = "duotone") -> None:
    """Hands the frames of a scene to the sink."""
    with SlitScan(out, size=(320, 180), fps=30) as sink:
        for picture in phosphene.render(scene, "demo", size=(320, 180), seconds=4):
            sink.write(picture.premultiplied, picture.time_s)


if __name__ == "__main__":
    main(*sys.argv[1:])
