"""The sound of a file with uneven pictures stays with them in the recording, to the end."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from phosphene.engine.sinks import open_sink
from phosphene.engine.sources import open_source

from tests.unit.test_live_sound import clicks

pytestmark = pytest.mark.slow

RATE = 44100
START_S = 0.3  # of the pictures; the sound begins at 0


def film(path: Path, seconds: float, codec: str) -> list[float]:
    """Uneven pictures, and a click once a second; returns when it sounds, from the first picture."""
    random = np.random.default_rng(5)
    times, moment = [], START_S
    while moment < START_S + seconds:
        times.append(moment)
        moment += float(random.choice([1 / 60, 1 / 24, 1 / 10, 0.31]))
    at = np.arange(round((START_S + seconds) * RATE)) / RATE
    wave = (0.8 * np.sin(2 * np.pi * 1000 * at) * (at % 1.0 < 0.02)).astype(np.float32)
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=30, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt, video.time_base = 64, 48, "yuv420p", Fraction(1, 90000)
        video.codec_context.time_base = Fraction(1, 90000)
        sound = out.add_stream(codec, rate=RATE, layout="mono")
        name = "s16" if codec == "pcm_s16le" else "fltp"
        sound.codec_context.format = name
        done = 0
        for time_s in times:
            value = 255 if time_s % 1.0 < 0.05 else 0
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), value, np.uint8), "rgb24")
            frame.pts, frame.time_base = round(time_s * 90000), Fraction(1, 90000)
            out.mux(video.encode(frame))
            end = round(time_s * RATE)
            while done < end:
                count = min(1024, end - done)
                piece = wave[done : done + count][None]
                part = av.AudioFrame.from_ndarray(
                    piece if name.startswith("flt") else (piece * 32767).astype(np.int16), name, "mono"
                )
                part.rate, part.pts, part.time_base = RATE, done, Fraction(1, RATE)
                out.mux(sound.encode(part))
                done += count
        out.mux(video.encode(None))
        out.mux(sound.encode(None))
    return [second - START_S for second in range(1, int(times[-1]))]


@pytest.mark.parametrize(
    ("source", "codec", "target"),
    [
        ("a.mp4", "aac", "b.mp4"),
        ("a.mp4", "aac", "b.mkv"),
        ("a.mp4", "aac", "b.webm"),
        ("a.mkv", "pcm_s16le", "b.mp4"),
        ("a.mkv", "libmp3lame", "b.mov"),
    ],
)
@pytest.mark.parametrize("live", [False, True])
def test_the_sound_stays_with_uneven_pictures(tmp_path: Path, source: str, codec: str, target: str, live: bool) -> None:
    if codec not in av.codecs_available:
        pytest.skip(f"no encoder {codec}")
    expected = film(tmp_path / source, 40.0, codec)
    times = []
    sound = str(tmp_path / source)
    with (
        open_source(sound) as clip,
        open_sink(str(tmp_path / target), size=(64, 48), fps=30.0, audio_from=sound, live=live) as sink,
    ):
        for frame in iter(clip.read, None):
            times.append(frame.time_s)
            sink.write(np.dstack([frame.pixels, np.full((48, 64), 255, np.uint8)]), frame.time_s)
    with open_source(str(tmp_path / target)) as made:
        assert [frame.time_s for frame in iter(made.read, None)] == pytest.approx(times, abs=0.0011)
    found, _ = clicks(tmp_path / target)
    assert len(found) >= len(expected)
    assert found[: len(expected)] == pytest.approx(expected, abs=0.005)
