"""The beat of music: its tempo, when beats fall, the place in the bar; and the beat that is tapped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from phosphene.engine.audio.analysis import AudioAnalyzer, with_beat
from phosphene.engine.audio.beats import BEATS, Beat, BeatTracker
from phosphene.engine.audio.file_sound import FileSound
from phosphene.engine.audio.onsets import OnsetStrength
from phosphene.engine.audio.tapped import TappedBeat
from phosphene.engine.control.changes import Changes
from phosphene.engine.control.desk import Desk
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import AudioFeatures
from phosphene.engine.scene.playlist import Playlist
from phosphene.engine.scene.scene import Scene
from phosphene.engine.scene.signals import Signals
from sounds import RATE, drums, write_wav

PIXELS = np.zeros((2, 2, 3), np.uint8)
SECONDS = 16.0


def heard(path: Path, times: Sequence[float]) -> list[AudioFeatures]:
    with FileSound(path) as sound:
        ear = AudioAnalyzer(sound)
        return [ear.analyze(Frame(k, t, PIXELS)) for k, t in enumerate(times)]


def beats(path: Path) -> list[Beat]:
    """Every beat that falls."""
    found: list[Beat] = []
    tracker = BeatTracker()
    with FileSound(path) as sound:
        strength = OnsetStrength(sound, 0.0)
        for second in range(1, int(SECONDS) + 1):
            for hop in strength.until(float(second)):
                tracker.hear([hop])
                if tracker.beat.last_s == hop.time_s:
                    found.append(tracker.beat)
    return found


@pytest.mark.parametrize("bpm", [90.0, 100.0, 112.0, 120.0, 133.0, 140.0])
def test_tempo_and_beats_are_found(tmp_path: Path, bpm: float) -> None:
    found = [b for b in beats(write_wav(tmp_path / "a.wav", drums(bpm, SECONDS))) if b.last_s > 7.0]
    assert np.median([b.tempo for b in found]) == pytest.approx(bpm, rel=0.01)
    assert len(found) == pytest.approx((SECONDS - 7.0) * bpm / 60.0, abs=1.5)
    places = np.array([(b.last_s - 0.4) * bpm / 60.0 for b in found])
    off_s = (places - np.round(places)) * 60.0 / bpm
    assert float(np.abs(off_s).max()) < 0.07, "as near as listeners are judged to tap"


def test_the_bar_begins_with_the_strongest_low_drum(tmp_path: Path) -> None:
    found = [b for b in beats(write_wav(tmp_path / "a.wav", drums(120.0, SECONDS))) if b.last_s > 10.0]
    assert {(round((b.last_s - 0.4) * 2.0) - b.number) % BEATS for b in found} == {0}


@pytest.mark.parametrize("kind", ["silence", "noise", "tone"])
def test_what_has_no_beat_has_none(tmp_path: Path, kind: str) -> None:
    at = np.arange(round(SECONDS * RATE)) / RATE
    samples = {
        "silence": 0.0 * at,
        "noise": np.random.default_rng(0).normal(0.0, 0.1, len(at)),
        "tone": 0.2 * np.sin(2 * np.pi * 330 * at),
    }[kind]
    said = heard(write_wav(tmp_path / "a.wav", samples.astype(np.float32)), [k / 10 for k in range(160)])
    assert np.mean([h.tempo > 0.0 for h in said]) < 0.1
    assert all(h.beat == h.bar_phase == 0.0 for h in said if not h.tempo)


def test_the_beat_ends_with_the_music(tmp_path: Path) -> None:
    samples = np.concatenate([drums(120.0, 9.0), np.zeros(9 * RATE, np.float32)])
    said = heard(write_wav(tmp_path / "a.wav", samples), [k / 20 for k in range(360)])
    assert said[170].tempo == pytest.approx(120.0, rel=0.02)
    assert said[-1].tempo == said[-1].beat == 0.0


def test_the_same_clip_has_the_same_beats_whatever_the_frame_rate(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", drums(120.0, SECONDS))
    slow, fast = (heard(path, [k / fps for k in range(round(SECONDS * fps))]) for fps in (12.0, 60.0))
    again = heard(path, [k / 12.0 for k in range(len(slow))])
    for part in ("beat", "tempo", "bar_phase"):
        assert [getattr(h, part) for h in slow] == [getattr(h, part) for h in again]
        assert [getattr(h, part) for h in slow] == pytest.approx([getattr(h, part) for h in fast[::5]])


def test_a_beat_fades_and_the_bar_goes_on(tmp_path: Path) -> None:
    said = heard(write_wav(tmp_path / "a.wav", drums(120.0, SECONDS)), [k / 60 for k in range(round(SECONDS * 60))])
    late = said[600:]
    assert max(h.beat for h in late) > 0.9
    assert min(h.beat for h in late) < 0.02
    steps = np.diff([h.bar_phase for h in late])
    assert np.median(steps) == pytest.approx(1 / 120, rel=0.05)
    assert np.mean(steps < -0.5) == pytest.approx(1 / 120, rel=0.3), "once in a bar of two seconds"


def test_signals_tell_the_beat() -> None:
    said = with_beat(Frame(0, 2.05, PIXELS), None, Beat(0.5, 2.0, 1))
    values = Signals().observe(Observation(Frame(0, 2.05, PIXELS), {"sound": said})).signals
    assert values["audio.beat"] == pytest.approx(np.exp(-0.5), abs=1e-6)
    assert values["audio.tempo"] == 120.0
    assert values["audio.bar_phase"] == pytest.approx((1 + 0.1) / 4)
    assert Signals().observe(Observation(Frame(0, 0.0, PIXELS))).signal("audio.tempo") == 0.0


# Tapped


def tapped(*times: float) -> TappedBeat:
    made = TappedBeat()
    for time_s in times:
        made.tap(time_s)
    return made


def test_two_taps_make_a_beat_and_more_make_it_steadier() -> None:
    assert not tapped(1.0).known
    assert tapped(1.0, 1.5).at(1.6).tempo == pytest.approx(120.0)
    uneven = [1.0 + 0.5 * k + (0.03 if k % 2 else -0.03) for k in range(8)]
    assert tapped(*uneven).at(9.0).tempo == pytest.approx(120.0, rel=0.03)


def test_the_first_tap_begins_the_bar() -> None:
    made = tapped(1.0, 1.5, 2.0, 2.5, 3.0, 3.5)
    assert [made.at(1.0 + 0.5 * k + 0.1).number for k in range(10)] == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    assert made.at(4.1).last_s == pytest.approx(4.0)
    assert made.at(4.25).bar_phase(4.25) == pytest.approx(2.5 / 4)


def test_many_taps_keep_the_bar() -> None:
    made = tapped(*(1.0 + 0.5 * k for k in range(23)))
    assert [made.at(1.1 + 0.5 * k).number for k in (20, 21, 22, 23)] == [0, 1, 2, 3]


def test_one_tap_after_a_pause_begins_the_bar_there_and_keeps_the_tempo() -> None:
    made = tapped(1.0, 1.5, 2.0, 9.3)
    assert (made.at(9.4).tempo, made.at(9.4).number) == (pytest.approx(120.0), 0)
    assert made.at(9.4).last_s == pytest.approx(9.3)
    assert made.at(9.9).number == 1


def test_a_double_tap_is_one_and_clearing_ends_it() -> None:
    made = tapped(1.0, 1.05, 1.5, 2.0)
    assert made.at(2.1).tempo == pytest.approx(120.0)
    made.clear()
    assert made.at(2.2) == Beat()


def test_taps_come_by_the_desk_on_the_frames_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    made = TappedBeat()
    desk = Desk(Playlist([Scene("empty")]), Changes(), tapped=made)
    desk.update(Observation(Frame(0, 10.0, PIXELS, captured_s=500.0)), {}, {})
    results = []
    for moment_s in (500.25, 500.85):
        monkeypatch.setattr("phosphene.engine.control.desk.time.perf_counter", lambda now=moment_s: now)
        results.append(desk.tap())
    desk.update(None, {}, {})
    assert [result.result(0) for result in results] == [0.0, pytest.approx(100.0)]
    assert made.at(10.9).last_s == pytest.approx(10.85)
    desk.clear_taps()
    desk.update(None, {}, {})
    assert not made.known
