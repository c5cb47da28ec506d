"""Sound that goes into another file packet by packet, as it is."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer

from ..core.closing import Closing
from ..sources.samples import OVERLAP_S
from ..sources.tracks import packets
from .muxer import Muxer

log = logging.getLogger("phosphene")

EDIT_LISTS = (".mp4", ".mov")  # they have edit lists, so an encoder's run-in may lie before 0


class CopiedSound(Closing):
    """Writes the packets of `track` from `origin_s` of the file's own clock on, without decoding them.

    Where parts overlap, as at a join, what is mostly covered by the later one is left out. Where a container cannot
    begin before 0, a packet that straddles it is left out: `lost_s` says how much sound that is. Raises what Muxer
    raises.
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
        self._base = track.time_base or Fraction(1, 48000)
        self._shift = round(Fraction(origin_s) / self._base)
        self._has_edit_lists = suffix in EDIT_LISTS
        self.lost_s = 0.0
        self._packets: Iterator[Any] = self._from_zero()
        self._held: Any = self._next()
        self._out: Any = None
        self._target = target

    def begin(self) -> None:
        """Adds the track to the new file. Raises ValueError and av.FFmpegError where its container has none such."""
        self._out = self._target.add_stream_from_template(self._track)

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
            log.warning("%s: the audio is damaged and ends early (%s)", self._path.name, error)
            return None

    def _from_zero(self) -> Iterator[Any]:
        """The packets from 0 of the new file on, and before them the one that their decoder needs."""
        before: Any = None
        for packet in self._joined():
            if packet.pts >= 0:
                if before is not None:
                    yield before
                before = None
                yield packet
            elif self._has_edit_lists and self._shift <= 0:
                yield packet  # an encoder's run-in is needed for the first sound to be right
            elif self._has_edit_lists:
                before = packet
            else:
                self.lost_s = float((packet.pts + (packet.duration or 0)) * self._base)

    def _joined(self) -> Iterator[Any]:
        """The packets on the new file's clock; of those that overlap the later ones."""
        context = self._track.codec_context
        # Only a codec of one fixed length says how far apart packets must lie: the durations of others are rough.
        rate = context.sample_rate
        fixed = Fraction(context.frame_size, rate) / self._base if rate else Fraction(0)
        held: deque[Any] = deque()
        for packet in packets(self._source, self._track):
            if packet.pts is None or packet.dts is None or not packet.size:
                continue
            packet.pts -= self._shift
            packet.dts -= self._shift
            apart = min(Fraction(packet.duration or 0), fixed) / 2
            while held and packet.pts - held[-1].pts < apart:
                held.pop()
            held.append(packet)
            while held[0].pts < packet.pts - OVERLAP_S / self._base:
                yield held.popleft()
        yield from held
