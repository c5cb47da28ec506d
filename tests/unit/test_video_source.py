"""Video files as input: every frame, its time, its colours, and files that are damaged."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from helpers_files import psnr, read_frames
from phosphene.engine.core.errors import PhospheneError, SourceError
from phosphene.engine.sources import open_source
from phosphene.engine.sources.testcard import TestCardSource, read_number
from phosphene.engine.sources.video import resample


def make_video(
    path: Path, times: list[float], *, size: tuple[int, int] = (320, 240), rotation: int = 0, color: int = 0
) -> Path:
    """A clip of test cards at the given times, ffv1 in mkv or h264 elsewhere."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1" if path.suffix == ".mkv" else "libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        if color:
            stream.codec_context.colorspace = color
            stream.codec_context.color_range = 1
        if rotation:
            stream.set_display_rotation(rotation)
        cards = TestCardSource(size, 30.0, len(times))
        for moment in times:
            card = cards.read()
            assert card is not None
            frame = av.VideoFrame.from_ndarray(card.pixels, "rgb24").reformat(
                format="yuv420p", dst_colorspace=color or 5
            )
            frame.pts, frame.time_base = round(moment * 1000), Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def test_every_frame_comes_once_in_order(tmp_path: Path) -> None:
    clip = make_video(tmp_path / "a.mkv", [k / 30 for k in range(40)])
    frames = read_frames(str(clip))
    assert [read_number(f.pixels) for f in frames] == list(range(40)) == [f.id for f in frames]


def test_own_times_are_kept_and_start_at_zero(tmp_path: Path) -> None:
    times = [5.0, 5.1, 5.11, 5.5, 6.0]
    frames = read_frames(str(make_video(tmp_path / "a.mkv", times)))
    assert [f.time_s for f in frames] == pytest.approx([t - 5.0 for t in times], abs=0.0011)


def test_rotation_in_the_metadata_is_honoured(tmp_path: Path) -> None:
    if not hasattr(av.VideoFrame, "rotation"):
        pytest.skip("this PyAV does not tell rotation")
    try:
        clip = make_video(tmp_path / "r.mp4", [0.0, 0.1], rotation=90)
    except AttributeError:
        pytest.skip("this PyAV cannot write rotation; see test_real_rotated_clip")
    with open_source(str(clip)) as source:
        assert source.size == (240, 320)


def test_real_rotated_clip(data_dir: Path) -> None:
    folder = data_dir / "hostile" / "generated"
    with open_source(str(folder / "rotated_meta_90.mp4")) as turned, open_source(str(folder / "base_5s.mp4")) as plain:
        one, other = turned.read(), plain.read()
    assert one is not None
    assert other is not None
    # the display matrix asks for a quarter turn counter-clockwise (as ffmpeg and players show it)
    assert psnr(one.pixels, np.ascontiguousarray(np.rot90(other.pixels))) > 35


def test_wide_pixels_are_squared(data_dir: Path) -> None:
    with open_source(str(data_dir / "hostile/generated/sar_2_1.mp4")) as source:
        assert source.size == (640, 192)


@pytest.mark.parametrize("color", [1, 5])
def test_color_matrix_is_taken_from_the_tag(tmp_path: Path, color: int) -> None:
    frames = read_frames(str(make_video(tmp_path / "c.mkv", [0.0], color=color)))
    card = TestCardSource((320, 240)).read()
    assert card is not None
    bars = (slice(30, 60), slice(10, 40))  # inside one bar, where chroma is not mixed
    assert np.abs(frames[0].pixels[bars].astype(int) - card.pixels[bars]).max() <= 4
    assert psnr(frames[0].pixels, card.pixels) > 28


def test_wanted_size_and_rate(tmp_path: Path) -> None:
    clip = make_video(tmp_path / "a.mkv", [k / 30 for k in range(30)])
    frames = read_frames(str(clip), size=(160, 90), fps=10)
    assert [f.time_s for f in frames] == pytest.approx([k / 10 for k in range(10)])
    assert frames[0].size == (160, 90)


def test_resample_shows_what_has_begun() -> None:
    pictures = [np.full((1, 1, 3), k, np.uint8) for k in range(3)]
    moments = iter([(0.0, pictures[0]), (0.25, pictures[1]), (0.5, pictures[2])])
    assert [(round(t, 2), int(p[0, 0, 0])) for t, p in resample(moments, 10, lambda: 0.7)] == [
        (0.0, 0), (0.1, 0), (0.2, 0), (0.3, 1), (0.4, 1), (0.5, 2), (0.6, 2),
    ]  # fmt: skip


def test_cut_off_file_gives_what_is_there(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clip = make_video(tmp_path / "a.mkv", [k / 30 for k in range(30)])
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    numbers = [read_number(f.pixels) for f in read_frames(str(clip))]
    assert 5 < len(numbers) < 30
    assert numbers[:-1] == list(range(len(numbers) - 1))


@pytest.mark.parametrize("content", [b"", b"no video at all" * 100, b"\0" * 5000])
def test_what_is_no_video_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.mp4").write_bytes(content)
    with pytest.raises(SourceError) as caught:
        open_source(str(tmp_path / "x.mp4"))
    assert "x.mp4" in caught.value.where


def test_sound_alone_is_no_input(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as out:
        stream = out.add_stream("aac", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), "fltp", "mono")
        sound.rate = 8000
        out.mux(stream.encode(sound))
        out.mux(stream.encode(None))
    with pytest.raises(SourceError, match="no video"):
        open_source(str(tmp_path / "a.mp4"))


def test_playlist_cannot_reach_the_network(tmp_path: Path) -> None:
    (tmp_path / "x.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(SourceError):
        open_source(str(tmp_path / "x.m3u8"))


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    source = open_source(str(make_video(tmp_path / "a.mkv", [0.0, 0.1])))
    source.close()
    source.close()
    assert source.read() is None


def test_hostile_files_give_frames_or_words(data_dir: Path) -> None:
    files = [p for folder in ("generated", "real") for p in sorted((data_dir / "hostile" / folder).iterdir())]
    assert len(files) > 50
    for path in files:
        try:
            with open_source(str(path)) as source:
                first = source.read()
                assert first is not None
                assert first.size == source.size
        except PhospheneError as error:
            assert path.name in str(error)  # noqa: PT017 (either outcome is right)
            assert error.hint  # noqa: PT017
