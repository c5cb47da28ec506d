"""A show that follows sound: the input's own, or a file's; the same every time, and in a take."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from helpers_system import images_of
from phosphene.engine.commands.cli import main
from phosphene.engine.core.errors import UsageError
from phosphene.engine.core.frame import Pixels
from phosphene.engine.show.options import RunOptions, run_options
from phosphene.engine.show.session import play
from sounds import fake_portaudio, notes, tone, write_wav

from phosphene.testing import FakeSink

pytestmark = pytest.mark.gl

# Bright while it is loud.
SCENE = """title = "Loud"
[[layer]]
source = "none"
opacity = { from = "audio.level" }
effects = [{ use = "place", kind = "color", color = "#ffffff" }]
"""


@pytest.fixture
def loud(tmp_path: Path) -> str:
    path = tmp_path / "loud.toml"
    path.write_text(SCENE, encoding="utf-8")
    return str(path)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Half a second of silence, half a second of sound, silence."""
    parts = [np.zeros(24000, np.float32), tone(300.0, 0.5, 0.6), np.zeros(24000, np.float32)]
    return write_wav(tmp_path / "song.wav", np.concatenate(parts))


def lights(images: list[Pixels]) -> list[float]:
    return [float(image[..., 1].mean()) for image in images]


def asked(scene: str, **more: object) -> RunOptions:
    said = {"input": "testcard:64x48@30", "outputs": ["null"], "seconds": 1.5, "pace": "exact", **more}
    return run_options(scene, **said)  # type: ignore[arg-type]


def test_a_parameter_follows_a_song(loud: str, song: Path) -> None:
    found = lights(images_of(asked(loud, sound=str(song))))
    assert len(found) == 45
    assert max(found[:15]) == 0.0, "silence"
    assert min(found[18:30]) > 200, "sound"
    assert max(found[32:]) == 0.0, "silence again"


def test_the_same_song_gives_the_same_pictures(loud: str, song: Path) -> None:
    first, second = (images_of(asked(loud, sound=str(song))) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_without_sound_all_is_silence(loud: str) -> None:
    assert max(lights(images_of(asked(loud)))) == 0.0


def test_the_song_becomes_the_films_sound_and_is_heard_there(loud: str, song: Path, tmp_path: Path) -> None:
    """A rendered film, and then its own sound as what the scene hears."""
    film = tmp_path / "film.mp4"
    arguments = ["run", loud, "--input", "testcard:64x48@30", "--seconds", "1.5", "--sound", str(song)]
    assert main([*arguments, "--output", str(film), "--quiet"]) == 0
    with av.open(str(film)) as file:
        assert file.streams.audio
        samples = np.concatenate([f.to_ndarray()[0] for f in file.decode(file.streams.audio[0])])
    assert np.abs(samples[:20000]).max() < 0.01
    assert np.abs(samples[26000:46000]).max() > 0.4
    found = lights(images_of(asked(loud, input=str(film), seconds=None)))
    assert max(found[:14]) < 1.0
    assert min(found[18:29]) > 200
    assert max(lights(images_of(asked(loud, input=str(film), seconds=None, sound="none")))) == 0.0


def test_a_take_hears_again_what_was_heard(loud: str, tmp_path: Path) -> None:
    song = write_wav(tmp_path / "notes.wav", notes([0.2, 0.6]))
    drawn = images_of(asked(loud, sound=str(song), record_take=tmp_path / "take"))
    song.unlink()
    again = images_of(run_options(loud, outputs=["null"], take=tmp_path / "take"))
    assert max(lights(drawn)) > 100
    assert all(np.array_equal(a, b) for a, b in zip(drawn, again, strict=True))


def test_a_microphone_has_no_exact_pace(loud: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_portaudio(monkeypatch)
    with pytest.raises(UsageError, match="no exact pace"):
        play(asked(loud, sound="mic"))


def test_a_microphone_is_heard_in_a_live_show(loud: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = fake_portaudio(monkeypatch)

    class Loud(FakeSink):
        """Speaks into the microphone while it is shown what comes of it."""

        def write(self, image: Pixels, time_s: float) -> None:
            made[0].feed(tone(300.0, 1 / 15, 0.6))
            super().write(image, time_s)

    class HeardError(Exception):
        """It was."""

    def look(done: int, total: int | None) -> None:
        if sink.images and lights(sink.images[-1:])[0] > 200:
            raise HeardError

    sink = Loud()
    with pytest.raises(HeardError):
        play(asked(loud, sound="mic", pace="live", seconds=60.0), extra_sinks=[sink], progress=look)
