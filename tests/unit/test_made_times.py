"""Clips with every fault of time stamps, made here: what players show of them, and what is written."""

from __future__ import annotations

import logging
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from helpers_sync import beeps, length_s, make_clip, pictures, through
from phosphene.engine.audio.file_sound import FileSound
from phosphene.engine.core.errors import SourceError
from phosphene.engine.sinks import open_sink
from phosphene.engine.sinks.muxer import Muxer
from phosphene.engine.sources import open_source
from phosphene.engine.sources.decoder import Decoder
from phosphene.engine.sources.media import MediaPlayer
from phosphene.engine.sources.video import open_moving
from PIL import Image

pytestmark = pytest.mark.slow

SECOND = 90000
WRAP = 1 << 33


def shifted(ticks: int) -> Callable[[str, int], tuple[int, int]]:
    return lambda kind, at: (at + ticks, at + ticks)


def joined(path: Path, *parts: Path) -> Path:
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def part(path: Path, at_s: float = 0.0, **options: Any) -> Path:
    return make_clip(path, stamp=shifted(round(at_s * SECOND)), **options)


def made_of(folder: Path, *begins_s: float, suffix: str = ".ts", **options: Any) -> Path:
    """Parts of two seconds, each beginning at its own time, one after another in one file."""
    parts = [part(folder / f"{k}{suffix}", at, seconds=2.0, **options) for k, at in enumerate(begins_s)]
    return joined(folder / f"joined{suffix}", *parts)


def check(clip: Path, target: Path, seconds: int, **options: Any) -> None:
    """Every picture at its time, and each flash with its beep, in the clip and in what is written of it.

    At a join the track whose packet comes first goes on at its end, so that each may move the others by a packet.
    """
    with Decoder(clip) as decoder:
        times = [moment for moment, _ in decoder]
        assert decoder.length() == pytest.approx(seconds, abs=0.09)
    assert len(times) == seconds * 30
    assert times == pytest.approx([k / 30 for k in range(len(times))], abs=0.09)
    assert max(b - a for a, b in pairwise(times)) < 0.07
    through(clip, target, **options)
    found, flashes = pictures(target)
    assert len(found) == seconds * 30
    assert len(flashes) == seconds
    heard = [beep for beep in beeps(target)[0] if beep < seconds - 0.5]
    assert heard == pytest.approx(flashes, abs=0.01)
    assert length_s(target) == pytest.approx(seconds, abs=0.09)


@pytest.mark.parametrize(
    "begins_s",
    [
        (0.0, 0.0),  # the usual `cat`
        (5.0, 0.0, 0.0),
        (0.0, 62.0),  # a jump ahead
        (36000.0, 3.0),  # from ten hours back
        (0.0, WRAP / SECOND - 40.0, 7.0),
        (100.0, 98.1),
    ],
)
@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_parts_of_a_transport_stream_follow_one_another(
    tmp_path: Path, begins_s: tuple[float, ...], suffix: str
) -> None:
    check(made_of(tmp_path, *begins_s), tmp_path / f"out{suffix}", 2 * len(begins_s))


@pytest.mark.parametrize("at_s", [36000.0, WRAP / SECOND - 1.5, WRAP / SECOND - 0.02])
def test_the_clock_of_a_transport_stream_wraps(tmp_path: Path, at_s: float) -> None:
    check(part(tmp_path / "a.ts", at_s), tmp_path / "out.mp4", 3)


def test_sound_alone_that_jumps_leaves_the_pictures_alone(tmp_path: Path) -> None:
    clip = make_clip(
        tmp_path / "a.ts",
        stamp=lambda kind, at: (at + (100 * SECOND if kind == "audio" and at >= SECOND * 3 // 2 else 0),) * 2,
    )
    check(clip, tmp_path / "out.mp4", 3)


def test_a_pause_in_matroska_is_a_pause(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mkv", stamp=lambda kind, at: (at + (60 * SECOND if at >= SECOND else 0),) * 2)
    with Decoder(clip) as decoder:
        times = [moment for moment, _ in decoder]
    assert times[-1] == pytest.approx(62 + 29 / 30, abs=0.002)


@pytest.mark.parametrize("container", [".mkv", ".ts"])
@pytest.mark.parametrize("sound", ["aac", "pcm_s16le"])
def test_sound_that_pauses_comes_back_in_sync(tmp_path: Path, container: str, sound: str) -> None:
    """Half a second of sound is missing from the stream."""
    if (container, sound) == (".ts", "pcm_s16le"):
        pytest.skip("a transport stream holds no such sound")
    clip, hole = make_clip(tmp_path / f"a{container}", sound=sound), tmp_path / f"b{container}"
    with av.open(str(clip)) as source, av.open(str(hole), "w") as out:
        made = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            begin = None if packet.pts is None else float(packet.pts * packet.time_base)
            lost = packet.stream.type == "audio" and begin is not None and 0.4 < begin < 0.9
            if packet.dts is not None and not lost:
                packet.stream = made[packet.stream.index]
                out.mux(packet)
    for suffix in (".mp4", ".mkv", ".webm"):
        target = tmp_path / f"out{suffix}"
        through(hole, target)
        _, flashes = pictures(target)
        assert beeps(target)[0][1:] == pytest.approx(flashes[1:], abs=0.01)


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".avi", ".ts"])
def test_pictures_with_the_same_stamp_are_all_shown(tmp_path: Path, suffix: str) -> None:
    """Two pictures in every ten claim the same moment, and one steps back a little."""
    path = tmp_path / f"a{suffix}"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mjpeg" if suffix == ".avi" else "mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p" if suffix == ".avi" else "yuv420p"
        for number in range(40):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number * 6, np.uint8), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            for packet in stream.encode(frame):
                if suffix == ".mkv" and number % 10 == 5:
                    packet.pts = packet.dts = number - 1
                out.mux(packet)
    with Decoder(path) as decoder:
        times = [moment for moment, _ in decoder]
    assert len(times) == 40
    assert all(a < b for a, b in pairwise(times))
    assert times[-1] == pytest.approx(39 / 30, abs=0.002)


def test_seeking_in_a_joined_file_shows_the_right_picture(tmp_path: Path) -> None:
    clip = made_of(tmp_path, 0.0, 0.0, 50.0)
    with MediaPlayer(clip) as player, Decoder(clip) as decoder:
        shown = list(decoder)
        assert player.duration_s == pytest.approx(6.0, abs=0.09)
        for at in (5.5, 0.1, 3.7, 2.02, 11.9, 6.02):
            within = at % (player.duration_s or 1.0)
            assert (player.at(at) == [pixels for moment, pixels in shown if moment <= within + 1e-6][-1]).all()


def test_named_sound_with_such_stamps_stays_whole(tmp_path: Path) -> None:
    """The sound of another file, joined, beside a clip that is right."""
    clip = make_clip(tmp_path / "clip.mp4", seconds=4.0)
    song = made_of(tmp_path, 0.0, 0.0)
    for suffix in (".mp4", ".webm", ".mkv"):
        through(clip, tmp_path / f"out{suffix}", sound=song)
        heard = [beep for beep in beeps(tmp_path / f"out{suffix}")[0] if beep < 3.9]
        assert heard[1:] == pytest.approx([1.0, 2.0, 3.0], abs=0.03)
    with FileSound(song) as sound:
        assert sound.block(3.05, 0.04).any()
        assert not sound.block(3.5, 0.3).any()


def test_joined_sound_alone(tmp_path: Path) -> None:
    """Two songs of raw AAC, one file after the other."""
    make_clip(tmp_path / "a.mkv", seconds=2.0)
    with av.open(str(tmp_path / "a.mkv")) as source, av.open(str(tmp_path / "a.aac"), "w", format="adts") as out:
        made = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = made
                out.mux(packet)
    song = joined(tmp_path / "two.aac", tmp_path / "a.aac", tmp_path / "a.aac")
    with FileSound(song) as sound:
        loud = [k for k in range(420) if abs(sound.block((k + 1) / 100, 0.01)).max() > 0.25]
    assert {k // 100 for k in loud} == {0, 1, 2, 3}


@pytest.mark.parametrize("rate", [8000, 11025, 44100])
@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_sound_encoded_anew_is_as_long_as_it_was(tmp_path: Path, rate: int, suffix: str) -> None:
    """To the last sample: the tone goes on to the end of the picture."""
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as out:
        video, heard = out.add_stream("mpeg4", rate=30), out.add_stream("pcm_s16le", rate=rate, layout="mono")
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        for number in range(90):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            out.mux(video.encode(frame))
        wave = (20000 * np.sin(2 * np.pi * 440 * np.arange(3 * rate) / rate)).astype(np.int16)
        for begin in range(0, len(wave), 400):
            part = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave[None, begin : begin + 400]), "s16", "mono")
            part.rate, part.pts, part.time_base = rate, begin, Fraction(1, rate)
            out.mux(heard.encode(part))
        out.mux(heard.encode(None))
        out.mux(video.encode(None))
    through(path, made := tmp_path / f"out{suffix}")
    with FileSound(made) as sound:
        level = [abs(sound.block((k + 1) / 50, 0.02)).max() for k in range(150)]
    assert min(level[1:149]) > 0.3
    with av.open(str(made)) as container:
        stream = container.streams.audio[0]
        if suffix == ".mp4":
            assert float(stream.duration * stream.time_base) == pytest.approx(3.0, abs=0.001)


def test_a_gifs_own_delays_are_kept(tmp_path: Path) -> None:
    pictures_of = [Image.new("RGB", (64, 48), (k * 40, 0, 0)) for k in range(4)]
    delays = [50, 300, 20, 1700]
    pictures_of[0].save(tmp_path / "a.gif", save_all=True, append_images=pictures_of[1:], duration=delays)
    for suffix in (".mp4", ".mkv", ".webm", ".gif", ".mov"):
        made = tmp_path / f"out{suffix}"
        times = through(tmp_path / "a.gif", made)
        assert times == pytest.approx([0.0, 0.05, 0.35, 0.37])
        if suffix == ".gif":
            with open_moving(made) as decoder:
                assert [moment for moment, _ in decoder] == pytest.approx(times)
                assert decoder.end_s == pytest.approx(2.07)
        else:
            assert length_s(made) == pytest.approx(2.07, abs=0.002)


@pytest.mark.parametrize("last_s", [0.004, 0.033, 0.5, 7.0])
@pytest.mark.parametrize("spec", ["a.mp4", "a.mov", "a.mkv", "a.webm", "a.mkv?codec=ffv1", "a.mp4?codec=h265", "a.gif"])
@pytest.mark.parametrize("live", [False, True])
def test_the_last_picture_of_a_file_ends_where_it_was_told(
    tmp_path: Path, last_s: float, spec: str, live: bool
) -> None:
    """Unevenly timed pictures, which an encoder may reorder."""
    if spec == "a.gif" and last_s < 0.02:
        pytest.skip("readers of GIF take so short a delay for none")
    times = [0.0, 0.1, 0.15, 1.0, 1.033, 1.1, 1.3, 1.333, 1.4, 2.2]
    path = tmp_path / spec.partition("?")[0]
    with open_sink(str(tmp_path / spec), size=(160, 120), fps=10.0, live=live) as sink:
        for number, moment in enumerate(times):
            sink.write(np.full((120, 160, 4), number * 25, np.uint8), moment)
        sink.end(times[-1] + last_s)  # type: ignore[attr-defined]
    with open_moving(path) as decoder:
        found = [moment for moment, _ in decoder]
        assert found == pytest.approx(times, abs=0.0051)
        if path.suffix == ".gif":
            assert decoder.end_s == pytest.approx(times[-1] + last_s, abs=0.011)
        elif path.suffix in (".mp4", ".mov"):
            assert decoder.end_s == pytest.approx(times[-1] + last_s, abs=0.002)
    if path.suffix != ".gif":
        assert length_s(path) == pytest.approx(times[-1] + last_s, abs=0.0021)


class Refuses:
    """A container that takes no packet whose decoding time does not rise, as the strictest do."""

    def __init__(self) -> None:
        self.last: dict[int, int] = {}

    def mux(self, packet: Any) -> None:
        assert packet.dts > self.last.get(packet.stream.index, packet.dts - 1)
        self.last[packet.stream.index] = packet.dts


def test_the_muxer_mends_and_says_so_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=1.0)
    muxer = Muxer(Refuses(), "out.mp4")  # type: ignore[arg-type]
    with av.open(str(clip)) as source:
        for packet in source.demux():
            if packet.size:
                packet.dts = packet.pts = 7
                muxer.mux([packet])
    assert [record.message for record in caplog.records].count(caplog.records[0].message) == 1
    assert len(caplog.records) == 1
    assert "did not rise" in caplog.text


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_the_next_track_that_can_be_decoded_is_taken(
    tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The first video and the first sound track have a codec that nobody knows."""
    clip, two = make_clip(tmp_path / "a.mkv"), tmp_path / f"two{suffix}"
    with av.open(str(clip)) as first, av.open(str(clip)) as second, av.open(str(two), "w") as out:
        made = [[out.add_stream_from_template(stream) for stream in source.streams] for source in (first, second)]
        for source, streams in zip((first, second), made, strict=True):
            for packet in source.demux():
                if packet.dts is not None:
                    packet.stream = streams[packet.stream.index]
                    out.mux(packet)
    data = two.read_bytes()
    for old, new in ((b"avc1", b"zzz1"), (b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/XYZ"), (b"A_AAC", b"A_XYZ")):
        at = data.find(old, data.find(b"stsd") if suffix == ".mp4" else 0)
        data = data if at < 0 else data[:at] + new + data[at + len(new) :]
    two.write_bytes(data)
    caplog.set_level(logging.INFO)
    check(two, tmp_path / "out.mp4", 3)
    assert "video track 2 is used: no decoder for the codec" in caplog.text
    if suffix == ".mkv":
        assert "audio track 2 is used: no decoder for the codec 'A_XYZ'" in caplog.text


def test_no_decoder_at_all_is_an_error_in_a_line(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=0.5)
    data = clip.read_bytes()
    at = data.find(b"avc1", data.find(b"stsd"))
    clip.write_bytes(data[:at] + b"qqqq" + data[at + 4 :])
    with pytest.raises(SourceError, match="no decoder for the codec 'qqqq'"):
        open_source(str(clip))
    with pytest.raises(SourceError, match="no decoder for the codec 'qqqq'"):
        MediaPlayer(clip)


def play_to(folder: Path, clip: Path, **options: Any) -> tuple[list[float], float]:
    """(when each picture is shown, how long all of them) in the file that a whole show writes."""
    from phosphene.engine.show.options import run_options
    from phosphene.engine.show.session import play

    target = folder / f"show{len(list(folder.iterdir()))}.mp4"
    play(run_options(**{"scenes": "duotone", "input": str(clip), "outputs": (str(target),), **options}))
    with av.open(str(target)) as container:
        return sorted(float(frame.time) for frame in container.decode(video=0)), length_s(target)


def slow_gif(path: Path) -> Path:
    pages = [Image.new("RGB", (64, 48), (k * 80, 0, 0)) for k in range(3)]
    pages[0].save(path, save_all=True, append_images=pages[1:], duration=[200, 500, 3000])
    return path


def test_a_show_keeps_the_last_pictures_duration(tmp_path: Path) -> None:
    gif = slow_gif(tmp_path / "a.gif")
    assert play_to(tmp_path, gif, scenes="mirror") == (pytest.approx([0.0, 0.2, 0.7]), pytest.approx(3.7, abs=0.002))
    assert play_to(tmp_path, gif, seconds=2.0, scenes="mirror")[1] == pytest.approx(
        2.0, abs=0.002
    )  # cut in the last picture
    assert len(play_to(tmp_path, gif, fps=10.0, scenes="mirror")[0]) == 37
    take = tmp_path / "take"
    play_to(tmp_path, gif, record_take=take, scenes="mirror")
    replayed = play_to(tmp_path, Path("camera"), take=take, scenes="mirror")
    assert replayed == (pytest.approx([0.0, 0.2, 0.7]), pytest.approx(3.7, abs=0.002))


def test_a_cut_clip_of_even_pictures_ends_as_ever(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=1.0)
    times, length = play_to(tmp_path, clip, seconds=0.51, scenes="mirror")
    assert len(times) == 16
    assert length == pytest.approx(16 / 30, abs=0.001)
