"""A microphone, by PortAudio (the package sounddevice). Only the last seconds are kept, in memory."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.closing import Closing
from ..core.errors import SourceError
from ..core.frame import Floats
from ..core.results import RATE
from .base import KEPT_S
from .sample_clock import SampleClock

log = logging.getLogger("phosphene")

BEHIND_S = 0.03  # how far the frames' clock stays behind the newest sample, so that no block lacks its end
OLDEST_S = 1.0
STEADY = 0.02  # how much of an image's unevenness moves the sound
DRIFT_S = 0.1  # where the two clocks are further apart than this, they are set anew


class Microphone(Closing):
    """Records from the microphone whose name contains `name`, or has that number; empty: the system's own choice.

    Raises SourceError where there is no such microphone, or no PortAudio.
    """

    live = True

    def __init__(self, name: str = "") -> None:
        device: int | str | None = int(name) if name.isdigit() else name or None
        self._lock = threading.Lock()
        self._origin: float | None = None  # the number of the sample at second 0
        self._shift_s: float | None = None  # from the frames' clock to time.perf_counter
        self._stream: Any = None
        self._reported = False
        sounddevice = portaudio()
        try:
            self.rate = RATE
            try:
                sounddevice.check_input_settings(device=device, channels=1, dtype="float32", samplerate=RATE)
            except sounddevice.PortAudioError:
                self.rate = int(sounddevice.query_devices(device, "input")["default_samplerate"])
            self._ring = np.zeros(int(KEPT_S * self.rate), np.float32)
            self._clock = SampleClock(self.rate)
            self._stream = sounddevice.InputStream(
                samplerate=self.rate, channels=1, dtype="float32", device=device, callback=self._take
            )
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            raise SourceError(
                f"cannot be opened ({error})",
                where=f"microphone {name}".strip(),
                hint="microphones found: " + (", ".join(names(sounddevice)) or "none"),
            ) from error

    def _take(self, data: Floats, count: int, when: Any, status: Any) -> None:
        """Called by PortAudio's own thread with new samples, (count, 1)."""
        moment_s = time.perf_counter()
        age_s = when.currentTime - when.inputBufferAdcTime if when is not None and when.inputBufferAdcTime else 0.0
        if 0.0 < age_s < OLDEST_S:  # of the first sample; some drivers do not know it, or tell nonsense
            moment_s += count / self.rate - age_s
        if status and not self._reported:
            self._reported = True
            log.warning("microphone: %s", status)
        with self._lock:
            lost = self._clock.arrived(count, moment_s)
            end, length = self._clock.count, len(self._ring)
            self._ring[np.arange(max(end - count - lost, end - length), end) % length] = 0.0
            self._ring[np.arange(end - count, end) % length] = data[:, 0]

    def block(self, time_s: float, seconds: float) -> Floats:
        """See phosphene.engine.audio.base.Sound. The first call says which moment of the frames' clock is now."""
        with self._lock:
            now = self._clock.count - BEHIND_S * self.rate
            if self._origin is None or abs(self._origin + time_s * self.rate - now) > DRIFT_S * self.rate:
                self._origin = now - time_s * self.rate
            end = round(self._origin + time_s * self.rate)
            out = self._samples(np.arange(end - round(seconds * self.rate), end))
        wanted = round(seconds * RATE)
        if len(out) != wanted and len(out):
            out = np.interp(np.linspace(0.0, len(out) - 1.0, wanted), np.arange(len(out)), out).astype(np.float32)
        return np.clip(out, -1.0, 1.0)

    def frame_drawn(self, time_s: float, moment_s: float) -> None:
        """See phosphene.engine.audio.base.Recordable."""
        shift_s = moment_s - time_s
        with self._lock:
            if self._shift_s is None or abs(shift_s - self._shift_s) > DRIFT_S:
                self._shift_s = shift_s
            self._shift_s += STEADY * (shift_s - self._shift_s)

    @property
    def newest_s(self) -> float | None:
        """See phosphene.engine.audio.base.Recordable."""
        with self._lock:
            arrived_s = self._clock.newest_s
            return None if arrived_s is None or self._shift_s is None else arrived_s - self._shift_s

    def place(self, time_s: float) -> float | None:
        """See phosphene.engine.audio.base.Recordable."""
        with self._lock:
            return None if self._shift_s is None else self._clock.place(time_s + self._shift_s)

    def between(self, begin: float, end: float, count: int) -> Floats:
        """See phosphene.engine.audio.base.Recordable. Between two samples lies a cubic through four (Catmull and Rom
        1974)."""
        at = begin + (end - begin) / max(count, 1) * np.arange(count)
        whole = np.floor(at).astype(np.int64)
        with self._lock:
            a, b, c, d = (self._samples(whole + k) for k in (-1, 0, 1, 2))
        t = (at - whole).astype(np.float32)
        out: Floats = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
        return np.clip(out, -1.0, 1.0)

    def _samples(self, places: NDArray[np.int64]) -> Floats:
        """The samples of these numbers, silence for those that are not here."""
        there = (places >= max(0, self._clock.count - len(self._ring))) & (places < self._clock.count)
        return np.where(there, self._ring[places % len(self._ring)], np.float32(0.0))

    def close(self) -> None:
        """Stops recording; harmless when called twice."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.stop()
            stream.close()


def portaudio() -> Any:
    """The package sounddevice. Raises SourceError where it, or PortAudio itself, is missing."""
    try:
        import sounddevice
    except ImportError as error:
        raise SourceError(
            "the microphone needs the package sounddevice", where="microphone", hint="pip install sounddevice"
        ) from error
    except OSError as error:  # what it says where it does not find the library
        raise SourceError(
            f"the microphone needs PortAudio ({error})",
            where="microphone",
            hint="`apt install libportaudio2` (Debian, Ubuntu), `dnf install portaudio` (Fedora); "
            "or use a file: --sound song.mp3",
        ) from error
    return sounddevice


def names(sounddevice: Any) -> list[str]:
    """The microphones that there are."""
    return [str(d["name"]) for d in sounddevice.query_devices() if d["max_input_channels"] > 0]
