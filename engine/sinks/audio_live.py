"""Writes what a microphone hears into a video, in sync with its images for as long as the show lasts."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import numpy as np
from av.audio.frame import AudioFrame
from av.container import OutputContainer

from ..audio.base import Recordable
from ..core.closing import Closing
from ..core.frame import Floats
from ..core.results import RATE
from .muxer import Muxer

LATE_S = 0.5  # what a microphone still owes after so long is silence: the images do not wait for it
JUMP_S = 0.005  # where the clocks part by more from one piece to the next, sound was lost
PIECE = RATE // 50


class LiveSoundTrack(Closing):
    """Encodes `sound` (AAC, in mkv and webm Opus) from the image at `origin_s` on, as far as `advance` has come.

    The microphone's clock and the images' drift apart by some milliseconds a minute: the sound is stretched to stay
    with the images, so that no sample is doubled or left out.
    """

    def __init__(self, sound: Recordable, target: OutputContainer, muxer: Muxer, suffix: str, origin_s: float) -> None:
        self._sound, self._muxer, self._origin_s = sound, muxer, origin_s
        codec = "libopus" if suffix in (".webm", ".mkv") else "aac"
        self._out: Any = target.add_stream(codec, rate=RATE, layout="mono", bit_rate=128_000)
        self._written = 0  # samples
        self._place: float | None = None  # of the next sample in the microphone's own count

    def advance(self, until_s: float) -> None:
        """Writes what has arrived of the sound up to `until_s` of the new file."""
        newest_s = self._sound.newest_s
        there_s = until_s - LATE_S if newest_s is None else max(newest_s - self._origin_s, until_s - LATE_S)
        self._write(min(until_s, there_s))

    def finish(self, until_s: float) -> None:
        """Writes the sound to its end at `until_s`, which it waits for a little, and what the encoder still holds."""
        give_up_s = time.perf_counter() + LATE_S
        while (newest_s := self._sound.newest_s) is not None and newest_s - self._origin_s < until_s:
            if time.perf_counter() > give_up_s:
                break
            time.sleep(0.01)
        self._write(until_s)
        self._muxer.mux(self._out.encode(None))

    def close(self) -> None:
        """Nothing to let go of: the microphone belongs to the show."""

    # -- inside ------------------------------------------------------------------------------------------------------

    def _write(self, until_s: float) -> None:
        end = round(until_s * RATE)
        while self._written < end:
            count = min(PIECE, end - self._written)
            frame = AudioFrame.from_ndarray(self._piece(count)[None], "fltp", "mono")
            frame.rate, frame.pts, frame.time_base = RATE, self._written, Fraction(1, RATE)
            self._muxer.mux(self._out.encode(frame))
            self._written += count

    def _piece(self, count: int) -> Floats:
        """The next `count` samples."""
        end = self._sound.place(self._origin_s + (self._written + count) / RATE)
        if end is None:
            return np.zeros(count, np.float32)
        length = count * self._sound.rate / RATE
        begin = self._place
        if begin is None or abs(end - begin - length) > JUMP_S * self._sound.rate:
            begin = end - length
        self._place = end
        return self._sound.between(begin, end, count)
