"""libpipewire through ctypes: the few calls, structures and SPA pods that a video source needs. No I/O when imported.

Layouts and numbers: pipewire/stream.h, spa/buffer/buffer.h, spa/pod/pod.h, spa/param/*.h of PipeWire 0.3 and 1.x, whose
library keeps one ABI (libpipewire-0.3.so.0).
"""

from __future__ import annotations

import ctypes.util
import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

PIPEWIRE_HELP = "sudo apt install pipewire wireplumber (Debian, Ubuntu); most desktops bring it"
PIPEWIRE_START = "systemctl --user start pipewire wireplumber"


Pointer = ctypes.c_void_p

OUTPUT, ANY_ID = 1, 0xFFFFFFFF
MAP_BUFFERS, DRIVER = 1 << 2, 1 << 3  # enum pw_stream_flags
ERROR, UNCONNECTED, CONNECTING, PAUSED, STREAMING = -1, 0, 1, 2, 3  # enum pw_stream_state
PARAM_ENUM_FORMAT, PARAM_FORMAT, PARAM_BUFFERS = 3, 4, 5  # enum spa_param_type
I420, YUY2 = 2, 4  # enum spa_video_format

_OBJECT_FORMAT, _OBJECT_BUFFERS = 0x40003, 0x40004
_ID, _INT, _RECTANGLE, _FRACTION, _OBJECT, _CHOICE = 3, 4, 10, 11, 15, 19
_MEDIA_TYPE, _MEDIA_SUBTYPE, _FORMAT, _SIZE, _RATE = 1, 2, 0x20001, 0x20003, 0x20004
_COLOR_RANGE, _COLOR_MATRIX, _TRANSFER, _PRIMARIES = 0x2000C, 0x2000D, 0x2000E, 0x2000F
_VIDEO, _RAW = 2, 1
_STUDIO_RANGE, _BT601, _SRGB, _BT709 = 2, 4, 7, 1
_CHOICE_RANGE, _CHOICE_FLAGS = 1, 4
_MEMORY_FILE = 1 << 2  # a bit for SPA_DATA_MemFd

LIBRARY = "libpipewire-0.3.so.0"


class Chunk(ctypes.Structure):
    """struct spa_chunk: which bytes of a buffer hold the image."""

    _fields_ = (("offset", ctypes.c_uint32), ("size", ctypes.c_uint32), ("stride", ctypes.c_int32),
                ("flags", ctypes.c_int32))  # fmt: skip


class Data(ctypes.Structure):
    """struct spa_data: one block of memory."""

    _fields_ = (("type", ctypes.c_uint32), ("flags", ctypes.c_uint32), ("fd", ctypes.c_int64),
                ("map_offset", ctypes.c_uint32), ("max_size", ctypes.c_uint32), ("data", Pointer),
                ("chunk", ctypes.POINTER(Chunk)))  # fmt: skip


class SpaBuffer(ctypes.Structure):
    """struct spa_buffer."""

    _fields_ = (("n_metas", ctypes.c_uint32), ("n_datas", ctypes.c_uint32), ("metas", Pointer),
                ("datas", ctypes.POINTER(Data)))  # fmt: skip


class StreamBuffer(ctypes.Structure):
    """struct pw_buffer; only its first field is used, so that later ones may be added."""

    _fields_ = (("buffer", ctypes.POINTER(SpaBuffer)),)


ON_STATE = ctypes.CFUNCTYPE(None, Pointer, ctypes.c_int, ctypes.c_int, ctypes.c_char_p)
ON_PARAM = ctypes.CFUNCTYPE(None, Pointer, ctypes.c_uint32, Pointer)


class StreamEvents(ctypes.Structure):
    """struct pw_stream_events, version 0; what is not set is not called."""

    _fields_ = (("version", ctypes.c_uint32), ("destroy", Pointer), ("state_changed", ON_STATE),
                ("control_info", Pointer), ("io_changed", Pointer), ("param_changed", ON_PARAM),
                ("add_buffer", Pointer), ("remove_buffer", Pointer), ("process", Pointer), ("drained", Pointer),
                ("command", Pointer), ("trigger_done", Pointer))  # fmt: skip


_CALLS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "pw_init": (None, (Pointer, Pointer)),
    "pw_get_library_version": (ctypes.c_char_p, ()),
    "pw_thread_loop_new": (Pointer, (ctypes.c_char_p, Pointer)),
    "pw_thread_loop_get_loop": (Pointer, (Pointer,)),
    "pw_thread_loop_start": (ctypes.c_int, (Pointer,)),
    "pw_thread_loop_stop": (None, (Pointer,)),
    "pw_thread_loop_destroy": (None, (Pointer,)),
    "pw_thread_loop_lock": (None, (Pointer,)),
    "pw_thread_loop_unlock": (None, (Pointer,)),
    "pw_properties_new_string": (Pointer, (ctypes.c_char_p,)),
    "pw_stream_new_simple": (Pointer, (Pointer, ctypes.c_char_p, Pointer, Pointer, Pointer)),
    "pw_stream_connect": (ctypes.c_int, (Pointer, ctypes.c_int, ctypes.c_uint32, ctypes.c_int, Pointer,
                                         ctypes.c_uint32)),
    "pw_stream_update_params": (ctypes.c_int, (Pointer, Pointer, ctypes.c_uint32)),
    "pw_stream_dequeue_buffer": (ctypes.POINTER(StreamBuffer), (Pointer,)),
    "pw_stream_queue_buffer": (ctypes.c_int, (Pointer, Pointer)),
    "pw_stream_trigger_process": (ctypes.c_int, (Pointer,)),
    "pw_stream_destroy": (None, (Pointer,)),
}  # fmt: skip


@cache
def load() -> Any:
    """The library, initialised. Raises OSError where it is missing or too old to have every call."""
    library = ctypes.CDLL(LIBRARY)
    for name, (result, arguments) in _CALLS.items():
        try:
            call = getattr(library, name)
        except AttributeError as error:
            raise OSError(f"{LIBRARY} has no {name}: it is too old") from error
        call.restype, call.argtypes = result, arguments
    library.pw_init(None, None)
    return library


# -- SPA pods: a value with its size and type, padded to eight bytes ---------------------------------------------------


def _pod(kind: int, body: bytes) -> bytes:
    return struct.pack("=II", len(body), kind) + body + b"\0" * (-len(body) % 8)


def _id(value: int) -> bytes:
    return _pod(_ID, struct.pack("=I", value))


def _int(value: int) -> bytes:
    return _pod(_INT, struct.pack("=i", value))


def _choice(kind: int, *values: int) -> bytes:
    return _pod(_CHOICE, struct.pack(f"=IIII{len(values)}i", kind, 0, 4, _INT, *values))


def _object(kind: int, param: int, properties: Sequence[tuple[int, bytes]]) -> bytes:
    body = b"".join(struct.pack("=II", key, 0) + value for key, value in properties)
    return _pod(_OBJECT, struct.pack("=II", kind, param) + body)


def video_format(code: int, size: tuple[int, int], fps: float) -> bytes:
    """A format that is offered: raw video of (width, height), BT.601 matrix, studio range, sRGB primaries."""
    rate = Fraction(fps).limit_denominator(1001)
    return _object(
        _OBJECT_FORMAT,
        PARAM_ENUM_FORMAT,
        [
            (_MEDIA_TYPE, _id(_VIDEO)),
            (_MEDIA_SUBTYPE, _id(_RAW)),
            (_FORMAT, _id(code)),
            (_SIZE, _pod(_RECTANGLE, struct.pack("=II", *size))),
            (_RATE, _pod(_FRACTION, struct.pack("=II", rate.numerator, rate.denominator))),
            (_COLOR_RANGE, _id(_STUDIO_RANGE)),
            (_COLOR_MATRIX, _id(_BT601)),
            (_TRANSFER, _id(_SRGB)),
            (_PRIMARIES, _id(_BT709)),
        ],
    )


def buffers(size_bytes: int, stride: int) -> bytes:
    """What the buffers must be: two to sixteen shared memory files of one block each."""
    return _object(
        _OBJECT_BUFFERS,
        PARAM_BUFFERS,
        [
            (1, _choice(_CHOICE_RANGE, 4, 2, 16)),
            (2, _int(1)),
            (3, _int(size_bytes)),
            (4, _int(stride)),
            (6, _choice(_CHOICE_FLAGS, _MEMORY_FILE)),
        ],
    )


def agreed_format(pod: bytes) -> int | None:
    """The video format code in a format that both sides agreed on; None where it holds none."""
    for key, kind, body in _properties(pod):
        if key == _FORMAT and kind == _CHOICE and len(body) >= 20:
            return int(struct.unpack_from("=I", body, 16)[0])
        if key == _FORMAT and kind == _ID and len(body) >= 4:
            return int(struct.unpack_from("=I", body)[0])
    return None


def _properties(pod: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(key, type, body) of each property of an object pod; a pod that is cut off ends early."""
    size, kind = struct.unpack_from("=II", pod) if len(pod) >= 8 else (0, 0)
    end, at = min(8 + size, len(pod)), 16
    while kind == _OBJECT and at + 16 <= end:
        key, _, length, inner = struct.unpack_from("=4I", pod, at)
        yield key, inner, pod[at + 16 : min(at + 16 + length, end)]
        at += 16 + length + (-length % 8)


def read_pod(address: int) -> bytes:
    """The pod that lies at `address`."""
    size = struct.unpack("=I", ctypes.string_at(address, 4))[0]
    return ctypes.string_at(address, 8 + size)
