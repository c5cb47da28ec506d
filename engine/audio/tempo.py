"""The tempo of music as it sounds, from its onset strength."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .onsets import HOP_S

Doubles = NDArray[np.float64]

SLOWEST, FASTEST, USUAL = 60.0, 180.0, 120.0  # beats a minute
TEMPI: Doubles = np.exp(np.linspace(math.log(SLOWEST), math.log(FASTEST), 80))  # steps of 1.4 %
HEARD = round(6.0 / HOP_S)  # hops that the tempo is found in
FIRST = round(3.0 / HOP_S)  # hops before there can be one
AROUND = round(0.25 / HOP_S)  # hops to each side whose mean does not count
FLOOR = 0.01  # onset strength above that mean which is noise
COMB = ((1, 0.4), (2, 0.2), (4, 0.4))  # music repeats itself after one beat, two and four
WIDTH_OCTAVES = 0.9  # how far from the usual tempo a tempo is still likely
CHANGE = 0.03  # by how much of itself a tempo changes easily from look to look
LEAP = 1e-4  # how likely any other tempo is instead
CLEAR, LOST = 0.16, 0.1  # how periodic onsets must be before there is a tempo, and to keep it


class TempoFinder:
    """Looks at the onset strength of the last seconds, time and again.

    The autocorrelation is weighted toward usual tempi (Ellis, "Beat Tracking by Dynamic Programming", 2007); from look
    to look the likeliest course of tempi is followed, in which jumps are rare.
    """

    def __init__(self) -> None:
        self._usual: Doubles = np.exp(-0.5 * (np.log2(TEMPI / USUAL) / WIDTH_OCTAVES) ** 2)
        self._likely: Doubles = self._usual.copy()
        self._moves: Doubles = np.exp(-0.5 * (np.log(TEMPI[:, None] / TEMPI[None, :]) / CHANGE) ** 2) + LEAP

    def period_s(self, strength: Doubles, *, found: bool) -> float | None:
        """Seconds from beat to beat in `strength`, one value a hop; None where there is no beat.

        `found` says that there was one at the last look: it is kept more easily than found.
        """
        heard = np.maximum(strength - smoothed(strength, AROUND) - FLOOR, 0.0)
        heard = heard - heard.mean()
        power = float(heard @ heard)
        if power <= 1e-9:
            return None
        size = 1 << (2 * len(heard) - 1).bit_length()
        correlation = np.fft.irfft(np.abs(np.fft.rfft(heard, size)) ** 2, size)[: len(heard)]
        correlation *= len(heard) / np.arange(len(heard), 0, -1) / power  # the further apart, the fewer pairs there are
        periods = 60.0 / TEMPI / HOP_S
        places = np.arange(len(correlation), dtype=np.float64)
        clear = np.maximum(sum(share * np.interp(periods * k, places, correlation) for k, share in COMB), 0.0)
        likely = (self._moves * self._likely).max(axis=1) * (clear * self._usual + 1e-6)
        self._likely = likely / likely.max()
        best = int(self._likely.argmax())
        if clear[best] < (LOST if found else CLEAR):
            return None
        return HOP_S * peak(correlation, float(periods[best]))


def smoothed(row: Doubles, half: int) -> Doubles:
    """The mean of what lies up to `half` places before and behind."""
    total = np.concatenate([[0.0], np.cumsum(row)])
    places = np.arange(len(row))
    low, high = np.maximum(places - half, 0), np.minimum(places + half + 1, len(row))
    mean: Doubles = (total[high] - total[low]) / (high - low)
    return mean


def peak(correlation: Doubles, period: float) -> float:
    """The period of the nearest peak, finer than a hop: over four beats, where so much was heard."""
    for beats in (4, 2, 1):
        middle = round(period * beats)
        reach = max(1, round(0.02 * middle))
        if middle + reach + 1 < len(correlation):
            at = middle - reach + int(correlation[middle - reach : middle + reach + 1].argmax())
            left, top, right = (float(n) for n in correlation[at - 1 : at + 2])
            bend = left - 2.0 * top + right
            shift = 0.5 * (left - right) / bend if bend < 0.0 else 0.0
            return (at + min(max(shift, -0.5), 0.5)) / beats
    return period
