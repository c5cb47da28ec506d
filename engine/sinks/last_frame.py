"""Keeps the last image's packet back until it is known how long that image is shown."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

from .muxer import Muxer

_CODED = (".mp4", ".mov")  # their durations are those between decodings


class LastFrame:
    """Hands packets on to `muxer`, each when the next one is there.

    `live`: the file is written in fragments, of which readers leave out what is shown after the end of decoding.
    """

    def __init__(self, muxer: Muxer, suffix: str, *, live: bool) -> None:
        self._muxer, self._coded, self._live = muxer, suffix in _CODED, live
        self._held: list[Any] = []
        self._first_dts: int | None = None

    def add(self, packets: Iterable[Any]) -> None:
        """Takes packets as the encoder gives them."""
        self._held += packets
        if self._held and self._first_dts is None:
            self._first_dts = self._held[0].dts
        self._muxer.mux(self._held[:-1])
        del self._held[:-1]

    def finish(self, packets: Iterable[Any], end_s: Fraction, *, own: bool) -> None:
        """Takes the last packets; the last image ends at `end_s` of the new file; `own`: not as any other."""
        rest = [*self._held, *packets]
        if rest:
            last, newest = rest[-1], max(rest, key=_shown)
            end = round(end_s / last.time_base)
            if self._coded:
                # mp4 counts a track's length in decoding time, which may end well before the last image is shown
                first = rest[0].dts if self._first_dts is None else self._first_dts
                delay = 0 if self._live else min(first, 0)
                if own and newest is not last:
                    newest.duration = max(1, end - newest.pts)
                    last.dts = max(last.dts, last.pts + delay)  # else it would be shown beyond the end
                last.duration = max(1, end + delay - last.dts)
            else:
                newest.duration = max(1, end - newest.pts)
        self._muxer.mux(rest)
        self._held = []


def _shown(packet: Any) -> int:
    return int(packet.pts)


def lengthen_last_frame(path: Path, delay: int) -> None:
    """Makes the last image of a finished GIF last `delay` hundredths of a second.

    FFmpeg writes the distance of the two before it. Raises OSError and ValueError, where the file is no whole GIF.
    """
    with path.open("r+b") as file:
        place = _last_delay(file)
        file.seek(place)
        if abs(int.from_bytes(file.read(2), "little") - delay) > 1:  # else it is the rate's, rounded
            file.seek(place)
            file.write(min(delay, 0xFFFF).to_bytes(2, "little"))


def _last_delay(file: Any) -> int:
    """Where the delay of the last image stands (GIF89a, graphic control extension)."""
    head = file.read(13)
    if head[:3] != b"GIF":
        raise ValueError("not a GIF")
    file.seek(_table(head[10]), 1)
    place = -1
    while (kind := file.read(1)) == b"!" or kind == b",":
        if kind == b"!":
            if file.read(1) == b"\xf9":
                place = file.tell() + 2
        else:
            file.seek(_table(file.read(9)[8]) + 1, 1)
        while (size := file.read(1)) not in (b"", b"\0"):
            file.seek(size[0], 1)
    if place < 0 or kind != b";":
        raise ValueError("an incomplete GIF")
    return place


def _table(flags: int) -> int:
    """How many bytes a colour table takes."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
