"""The two files of a take that grow while it is recorded: the raw frames, and what was known of each of them.

`frames.nut` is lossless video, every frame whole in itself, so that a take which was cut off plays up to there.
`tracks.bin` holds one record a frame, each with its length and check sum: JSON, and the arrays that it names. Nothing
that is read can name a class or a file: a take from a stranger is only data.
"""

from __future__ import annotations

import dataclasses
import json
import os
import struct
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ...core import results as data
from ...core.errors import SourceError
from ...core.frame import Pixels

FRAMES, TRACKS = "frames.nut", "tracks.bin"
MAGIC = b"phosphene tracks 1\n"
HEAD = struct.Struct("<II")  # length and CRC-32 of the packed record
MAX_PACKED, MAX_RECORD = 1 << 27, 1 << 28
# Huffman coding of each pixel's difference from its left neighbour: the quickest lossless coder that FFmpeg has for
# RGB, and as large as a tenth to a third of the raw bytes (docs/decisions/0007-takes.md).
CODEC, PIXELS = "huffyuv", "rgb24"
TICK = Fraction(1, 1_000_000)

# Names in takes that were recorded before a class was renamed: what is on the disk stays as it is.
STORED_AS = {
    "AudioFeatures": "Heard",
    "Classification": "Labels",
    "Detection": "Thing",
    "Detections": "Things",
    "ModelImage": "Picture",
}
# What a record may hold besides numbers and texts: the results that `phosphene.engine.core.results` describes.
RESULTS: dict[str, type[Any]] = {
    STORED_AS.get(name, name): kind
    for name, kind in vars(data).items()
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and name not in ("Frame", "Observation")
}


def pack(value: Any) -> bytes:
    """One record as bytes. Raises TypeError for what a record cannot hold."""
    arrays: list[bytes] = []
    text = json.dumps(_plain(value, arrays), separators=(",", ":")).encode()
    return zlib.compress(b"".join([struct.pack("<I", len(text)), text, *arrays]), 1)


def unpack(packed: bytes) -> Any:
    """The record that `pack` made. Raises ValueError where the bytes are none."""
    inflate = zlib.decompressobj()
    try:
        raw = inflate.decompress(packed, MAX_RECORD)
        if not inflate.eof:
            raise ValueError("too long, or cut off")
        (length,) = struct.unpack_from("<I", raw)
        text = json.loads(raw[4 : 4 + length])
        return _rich(text, memoryview(raw)[4 + length :])
    except (
        zlib.error,
        struct.error,
        KeyError,
        TypeError,
        IndexError,
        RecursionError,
        AttributeError,
        OverflowError,
    ) as error:
        raise ValueError(f"no record: {error}") from error


def _plain(value: Any, arrays: list[bytes]) -> Any:
    """`value` as JSON takes it; arrays go to `arrays`, and their place into the JSON."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value)  # written with as many digits as give the same float again
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "fiub":
            raise TypeError(f"an array of {value.dtype}")
        arrays.append(_shuffled(value))
        return {"$array": [value.dtype.str, list(value.shape), sum(map(len, arrays[:-1]))]}
    if isinstance(value, Mapping):
        if any(not isinstance(key, str) or key.startswith("$") for key in value):
            raise TypeError(f"keys {list(value)!r}")
        return {key: _plain(item, arrays) for key, item in value.items()}
    if isinstance(value, tuple | frozenset | set):
        return {"$tuple": [_plain(item, arrays) for item in value]}
    if isinstance(value, list):
        return [_plain(item, arrays) for item in value]
    name = STORED_AS.get(type(value).__name__, type(value).__name__)
    if RESULTS.get(name) is type(value):
        fields = {f.name: _plain(getattr(value, f.name), arrays) for f in dataclasses.fields(value)}
        return {"$kind": name, "fields": fields}
    raise TypeError(f"a {name}")


def _rich(value: Any, arrays: memoryview) -> Any:
    """What `_plain` took apart, put together again."""
    if isinstance(value, list):
        return [_rich(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if "$array" in value:
        kind, shape, begin = value["$array"]
        dtype = np.dtype(str(kind))
        count = int(np.prod([int(n) for n in shape], dtype=np.int64))
        if dtype.kind not in "fiub" or min([*shape, begin, 0]) < 0 or begin + count * dtype.itemsize > len(arrays):
            raise ValueError("an array that is not there")
        return _ordered(arrays[begin : begin + count * dtype.itemsize], dtype, count).reshape(shape)
    if "$tuple" in value:
        return tuple(_rich(item, arrays) for item in value["$tuple"])
    if "$kind" in value:
        return RESULTS[value["$kind"]](**{k: _rich(v, arrays) for k, v in value["fields"].items()})
    return {key: _rich(item, arrays) for key, item in value.items()}


def _shuffled(array: np.ndarray[Any, Any]) -> bytes:
    """The first bytes of all numbers, then the second ones …: like stands by like, which halves the packing's time."""
    rows = np.ascontiguousarray(array).reshape(-1).view(np.uint8).reshape(-1, array.dtype.itemsize)
    return rows.T.tobytes()


def _ordered(raw: memoryview, dtype: np.dtype[Any], count: int) -> np.ndarray[Any, Any]:
    rows = np.frombuffer(raw, np.uint8).reshape(dtype.itemsize, count)
    return np.ascontiguousarray(rows.T).reshape(-1).view(dtype)


class TrackWriter:
    """Appends records to a file; each is whole on its way to the disk before the next begins."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("wb")
        self._file.write(MAGIC)
        self.bytes = len(MAGIC)

    def write(self, record: Any) -> None:
        """Appends one record."""
        packed = pack(record)
        self._file.write(HEAD.pack(len(packed), zlib.crc32(packed)) + packed)
        self._file.flush()
        self.bytes += HEAD.size + len(packed)

    def close(self) -> None:
        """Closes the file; harmless when called twice."""
        self._file.close()


class TrackReader:
    """Finds the records of a file, up to where it was cut off: `count` of them. Raises SourceError where it is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise SourceError(f"cannot be read ({error.strerror})", where=str(path)) from error
        self._places: list[tuple[int, int, int]] = []
        self.cut_off = False
        if self._file.read(len(MAGIC)) != MAGIC:
            self.close()
            raise SourceError("does not hold the tracks of a take", where=str(path))
        self._find(os.fstat(self._file.fileno()).st_size)

    @property
    def count(self) -> int:
        """How many whole records there are."""
        return len(self._places)

    def _find(self, size: int) -> None:
        at = self._file.tell()
        while at < size:
            head = self._file.read(HEAD.size)
            if len(head) < HEAD.size:
                break
            length, check = HEAD.unpack(head)
            if length > MAX_PACKED or at + HEAD.size + length > size:
                break
            self._places.append((at + HEAD.size, length, check))
            at += HEAD.size + length
            self._file.seek(at)
        self.cut_off = at < size

    def read(self, index: int) -> Any:
        """Record `index`. Raises SourceError where it is damaged."""
        at, length, check = self._places[index]
        self._file.seek(at)
        packed = self._file.read(length)
        try:
            if zlib.crc32(packed) != check:
                raise ValueError("the check sum differs")
            return unpack(packed)
        except ValueError as error:
            raise SourceError(f"record {index} is damaged ({error})", where=str(self.path)) from error

    def close(self) -> None:
        """Closes the file; harmless when called twice."""
        self._file.close()


class FrameWriter:
    """Encodes frames of `size` (width, height) without loss; times to the microsecond, for players."""

    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        import av

        self._container = av.open(str(path.absolute()), "w", format="nut", options={"flush_packets": "1"})
        stream: Any = self._container.add_stream(CODEC, rate=Fraction(fps).limit_denominator(1001))
        stream.width, stream.height, stream.pix_fmt = *size, PIXELS
        stream.time_base = stream.codec_context.time_base = TICK
        self._stream, self._frame_class, self._last = stream, av.VideoFrame, -1

    def write(self, pixels: Pixels, time_s: float) -> int:
        """Encodes one frame, H×W×3 uint8; returns the check sum of what was written for it."""
        frame = self._frame_class.from_numpy_buffer(pixels, PIXELS)
        self._last = max(self._last + 1, round(time_s / TICK))
        frame.pts, frame.time_base = self._last, TICK
        (packet,) = self._stream.encode(frame)
        check = zlib.crc32(bytes(packet))
        self._container.mux(packet)
        return check

    def close(self) -> None:
        """Finishes the file; harmless when called twice."""
        if self._container is not None:
            container, self._container = self._container, None  # type: ignore[assignment]
            try:
                container.mux(self._stream.encode(None))
            finally:
                container.close()


def read_frames(path: Path, size: tuple[int, int]) -> Iterator[tuple[Pixels, int]]:
    """The frames of a take, H×W×3 uint8, with their check sums, up to where the file ends.

    The last one may be cut off: then its check sum is not that of the record. Raises SourceError where there are none.
    """
    import av

    try:
        container = av.open(str(path.absolute()), "r", format="nut", options={"protocol_whitelist": "file"})
    except (av.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SourceError(f"the frames of the take cannot be read ({reason})", where=str(path)) from error
    with container:
        found = container.streams.video[0] if container.streams.video else None
        if found is None or found.codec_context.name != CODEC or (found.width, found.height) != size:
            raise SourceError(f"expected {CODEC} video of {size[0]}×{size[1]}", where=str(path))
        found.thread_type = "AUTO"
        packets, checks = container.demux(found), deque[int]()
        while True:
            try:
                packet = next(packets, None)
                if packet is not None and packet.size:
                    checks.append(zlib.crc32(bytes(packet)))
                images = [] if packet is None else packet.decode()
            except (av.FFmpegError, ValueError):
                return  # cut off within a frame
            for image in images:
                yield np.ascontiguousarray(image.to_ndarray(format=PIXELS)), checks.popleft()
            if packet is None:
                return
