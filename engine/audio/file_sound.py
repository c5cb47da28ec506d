"""The sound of a file, for any moment of it."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np

from ..core.closing import Closing
from ..core.frame import Floats
from ..core.results import RATE
from ..sources.samples import Samples, first_frame_s, open_sound_track
from .base import KEPT_S


class FileSound(Closing):
    """The sound in `path`, decoded as far as it is asked for; second 0 is the first image, where there is one.

    Asking for what lies long past begins the file anew. Raises SourceError where there is no sound that can be decoded;
    damage further on ends it with a warning.
    """

    live = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self._origin_s: float | None = None
        self._chunks: deque[tuple[int, Floats]] = deque()
        self._dropped = -(1 << 62)  # everything before this sample was let go
        self._samples = self._opened()
        self._parts = iter(self._samples)
        self._ended = False

    def block(self, time_s: float, seconds: float) -> Floats:
        """See phosphene.engine.audio.base.Sound."""
        end, count = round(time_s * RATE), round(seconds * RATE)
        begin = end - count
        if begin < self._dropped:
            self._begin_anew()
        while not self._ended and (not self._chunks or _end(self._chunks[-1]) < end):
            self._decode_more(begin)
        out = np.zeros(count, np.float32)
        for first, samples in reversed(self._chunks):
            if first + len(samples) <= begin:
                break
            low, high = max(first, begin), min(first + len(samples), end)
            if low < high:
                out[low - begin : high - begin] = samples[low - first : high - first]
        return out

    def over(self, time_s: float) -> bool:
        """Whether there is no more sound after `time_s`, as far as was asked for by `block`."""
        return self._ended and (not self._chunks or _end(self._chunks[-1]) <= round(time_s * RATE))

    def _decode_more(self, begin: int) -> None:
        """One more part; what lies long before `begin` is let go."""
        part = next(self._parts, None)
        if part is None:
            self._ended = True
            return
        self._chunks.append((part[0], part[1][0]))
        while self._chunks and _end(self._chunks[0]) < begin - KEPT_S * RATE:
            self._dropped = _end(self._chunks.popleft())

    def _begin_anew(self) -> None:
        self._samples.close()
        self._chunks.clear()
        self._dropped, self._ended = -(1 << 62), False
        self._samples = self._opened()
        self._parts = iter(self._samples)

    def _opened(self) -> Samples:
        container, track = open_sound_track(self.path)
        if self._origin_s is None:
            self._origin_s = first_frame_s(container, self.path)
        return Samples(self.path, container, track, self._origin_s, rate=RATE, layout="mono")

    def close(self) -> None:
        """Closes the file; harmless when called twice."""
        self._ended = True
        self._parts = iter(())
        self._samples.close()


def _end(chunk: tuple[int, Floats]) -> int:
    return chunk[0] + len(chunk[1])
