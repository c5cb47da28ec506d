"""Exact pace: the same clip gives the same pictures, each once, in order, at its own time, with its sound."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from phosphene.engine.show.options import run_options
from phosphene.engine.show.session import play
from phosphene.engine.sources.testcard import read_number

from phosphene.testing import FakeSink
from tests.helpers_system import run

pytestmark = [pytest.mark.gl]
PLAIN = 'title = "Plain"\ndoc = "The camera alone."\n\n[[layer]]\nsource = "camera"\n'


@pytest.fixture
def plain(tmp_path: Path) -> str:
    """A scene that shows the camera and nothing else."""
    path = tmp_path / "plain.toml"
    path.write_text(PLAIN, encoding="utf-8")
    return str(path)


def stamps(path: Path) -> list[float]:
    """The times of a file's pictures, from the first one on."""
    with av.open(str(path)) as file:
        times = [float(frame.time) for frame in file.decode(file.streams.video[0])]
    return [time - times[0] for time in times]


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.usefixtures("models_ready")
@pytest.mark.parametrize(
    ("scene", "settings"),
    [
        ("laser-eyes", [("trigger", "always")]),
        ("teleport", []),
        ("teleport", [("place.kind", "blur")]),
        ("clothing-size", []),
        ("blur", []),
        ("duotone", []),
    ],
)
def test_same_clip_same_pictures(data_dir: Path, scene: str, settings: list[tuple[str, str]]) -> None:
    """Twice in a row, bit for bit, however the threads fall."""
    clip = data_dir / "desk/asl_yes.mkv"
    first, second = (run(scene, clip, count=25, settings=settings) for _ in range(2))
    assert first.times == second.times
    for number, (a, b) in enumerate(zip(first.images, second.images, strict=True)):
        assert np.array_equal(a, b), f"frame {number} differs"


def test_each_frame_once_and_in_order(plain: str, tmp_path: Path) -> None:
    """The numbers in the test card, read back from the video."""
    out = tmp_path / "out.mp4"
    sink = FakeSink()
    stats = play(run_options(plain, "testcard:640x360@25x60", [str(out)]), extra_sinks=[sink])
    assert (stats.frames_in, stats.frames_out, stats.dropped) == (60, 60, 0)
    assert [read_number(image) for image in sink.images] == list(range(60))
    with av.open(str(out)) as file:
        frames = list(file.decode(file.streams.video[0]))
    assert [read_number(frame.to_ndarray(format="rgb24")) for frame in frames] == list(range(60))
    assert np.allclose([frame.time for frame in frames], np.arange(60) / 25, atol=0.002)


def test_uneven_times_are_kept(plain: str, tmp_path: Path) -> None:
    """A clip with a rate that varies: each picture keeps its own time."""
    from phosphene.engine.sources import open_source

    wanted = [0.0, 0.033, 0.05, 0.2, 0.21, 0.5, 0.533, 0.9, 1.4, 1.45]
    clip, out = tmp_path / "uneven.mkv", tmp_path / "out.mp4"
    with open_source("testcard:320x180") as cards, av.open(str(clip), "w") as file:
        stream = file.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for time_s in wanted:
            card = cards.read()
            assert card is not None
            frame = av.VideoFrame.from_ndarray(card.pixels, format="rgb24")
            frame.pts, frame.time_base = round(time_s * 1000), Fraction(1, 1000)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    sink = FakeSink()
    stats = play(run_options(plain, str(clip), [str(out)]), extra_sinks=[sink])
    assert stats.frames_out == len(wanted)
    assert np.allclose(sink.times, wanted, atol=0.002)
    assert np.allclose(stamps(out), wanted, atol=0.002)
    assert [read_number(image) for image in sink.images] == list(range(len(wanted)))


def test_gap_in_a_real_file_is_kept(data_dir: Path, plain: str, tmp_path: Path) -> None:
    """A file that begins at one hour and has a gap."""
    clip, out = data_dir / "hostile/generated/starts_at_1h.mkv", tmp_path / "out.mp4"
    play(run_options(plain, str(clip), [str(out)]))
    assert np.allclose(stamps(out), stamps(clip), atol=0.003)


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.usefixtures("models_ready")
def test_every_frame_and_the_sound(data_dir: Path, tmp_path: Path) -> None:
    """As many frames as the input, each at its own time; the sound as long as the pictures, and the same sound."""
    clip, out = data_dir / "desk/mdn_greenscreen.mp4", tmp_path / "out.mp4"
    stats = play(run_options("duotone", str(clip), [str(out)], seconds=3.0))
    before, after = [t for t in stamps(clip) if t < 3.0 - 1e-6], stamps(out)
    assert stats.frames_out == len(before) == len(after)
    assert np.allclose(after, before, atol=0.002)
    heard, wanted = _sound(out, 2.5), _sound(clip, 2.5)
    assert heard.size > 2.4 * 8000
    size = min(heard.size, wanted.size)
    assert np.corrcoef(heard[:size], wanted[:size])[0, 1] > 0.9, "the sound is another, or shifted"


def _sound(path: Path, seconds: float) -> np.ndarray:
    """The first `seconds` of a file's sound from its first picture on, one channel, 8 kHz."""
    with av.open(str(path)) as file:
        video, audio = file.streams.video[0], file.streams.audio[0]
        begin = float((video.start_time or 0) * video.time_base)
        resampler = av.AudioResampler(format="flt", layout="mono", rate=8000)
        parts, first = [], None
        for frame in file.decode(audio):
            first = float(frame.time) if first is None else first
            parts += [part.to_ndarray()[0] for part in resampler.resample(frame)]
            if float(frame.time) > begin + seconds + 0.5:
                break
    whole = np.concatenate(parts)
    skip = round(((first or 0.0) - begin) * 8000)
    whole = whole[-skip:] if skip < 0 else np.concatenate([np.zeros(skip, np.float32), whole])
    return whole[: round(seconds * 8000)]
