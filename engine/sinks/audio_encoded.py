"""Sound that is encoded anew for its new file."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer

from ..core.closing import Closing
from ..core.frame import Floats
from ..sources.samples import Samples
from .muxer import Muxer

_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000)
_PIECE = 4096  # samples of silence at a time


def _is_lossless(track: AudioStream) -> bool:
    return track.codec_context.name.startswith(("pcm_", "flac", "alac", "wavpack", "truehd"))


class EncodedSound(Closing):
    """Encodes `track` from `origin_s` of the file's own clock on: AAC, in webm Opus, in mkv FLAC where it had no loss.

    A hole in it becomes silence. Raises what Muxer and the encoder raise.
    """

    def __init__(
        self,
        path: Path,
        source: InputContainer,
        track: AudioStream,
        target: OutputContainer,
        muxer: Muxer,
        suffix: str,
        origin_s: float,
    ) -> None:
        codec = "libopus" if suffix == ".webm" else "flac" if suffix == ".mkv" and _is_lossless(track) else "aac"
        self._rate = track.rate if codec != "libopus" and track.rate in _AAC_RATES else 48000
        self._layout = "mono" if track.layout.nb_channels == 1 else "stereo"
        self._muxer = muxer
        out: Any = target.add_stream(codec, rate=self._rate)
        out.layout = self._layout
        if codec == "flac":
            out.format = "s32" if track.codec_context.format.bytes > 2 else "s16"
        else:
            out.bit_rate = 192_000
        self._out = out
        self._samples = Samples(path, source, track, origin_s, rate=self._rate, layout=self._layout)
        self._parts: Iterator[tuple[int, Floats]] = iter(self._samples)
        self._part: tuple[int, Floats] | None = None
        self._written: int | None = None  # how many samples, counted from 0 of the new file; None before the first

    def advance(self, until_s: float) -> None:
        """Encodes the sound up to `until_s` of the new file."""
        until = round(until_s * self._rate)
        while (part := self._part or next(self._parts, None)) is not None:
            first, samples = part
            if first < 0:  # before the first image
                first, samples = 0, samples[:, -first:]
            if first >= until:
                self._part = (first, samples)
                return
            count = min(samples.shape[1], until - first)
            self._write(first, samples[:, :count])
            left = samples[:, count:]
            self._part = (first + count, left) if left.shape[1] else None
            if self._part is not None:
                return

    def finish(self) -> None:
        """Writes what the encoder still holds."""
        if self._written is not None:
            self._muxer.mux(self._out.encode(None))

    def close(self) -> None:
        """Closes the file that the sound comes from."""
        self._parts = iter(())
        self._samples.close()

    def _write(self, first: int, samples: Floats) -> None:
        if not samples.shape[1]:
            return
        if self._written is not None:
            while self._written < first:
                count = min(_PIECE, first - self._written)
                self._encode(self._written, np.zeros((samples.shape[0], count), np.float32))
        self._encode(first, samples)

    def _encode(self, first: int, samples: Floats) -> None:
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", self._layout)
        frame.sample_rate, frame.pts, frame.time_base = self._rate, first, Fraction(1, self._rate)
        self._written = first + samples.shape[1]
        self._muxer.mux(self._out.encode(frame))
