"""The sound of a file, for any moment of it."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from engine.audio import KEPT_S, RATE
from engine.closing import Closing
from engine.data import Floats
from engine.errors import SourceError
from engine.sinks.sound import first_picture_s

log = logging.getLogger("phosphene")

JOIN = RATE // 100  # samples: time stamps are rounded, and parts that nearly meet are meant to
_ONLY_FILES = {"protocol_whitelist": "file"}


class FileSound(Closing):
    """The sound in `path`, decoded as far as it is asked for; second 0 is the first picture, where there is one.

    Asking for what lies long past begins the file anew. Raises SourceError where there is no sound; damage further on
    ends it with a warning.
    """

    live = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self._origin_s: float | None = None
        self._chunks: deque[tuple[int, Floats]] = deque()
        self._dropped = -(1 << 62)  # everything before this sample was let go
        self._container = self._opened()
        self._parts = self._decoded()
        self._ended = False

    def block(self, time_s: float, seconds: float) -> Floats:
        """See engine.audio.Sound."""
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
        first, samples = part
        if self._chunks and abs(first - _end(self._chunks[-1])) <= JOIN:
            first = _end(self._chunks[-1])
        self._chunks.append((first, samples))
        while self._chunks and _end(self._chunks[0]) < begin - KEPT_S * RATE:
            self._dropped = _end(self._chunks.popleft())

    def _begin_anew(self) -> None:
        self._container.close()
        self._chunks.clear()
        self._dropped, self._ended = -(1 << 62), False
        self._container = self._opened()
        self._parts = self._decoded()

    def _opened(self) -> av.container.InputContainer:
        try:
            container = av.open(str(self.path.absolute()), "r", options=_ONLY_FILES, metadata_errors="replace")
        except (av.FFmpegError, OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise SourceError(f"its sound cannot be read ({reason})", where=str(self.path)) from error
        if not container.streams.audio:
            container.close()
            raise SourceError("has no sound in it", where=str(self.path), hint="name a file with sound, or mic")
        return container

    def _decoded(self) -> Iterator[tuple[int, Floats]]:
        """The sound part by part, each with the number of its first sample."""
        if self._origin_s is None:
            # A song's cover is a picture too, but not one that the song waits for.
            cover = av.stream.Disposition.attached_pic
            moving = any(not stream.disposition & cover for stream in self._container.streams.video)
            self._origin_s = first_picture_s(self.path) if moving else 0.0
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE)
        following: int | None = None
        try:
            for packet in self._container.demux(self._container.streams.audio[0]):
                for frame in packet.decode():
                    for even in resampler.resample(frame):
                        if even.pts is not None and even.time_base is not None:
                            begin_s = float(Fraction(even.pts) * even.time_base) - self._origin_s
                            following = round(begin_s * RATE)
                        samples = np.array(even.to_ndarray()[0], np.float32)
                        first = following or 0
                        following = first + len(samples)
                        yield first, np.clip(np.nan_to_num(samples), -1.0, 1.0)
        except (av.FFmpegError, OSError, ValueError) as error:
            log.warning("%s: the sound is damaged and ends early (%s)", self.path.name, error)

    def close(self) -> None:
        """Closes the file; harmless when called twice."""
        self._ended = True
        self._parts = iter(())  # what is left of the reading holds its decoder
        self._container.close()


def _end(chunk: tuple[int, Floats]) -> int:
    return chunk[0] + len(chunk[1])
