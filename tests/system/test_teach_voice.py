"""Words taught from speech: said by a voice that was never heard, they fire the lasers, and other words do not."""

from __future__ import annotations

import shutil
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest
from phosphene.engine.commands.cli import main
from phosphene.engine.core.frame import Floats, Pixels
from phosphene.engine.show.options import run_options
from phosphene.engine.show.session import play

from phosphene.testing import FakeSink

SPEECH = shutil.which("espeak-ng")
RATE = 22050
VOICES = ("en-us", "en-us+f3", "en-gb+m3", "en-gb-x-rp+f2", "en-us+m5", "en-gb-scotland")
OTHERS = ("stop", "hello", "camera", "music", "please", "window")
TALK = "could you open the window a little"
STRANGER = "en-us+f4"
GAP_S = 1.5
SCENE = """
title = "Say laser"
[[layer]]
source  = "camera"
effects = [{ use = "laser-eyes", trigger = "key", fire = { from = "voice.laser" } }]
"""
pytestmark = [
    pytest.mark.gl,
    pytest.mark.models,
    pytest.mark.slow,
    pytest.mark.skipif(SPEECH is None, reason="no espeak-ng here"),
    pytest.mark.usefixtures("models_ready"),
]


def say(path: Path, text: str, voice: str, speed: int = 150) -> Floats:
    """Lets the machine speak; the wave is in `path` then."""
    assert SPEECH is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([SPEECH, "-v", voice, "-s", str(speed), "-w", str(path), text], check=True, timeout=120)
    with wave.open(str(path)) as file:
        assert file.getframerate() == RATE
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / np.float32(32768)


def keep(path: Path, samples: Floats) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes())


def recordings(folder: Path) -> list[str]:
    """Every voice says the word twice, and other things; and there is a room's noise."""
    for n, voice in enumerate(VOICES):
        for speed in (140, 165):
            say(folder / "laser" / f"{n}_{speed}.wav", "laser!", voice, speed)
        for word in (OTHERS[n], OTHERS[n - 1]):
            say(folder / "other" / f"{n}_{word}.wav", f"{word}!", voice)
        say(folder / "other" / f"{n}_talk.wav", TALK, voice)
    rng = np.random.default_rng(0)
    (folder / "nothing").mkdir()
    for n in range(4):
        keep(folder / "nothing" / f"{n}.wav", rng.normal(0, 0.01 * (n + 1), 2 * RATE).astype(np.float32))
    return [f"--class={label}={folder / label}" for label in ("laser", "other", "nothing")]


def beams(image: Pixels) -> float:
    """How much of the picture is as red as only the beams are."""
    red, green, blue = (image[..., n].astype(int) for n in range(3))
    return float(np.mean((red > 180) & (green < red - 90) & (blue < red - 90)))


def test_a_spoken_word_fires_the_lasers(data_dir: Path, tmp_path: Path) -> None:
    said = recordings(tmp_path / "said")
    taught = ["teach", "voice", "--from", "sound", *said, "--method", "nearest", "--into", str(tmp_path), "-q"]
    assert main(taught) == 0
    # A stranger talks: hello, laser, music; a line of sound with noise beneath, and where each word stands in it.
    line, places = [np.zeros(0, np.float32)], {}
    for word in ("hello", "laser", "music"):
        heard = say(tmp_path / "line.wav", f"{word}!", STRANGER)
        begin_s = sum(map(len, line)) / RATE + GAP_S
        places[word] = begin_s, begin_s + len(heard) / RATE
        line += [np.zeros(round(GAP_S * RATE), np.float32), heard]
    whole = np.concatenate([*line, np.zeros(round(GAP_S * RATE), np.float32)])
    keep(tmp_path / "line.wav", whole + np.random.default_rng(1).normal(0, 0.002, len(whole)).astype(np.float32))
    scene = tmp_path / "say-laser.toml"
    scene.write_text(SCENE, encoding="utf-8")
    seen = FakeSink()
    options = run_options(
        str(scene), str(data_dir / "portrait" / "astronaut.png"), ["null"], size=(320, 320), fps=15.0,
        seconds=len(whole) / RATE, sound=str(tmp_path / "line.wav"), models=[("voice", str(tmp_path / "voice"))],
    )  # fmt: skip
    play(options, extra_sinks=[seen])
    red = np.array([beams(image) for image in seen.images]) - beams(seen.images[0])
    times = np.array(seen.times)
    # From when the word is said until the second that is listened to has left it behind.
    lit = {word: float(red[(times > begin) & (times < end + 0.8)].max()) for word, (begin, end) in places.items()}
    assert lit["laser"] > 0.008, lit
    assert max(lit["hello"], lit["music"]) < 0.002, lit
