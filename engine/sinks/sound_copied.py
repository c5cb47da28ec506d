"""Sound that goes into another file packet by packet, as it is."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer

from engine.closing import Closing
from engine.sinks.muxer import Muxer
from engine.sources.tracks import packets

log = logging.getLogger("phosphene")


class CopiedSound(Closing):
    """Writes the packets of `track` from `origin_s` of the file's own clock on, without decoding them.

    Where parts overlap, as at a join, a packet that is mostly over already is left out. Raises what Muxer raises.
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
        self._path, self._source, self._track, self._muxer = path, source, track, muxer
        self._origin_s = origin_s
        self._early = suffix in (".mp4", ".mov")  # they have edit lists, so an encoder's run-in may lie before 0
        self._out: Any = target.add_stream_from_template(track)
        self._packets: Iterator[Any] = self._placed()
        self._held: Any = None

    def advance(self, until_s: float) -> None:
        """Writes the packets that begin before `until_s` of the new file."""
        while (packet := self._held or self._next()) is not None:
            self._held = packet
            if float(packet.pts * packet.time_base) >= until_s:
                return
            self._held = None
            packet.stream = self._out
            self._muxer.mux([packet])

    def finish(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Closes the file that the sound comes from."""
        self._packets = iter(())  # what is left of the reading holds its decoder
        self._source.close()

    def _next(self) -> Any:
        try:
            return next(self._packets, None)
        except (av.FFmpegError, OSError) as error:
            log.warning("%s: the sound is damaged and ends early (%s)", self._path.name, error)
            return None

    def _placed(self) -> Iterator[Any]:
        base = self._track.time_base or Fraction(1, 48000)
        shift = round(Fraction(self._origin_s) / base)
        context = self._track.codec_context
        exact = Fraction(context.frame_size, context.sample_rate) / base if context.sample_rate else Fraction(0)
        before: int | None = None
        for packet in packets(self._source, self._track):
            if packet.pts is None or packet.dts is None or not packet.size:
                continue
            packet.pts -= shift
            packet.dts -= shift
            lasts = packet.duration or 0
            whole_run_in = self._early and shift <= 0  # an encoder's run-in is needed for the first sound to be right
            ends = packet.pts + lasts
            if packet.pts < 0 and not whole_run_in and not (self._early and ends > 0):
                continue  # before the first picture; where it straddles it, a fiftieth of a second is lost
            if before is not None and packet.pts - before < min(lasts, exact or lasts) / 2:
                continue
            before = packet.pts
            yield packet
