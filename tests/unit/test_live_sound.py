"""A microphone's sound in a recording: in sync, whatever the clocks do."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
from phosphene.engine.audio.microphone import Microphone
from phosphene.engine.audio.sample_clock import SampleClock
from phosphene.engine.sinks import open_sink

from tests.sounds import BLOCK, RATE, Room, fake_portaudio, tone

pytestmark = pytest.mark.slow

PICTURE = np.zeros((48, 64, 4), np.uint8)


def record(path: Path, room: Room, seconds: float, start_s: float = 3.25) -> list[float]:
    """Pictures at uneven moments; returns at which of the film's seconds a click sounded."""
    room.pass_time(1000.0 + start_s)
    with open_sink(str(path), size=(64, 48), fps=10.0, audio_from=room.microphone, live=True) as sink:
        moment_s, end_s = 1000.0 + start_s, 1000.0 + start_s + seconds
        while moment_s < end_s:
            room.microphone.frame_drawn(moment_s - 1000.0, moment_s)
            room.pass_time(moment_s + 0.04)  # drawing takes its time
            sink.write(PICTURE, moment_s - 1000.0)
            moment_s += float(room.random.choice([0.07, 0.1, 0.21]))
        room.pass_time(moment_s + 1.0)
    return [float(second) - start_s for second in range(int(start_s) + 1, int(start_s + seconds) + 1)]


def clicks(path: Path) -> tuple[np.ndarray, float]:
    """When the clicks begin and when the sound ends, in seconds from the first picture."""
    begins: list[float] = []
    last, end = -1.0, 0.0
    with av.open(str(path)) as source:
        first = float(next(iter(source.decode(video=0))).time or 0.0)
    with av.open(str(path)) as source:
        for frame in source.decode(audio=0):
            loud = np.abs(frame.to_ndarray().reshape(-1).astype(np.float32)) > 0.3
            begin = float(frame.time or 0.0)
            end = begin + frame.samples / frame.rate
            for index in np.flatnonzero(loud):
                moment = begin + index / frame.rate
                if moment - last > 0.3:
                    begins.append(moment)
                last = moment
    return np.array(begins) - first, end


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.webm"])
def test_a_click_is_heard_when_it_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    path = tmp_path / name
    expected = record(path, Room(monkeypatch), 8.0)
    found, end_s = clicks(path)
    assert found == pytest.approx(expected, abs=0.01)
    assert end_s == pytest.approx(8.0, abs=0.25)


@pytest.mark.parametrize(("rate", "drift"), [(RATE, 5e-4), (RATE, -5e-4), (44100, 3e-4), (16000, -3e-4)])
def test_clocks_that_run_apart_stay_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate: int, drift: float
) -> None:
    expected = record(tmp_path / "a.mp4", Room(monkeypatch, rate=rate, drift=drift), 90.0)
    found, _ = clicks(tmp_path / "a.mp4")
    assert found == pytest.approx(expected, abs=0.01)  # left alone, 5e-4 come to 45 ms


def test_a_stretched_tone_stays_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    made = fake_portaudio(monkeypatch)
    with Microphone() as microphone:
        made[0].feed(tone(2000.0, 3.0))
        begins = 100.3 + np.arange(50) * 960 * 1.0003
        heard = np.concatenate([microphone.between(begin, begin + 960 * 1.0003, 960) for begin in begins])
    power = np.abs(np.fft.rfft(heard * np.hanning(len(heard)))) ** 2
    peak = int(power.argmax())
    assert peak == pytest.approx(2000, abs=2)
    assert power[: peak - 20].sum() + power[peak + 20 :].sum() < 1e-6 * power.sum()


def test_lost_sound_leaves_a_gap_and_not_a_shift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(monkeypatch)
    path = tmp_path / "a.mkv"
    feed = room.made[0].feed

    def lossy(samples: Any) -> None:
        if not 1005.2 < room.now_s < 1006.4:
            feed(samples)

    monkeypatch.setattr(room.made[0], "feed", lossy)
    expected = record(path, room, 8.0)
    found, _ = clicks(path)
    assert found == pytest.approx([second for second in expected if second != 2.75], abs=0.012)


def test_a_microphone_that_dies_costs_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(monkeypatch)
    monkeypatch.setattr(room.made[0], "feed", lambda samples: None)
    path = tmp_path / "a.mp4"
    record(path, room, 4.0)
    found, end_s = clicks(path)
    assert len(found) == 0
    assert end_s == pytest.approx(4.0, abs=0.25)


def test_what_the_driver_says_of_its_age_is_believed_where_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(monkeypatch)
    take = room.made[0].options["callback"]
    room.microphone.frame_drawn(0.0, 1000.0)
    block = np.zeros((BLOCK, 1), np.float32)
    take(block, BLOCK, SimpleNamespace(currentTime=50.0, inputBufferAdcTime=49.97), None)
    assert room.microphone.newest_s == pytest.approx(-0.03 + BLOCK / RATE)
    other = Room(monkeypatch)
    other.microphone.frame_drawn(0.0, 1000.0)
    other.made[0].options["callback"](block, BLOCK, SimpleNamespace(currentTime=50.0, inputBufferAdcTime=0.0), None)
    assert other.microphone.newest_s == pytest.approx(0.0)


def test_the_loop_finds_the_devices_own_rate() -> None:
    clock, random = SampleClock(RATE), np.random.default_rng(1)
    assert clock.place(0.0) is None
    for k in range(6000):
        clock.arrived(480, (k + 1) * 480 / (RATE * 1.0004) + float(random.uniform(0, 0.01)))
    moment_s = 6000 * 480 / (RATE * 1.0004)
    place = clock.place(moment_s)
    assert place is not None
    assert place == pytest.approx(6000 * 480 - 0.005 * RATE, abs=0.003 * RATE)
    ahead = clock.place(moment_s + 1.0)
    assert ahead is not None
    assert ahead - place == pytest.approx(RATE * 1.0004, rel=2e-4)


def test_a_file_of_a_live_show_holds_the_microphone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from phosphene.engine.show.options import run_options
    from phosphene.engine.show.session import play
    from phosphene.engine.sinks.video import VideoSink

    from phosphene.testing import FakeSink

    made = fake_portaudio(monkeypatch)

    class Speaks(FakeSink):
        """Speaks into the microphone as time passes."""

        spoken = 0
        begin_s = 0.0

        def write(self, image: Any, time_s: float) -> None:
            self.begin_s = self.begin_s or time.perf_counter()
            count = int((time.perf_counter() - self.begin_s) * RATE) - self.spoken
            made[0].feed((0.5 * np.sin(np.arange(count) * 0.1)).astype(np.float32))
            self.spoken += count

    class EnoughError(Exception):
        """Was spoken."""

    def look(done: int, total: int | None) -> None:
        if written and written[-1] > written[0] + 1.5:
            raise EnoughError

    write = VideoSink.write

    def noted(self: VideoSink, image: Any, time_s: float) -> None:
        write(self, image, time_s)
        written.append(time_s)

    monkeypatch.setattr(VideoSink, "write", noted)

    path, written = tmp_path / "a.mp4", list[float]()
    options = run_options("duotone", "testcard:160x120@20", [str(path)], pace="live", sound="mic", seconds=60.0)
    with pytest.raises(EnoughError):
        play(options, extra_sinks=[Speaks()], progress=look)
    with av.open(str(path)) as film:
        assert film.streams.audio[0].codec_context.name == "aac"
        samples = np.concatenate([frame.to_ndarray()[0] for frame in film.decode(audio=0)])
    with av.open(str(path)) as film:
        shown_s = max(float(frame.time or 0.0) for frame in film.decode(video=0))
    # What is seen and heard of it ends together.
    assert shown_s > 1.5
    assert len(samples) / RATE == pytest.approx(shown_s, abs=0.4)
    assert np.sqrt(np.mean(samples[RATE // 2 : RATE] ** 2)) > 0.2
