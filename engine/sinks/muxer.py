"""The one way of packets into a video file: no container ever gets stamps that it refuses."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from av.container import OutputContainer

from ..core.timestamps import RisingStamps

APART_S = Fraction(1, 8000)  # sound's ticks in a container are a sample's time, of which this is the longest

log = logging.getLogger("phosphene")


class Muxer:
    """Hands packets to `container`; where one's decoding time does not rise it is put right, and that is said once.

    Raises av.FFmpegError, OSError and ValueError where the container takes a packet for another reason not.
    """

    def __init__(self, container: OutputContainer, name: str) -> None:
        self._container, self._name = container, name
        self._stamps = RisingStamps()
        self._reported = False

    def mux(self, packets: Iterable[Any]) -> None:
        """Writes packets of any track, each track's in the order of decoding."""
        for packet in packets:
            base, kind = packet.time_base, packet.stream.type
            least = math.ceil(APART_S / base) if kind == "audio" else 1
            dts, pts = self._stamps.mend(packet.stream.index, packet.dts, packet.pts, least)
            if (dts, pts) != (packet.dts, packet.pts):
                self._report(kind, float(dts * base))
                packet.dts, packet.pts = dts, pts
            self._container.mux(packet)

    def _report(self, kind: str, at_s: float) -> None:
        if not self._reported:
            self._reported = True
            what = "audio" if kind == "audio" else "video"
            log.warning("%s: time stamps of the %s did not rise at %.2f s and were corrected", self._name, what, at_s)
