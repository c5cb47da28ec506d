"""Video4Linux2's ioctls, packed by hand: numbers and layouts of linux/videodev2.h (64-bit).

Cameras are asked what they can deliver, loopback devices are fed; both are asked what they are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

CAPTURE, OUTPUT = 1, 2  # V4L2_BUF_TYPE_VIDEO_CAPTURE, V4L2_BUF_TYPE_VIDEO_OUTPUT
MEMORY_MMAP = 1
FIELD_NONE = 1
CAP_VIDEO_CAPTURE, CAP_VIDEO_OUTPUT, CAP_STREAMING, CAP_DEVICE_CAPS = 0x1, 0x2, 0x04000000, 0x80000000
COLORSPACE_SRGB, YCBCR_601, QUANTIZATION_LIMITED, TRANSFER_SRGB = 8, 1, 2, 2
PIX_MAGIC = 0xFEEDCAFE  # V4L2_PIX_FMT_PRIV_MAGIC: the fields after it are meant

_READ, _WRITE = 2, 1


def _request(direction: int, number: int, size: int) -> int:
    """ioctl request number (asm-generic/ioctl.h) of the group 'V'."""
    return (direction << 30) | (size << 16) | (ord("V") << 8) | number


CAPABILITY_SIZE, FORMAT_SIZE, REQUEST_SIZE, BUFFER_SIZE, PARM_SIZE = 104, 208, 20, 88, 204
QUERYCAP = _request(_READ, 0, CAPABILITY_SIZE)
S_FMT = _request(_READ | _WRITE, 5, FORMAT_SIZE)
REQBUFS = _request(_READ | _WRITE, 8, REQUEST_SIZE)
QUERYBUF = _request(_READ | _WRITE, 9, BUFFER_SIZE)
QBUF = _request(_READ | _WRITE, 15, BUFFER_SIZE)
DQBUF = _request(_READ | _WRITE, 17, BUFFER_SIZE)
STREAMON = _request(_WRITE, 18, 4)
STREAMOFF = _request(_WRITE, 19, 4)
S_PARM = _request(_READ | _WRITE, 22, PARM_SIZE)
EVENT_SIZE, SUBSCRIPTION_SIZE = 136, 32
DQEVENT = _request(_READ, 89, EVENT_SIZE)
SUBSCRIBE_EVENT = _request(_WRITE, 90, SUBSCRIPTION_SIZE)
# struct v4l2_fmtdesc: index, type, flags, description, fourcc
FORMAT_ENTRY = struct.Struct("=3I32sI16x")
# struct v4l2_frmsizeenum: index, fourcc, type, then two numbers or six
SIZE_ENTRY = struct.Struct("=3I6I8x")
# struct v4l2_frmivalenum: index, fourcc, width, height, type, one to three ratios
INTERVAL_ENTRY = struct.Struct("=5I6I8x")
ENUM_FMT = _request(_READ | _WRITE, 2, FORMAT_ENTRY.size)
ENUM_FRAMESIZES = _request(_READ | _WRITE, 74, SIZE_ENTRY.size)
ENUM_FRAMEINTERVALS = _request(_READ | _WRITE, 75, INTERVAL_ENTRY.size)
DISCRETE = 1  # V4L2_FRMSIZE_TYPE_DISCRETE, V4L2_FRMIVAL_TYPE_DISCRETE
MOST_ENTRIES = 256
CLIENT_USAGE = 0x08000000 + 0x08E00000 + 1  # V4L2_EVENT_PRI_CLIENT_USAGE of v4l2loopback.h, 0.13 and newer
_SEND_INITIAL = 1  # V4L2_EVENT_SUB_FL_SEND_INITIAL


def ioctl(descriptor: int, request: int, data: bytearray) -> bytearray:
    """Asks the driver; `data` comes back as it left it. Raises OSError."""
    import fcntl  # there is none on Windows, where this file is imported too

    fcntl.ioctl(descriptor, request, data)
    return data


def entries(descriptor: int, request: int, layout: struct.Struct, *words: int) -> Iterator[tuple[int, ...]]:
    """The answers of one of the ENUM calls, index by index, until the driver has no more."""
    for index in range(MOST_ENTRIES):
        data = bytearray(layout.size)
        struct.pack_into(f"={1 + len(words)}I", data, 0, index, *words)
        try:
            yield layout.unpack(ioctl(descriptor, request, data))
        except OSError:
            return


def code_of(fourcc: str) -> int:
    """Four letters as the number that they are to a driver."""
    return int.from_bytes(fourcc.ljust(4).encode("latin-1"), "little")


def letters_of(code: int) -> str:
    """The four letters of a driver's number."""
    return code.to_bytes(4, "little").decode("latin-1")


class Capability(NamedTuple):
    """What VIDIOC_QUERYCAP says of a device; `caps` are those of the opened node."""

    driver: str
    card: str
    caps: int

    @property
    def captures(self) -> bool:
        """Whether it gives images, as a camera does."""
        return bool(self.caps & CAP_VIDEO_CAPTURE)

    @property
    def takes(self) -> bool:
        """Whether it takes images, as a virtual camera does that nobody feeds."""
        return bool(self.caps & CAP_VIDEO_OUTPUT)


def query(descriptor: int) -> Capability:
    """What the opened device is. Raises OSError where it is no video device."""
    return read_capability(ioctl(descriptor, QUERYCAP, bytearray(CAPABILITY_SIZE)))


class Format(NamedTuple):
    """struct v4l2_pix_format as far as it matters."""

    width: int
    height: int
    fourcc: str
    stride: int
    size: int


def read_capability(data: bytes | bytearray) -> Capability:
    """struct v4l2_capability."""
    driver, card = (data[a:b].split(b"\0")[0].decode("utf-8", "replace") for a, b in ((0, 16), (16, 48)))
    everything, node = struct.unpack_from("=II", data, 84)
    return Capability(driver, card, node if everything & CAP_DEVICE_CAPS else everything)


def make_format(width: int, height: int, fourcc: str, stride: int, size: int) -> bytearray:
    """struct v4l2_format for output: sRGB primaries, BT.601 matrix, studio range."""
    data = bytearray(FORMAT_SIZE)
    code = code_of(fourcc)
    # the union begins at 8: pointers in it are aligned to eight bytes
    struct.pack_into(
        "=I4x8I", data, 0, OUTPUT, width, height, code, FIELD_NONE, stride, size, COLORSPACE_SRGB, PIX_MAGIC
    )
    struct.pack_into("=4I", data, 40, 0, YCBCR_601, QUANTIZATION_LIMITED, TRANSFER_SRGB)
    return data


def read_format(data: bytes | bytearray) -> Format:
    """struct v4l2_format, as the driver left it."""
    width, height, code, _, stride, size = struct.unpack_from("=6I", data, 8)
    return Format(width, height, letters_of(code), stride, size)


def make_rate(fps: float) -> bytearray:
    """struct v4l2_streamparm for output: the time of a frame in thousandths of the rate."""
    data = bytearray(PARM_SIZE)
    struct.pack_into("=5I", data, 0, OUTPUT, 0, 0, 1000, max(1, round(fps * 1000)))
    return data


def make_request(count: int) -> bytearray:
    """struct v4l2_requestbuffers for mapped buffers."""
    data = bytearray(REQUEST_SIZE)
    struct.pack_into("=3I", data, 0, count, OUTPUT, MEMORY_MMAP)
    return data


def make_buffer(index: int, used: int = 0) -> bytearray:
    """struct v4l2_buffer of a mapped buffer with `used` bytes in it; no time stamp: the driver sets its own."""
    data = bytearray(BUFFER_SIZE)
    struct.pack_into("=5I", data, 0, index, OUTPUT, used, 0, FIELD_NONE)
    struct.pack_into("=I", data, 60, MEMORY_MMAP)
    return data


def read_buffer(data: bytes | bytearray) -> tuple[int, int, int]:
    """(index, offset to map, length) of struct v4l2_buffer."""
    return (
        struct.unpack_from("=I", data, 0)[0],
        struct.unpack_from("=I", data, 64)[0],
        struct.unpack_from("=I", data, 72)[0],
    )


def is_mapped(data: bytes | bytearray) -> bool:
    """Whether struct v4l2_buffer bears the mark V4L2_BUF_FLAG_MAPPED."""
    return bool(struct.unpack_from("=I", data, 12)[0] & 1)


def make_subscription(kind: int) -> bytearray:
    """struct v4l2_event_subscription; the driver reports the present state at once."""
    data = bytearray(SUBSCRIPTION_SIZE)
    struct.pack_into("=3I", data, 0, kind, 0, _SEND_INITIAL)
    return data


def read_event(data: bytes | bytearray) -> tuple[int, int]:
    """(type, first number of the payload) of struct v4l2_event."""
    return struct.unpack_from("=I", data, 0)[0], struct.unpack_from("=I", data, 8)[0]
