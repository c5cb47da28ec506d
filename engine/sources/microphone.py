"""A microphone, by PortAudio (the package sounddevice). Only the last seconds are kept, in memory."""

from __future__ import annotations

import logging
import threading
from typing import Any

import numpy as np

from engine.audio import KEPT_S, RATE
from engine.closing import Closing
from engine.data import Floats
from engine.errors import SourceError

log = logging.getLogger("phosphene")

BEHIND_S = 0.03  # how far the frames' clock stays behind the newest sample, so that no block lacks its end
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
        self._count = 0  # samples that have arrived
        self._stream: Any = None
        self._told = False
        sounddevice = portaudio()
        try:
            self._rate = RATE
            try:
                sounddevice.check_input_settings(device=device, channels=1, dtype="float32", samplerate=RATE)
            except sounddevice.PortAudioError:
                self._rate = int(sounddevice.query_devices(device, "input")["default_samplerate"])
            self._ring = np.zeros(int(KEPT_S * self._rate), np.float32)
            self._stream = sounddevice.InputStream(
                samplerate=self._rate, channels=1, dtype="float32", device=device, callback=self._take
            )
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            raise SourceError(
                f"cannot be opened ({error})",
                where=f"microphone {name}".strip(),
                hint="microphones here: " + (", ".join(names(sounddevice)) or "none"),
            ) from error

    def _take(self, data: Floats, count: int, _: Any, status: Any) -> None:
        """Called by PortAudio's own thread with new samples, (count, 1)."""
        if status and not self._told:
            self._told = True
            log.warning("microphone: %s", status)
        with self._lock:
            places = (self._count + np.arange(count)) % len(self._ring)
            self._ring[places] = data[:, 0]
            self._count += count

    def block(self, time_s: float, seconds: float) -> Floats:
        """See engine.audio.Sound. The first call says which moment of the frames' clock is now."""
        with self._lock:
            now = self._count - BEHIND_S * self._rate
            if self._origin is None or abs(self._origin + time_s * self._rate - now) > DRIFT_S * self._rate:
                self._origin = now - time_s * self._rate
            end = round(self._origin + time_s * self._rate)
            begin = end - round(seconds * self._rate)
            places = np.arange(begin, end)
            there = (places >= max(0, self._count - len(self._ring))) & (places < self._count)
            out = np.where(there, self._ring[places % len(self._ring)], 0.0).astype(np.float32)
        wanted = round(seconds * RATE)
        if len(out) != wanted and len(out):
            out = np.interp(np.linspace(0.0, len(out) - 1.0, wanted), np.arange(len(out)), out).astype(np.float32)
        return np.clip(out, -1.0, 1.0)

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
            "a microphone needs the package sounddevice", where="microphone", hint="pip install sounddevice"
        ) from error
    except OSError as error:  # what it says where it does not find the library
        raise SourceError(
            f"a microphone needs PortAudio ({error})",
            where="microphone",
            hint="`apt install libportaudio2` (Debian, Ubuntu), `dnf install portaudio` (Fedora); "
            "or take the sound from a file: --sound song.mp3",
        ) from error
    return sounddevice


def names(sounddevice: Any) -> list[str]:
    """The microphones that there are."""
    return [str(d["name"]) for d in sounddevice.query_devices() if d["max_input_channels"] > 0]
