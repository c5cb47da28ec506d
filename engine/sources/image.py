"""A still image as an endless source."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Self

from ..core.closing import Closing
from ..core.frame import Frame
from . import checked_file
from .fit import cover
from .read_image import read_image


class ImageSource(Closing):
    """Gives the same image for ever, at `fps` in its own time; all frames share one pixel array."""

    live = False
    frame_count: int | None = None
    endless = True
    audio_path: str | None = None

    def __init__(self, path: Path, *, size: tuple[int, int] | None = None, fps: float | None = None) -> None:
        self.path, self.files = path, (path,)
        self.fps: float | None = fps or 30.0
        self._rate = fps or 30.0
        self._pixels = cover(read_image(path), size)
        self._pixels.setflags(write=False)
        self.size = (self._pixels.shape[1], self._pixels.shape[0])
        self._next = 0

    @classmethod
    def from_spec(cls, rest: str, *, size: tuple[int, int] | None, fps: float | None) -> Self:
        """`rest` is the path."""
        return cls(checked_file(rest), size=size, fps=fps)

    def read(self) -> Frame | None:
        """The image again, with the next id and time."""
        number, self._next = self._next, self._next + 1
        return Frame(number, number / self._rate, self._pixels, time.perf_counter())
