"""The PipeWire camera without PipeWire: SPA pods byte for byte, and what is said where the library is missing."""

from __future__ import annotations

import ctypes
import socket
import struct
import tempfile
from pathlib import Path

import pytest
from phosphene.engine.commands.doctor import devices as cams
from phosphene.engine.core.errors import SinkError
from phosphene.engine.sinks import open_sink
from phosphene.engine.sinks import pipewire_api as api


def values(pod: bytes) -> dict[int, tuple[int, bytes]]:
    return {key: (kind, body) for key, kind, body in api._properties(pod)}


@pytest.mark.parametrize(
    ("fps", "fraction"), [(30.0, (30, 1)), (29.97, (2997, 100)), (30000 / 1001, (30000, 1001)), (12.5, (25, 2))]
)
def test_a_format_holds_size_rate_and_colour(fps: float, fraction: tuple[int, int]) -> None:
    found = values(api.video_format(api.I420, (640, 480), fps))
    assert struct.unpack("=I", found[0x20001][1]) == (2,)
    assert struct.unpack("=II", found[0x20003][1]) == (640, 480)
    assert struct.unpack("=II", found[0x20004][1]) == fraction
    assert struct.unpack("=I", found[0x2000D][1]) == (4,)  # SPA_VIDEO_COLOR_MATRIX_BT601


def test_pods_are_padded_to_eight_bytes_and_know_their_size() -> None:
    for pod in (api.video_format(api.YUY2, (64, 48), 25.0), api.buffers(4608, 128)):
        assert len(pod) % 8 == 0
        assert struct.unpack_from("=II", pod) == (len(pod) - 8, 15)


def test_a_pod_in_memory_is_read_whole() -> None:
    pod = api.video_format(api.YUY2, (64, 48), 25.0)
    block = ctypes.create_string_buffer(pod + b"rest", len(pod) + 4)
    assert api.read_pod(ctypes.addressof(block)) == pod


@pytest.mark.parametrize("code", [api.I420, api.YUY2, 11])
def test_the_agreed_format_is_read(code: int) -> None:
    assert api.agreed_format(api.video_format(code, (64, 48), 25.0)) == code


def test_the_agreed_format_may_be_a_choice() -> None:
    choice = struct.pack("=IIII2I", 0, 0, 4, 3, api.YUY2, api.I420)
    pod = api._object(0x40003, 4, [(1, api._id(2)), (0x20001, api._pod(19, choice))])
    assert api.agreed_format(pod) == api.YUY2


def test_a_pod_that_is_cut_off_gives_nothing_and_does_not_raise() -> None:
    pod = api.video_format(api.I420, (64, 48), 25.0)
    for length in range(len(pod)):
        assert api.agreed_format(pod[:length]) in (None, api.I420)
    assert api.agreed_format(b"") is None


def test_the_missing_library_is_named_with_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "LIBRARY", "libpipewire-that-is-nowhere.so.0")
    api.load.cache_clear()
    with pytest.raises(SinkError, match="libpipewire") as raised:
        open_sink("pipewire", size=(64, 48), fps=30.0)
    assert "apt install pipewire" in raised.value.hint
    assert cams.pipewire("linux")[0][1] == "note"
    assert "apt install pipewire" in cams.pipewire("linux")[0][3]


def test_doctor_tells_a_daemon_from_none(monkeypatch: pytest.MonkeyPatch) -> None:
    class Library:
        @staticmethod
        def pw_get_library_version() -> bytes:
            return b"1.2.3"

    monkeypatch.setattr(api, "load", Library)
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        monkeypatch.setenv("PIPEWIRE_RUNTIME_DIR", folder)
        monkeypatch.delenv("PIPEWIRE_REMOTE", raising=False)
        assert cams.pipewire("linux")[0][1] == "note"
        assert "systemctl --user start" in cams.pipewire("linux")[0][3]
        server.bind(str(Path(folder) / "pipewire-0"))
        server.listen()
        assert cams.pipewire("linux") == [("PipeWire camera", "ok", "libpipewire 1.2.3: --output pipewire", "")]


def test_other_systems_have_none() -> None:
    assert cams.pipewire("win32") == cams.pipewire("darwin") == []
