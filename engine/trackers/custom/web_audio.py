"""Sound as a browser gives it to Teachable Machine's sound models: the wave at their rate, and the spectrum over time
that the library speech-commands takes from an AnalyserNode."""

from __future__ import annotations

import numpy as np

from ...audio.base import Sound
from ...core.frame import Floats
from ...core.results import RATE

WAVE_RATE = 44100  # samples a second that these models take
# W3C Web Audio API, 1.8: a Blackman window (alpha 0.16) over the newest 2048 samples, a column every 1024.
FFT, HOP = 2048, 1024
_WINDOW = 0.42 - 0.5 * np.cos(2 * np.pi * np.arange(FFT) / FFT) + 0.08 * np.cos(4 * np.pi * np.arange(FFT) / FFT)
_PART = 160  # of samples at RATE are 147 at WAVE_RATE
EPSILON = 1e-7  # of TensorFlow.js


def wave(sound: Sound, time_s: float, count: int) -> Floats:
    """The `count` samples (float32, WAVE_RATE) that end at `time_s`."""
    parts = -(-count * RATE // (WAVE_RATE * _PART))
    return resampled(sound.block(time_s, parts * _PART / RATE))[-count:]


def resampled(samples: Floats) -> Floats:
    """Samples at RATE as samples at WAVE_RATE: what both can hold is kept as it is, what is higher is left out.

    Their number is a multiple of 160. The ends are mirrored, so that nothing of one rings at the other.
    """
    count = len(samples) * WAVE_RATE // RATE
    spectrum = np.fft.rfft(np.concatenate([samples, samples[::-1]]))
    return np.asarray(np.fft.irfft(spectrum[:count], 2 * count)[:count] * (count / len(samples)), np.float32)


def spectrogram(sound: Sound, time_s: float, columns: int, bins: int) -> Floats | None:
    """The newest `columns` of the lowest `bins` in dB, (columns, bins, 1), shifted to mean 0 and deviation 1.

    Columns of perfect silence are passed over, as there; None where too few are left in twice the time.
    """
    samples = wave(sound, time_s, FFT + HOP * (2 * columns - 1)).astype(np.float64)
    starts = HOP * np.arange(2 * columns)[:, None]
    spectrum = np.fft.rfft(samples[starts + np.arange(FFT)] * _WINDOW, axis=1)[:, :bins] / FFT
    heard = np.flatnonzero((np.abs(spectrum) > 1e-30).all(axis=1))[-columns:]
    if len(heard) < columns:
        return None
    loud = 20.0 * np.log10(np.abs(spectrum[heard]))
    return np.asarray((loud - loud.mean()) / (loud.std() + EPSILON), np.float32)[..., None]
