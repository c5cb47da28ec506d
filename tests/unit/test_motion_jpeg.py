"""Motion JPEG files: pictures and times as FFmpeg gives them, also where pictures are damaged or change their size."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from phosphene.engine.sources import motion_jpeg as jpeg
from phosphene.engine.sources import open_source
from phosphene.engine.sources.testcard import TestCardSource

SIZE = (320, 240)


def packets(count: int = 6, size: tuple[int, int] = SIZE, pix_fmt: str = "yuvj422p") -> list[bytes]:
    """Test cards, each a JPEG picture."""
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = *size, pix_fmt
    encoder.framerate, encoder.time_base = 30, Fraction(1, 30)
    cards = TestCardSource(size, 30.0, count)
    made = []
    while (card := cards.read()) is not None:
        frame = av.VideoFrame.from_ndarray(card.pixels, format="rgb24")
        made += [bytes(packet) for packet in encoder.encode(frame)]
    return made + [bytes(packet) for packet in encoder.encode(None)]


def write(path: Path, pictures: list[bytes], rotation: int = 0, size: tuple[int, int] = SIZE) -> Path:
    """A file of these pictures, 30 in a second."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = *size, "yuvj422p"
        if rotation:
            stream.set_display_rotation(rotation)
        for number, data in enumerate(pictures):
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, 30)
            packet.pts = packet.dts = number
            packet.is_keyframe = True
            out.mux(packet)
    return path


def read(path: Path) -> list[tuple[float, np.ndarray]]:
    with open_source(str(path)) as source:
        frames = []
        while (frame := source.read()) is not None:
            frames.append((frame.time_s, frame.pixels))
        return frames


@pytest.mark.parametrize("suffix", [".avi", ".mkv", ".mov"])
@pytest.mark.parametrize("rotation", [0, 90])
def test_the_same_pictures_and_times_as_by_ffmpeg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, rotation: int
) -> None:
    clip = write(tmp_path / f"clip{suffix}", packets(), rotation)
    asked = []
    decode = jpeg.decode
    monkeypatch.setattr(jpeg, "decode", lambda *a: asked.append(a) or decode(*a))
    ours = read(clip)
    assert len(asked) >= 5, "FFmpeg decoded them"
    monkeypatch.setattr(jpeg, "decode", lambda *_: None)
    theirs = read(clip)
    assert [t for t, _ in ours] == [t for t, _ in theirs]
    for (_, a), (_, b) in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        assert np.abs(a.astype(int) - b.astype(int)).mean() < 1.5  # chroma is enlarged in another way


def test_a_damaged_picture_is_left_to_ffmpeg(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pictures = packets()
    damaged = bytearray(pictures[3])
    middle = len(damaged) // 2
    damaged[middle : middle + 60] = bytes(range(60))
    assert jpeg.decode(bytes(damaged), SIZE) is None
    pictures[3] = bytes(damaged)
    frames = read(write(tmp_path / "clip.avi", pictures))
    assert len(frames) >= 5
    assert "Corrupt JPEG" not in capfd.readouterr().err


def test_what_is_no_whole_picture_of_that_size_is_none() -> None:
    picture = packets(1)[0]
    found = jpeg.decode(picture, SIZE)
    assert found is not None
    assert found.shape == (240, 320, 3)
    assert found.flags.c_contiguous
    assert jpeg.decode(picture, (640, 480)) is None
    assert jpeg.decode(picture[: len(picture) // 2], SIZE) is None
    assert jpeg.decode(b"", SIZE) is None
    assert jpeg.decode(b"no picture", SIZE) is None


def test_a_picture_of_another_size_is_fitted(tmp_path: Path) -> None:
    pictures = packets()
    pictures[2:4] = packets(2, (160, 120))
    frames = read(write(tmp_path / "clip.avi", pictures))
    assert {pixels.shape for _, pixels in frames} == {(240, 320, 3)}
    assert len(frames) == 6


def test_seeking_goes_on(tmp_path: Path) -> None:
    from phosphene.engine.sources.decoder import Decoder

    clip = write(tmp_path / "clip.avi", packets(12))
    with Decoder(clip) as decoder:
        whole = list(decoder)
        decoder.seek(0.2)
        rest = list(decoder)
    assert rest
    assert np.array_equal(rest[-1][1], whole[-1][1])
    assert rest[-1][0] == pytest.approx(whole[-1][0])
