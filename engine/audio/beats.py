"""The beat of music as it sounds: its tempo, when beats fall, and the place in the bar.

A cumulative score remembers where beats have been, and is carried half a beat into the future (Stark, Davies &
Plumbley, "Real-Time Beat-Synchronous Analysis of Musical Audio", DAFx 2009). Nothing is heard ahead of time, so that
files and microphones beat alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .onsets import HOP_S, Hop
from .tempo import FIRST, HEARD, Doubles, TempoFinder

LOOK = round(0.25 / HOP_S)  # hops between two looks at the tempo
EVENLY = 0.7  # how much octaves alike count in the onset strength; the rest is all tones alike, mostly cymbals
TIGHT = 5.0  # how strictly beats keep their distance
MEMORY = 0.8  # how much of the score is from earlier beats
NEAR = round(0.06 / HOP_S)  # hops about a beat that belong to it
BEATS = 4  # in a bar
KEPT = 0.85  # what is known of beats fades so from one to the next
BETWEEN = 1.5  # so much stronger between the beats, and they fall between those that were thought


@dataclass(frozen=True, slots=True)
class Beat:
    """What is known at one moment: the `period_s` from beat to beat, None while there is no beat; when the last one
    fell, and its `number` in the bar, 0..3."""

    period_s: float | None = None
    last_s: float = -1e9
    number: int = 0

    @property
    def tempo(self) -> float:
        """Beats a minute; 0 while there is no beat."""
        return 60.0 / self.period_s if self.period_s else 0.0

    def bar_phase(self, time_s: float) -> float:
        """How much of the bar has passed, 0..1; 0 while there is no beat."""
        if self.period_s is None:
            return 0.0
        within = min(max((time_s - self.last_s) / self.period_s, 0.0), 0.999)
        return (self.number + within) / BEATS


class BeatTracker:
    """Follows the beat hop by hop; `beat` is what is known after the last one."""

    def __init__(self) -> None:
        self.beat = Beat()
        self._tempo = TempoFinder()
        self._strength: Doubles = np.zeros(HEARD)
        self._octaves: Doubles = np.zeros(HEARD)
        self._bass: Doubles = np.zeros(HEARD)
        self._score: Doubles = np.zeros(HEARD)
        self._count = 0  # hops
        self._due = self._foretell = 0  # hops until the next beat, and until that is foretold anew
        self._forget_place()

    def _forget_place(self) -> None:
        """Nothing is known of where beats and bars begin."""
        self._beats = 0
        self._on = self._between = 0.0
        self._bar: Doubles = np.zeros(BEATS)

    def hear(self, hops: Sequence[Hop]) -> None:
        """Takes the next hops."""
        for hop in hops:
            strength = EVENLY * hop.octaves + (1.0 - EVENLY) * hop.flux
            for row, value in ((self._strength, strength), (self._octaves, hop.octaves), (self._bass, hop.bass)):
                push(row, value)
            self._count += 1
            if self._count >= FIRST and self._count % LOOK == 0:
                self._look()
            period = (self.beat.period_s or 0.5) / HOP_S
            push(self._score, (1.0 - MEMORY) * strength + MEMORY * best_before(self._score, len(self._score), period))
            if self.beat.period_s is not None:
                self._step(hop.time_s, period)

    def _look(self) -> None:
        """Finds the tempo anew."""
        period_s = self._tempo.period_s(
            self._strength[-min(self._count, HEARD) :], found=self.beat.period_s is not None
        )
        if period_s is None:
            self.beat = Beat()
            self._forget_place()
            return
        if self.beat.period_s is None:
            self._foretell = 1
        self.beat = replace(self.beat, period_s=period_s)

    def _step(self, time_s: float, period: float) -> None:
        """Foretells the next beat half way to it, and notes it when it falls."""
        self._due -= 1
        self._foretell -= 1
        if self._foretell == 0:
            self._due = next_beat(self._score, period)
        if self._due != 0:
            return
        half = round(period / 2.0)
        self._foretell = half
        self._beats += 1
        middle = len(self._octaves) - half
        self._on = KEPT * self._on + float(self._octaves[-NEAR:].max())
        self._between = KEPT * self._between + float(self._octaves[middle - NEAR // 2 : middle + NEAR // 2].max())
        if self._beats >= BEATS and self._between > BETWEEN * self._on:
            self._due, self._foretell = half, 0
            self._forget_place()
            return
        place = self._beats % BEATS
        share = max(1.0 - KEPT, 1.0 / (1 + (self._beats - 1) // BEATS))  # a mean, as long as there are few
        self._bar[place] += share * (float(self._bass[-NEAR:].max()) - self._bar[place])
        self.beat = replace(self.beat, last_s=time_s, number=(place - int(self._bar.argmax())) % BEATS)


def push(row: Doubles, value: float) -> None:
    """Moves `row` on by one place, with `value` at its end."""
    row[:-1] = row[1:]
    row[-1] = value


def best_before(score: Doubles, at: int, period: float) -> float:
    """The best of `score` about one period before place `at`, weighted by how well the distance fits."""
    back = np.arange(max(1, round(period / 2.0)), min(round(2.0 * period), at) + 1)
    weight = np.exp(-0.5 * (TIGHT * np.log(back / period)) ** 2)
    return float((weight * score[at - back]).max())


def next_beat(score: Doubles, period: float) -> int:
    """In how many hops the next beat falls: where the score, carried on without a sound, is best."""
    ahead, known = round(period), len(score)
    carried = np.concatenate([score, np.zeros(ahead)])
    for at in range(known, known + ahead):
        carried[at] = best_before(carried, at, period)
    wanted = np.exp(-0.5 * ((np.arange(1, ahead + 1) - period / 2.0) / (period / 4.0)) ** 2)
    return int((carried[known:] * wanted).argmax()) + 1
