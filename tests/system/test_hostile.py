"""Every hostile file, in every way a user could give it: words or a picture, never a crash, a hang or a flood."""

from __future__ import annotations

import os
import socket
import struct
import zlib
from pathlib import Path

import av
import numpy as np
import pytest
from phosphene.engine.core.errors import SourceError
from phosphene.engine.sources import open_source
from phosphene.engine.sources.decoder import Decoder
from phosphene.engine.sources.read_image import MAX_BYTES

from tests.system.hostile_table import USES, Row, judge, table


def bomb(path: Path, width: int, height: int) -> Path:
    """A PNG of so many black pixels: a few kilobytes for each hundred megapixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    squeeze = zlib.compressobj(9)
    lines = b"".join(squeeze.compress(bytes(1 + width // 8)) for _ in range(height)) + squeeze.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", lines) + chunk(b"IEND", b""))
    return path


@pytest.mark.slow
def test_every_file_of_the_collection(data_dir: Path) -> None:
    paths = sorted(path for path in (data_dir / "hostile").rglob("*") if path.is_file())
    rows = judge(paths)
    assert [row.file for row in rows] == [path.name for path in paths]
    assert {row.file: row.bad for row in rows if row.bad} == {}
    assert all(set(row.found) == set(USES) for row in rows)
    assert len(table(rows).splitlines()) == len(rows) + 2


@pytest.mark.slow
def test_bombs_are_refused_by_size(tmp_path: Path) -> None:
    rows = judge([bomb(tmp_path / "bomb.png", 40000, 20000), bomb(tmp_path / "small.png", 400, 200)])
    assert rows[0].found["input"] == rows[0].found["picture"] == "the image has more than 100 megapixels"
    assert rows[0].peak_mb < 200
    assert rows[1].found["input"] == "400×200, a still"


def test_a_video_of_too_many_pixels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=5)
        stream.width, stream.height, stream.pix_fmt = 200, 100, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((100, 200, 3), np.uint8), "rgb24")
        container.mux([*stream.encode(frame), *stream.encode(None)])
    with Decoder(path) as decoder:
        assert decoder.size == (200, 100)
    with pytest.raises(SourceError, match=r"more than 0\.01 megapixels"):
        Decoder(path, max_pixels=10_000)


def test_a_file_of_too_many_bytes_is_not_read(tmp_path: Path) -> None:
    large = bomb(tmp_path / "a.png", 64, 64)
    os.truncate(large, MAX_BYTES + 1)  # a hole, which takes no space
    with pytest.raises(SourceError, match="gigabyte"):
        open_source(str(large))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nURL\n#EXT-X-ENDLIST\n"),
        ("list.ffconcat", "ffconcat version 1.0\nfile 'URL'\n"),
        ("list.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n"),
        ("list.mpd", '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>URL</BaseURL></MPD>'),
    ],
)
def test_a_file_cannot_reach_the_network(tmp_path: Path, name: str, text: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/clip.mp4"
        (tmp_path / name).write_text(text.replace("URL", url), encoding="ascii")
        with pytest.raises(SourceError):
            open_source(str(tmp_path / name))
        with pytest.raises(BlockingIOError):  # nobody came
            server.accept()


def test_what_must_not_be_is_found() -> None:
    assert Row("a", {"input": "640×480, a still"}).bad == []
    assert Row("a", {"input": "HANG"}).bad == ["input: HANG"]
    assert Row("a", {"scene": "CRASH: KeyError: 1"}, 2000.0).bad == ["scene: CRASH: KeyError: 1", "2000 MB"]
