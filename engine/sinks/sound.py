"""Takes the sound of one file along into another, in sync."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from engine.closing import Closing

log = logging.getLogger("phosphene")

# What each container takes as it is; anything else is re-encoded. None: anything.
_COPIED: dict[str, frozenset[str] | None] = {
    ".mp4": frozenset(("aac", "mp3", "ac3", "eac3", "alac", "opus", "flac")),
    ".mov": frozenset(("aac", "mp3", "ac3", "eac3", "alac", "pcm_s16le", "pcm_s24le", "pcm_s16be")),
    ".mkv": None,
    ".webm": frozenset(("opus", "vorbis")),
}
_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000)


class SoundTrack(Closing):
    """Writes the sound that lies in `path` from `start_s` on, as far as `advance` has come.

    Copied packet by packet, without loss, where the container takes the codec, else re-encoded (AAC, in webm Opus).
    Damaged sound ends early with a warning: it never costs the picture.
    """

    def __init__(self, source: InputContainer, target: OutputContainer, suffix: str, origin_s: float) -> None:
        self._source, self._target = source, target
        self._in: AudioStream = source.streams.audio[0]
        self._origin_s = origin_s
        self._until_s = 0.0
        self._early = suffix in (".mp4", ".mov")  # they have edit lists, so an encoder's run-in may lie before 0
        copied = _COPIED[suffix]
        self._done = False
        self._resampler: av.AudioResampler | None = None
        self._out: Any
        if copied is None or self._in.codec_context.name in copied:
            self._out = target.add_stream_from_template(self._in)
            self._packets: Iterator[Any] = self._copied()
        else:
            codec = "libopus" if suffix == ".webm" else "aac"
            rate = self._in.rate if codec == "aac" and self._in.rate in _AAC_RATES else 48000
            self._out = target.add_stream(codec, rate=rate)
            self._out.bit_rate = 192_000
            layout = "mono" if self._in.layout.nb_channels == 1 else "stereo"
            self._out.layout = layout
            self._resampler = av.AudioResampler(
                format="s16" if codec == "libopus" else "fltp", layout=layout, rate=rate
            )
            self._packets = self._encoded()
        self._held: Any = None

    @classmethod
    def open(cls, path: Path, target: OutputContainer, suffix: str, start_s: float) -> Self | None:
        """The sound of `path` from `start_s` after its first picture; None where there is none."""
        try:
            source = av.open(
                str(path.absolute()), "r", options={"protocol_whitelist": "file"}, metadata_errors="replace"
            )
        except (av.FFmpegError, OSError, ValueError) as error:
            log.warning("%s: its sound is left out (%s)", path.name, error)
            return None
        if not source.streams.audio:
            source.close()
            return None
        try:
            return cls(source, target, suffix, first_picture_s(path) + start_s)
        except (av.FFmpegError, ValueError) as error:
            source.close()
            log.warning("%s: its sound is left out (%s)", path.name, error)
            return None

    def advance(self, until_s: float) -> None:
        """Writes the sound up to `until_s` of the new file."""
        self._until_s = until_s
        while not self._done:
            if self._held is None:
                self._held = self._next()
            if self._held is None or self._begin_s(self._held) >= until_s:
                return
            packet, self._held = self._held, None
            self._mux(packet)

    def finish(self, until_s: float) -> None:
        """Writes the sound to its end at `until_s`, and what the encoder still holds."""
        self.advance(until_s)
        if self._resampler is not None and not self._done:
            for packet in self._out.encode(None):
                if self._begin_s(packet) < self._until_s:
                    self._mux(packet)
        self._done = True

    def close(self) -> None:
        """Closes the file that the sound comes from."""
        self._done = True
        self._packets = iter(())  # what is left of the reading holds its decoder
        self._source.close()

    # -- inside ------------------------------------------------------------------------------------------------------

    @staticmethod
    def _begin_s(packet: Packet[Any]) -> float:
        return float((packet.pts or 0) * packet.time_base)

    def _next(self) -> Any | None:
        try:
            found = next(self._packets, None)
        except (av.FFmpegError, OSError, ValueError) as error:
            log.warning("the sound is damaged and ends early (%s)", error)
            found = None
        if found is None:
            self._done = True
            return None
        return found

    def _mux(self, packet: Any) -> None:
        self._target.mux(packet)

    def _copied(self) -> Iterator[Packet[AudioStream]]:
        base = self._in.time_base or Fraction(1, 48000)
        shift = round(Fraction(self._origin_s) / base)
        for packet in self._source.demux(self._in):
            if packet.pts is None or packet.dts is None:
                continue
            packet.pts -= shift
            packet.dts -= shift
            whole_run_in = self._early and shift <= 0  # an encoder's run-in is needed for the first sound to be right
            ends = packet.pts + (packet.duration or 0)
            if packet.pts < 0 and not whole_run_in and not (self._early and ends > 0):
                continue  # before the first picture; where it straddles it, a fiftieth of a second is lost
            packet.stream = self._out
            yield packet

    def _encoded(self) -> Iterator[Packet[AudioStream]]:
        assert self._resampler is not None
        rate = self._out.rate
        for packet in self._source.demux(self._in):
            for frame in packet.decode():
                if frame.pts is None:
                    continue
                yield from self._encode(frame, rate)

    def _encode(self, frame: AudioFrame, rate: int) -> Iterator[Packet[AudioStream]]:
        assert self._resampler is not None
        for even in self._resampler.resample(frame):
            if even.pts is None or even.time_base is None:
                continue
            begin = round((Fraction(even.pts) * even.time_base - Fraction(self._origin_s)) * rate)
            if begin < 0:
                continue  # before the first picture
            even.pts, even.time_base = begin, Fraction(1, rate)
            yield from self._out.encode(even)


def first_picture_s(path: Path) -> float:
    """When the first picture of `path` is shown, on the file's own clock; 0 where it has none."""
    from engine.errors import SourceError
    from engine.sources.decoder import Decoder

    try:
        with Decoder(path) as decoder:
            return decoder.start_s
    except SourceError:
        return 0.0  # a file with sound alone
