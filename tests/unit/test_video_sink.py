"""Video files as output: every picture at its time, colours, sound, and a file that plays whatever happened."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from helpers_files import cards, read_frames, write_images
from phosphene.engine.core.errors import SinkError
from phosphene.engine.core.frame import Pixels
from phosphene.engine.sinks import open_sink
from phosphene.engine.sources import open_source
from phosphene.engine.sources.testcard import read_number

SIZE = (320, 240)


def make_sound(
    path: Path, *, codec: str = "aac", seconds: float = 2.0, start_s: float = 0.0, picture: bool = True
) -> Path:
    """A clip with a click at every half second, and pictures that begin at `start_s`."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=30) if picture else None
        sound = out.add_stream(codec, rate=48000, layout="mono")
        if video is not None:
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            for number in range(int(seconds * 30)):
                frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), "rgb24")
                frame.pts, frame.time_base = number + round(start_s * 30), Fraction(1, 30)
                out.mux(video.encode(frame))
            out.mux(video.encode(None))
        wave = np.zeros((1, int((seconds + start_s) * 48000)), np.float32)
        tone = np.sin(np.arange(960) * 2 * np.pi * 1000 / 48000).astype(np.float32) * 0.8
        for begin in range(0, wave.shape[1] - 960, 24000):
            wave[0, begin : begin + 960] = tone
        frame_format = sound.codec_context.format.name
        samples = wave if frame_format.startswith("flt") else (wave * 32767).astype(np.int16)
        for begin in range(0, wave.shape[1], 960):
            part = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples[:, begin : begin + 960]), frame_format, "mono"
            )
            part.rate, part.pts, part.time_base = 48000, begin, Fraction(1, 48000)
            out.mux(sound.encode(part))
        out.mux(sound.encode(None))
    return path


def clicks(path: Path) -> tuple[list[float], float]:
    """(when the clicks begin, when the sound ends) in seconds."""
    with av.open(str(path)) as source:
        stream = source.streams.audio[0]
        begins, last, end = [], -1.0, 0.0
        for frame in source.decode(stream):
            values = np.abs(frame.to_ndarray().reshape(-1).astype(np.float32))
            if frame.format.name.startswith("s16"):
                values /= 32768
            end = frame.time + frame.samples / frame.rate
            for index in np.flatnonzero(values > 0.3):
                moment = frame.time + index / frame.rate
                if moment - last > 0.1:
                    begins.append(moment)
                last = moment
    return begins, end


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".gif"])
def test_every_picture_arrives_with_its_number(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write_images(str(path), cards(12), [k / 10 for k in range(12)])
    frames = read_frames(path)
    assert [read_number(f.pixels) for f in frames] == list(range(12))
    assert [f.time_s for f in frames] == pytest.approx([k / 10 for k in range(12)], abs=0.0011)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_uneven_times_are_kept(tmp_path: Path, suffix: str) -> None:
    times = [0.0, 0.01, 0.2, 0.25, 1.0, 1.001, 3.0]
    write_images(str(tmp_path / f"a{suffix}"), cards(7), times)
    assert [f.time_s for f in read_frames(tmp_path / f"a{suffix}")] == pytest.approx(times, abs=0.0006)


def test_times_start_at_the_first_picture_and_rise(tmp_path: Path) -> None:
    write_images(str(tmp_path / "a.mkv"), cards(4), [7.0, 7.0, 6.0, 7.5])
    times = [f.time_s for f in read_frames(tmp_path / "a.mkv")]
    assert times[0] == 0
    assert times == sorted(set(times))
    assert times[-1] == pytest.approx(0.5, abs=0.001)


def test_length_covers_the_last_picture(tmp_path: Path) -> None:
    write_images(str(tmp_path / "a.mp4"), cards(10), [k / 30 for k in range(9)] + [2.0])
    with av.open(str(tmp_path / "a.mp4")) as source:
        stream = source.streams.video[0]
        assert float(stream.duration * stream.time_base) == pytest.approx(2.0 + 1 / 30, abs=0.01)


def test_colors_are_bt709_and_right(tmp_path: Path) -> None:
    images = cards(1, (640, 360))
    write_images(str(tmp_path / "a.mp4"), images)
    with av.open(str(tmp_path / "a.mp4")) as source:
        context = source.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
    got = read_frames(tmp_path / "a.mp4")[0].pixels.astype(int)
    for x in (45, 136, 500, 590):  # inside colour bars, away from the dial
        assert np.abs(got[40:60, x : x + 4] - images[0][40:60, x : x + 4, :3]).max() <= 5


def test_index_stands_first(tmp_path: Path) -> None:
    write_images(str(tmp_path / "a.mp4"), cards(3))
    data = (tmp_path / "a.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_odd_size_is_padded_to_even(tmp_path: Path) -> None:
    images = cards(2, (161, 121))
    write_images(str(tmp_path / "a.mp4"), images)
    frame = read_frames(tmp_path / "a.mp4")[0]
    assert frame.size == (162, 122)
    assert read_number(frame.pixels[:121, :161]) == 0


@pytest.mark.parametrize(("name", "decoder"), [("a.mov", "prores"), ("a.webm", "libvpx-vp9")])
def test_alpha_is_kept(tmp_path: Path, name: str, decoder: str) -> None:
    images = cards(2, alpha=255)
    for image in images:
        image[:, :160, 3] = 64
    write_images(f"{tmp_path / name}?alpha=1", images)
    context: Any = av.CodecContext.create(decoder, "r")
    with av.open(str(tmp_path / name)) as source:
        stream = source.streams.video[0]
        context.width, context.height = stream.width, stream.height
        if stream.codec_context.extradata:
            context.extradata = stream.codec_context.extradata
        context.codec_tag = stream.codec_context.codec_tag
        frames = [f for packet in source.demux(stream) if packet.size for f in context.decode(packet)]
    frames += context.decode(None)
    rgba = frames[0].to_ndarray(format="rgba")
    assert abs(int(rgba[100, 60, 3]) - 64) <= 4
    assert rgba[100, 300, 3] >= 251


def test_without_alpha_the_fourth_channel_is_ignored(tmp_path: Path) -> None:
    write_images(str(tmp_path / "a.mp4"), cards(1, alpha=0))
    assert read_number(read_frames(tmp_path / "a.mp4")[0].pixels) == 0


def test_a_video_without_pictures_is_not_created(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    open_sink(str(path), size=SIZE, fps=30).close()
    assert not path.exists()


def test_an_old_file_survives_a_run_without_pictures(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"precious")
    open_sink(str(path), size=SIZE, fps=30, overwrite=True).close()
    assert path.read_bytes() == b"precious"


def test_file_plays_after_an_error_in_the_caller(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"

    def interrupted() -> Iterator[Pixels]:
        yield from cards(9)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), open_sink(str(path), size=SIZE, fps=30) as sink:
        any(sink.write(image, number / 30) for number, image in enumerate(interrupted()))
    assert len(read_frames(path)) == 9


def test_file_plays_after_a_wrong_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    sink = open_sink(str(path), size=SIZE, fps=30)
    for image in cards(3):
        sink.write(image, 0.0)
    with pytest.raises(SinkError, match="shape"):
        sink.write(np.zeros((10, 10, 4), np.uint8), 1.0)
    sink.close()
    assert len(read_frames(path)) == 3


def test_file_plays_after_an_encoder_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.mp4"
    sink: Any = open_sink(str(path), size=SIZE, fps=30)
    images = cards(4)
    for number in range(3):
        sink.write(images[number], number / 30)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(sink, "_encode", fail)
        with pytest.raises(SinkError, match="No space left"):
            sink.write(images[3], 0.1)
    with pytest.raises(SinkError):
        sink.write(images[3], 0.2)
    sink.close()
    sink.close()
    assert len(read_frames(path)) == 3


def test_closed_video_takes_nothing(tmp_path: Path) -> None:
    sink = open_sink(str(tmp_path / "a.mp4"), size=SIZE, fps=30)
    sink.close()
    with pytest.raises(SinkError, match="closed"):
        sink.write(cards(1)[0], 0.0)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
def test_sound_stays_in_sync_and_ends_with_the_picture(tmp_path: Path, suffix: str) -> None:
    clip = make_sound(tmp_path / "in.mp4")
    path = tmp_path / f"out{suffix}"
    write_images(str(path), cards(42, (64, 48)), audio_from=str(clip))  # 1.4 of 2 seconds
    begins, end = clicks(path)
    assert begins == pytest.approx([0.0, 0.5, 1.0], abs=0.012)
    assert end == pytest.approx(1.4, abs=0.04)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_sound_starts_where_the_pictures_start(tmp_path: Path, suffix: str) -> None:
    clip = make_sound(tmp_path / "in.mp4")
    path = tmp_path / f"out{suffix}"
    write_images(str(path), cards(30, (64, 48)), [0.25 + k / 30 for k in range(30)], audio_from=str(clip))
    begins, _ = clicks(path)
    assert begins[0] == pytest.approx(0.25, abs=0.012)


def test_late_first_picture_shifts_the_sound(tmp_path: Path) -> None:
    clip = make_sound(tmp_path / "in.mkv", start_s=0.2)
    write_images(str(tmp_path / "out.mp4"), cards(30, (64, 48)), audio_from=str(clip))
    begins, _ = clicks(tmp_path / "out.mp4")
    assert begins[0] == pytest.approx(0.3, abs=0.012)


def test_sound_is_copied_where_possible(tmp_path: Path) -> None:
    clip = make_sound(tmp_path / "in.mp4")
    write_images(str(tmp_path / "out.mkv"), cards(60, (64, 48)), audio_from=str(clip))
    packets = []
    for path in (clip, tmp_path / "out.mkv"):
        with av.open(str(path)) as source:
            packets.append({bytes(p) for p in source.demux(source.streams.audio[0]) if p.size})
    assert len(packets[0] & packets[1]) >= len(packets[0]) - 2


def test_sound_that_does_not_fit_is_encoded_again(tmp_path: Path) -> None:
    clip = make_sound(tmp_path / "in.mkv", codec="pcm_s16le")
    write_images(str(tmp_path / "out.mp4"), cards(27, (64, 48)), audio_from=str(clip))
    with av.open(str(tmp_path / "out.mp4")) as source:
        assert source.streams.audio[0].codec_context.name == "aac"
    assert clicks(tmp_path / "out.mp4")[0] == pytest.approx([0.0, 0.5], abs=0.012)


def test_silent_input_gives_a_silent_file(tmp_path: Path) -> None:
    write_images(str(tmp_path / "in.mp4"), cards(3))
    write_images(str(tmp_path / "out.mp4"), cards(3), audio_from=str(tmp_path / "in.mp4"))
    with av.open(str(tmp_path / "out.mp4")) as source:
        assert not source.streams.audio


def test_real_sound_stays_sample_exact(data_dir: Path, tmp_path: Path) -> None:
    clip = data_dir / "hostile/generated/base_5s.mp4"
    with open_source(str(clip)) as source:
        assert source.audio_path == str(clip)  # type: ignore[attr-defined]
        with open_sink(str(tmp_path / "o.mp4"), size=source.size, fps=30, audio_from=str(clip)) as sink:
            for frame in iter(source.read, None):
                sink.write(cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2RGBA), frame.time_s)
    stamps = []
    for path in (clip, tmp_path / "o.mp4"):
        with av.open(str(path)) as opened:
            stamps.append([p.pts for p in opened.demux(opened.streams.audio[0]) if p.pts is not None])
    assert stamps[0] == stamps[1]
