"""Sound as an input: files, the microphone, and what is heard in them."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from helpers import layer, scene, shader, stack
from phosphene.engine.audio.analysis import AudioAnalyzer
from phosphene.engine.audio.file_sound import FileSound
from phosphene.engine.audio.microphone import BEHIND_S, Microphone
from phosphene.engine.audio.opening import open_sound
from phosphene.engine.core.closing import Closing
from phosphene.engine.core.errors import SourceError, UsageError
from phosphene.engine.core.frame import Floats, Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import AudioFeatures
from phosphene.engine.scene.binding import Binding
from phosphene.engine.scene.signals import Signals
from phosphene.engine.show.takes.files import pack, unpack
from sounds import RATE, fake_portaudio, notes, tone, write_wav

PIXELS = np.zeros((2, 2, 3), np.uint8)


class Played(Closing):
    """Sound from an array."""

    live = False

    def __init__(self, samples: Floats) -> None:
        self.samples = samples

    def block(self, time_s: float, seconds: float) -> Floats:
        end = round(time_s * RATE)
        places = np.arange(end - round(seconds * RATE), end)
        there = (places >= 0) & (places < len(self.samples))
        return np.where(there, self.samples[np.clip(places, 0, len(self.samples) - 1)], 0.0).astype(np.float32)

    def close(self) -> None:
        pass


def hear(samples: Floats, fps: float = 30.0, seconds: float = 2.0) -> list[AudioFeatures]:
    ear = AudioAnalyzer(Played(samples))
    return [ear.analyze(Frame(k, k / fps, PIXELS)) for k in range(round(seconds * fps))]


# Files


def test_a_file_gives_its_samples(tmp_path: Path) -> None:
    samples = tone(220.0)
    with FileSound(write_wav(tmp_path / "a.wav", samples)) as sound:
        assert np.allclose(sound.block(1.0, 0.5), samples[RATE // 2 : RATE], atol=1e-4)
        assert sound.block(1.0, 0.5).dtype == np.float32


def test_blocks_join_without_a_gap(tmp_path: Path) -> None:
    samples = tone(220.0)
    with FileSound(write_wav(tmp_path / "a.wav", samples)) as sound:
        parts = [sound.block((k + 1) / 30, (k + 1) / 30 - k / 30) for k in range(30)]
    assert np.allclose(np.concatenate(parts), samples[:RATE], atol=1e-4)


def test_before_and_after_there_is_silence(tmp_path: Path) -> None:
    with FileSound(write_wav(tmp_path / "a.wav", tone(220.0, 0.5))) as sound:
        assert not sound.block(0.0, 0.1).any()
        assert not sound.block(9.0, 1.0).any()
        assert len(sound.block(9.0, 1.0)) == RATE
        early = sound.block(0.05, 0.1)
        assert not early[: RATE // 20].any()
        assert early[RATE // 20 :].any()


def test_another_rate_is_the_same_sound(tmp_path: Path) -> None:
    at = np.arange(22050) / 22050
    low = (0.25 * np.sin(2 * np.pi * 220.0 * at)).astype(np.float32)
    with FileSound(write_wav(tmp_path / "a.wav", low, 22050)) as sound:
        assert np.abs(sound.block(0.8, 0.6) - tone(220.0)[round(0.2 * RATE) : round(0.8 * RATE)]).max() < 0.01


def test_what_lies_long_past_can_be_heard_again(tmp_path: Path) -> None:
    samples = np.concatenate([tone(220.0, 1.0), tone(500.0, 60.0, 0.1)])
    with FileSound(write_wav(tmp_path / "a.wav", samples)) as sound:
        before = sound.block(0.5, 0.4)
        sound.block(60.0, 0.1)
        assert np.array_equal(sound.block(0.5, 0.4), before)


def test_a_videos_sound_keeps_its_place_beside_the_pictures(tmp_path: Path) -> None:
    """Sound that begins half a second after the first picture is heard half a second later."""
    path = tmp_path / "late.mkv"
    with av.open(str(path), "w") as out:
        video = out.add_stream("ffv1", rate=10)
        video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
        audio = out.add_stream("pcm_s16le", rate=RATE)
        audio.layout = "mono"
        for k in range(20):
            picture = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 9, np.uint8), "rgb24").reformat(format="yuv420p")
            picture.pts = k
            out.mux(video.encode(picture))
        out.mux(video.encode(None))
        block = av.AudioFrame.from_ndarray((tone(300.0, 1.0) * 32767).astype(np.int16)[None], "s16", "mono")
        block.sample_rate, block.pts = RATE, RATE // 2
        out.mux(audio.encode(block))
        out.mux(audio.encode(None))
    with FileSound(path) as sound:
        assert not sound.block(0.49, 0.4).any()
        assert np.allclose(sound.block(1.0, 0.5), tone(300.0, 0.5), atol=1e-3)


def test_a_file_without_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as out:
        video = out.add_stream("ffv1", rate=10)
        video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
        picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), "rgb24").reformat(format="yuv420p")
        out.mux(video.encode(picture))
        out.mux(video.encode(None))
    with pytest.raises(SourceError, match="has no audio"):
        open_sound(str(path))


@pytest.mark.parametrize("content", [b"", b"no sound at all" * 50])
def test_what_is_no_sound_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(SourceError, match="cannot be read"):
        open_sound(str(tmp_path / "a.wav"))


def test_a_missing_file_and_an_empty_name_are_refused(tmp_path: Path) -> None:
    write_wav(tmp_path / "song.wav", tone(220.0, 0.1))
    with pytest.raises(SourceError, match=r"(?s)file not found.*song\.wav"):
        open_sound(str(tmp_path / "songs.wav"))
    with pytest.raises(UsageError, match="--sound is empty"):
        open_sound(" ")


def test_a_file_that_is_cut_off_ends_early(tmp_path: Path) -> None:
    whole = write_wav(tmp_path / "a.wav", tone(220.0, 2.0)).read_bytes()
    (tmp_path / "b.wav").write_bytes(whole[: len(whole) // 2])
    with FileSound(tmp_path / "b.wav") as sound:
        assert sound.block(0.9, 0.5).any()
        assert not sound.block(1.9, 0.5).any()


# The microphone


def test_the_microphone_gives_what_it_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    made = fake_portaudio(monkeypatch)
    samples, late = tone(220.0, 3.0), round(BEHIND_S * RATE)
    with open_sound("mic") as sound:
        assert sound.live
        assert not sound.block(7.0, 0.1).any(), "nothing has arrived yet"
        parts = []
        for k in range(60):
            made[0].feed(samples[k * 800 : (k + 1) * 800])
            parts.append(sound.block(7.0 + (k + 1) / 60, 800 / RATE))
        heard = np.concatenate(parts)
        assert np.allclose(heard[late:], samples[: len(heard) - late]), "no gap, a little late"
        assert made[0].running
    assert not made[0].running


def test_clocks_that_part_are_set_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    made = fake_portaudio(monkeypatch)
    samples = tone(220.0, 4.0)
    with Microphone() as sound:
        made[0].feed(samples[:RATE])
        sound.block(0.0, 0.1)
        made[0].feed(samples[RATE : 3 * RATE])
        end = 3 * RATE - round(BEHIND_S * RATE)
        assert np.allclose(sound.block(1.0, 0.1), samples[end - RATE // 10 : end])


def test_a_microphone_of_another_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    made = fake_portaudio(monkeypatch, rate=16000)
    with Microphone("Desk") as sound:
        assert made[0].options["samplerate"] == 16000
        at = np.arange(16000) / 16000
        made[0].feed(np.sin(2 * np.pi * 100.0 * at).astype(np.float32))
        block = sound.block(0.0, 0.5)
        assert len(block) == RATE // 2
        crossings = int((np.diff(np.signbit(block).astype(int)) != 0).sum())
        assert abs(crossings - 100) <= 1, "half a second of 100 Hz crosses zero a hundred times"


def test_a_microphone_that_cannot_be_opened_names_those_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_portaudio(monkeypatch, works=False)
    with pytest.raises(SourceError, match=r"(?s)Device unavailable.*Desk mic"):
        open_sound("mic:nothing like it")


def test_without_portaudio_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(SourceError, match=r"(?s)PortAudio library not found.*libportaudio2"):
        open_sound("mic")


# Hearing


@pytest.mark.parametrize(("hz", "band"), [(80.0, "bass"), (700.0, "mid"), (5000.0, "treble")])
def test_a_tone_is_heard_in_its_band_alone(hz: float, band: str) -> None:
    heard = hear(tone(hz))[-1]
    loud = {name: getattr(heard, name) for name in ("bass", "mid", "treble")}
    assert loud.pop(band) > 0.7
    assert max(loud.values()) < 0.2


def test_louder_is_more_and_silence_nothing() -> None:
    levels = [hear(tone(440.0, 1.0, a), seconds=1.0)[-1].level for a in (0.0, 0.01, 0.05, 0.6)]
    assert levels == sorted(levels)
    assert levels[0] == 0.0
    assert levels[-1] == 1.0


def test_the_spectrum_has_its_peak_at_the_tone() -> None:
    heard = hear(tone(1500.0))[-1]
    assert abs(int(heard.spectrum.argmax()) - 1500 * 2048 / RATE) <= 1
    assert heard.spectrum.shape == heard.wave.shape == (512,)
    assert 0.0 <= heard.spectrum.min() <= heard.spectrum.max() <= 1.0
    assert np.allclose(heard.wave, tone(1500.0)[round(59 / 30 * RATE) - 512 : round(59 / 30 * RATE)])


def begins(heard: list[AudioFeatures], fps: float) -> list[float]:
    """When an onset was first seen."""
    values = [0.0, *(h.onset for h in heard)]
    return [k / fps for k, (a, b) in enumerate(pairwise(values)) if b > a]


@pytest.mark.parametrize("fps", [10.0, 24.0, 30.0, 60.0])
def test_every_note_is_an_onset_whatever_the_frame_rate(fps: float) -> None:
    wanted = [0.25, 0.7, 1.05, 1.6]
    found = begins(hear(notes(wanted), fps), fps)
    assert len(found) == len(wanted)
    assert all(0.0 <= f - w <= 1.0 / fps + 0.03 for f, w in zip(found, wanted, strict=True))


def test_a_steady_tone_has_no_onset_but_its_first() -> None:
    assert len(begins(hear(tone(440.0, 3.0), seconds=3.0), 30.0)) <= 1


def test_an_onset_fades() -> None:
    values = [h.onset for h in hear(notes([0.5]), 30.0, 1.2)]
    peak = values.index(max(values))
    assert values[peak] > 0.6
    assert values[peak:] == sorted(values[peak:], reverse=True)
    assert values[peak + 10] < 0.06


def test_the_same_frames_hear_the_same() -> None:
    samples = np.random.default_rng(1).normal(0, 0.1, 2 * RATE).astype(np.float32)
    assert pack([vars_of(h) for h in hear(samples)]) == pack([vars_of(h) for h in hear(samples)])


def vars_of(heard: AudioFeatures) -> list[Any]:
    return [getattr(heard, name) for name in AudioFeatures.__slots__]


def test_a_jump_in_time_begins_anew() -> None:
    ear = AudioAnalyzer(Played(tone(440.0, 20.0)))
    for moment in (0.0, 5.0, 18.0, 1.0):
        heard = ear.analyze(Frame(0, moment, PIXELS))
        assert heard.onset == 0.0
    assert heard.level > 0.5


# What follows it


def heard(**values: float) -> AudioFeatures:
    return AudioFeatures(0, np.zeros(512, np.float32), np.zeros(512, np.float32), **values)


def test_signals_tell_what_is_heard() -> None:
    seen = Observation(Frame(0, 0.0, PIXELS), {"sound": heard(level=0.4, bass=0.7, mid=0.1, treble=0.2, onset=1.0)})
    signals = Signals().observe(seen).signals
    names = ("level", "bass", "mid", "treble", "onset")
    assert [signals[f"audio.{n}"] for n in names] == [0.4, 0.7, 0.1, 0.2, 1.0]
    assert Signals().observe(Observation(Frame(0, 0.0, PIXELS))).signals["audio.level"] == 0.0


def test_a_scene_hears_where_something_follows_sound() -> None:
    made = scene(shader("vec4(1.0)"))
    assert not made.uses_audio()
    made.bind("camera/opacity", Binding.parse({"from": "audio.level"}))
    assert made.uses_audio()
    listens = shader("vec4(1.0)", needs=("sound", "face"))
    other = stack(layer(listens))
    assert other.uses_audio()
    assert other.needs() == {"face"}, "no tracker hears"
    other.set("camera/visible", False)
    assert not other.uses_audio()


def test_a_take_can_hold_what_was_heard() -> None:
    said = unpack(pack({"sound": heard(level=0.25, onset=0.5)}))["sound"]
    assert isinstance(said, AudioFeatures)
    assert (said.level, said.onset) == (0.25, 0.5)
    assert said.spectrum.shape == (512,)
