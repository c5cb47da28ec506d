"""Sounds made for tests, files that hold them, and a microphone that the test speaks into."""

from __future__ import annotations

import sys
import wave
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from phosphene.engine.audio.microphone import Microphone
from phosphene.engine.core.frame import Floats

RATE = 48000


def tone(hz: float, seconds: float = 2.0, amplitude: float = 0.25) -> NDArray[np.float32]:
    """A sine."""
    at = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * hz * at)).astype(np.float32)


def notes(begins_s: list[float], seconds: float = 2.0, hz: float = 440.0) -> NDArray[np.float32]:
    """Notes that begin at once and die away within a fifth of a second."""
    out = np.zeros(round(seconds * RATE), np.float32)
    for begin_s in begins_s:
        note = tone(hz, 0.2, 0.5) * np.exp(-np.arange(round(0.2 * RATE)) / (0.04 * RATE))
        first = round(begin_s * RATE)
        out[first : first + len(note)] += note[: len(out) - first]
    return out


def drums(bpm: float, seconds: float, *, first_s: float = 0.4) -> NDArray[np.float32]:
    """A beat as rock has it: a low drum on the first and third beat, a snare on the others, cymbals twice a beat."""
    random = np.random.default_rng(4)
    at = np.arange(round(0.15 * RATE)) / RATE
    low = 0.8 * np.sin(2 * np.pi * (50 * at + 0.9 * (1 - np.exp(-at / 0.03)))) * np.exp(-at / 0.05)
    snare = (0.25 * random.normal(size=len(at)) + 0.2 * np.sin(2 * np.pi * 190 * at)) * np.exp(-at / 0.04)
    cymbal = 0.15 * np.diff(random.normal(size=len(at) + 1)) * np.exp(-at / 0.015)
    out = random.normal(0.0, 0.003, round(seconds * RATE))
    for half in range(int((seconds - first_s) * bpm / 30.0)):
        begin = round((first_s + half * 30.0 / bpm) * RATE)
        part = out[begin : begin + len(at)]
        part += cymbal[: len(part)]
        if half % 2 == 0:
            part += (low * (1.3 if half % 8 == 0 else 1.0) if half % 4 == 0 else snare)[: len(part)]
    return (0.6 * out).astype(np.float32)


def write_wav(path: Path, samples: NDArray[np.float32], rate: int = RATE) -> Path:
    """Writes 16-bit mono."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


class PortAudioError(Exception):
    """As sounddevice's."""


class FakeStream:
    """An input that the test feeds."""

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.running = False

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def close(self) -> None:
        pass

    def feed(self, samples: Floats) -> None:
        self.options["callback"](samples[:, None], len(samples), None, None)


def fake_portaudio(monkeypatch: pytest.MonkeyPatch, *, rate: int = RATE, works: bool = True) -> list[FakeStream]:
    """A sounddevice with one microphone; the streams that are opened appear in the list."""
    made: list[FakeStream] = []

    def check(samplerate: int, **_: Any) -> None:
        if samplerate != rate:
            raise PortAudioError("Invalid sample rate")

    def stream(**options: Any) -> FakeStream:
        if not works:
            raise PortAudioError("Device unavailable")
        made.append(FakeStream(**options))
        return made[-1]

    devices = [{"name": "Desk mic", "max_input_channels": 1, "default_samplerate": float(rate)}]
    module = SimpleNamespace(
        PortAudioError=PortAudioError,
        check_input_settings=check,
        query_devices=lambda *named: devices[0] if named else devices,
        InputStream=stream,
    )
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    return made


BLOCK = 480  # samples that the microphone delivers at once


class Room:
    """A microphone in a world of its own time, in which a click sounds every second, and a camera that looks at it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, rate: int = RATE, drift: float = 0.0) -> None:
        self.made = fake_portaudio(monkeypatch, rate=rate)
        self.now_s = 1000.0
        monkeypatch.setattr("phosphene.engine.audio.microphone.time", SimpleNamespace(perf_counter=lambda: self.now_s))
        self.rate, self.true_rate = rate, rate * (1 + drift)
        self.audio = 0
        self.random = np.random.default_rng(3)
        self.microphone = Microphone()

    def pass_time(self, until_s: float) -> None:
        """The microphone delivers what sounds until then; its blocks come up to 8 ms late."""
        while 1000.0 + (self.audio + BLOCK) / self.true_rate <= until_s:
            at = (self.audio + np.arange(BLOCK)) / self.true_rate
            self.audio += BLOCK
            self.now_s = 1000.0 + self.audio / self.true_rate + float(self.random.uniform(0, 0.008))
            sounding = (at % 1.0 < 0.02) & (at >= 0.5)
            self.made[0].feed((0.8 * np.sin(2 * np.pi * 1000 * at) * sounding).astype(np.float32))
        self.now_s = until_s
