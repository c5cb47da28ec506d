"""The beat that somebody taps by hand, for music that is not heard or not understood."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from .beats import BEATS, Beat

PAUSE_S = 2.0  # after a longer pause the next tap is a first one
KEPT = 8  # the tempo is the mean over so many taps
LEAST_S = 0.2  # two taps that are nearer are one


class TappedBeat:
    """A steady beat, by taps. It belongs to the thread that draws; times are those of the frames' clock."""

    def __init__(self) -> None:
        self._taps: deque[float] = deque(maxlen=KEPT)
        self._first_s = 0.0  # when a bar began
        self._period_s: float | None = None

    def tap(self, time_s: float) -> float:
        """One tap; the first after a pause begins a bar and keeps the tempo, each further one says it anew. Returns the
        tempo in beats a minute, 0 while it is not known."""
        since_s = time_s - self._taps[-1] if self._taps else math.inf
        if not since_s <= PAUSE_S or since_s < 0.0:
            self._taps.clear()
            self._first_s = time_s
        elif since_s < LEAST_S:
            return self.at(time_s).tempo
        self._taps.append(time_s)
        if len(self._taps) >= 2:
            self._period_s, begin_s = (float(n) for n in np.polyfit(np.arange(len(self._taps)), list(self._taps), 1))
            bars = round((begin_s - self._first_s) / self._period_s / BEATS)
            beats = round((begin_s - self._first_s) / self._period_s) - bars * BEATS
            self._first_s = begin_s - beats * self._period_s
        return self.at(time_s).tempo

    def clear(self) -> None:
        """Forgets the taps: the sound's own beat counts again."""
        self._taps.clear()
        self._period_s = None

    @property
    def known(self) -> bool:
        """Whether there is a beat."""
        return self._period_s is not None

    def at(self, time_s: float) -> Beat:
        """The beat at `time_s`."""
        if self._period_s is None:
            return Beat()
        number = math.floor((time_s - self._first_s) / self._period_s)
        return Beat(self._period_s, self._first_s + number * self._period_s, number % BEATS)
