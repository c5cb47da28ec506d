"""A video file or animated GIF as a source."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from ..core.closing import Closing
from ..core.frame import Frame, Pixels
from . import checked_file
from .decoder import Decoder
from .fit import cover
from .flipbook import Flipbook, is_flipbook


class VideoSource(Closing):
    """Gives the frames of a file at their own times, the first at 0.

    `size`: scaled to fill it, keeping the shape, and cropped at the middle. `fps`: resampled by time: frame k is what
    the file shows at k/fps. `audio_path`: the file where it has sound, else None. `end_s`: when the last image ends,
    known once `read` has given None; None where that is after one at the nominal rate. Damage: see Decoder.
    """

    live = False
    endless = False

    def __init__(self, path: Path, *, size: tuple[int, int] | None = None, fps: float | None = None) -> None:
        self.path, self.files = path, (path,)
        self._decoder = open_moving(path)
        self.size = size or self._decoder.size
        self.fps: float | None = fps or self._decoder.rate
        self.audio_path: str | None = str(path) if self._decoder.has_audio else None
        count = self._decoder.frame_count
        self.frame_count: int | None = round(count * fps / self._decoder.rate) if count and fps else count
        self.end_s: float | None = None
        self._resampled = fps is not None
        self._frames: Iterator[tuple[float, Pixels]] = self._decoder
        if fps:
            decoder = self._decoder  # not through self, which would then hold itself
            self._frames = resample(decoder, fps, lambda: decoder.end_s)
        self._next = 0
        self._shown: tuple[Pixels, Pixels] | None = None
        self._closed = False

    @classmethod
    def from_spec(cls, rest: str, *, size: tuple[int, int] | None, fps: float | None) -> Self:
        """`rest` is the path."""
        return cls(checked_file(rest), size=size, fps=fps)

    def read(self) -> Frame | None:
        """The next frame, or None at the end of the file."""
        if self._closed:
            return None
        found = next(self._frames, None)
        if found is None:
            self.end_s = None if self._resampled else self._decoder.end_s
            return None
        time_s, decoded = found
        if self._shown is None or self._shown[0] is not decoded:  # a repeated image is scaled once
            self._shown = (decoded, cover(decoded, self.size))
        number, self._next = self._next, self._next + 1
        return Frame(number, time_s, self._shown[1], time.perf_counter())

    def close(self) -> None:
        """Closes the file; harmless when called twice."""
        self._closed = True
        self._decoder.close()


def open_moving(path: Path) -> Decoder | Flipbook:
    """What reads the video in `path`, by the file's content."""
    return Flipbook(path) if is_flipbook(path) else Decoder(path)


def resample(
    frames: Iterator[tuple[float, Pixels]], fps: float, end_s: Callable[[], float | None]
) -> Iterator[tuple[float, Pixels]]:
    """Images at k/fps: each is the newest that has begun by then. `end_s` says at the end when the last one ends."""
    tick, held = 0, next(frames, None)
    if held is None:
        return
    slack = min(0.002, 0.25 / fps)  # an image that begins at a tick counts, whatever its container's rounding
    for following in frames:
        while tick / fps < following[0] - slack:
            yield tick / fps, held[1]
            tick += 1
        held = following
    end = end_s()
    while tick / fps < (held[0] + 1 / fps if end is None else end) - slack:
        yield tick / fps, held[1]
        tick += 1
