"""Images that a program makes itself, as an input."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..core.closing import Closing
from ..core.errors import SourceError, UsageError
from ..core.frame import Frame, Pixels
from .fit import cover


class ArraysSource(Closing):
    """Gives one image of `arrays` after another, each H×W×3 uint8 sRGB in RGB order, `fps` a second.

    They are asked for as they are needed, in the thread that reads. Each is copied, so that its maker may overwrite it;
    one of another size than the first is scaled to fill it. What `arrays` raises is raised as it is, and UsageError for
    what is no such image.
    """

    live = False
    endless = False
    frame_count: int | None = None

    def __init__(
        self, arrays: Iterable[Pixels], *, size: tuple[int, int] | None = None, fps: float | None = None
    ) -> None:
        self._arrays: Iterator[Any] = iter(arrays)
        self.fps: float | None = fps or 30.0
        self._rate = fps or 30.0
        self._number = 0
        self._size = size
        self._first = self._image()
        if self._first is None:
            raise SourceError("`frames` is empty", hint="give at least one")
        self.size = self._size = (self._first.shape[1], self._first.shape[0])

    def read(self) -> Frame | None:
        """The next image, or None after the last."""
        number = self._number
        pixels = self._first if number == 0 else self._image()
        self._first = None
        if pixels is None:
            return None
        self._number += 1
        return Frame(number, number / self._rate, pixels, time.perf_counter())

    def _image(self) -> Pixels | None:
        """The next image at the size of all; None where there is none."""
        array = next(self._arrays, None)
        if array is None:
            return None
        shape: tuple[int, ...] = getattr(array, "shape", ())
        kind = getattr(array, "dtype", type(array).__name__)
        if len(shape) != 3 or shape[2] != 3 or min(shape) < 1 or kind != np.uint8:
            found = f"{'×'.join(map(str, shape))} {kind}".strip()
            raise UsageError(
                f"image {self._number} of `frames` is {found}: expected H×W×3 uint8, RGB",
                hint="put a single image into a list: [image]" if len(shape) == 2 else "convert it first",
            )
        return cover(np.array(array, order="C"), self._size)
