"""How far a video file reaches in time, found from its packets without decoding."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from ..core.errors import SourceError
from ..core.timestamps import FileClock
from .tracks import clocked, may_restart, open_file, video_track

UNSEEKABLE = ("gif", "apng")
_QUICKTIME = "mov,mp4,m4a,3gp,3g2,mj2"


class Stamps(NamedTuple):
    """When an image is shown and decoded, and how long it lasts, in seconds; None where nothing says so."""

    pts: float | None
    dts: float | None
    duration_s: float | None


def stamps_of(item: Any, base: Fraction | None) -> Stamps:
    """The stamps of a packet or a decoded frame."""
    if base is None:
        return Stamps(None, None, None)
    pts, dts = (None if stamp is None else float(stamp * base) for stamp in (item.pts, item.dts))
    return Stamps(pts, dts, float(item.duration * base) if item.duration else None)


class CodedEnd:
    """When the last image of an MP4 or QuickTime track ends, as its sample table says.

    There durations are those between decodings: where images are decoded in another order than they are shown, the
    last one's own stands with another image. In other files `end_s` stays None.
    """

    def __init__(self, container: InputContainer, track: VideoStream) -> None:
        self._counts = container.format.name == _QUICKTIME
        self._most_s = math.inf  # where an edit list cuts the track off
        if track.frames and track.duration and track.time_base:
            self._most_s = float(((track.start_time or 0) + track.duration) * track.time_base)
        self._delay_s: float | None = None
        self.end_s: float | None = None

    def add(self, packet: Any) -> None:
        """Takes the next packet."""
        found = stamps_of(packet, packet.time_base)
        if not self._counts or not packet.size or found.pts is None or found.dts is None:
            return
        if self._delay_s is None:
            self._delay_s = found.pts - found.dts
        if found.duration_s is not None:
            self.end_s = min(found.dts + found.duration_s + self._delay_s, self._most_s)


class Extent(NamedTuple):
    """`end_s`: when the last image ends on the file's own clock, None where its packets do not say; `mended`: whether
    time stamps begin anew in it, so that no moment can be sought by its own."""

    end_s: float | None
    mended: bool


def extent(path: Path, step_s: float) -> Extent:
    """Reads the packets of `path`: the last ones where an index says all, else every one of them.

    `step_s` is how long an image is shown that does not say so.
    """
    end_s = -math.inf
    try:
        with open_file(path) as container:
            stream = video_track(container, path)
            clock, coded_end = FileClock(restarts=may_restart(container)), CodedEnd(container, stream)
            if container.format.name == _QUICKTIME and stream.frames and container.duration:
                coded_end.add(next(container.demux(stream)))
                container.seek(container.duration + (container.start_time or 0), backward=True)
            for packet in clocked(container, clock):
                if not packet.size or packet.stream.index != stream.index:
                    continue
                coded_end.add(packet)
                pts, _, duration_s = stamps_of(packet, packet.time_base)
                if pts is None:
                    return Extent(None, clock.mended)
                end_s = max(end_s, pts + (duration_s or step_s))
            if coded_end.end_s is not None:
                return Extent(coded_end.end_s, clock.mended)
    except (av.FFmpegError, OSError, SourceError):
        return Extent(None, True)  # the caller finds out by decoding
    return Extent(end_s if math.isfinite(end_s) else None, clock.mended)
