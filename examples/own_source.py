"""A source of one's own: frames out of a formula, into a scene that mirrors them.

To run it:

    python examples/own_source.py                         # one second, into plasma.mp4

In a package, one line makes it `--input plasma`: see examples/package.
"""

import sys

import numpy as np

from phosphene import Frame, Renderer, Source, open_sink


class Plasma(Source):
    """Coloured waves, so many frames of them."""

    def __init__(self, size: tuple[int, int] = (320, 180), fps: float = 30.0, count: int = 30) -> None:
        self.size, self.fps, self.frame_count = size, fps, count
        self._next = 0

    def read(self) -> Frame | None:
        """The next frame, or None after the last."""
        if self._next == self.frame_count:
            return None
        number, self._next = self._next, self._next + 1
        time_s = number / (self.fps or 30.0)
        x, y = np.meshgrid(np.linspace(0, 9, self.size[0]), np.linspace(0, 5, self.size[1]))
        waves = [np.sin(x + time_s * 2), np.sin(y + x / 2 - time_s), np.sin(np.hypot(x - 4, y - 2) + time_s)]
        return Frame(number, time_s, (127 + 127 * np.stack(waves, axis=2)).astype(np.uint8))


def main(out: str = "plasma.mp4") -> None:
    """Draws every frame of the source."""
    with (
        Plasma() as source,
        open_sink(out, size=source.size, fps=source.fps or 30.0) as sink,
        Renderer("mirror", parameters={"mode": "left"}) as renderer,
    ):
        while (frame := source.read()) is not None:
            sink.write(renderer.render(frame).premultiplied, frame.time_s)


if __name__ == "__main__":
    main(*sys.argv[1:])
