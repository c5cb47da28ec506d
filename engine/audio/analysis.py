"""Listens to sound frame by frame: how loud it is, where its bass and treble are, when a note begins, and its beat."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..core.frame import Floats, Frame
from ..core.maths import ramp
from ..core.results import RATE, AudioFeatures
from .base import Sound
from .beats import Beat, BeatTracker
from .onsets import OnsetStrength

WINDOW = 2048  # samples, 43 ms: a little more than a frame at 30 a second
BINS = 512
# The spectrum as a browser's AnalyserNode gives it, which ShaderToy's files expect (W3C Web Audio API, 1.8.6): Blackman
# window, smoothed by 0.8 from image to image at 60 a second, -100 … -30 dB as 0 … 1.
SMOOTH_S = -1.0 / (60.0 * math.log(0.8))
QUIET_DB, LOUD_DB = -100.0, -30.0
# Hz, and the loudness in dB below full scale that counts as 0 and as 1: speech before a webcam lies in the middle, a
# mastered song at the upper end; music has the less the higher the tone.
BANDS = {"bass": (20.0, 250.0, -45.0, -12.0), "mid": (250.0, 2000.0, -50.0, -15.0), "treble": (2e3, 16e3, -60.0, -25.0)}
LEVEL_DB = -50.0, -10.0
# An onset is where the flux is so many times its median, and so much at least.
ABOVE, LEAST = 2.0, 0.02
MEMORY = 70  # hops that the median is taken of: three quarters of a second
REST_S = 0.12  # two onsets are at least so far apart
FADE_S = 0.1
GAP_S = 2.0  # after a longer pause, or a jump back, listening begins anew

_BLACKMAN = np.blackman(WINDOW + 1)[:-1]


class AudioAnalyzer:
    """Hears `sound` at one frame after another; the same frames hear the same."""

    def __init__(self, sound: Sound) -> None:
        self.sound = sound
        self._last_s: float | None = None
        self._begin_anew(0.0)

    def _begin_anew(self, time_s: float) -> None:
        self._smooth: NDArray[np.float64] | None = None
        self._strength = OnsetStrength(self.sound, time_s)
        self._beats = BeatTracker()
        self._flux: deque[float] = deque(maxlen=MEMORY)
        self._onset_s = -1e9

    def analyze(self, frame: Frame) -> AudioFeatures:
        """What is heard at `frame`."""
        now = frame.time_s
        step = 0.0 if self._last_s is None else now - self._last_s
        if self._last_s is None or not 0.0 <= step <= GAP_S:
            self._begin_anew(now)
            step = 0.0
        self._last_s = now
        block = self.sound.block(now, WINDOW / RATE)
        magnitude = np.abs(np.fft.rfft(block * _BLACKMAN)) / WINDOW
        self._listen(now)
        power = 2.0 * magnitude**2 * WINDOW / float((_BLACKMAN**2).sum())
        tones = np.arange(len(power)) * RATE / WINDOW
        loud = {
            name: ramp(decibel(math.sqrt(float(power[(tones >= low) & (tones < high)].sum()))), quiet, full)
            for name, (low, high, quiet, full) in BANDS.items()
        }
        level = ramp(decibel(math.sqrt(float(np.mean(block**2)))), *LEVEL_DB)
        beat = self._beats.beat
        return AudioFeatures(
            frame.id,
            block[-BINS:].copy(),
            self._spectrum(magnitude, step),
            level,
            **loud,
            onset=fading(now, self._onset_s),
            beat=fading(now, beat.last_s) if beat.period_s else 0.0,
            tempo=beat.tempo,
            bar_phase=beat.bar_phase(now),
        )

    def _spectrum(self, magnitude: NDArray[np.float64], step_s: float) -> Floats:
        keep = math.exp(-step_s / SMOOTH_S)
        self._smooth = magnitude if self._smooth is None else keep * self._smooth + (1.0 - keep) * magnitude
        db = 20.0 * np.log10(np.maximum(self._smooth[:BINS], 1e-9))
        return np.clip((db - QUIET_DB) / (LOUD_DB - QUIET_DB), 0.0, 1.0).astype(np.float32)

    def _listen(self, time_s: float) -> None:
        """Finds onsets and beats in every hop since the last frame."""
        hops = self._strength.until(time_s)
        for hop in hops:
            usual = float(np.median(self._flux)) if self._flux else 0.0
            if hop.flux > LEAST + ABOVE * usual and hop.time_s - self._onset_s >= REST_S:
                self._onset_s = hop.time_s
            self._flux.append(hop.flux)
        self._beats.hear(hops)


def with_beat(frame: Frame, heard: AudioFeatures | None, beat: Beat) -> AudioFeatures:
    """`heard`, else silence, with this beat instead of its own."""
    if heard is None:
        heard = AudioFeatures(frame.id, np.zeros(BINS, np.float32), np.zeros(BINS, np.float32))
    now = frame.time_s
    return replace(heard, beat=fading(now, beat.last_s), tempo=beat.tempo, bar_phase=beat.bar_phase(now))


def fading(time_s: float, since_s: float) -> float:
    """1 at `since_s`, falling to 0 within a third of a second; 0 before."""
    return round(math.exp(-(time_s - since_s) / FADE_S), 6) if time_s >= since_s else 0.0


def decibel(amplitude: float) -> float:
    """Decibels below full scale."""
    return 20.0 * math.log10(max(amplitude, 1e-9))
