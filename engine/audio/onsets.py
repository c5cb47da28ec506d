"""How much begins to sound in each hop: the onset strength from which notes and beats are found."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.results import RATE
from .base import Sound

# Spectral flux of compressed magnitudes (Dixon, "Onset Detection Revisited", DAFx 2006).
HOP, SHORT = 512, 1024
HOP_S = HOP / RATE
COMPRESS = 200.0
BANDS = (1, 3, 6, 12, 24, 48, 96, 192, 384)  # where bands begin, in bins of 47 Hz: octaves, as the ear hears tones

_WIDTHS = np.diff([*BANDS, SHORT // 2 + 1])
_HANN = np.hanning(SHORT + 1)[:-1]


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop: when its sound ends, its spectral flux, and its bass.

    `flux` is of all tones alike; `octaves` of all octaves alike, so that a drum weighs as much as a cymbal; `bass` is
    how loud the lowest tones are, 0..1.
    """

    time_s: float
    flux: float
    octaves: float
    bass: float


class OnsetStrength:
    """Looks at every hop of `sound` once, whatever the frame rate. Hops lie on the sound's own grid, so that the same
    sound has the same."""

    def __init__(self, sound: Sound, time_s: float) -> None:
        self._sound = sound
        self._hop = math.floor(time_s / HOP_S) - 1
        self._before: NDArray[np.float64] | None = None

    def until(self, time_s: float) -> list[Hop]:
        """The hops that ended since the last call."""
        newest = math.floor(time_s / HOP_S)
        count = newest - self._hop
        if count <= 0:
            return []
        samples = self._sound.block(newest * HOP_S, (count * HOP + SHORT - HOP) / RATE)
        hops = []
        for index in range(count):
            part = samples[index * HOP : index * HOP + SHORT]
            magnitude = np.abs(np.fft.rfft(part * _HANN)) / SHORT
            loud = np.log1p(COMPRESS * magnitude)
            rise = np.zeros_like(loud) if self._before is None else np.maximum(loud - self._before, 0.0)
            self._before = loud
            at_s = (self._hop + 1 + index) * HOP_S
            bands = np.add.reduceat(rise, BANDS) / _WIDTHS
            bass = magnitude[BANDS[0] : BANDS[2]].mean()
            hops.append(Hop(at_s, float(rise.mean()), float(bands.mean()), float(bass)))
        self._hop = newest
        return hops
