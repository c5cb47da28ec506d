"""Which moment a sample of a sound device belongs to, although its blocks come unevenly and its clock is not ours."""

from __future__ import annotations

import math

BANDWIDTH_HZ = 0.05  # how fast the loop follows: a late block moves it little, a clock that runs otherwise not for long
LOST_S = 0.1  # what is further off is no jitter: samples were lost, or the machine slept
SLOWEST, FASTEST = 0.995, 1.005  # of the rate that the device claims


class SampleClock:
    """A delay-locked loop over the blocks as they arrive.

    Fons Adriaensen, "Using a DLL to filter time" (Linux Audio Conference 2005), for blocks of any length.
    """

    def __init__(self, rate: int) -> None:
        self.count = 0  # samples that have arrived, and those that were lost on the way
        self._nominal_s = self._sample_s = 1.0 / rate
        self._end_s: float | None = None  # the moment of sample `count`

    def arrived(self, count: int, moment_s: float) -> int:
        """`count` more samples, of which the last was heard at `moment_s`; returns how many were lost before them."""
        expected_s = moment_s if self._end_s is None else self._end_s + count * self._sample_s
        late_s = moment_s - expected_s
        lost = round(late_s / self._sample_s) if late_s > LOST_S else 0
        self.count += lost + count
        if self._end_s is None or abs(late_s) > LOST_S:
            self._end_s = moment_s
            return lost
        turn = min(2.0 * math.pi * BANDWIDTH_HZ * count * self._nominal_s, 0.5)
        self._end_s = expected_s + math.sqrt(2.0) * turn * late_s
        sample_s = self._sample_s + turn * turn * late_s / count
        self._sample_s = min(max(sample_s, SLOWEST * self._nominal_s), FASTEST * self._nominal_s)
        return 0

    @property
    def newest_s(self) -> float | None:
        """The moment of the newest sample; None before the first block."""
        return self._end_s

    def place(self, moment_s: float) -> float | None:
        """The number of the sample that was heard at `moment_s`, with fractions; None before the first block."""
        return None if self._end_s is None else self.count + (moment_s - self._end_s) / self._sample_s
