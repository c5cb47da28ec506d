"""The virtual camera's ioctls: layouts against the kernel's, and the conversation with a pretended device."""

from __future__ import annotations

import ctypes
import struct
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from phosphene.engine.core.errors import SinkError
from phosphene.engine.sources import v4l2_api as api

if sys.platform != "linux":
    pytest.skip("Video4Linux2 is Linux's", allow_module_level=True)

import fcntl

from phosphene.engine.sinks import v4l2

SIZE = (64, 48)
BYTES = 64 * 48 * 3 // 2


# The kernel's structures, written down a second time by ctypes' own alignment rules.
class PixFormat(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_uint32)
        for name in (
            *("width", "height", "pixelformat", "field", "bytesperline", "sizeimage"),
            *("colorspace", "priv", "flags", "ycbcr_enc", "quantization", "xfer_func"),
        )
    ]


class FormatUnion(ctypes.Union):
    _fields_ = [("pix", PixFormat), ("raw", ctypes.c_uint8 * 200), ("align", ctypes.c_void_p)]


class V4l2Format(ctypes.Structure):
    _fields_ = [("type", ctypes.c_uint32), ("fmt", FormatUnion)]


class BufferUnion(ctypes.Union):
    _fields_ = [("offset", ctypes.c_uint32), ("userptr", ctypes.c_ulong)]


class V4l2Buffer(ctypes.Structure):
    _fields_ = [
        ("index", ctypes.c_uint32),
        ("type", ctypes.c_uint32),
        ("bytesused", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("field", ctypes.c_uint32),
        ("timestamp", ctypes.c_long * 2),
        ("timecode", ctypes.c_uint32 * 4),
        ("sequence", ctypes.c_uint32),
        ("memory", ctypes.c_uint32),
        ("m", BufferUnion),
        ("length", ctypes.c_uint32),
        ("reserved2", ctypes.c_uint32),
        ("request_fd", ctypes.c_int32),
    ]


def test_sizes_are_the_kernels() -> None:
    assert ctypes.sizeof(V4l2Format) == api.FORMAT_SIZE
    assert ctypes.sizeof(V4l2Buffer) == api.BUFFER_SIZE


@pytest.mark.parametrize(
    ("request_number", "expected"),
    [
        (api.QUERYCAP, 0x80685600),
        (api.S_FMT, 0xC0D05605),
        (api.REQBUFS, 0xC0145608),
        (api.QUERYBUF, 0xC0585609),
        (api.QBUF, 0xC058560F),
        (api.DQBUF, 0xC0585611),
        (api.STREAMON, 0x40045612),
        (api.STREAMOFF, 0x40045613),
        (api.S_PARM, 0xC0CC5616),
    ],
)
def test_request_numbers_are_the_kernels(request_number: int, expected: int) -> None:
    assert request_number == expected


def test_format_layout() -> None:
    packed = V4l2Format.from_buffer(api.make_format(640, 480, "YU12", 640, 460800))
    pix = packed.fmt.pix
    assert packed.type == api.OUTPUT
    assert (pix.width, pix.height, pix.bytesperline, pix.sizeimage) == (640, 480, 640, 460800)
    assert pix.pixelformat == struct.unpack("<I", b"YU12")[0]
    assert (pix.field, pix.colorspace, pix.priv) == (1, 8, 0xFEEDCAFE)
    assert (pix.flags, pix.ycbcr_enc, pix.quantization, pix.xfer_func) == (0, 1, 2, 2)


def test_format_is_read_back() -> None:
    packed = api.make_format(1280, 720, "YU12", 1280, 99)
    assert api.read_format(packed) == api.Format(1280, 720, "YU12", 1280, 99)


def test_buffer_layout() -> None:
    packed = V4l2Buffer.from_buffer(api.make_buffer(3, 1000))
    assert (packed.index, packed.type, packed.bytesused, packed.memory, packed.field) == (3, 2, 1000, 1, 1)
    assert (packed.flags, list(packed.timestamp)) == (0, [0, 0])


def test_buffer_is_read_back() -> None:
    packed = V4l2Buffer(index=1, length=4096)
    packed.m.offset = 8192
    assert api.read_buffer(bytes(packed)) == (1, 8192, 4096)
    assert not api.is_mapped(bytes(packed))
    assert api.is_mapped(bytes(V4l2Buffer(flags=5)))


def test_rate_is_the_time_of_a_frame() -> None:
    kind, _, _, numerator, denominator = struct.unpack_from("=5I", api.make_rate(29.97))
    assert kind == api.OUTPUT
    assert denominator / numerator == pytest.approx(29.97)


def test_node_capabilities_win_over_the_whole_devices() -> None:
    data = bytearray(api.CAPABILITY_SIZE)
    data[0:4], data[16:20] = b"loop", b"Card"
    struct.pack_into("=II", data, 84, api.CAP_DEVICE_CAPS | 3, api.CAP_VIDEO_OUTPUT)
    assert api.read_capability(data) == api.Capability("loop", "Card", api.CAP_VIDEO_OUTPUT)


class Device:
    """A loopback device that lives in a file: answers every ioctl as the module does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(bytes(2 * 8192))
        self.caps = api.CAP_VIDEO_OUTPUT | api.CAP_STREAMING
        self.driver = b"v4l2 loopback"
        self.forced: tuple[int, int] | None = None
        self.streaming = False
        self.queued: list[int] = []
        self.pictures: list[bytes] = []
        self.calls: list[int] = []
        self.fail: dict[int, OSError] = {}
        self.keeps_buffers = False
        self.mapped = 1

    def ioctl(self, descriptor: int, request: int, data: Any) -> int:
        assert descriptor > 0
        self.calls.append(request)
        if request in self.fail:
            raise self.fail[request]
        if request == api.QUERYCAP:
            data[0 : len(self.driver)], data[16:20] = self.driver, b"Card"
            struct.pack_into("=II", data, 84, self.caps | api.CAP_DEVICE_CAPS, self.caps)
        elif request == api.S_FMT and self.forced:
            struct.pack_into("=2I", data, 8, *self.forced)
        elif request == api.QUERYBUF:
            index = struct.unpack_from("=I", data)[0]
            struct.pack_into("=I", data, 12, self.mapped)
            struct.pack_into("=I", data, 64, index * 8192)
            struct.pack_into("=I", data, 72, 8192)
        elif request == api.STREAMON:
            self.streaming = True
        elif request == api.STREAMOFF:
            self.streaming = False
        elif request == api.QBUF:
            index, _, used = struct.unpack_from("=3I", data)
            self.queued.append(index)
            self.pictures.append(self.path.read_bytes()[index * 8192 : index * 8192 + used])
        elif request == api.DQBUF:
            if self.keeps_buffers or not self.queued:
                raise BlockingIOError
            struct.pack_into("=I", data, 0, self.queued.pop(0))
        return 0


@pytest.mark.parametrize(("all_bits", "node_bits", "wanted"), [(0x85200001, 0x04A00000, 0x04A00000), (0x3, 0x9, 0x3)])
def test_the_nodes_own_capabilities_count_where_the_driver_reports_them(
    all_bits: int, node_bits: int, wanted: int
) -> None:
    packed = struct.pack("16s32s32sIII3I", b"uvcvideo", b"HD Webcam", b"usb", 1, all_bits, node_bits, 0, 0, 0)
    assert api.read_capability(packed) == ("uvcvideo", "HD Webcam", wanted)
    assert api.QUERYCAP == 0x80685600


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Device:
    found = Device(tmp_path / "video10")
    monkeypatch.setattr(fcntl, "ioctl", found.ioctl)
    return found


def sink_on(device: Device, size: tuple[int, int] = SIZE) -> v4l2.V4l2Sink:
    return v4l2.V4l2Sink(str(device.path), size=size, fps=30, timeout_s=0.05)


def picture(value: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    return np.full((size[1], size[0], 4), value, np.uint8)


def test_pictures_arrive_as_i420(device: Device) -> None:
    with sink_on(device) as sink:
        for value in (10, 100, 200):
            sink.write(picture(value), 0.0)
        assert device.streaming
    assert not device.streaming
    assert [len(data) for data in device.pictures] == [BYTES] * 3
    for value, data in zip((10, 100, 200), device.pictures, strict=True):
        rgb = cv2.cvtColor(np.frombuffer(data, np.uint8).reshape(72, 64), cv2.COLOR_YUV2RGB_I420)
        assert np.abs(rgb.astype(int) - value).max() <= 2


def test_odd_sizes_lose_their_last_line(device: Device) -> None:
    with sink_on(device, (65, 49)) as sink:
        sink.write(picture(50, (65, 49)), 0.0)
    assert len(device.pictures[0]) == BYTES


def test_buffers_are_used_in_turn(device: Device) -> None:
    with sink_on(device) as sink:
        for _ in range(5):
            sink.write(picture(0), 0.0)
        assert sink.frames == 5


def test_a_device_that_keeps_its_buffers_costs_frames_not_time(device: Device) -> None:
    device.keeps_buffers = True
    with sink_on(device) as sink:
        for _ in range(4):
            sink.write(picture(0), 0.0)
        assert (sink.frames, sink.dropped) == (2, 2)


def test_buffers_are_marked_again_when_a_reader_closed(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    mapped: list[int] = []

    def mapping(descriptor: int, length: int, *words: Any, offset: int) -> Any:
        mapped.append(offset)
        device.mapped = int(marks)
        return real(descriptor, length, *words, offset=offset)

    marks, real = True, v4l2.mmap.mmap
    with sink_on(device) as sink:
        monkeypatch.setattr(v4l2.mmap, "mmap", mapping)
        sink.write(picture(1), 0.0)
        assert mapped == []
        device.mapped = 0  # a reader asked for buffers
        sink.write(picture(2), 0.0)
        assert mapped == [0, 8192]
        sink.write(picture(3), 0.0)
        assert mapped == [0, 8192]
        marks, device.mapped = False, 0  # a driver that marks nothing is not asked again and again
        sink.write(picture(4), 0.0)
        sink.write(picture(5), 0.0)
        assert len(mapped) == 4
    assert len(device.pictures) == 5


def test_another_size_than_asked_is_refused(device: Device) -> None:
    device.forced = (32, 32)
    with pytest.raises(SinkError, match="32x32") as caught:
        sink_on(device)
    assert "--size 32x32" in caught.value.hint


def test_a_device_fed_by_another_program_is_refused(device: Device) -> None:
    device.caps = api.CAP_VIDEO_CAPTURE | api.CAP_STREAMING
    with pytest.raises(SinkError, match="another program"):
        sink_on(device)


def test_a_camera_is_no_output(device: Device) -> None:
    device.caps, device.driver = api.CAP_VIDEO_CAPTURE | api.CAP_STREAMING, b"uvcvideo"
    with pytest.raises(SinkError, match="is a camera, not an output"):
        sink_on(device)


@pytest.mark.parametrize("request_number", [api.S_FMT, api.REQBUFS, api.STREAMON])
def test_busy_is_said_wherever_it_shows(device: Device, request_number: int) -> None:
    device.fail[request_number] = OSError(16, "Device or resource busy")
    with pytest.raises(SinkError, match="in use"):
        sink_on(device)


def test_a_driver_without_rates_is_fine(device: Device) -> None:
    device.fail[api.S_PARM] = OSError(22, "Invalid argument")
    sink_on(device).close()


def test_unloaded_while_writing(device: Device) -> None:
    sink = sink_on(device)
    device.fail = {api.QBUF: OSError(19, "No such device"), api.STREAMOFF: OSError(19, "No such device")}
    with pytest.raises(SinkError, match="no more images"):
        sink.write(picture(0), 0.0)
    sink.close()


def test_closing_twice_and_writing_after(device: Device) -> None:
    sink = sink_on(device)
    sink.close()
    sink.close()
    with pytest.raises(SinkError, match="closed"):
        sink.write(picture(0), 0.0)


def test_missing_device_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(v4l2, "_SYSFS", tmp_path)
    with pytest.raises(SinkError) as caught:
        v4l2.V4l2Sink(str(tmp_path / "video10"), size=SIZE, fps=30)
    assert "v4l2loopback-dkms" in caught.value.hint
    with pytest.raises(SinkError) as caught:
        v4l2.V4l2Sink(size=SIZE, fps=30)
    assert "exclusive_caps=1" in caught.value.hint


def test_a_file_is_no_device(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    with pytest.raises(SinkError, match="not a video device"):
        v4l2.V4l2Sink(str(tmp_path / "plain"), size=SIZE, fps=30)


def test_the_first_loopback_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for target, name in (("devices/pci/video0", "video0"), ("devices/virtual/video10", "video10")):
        (tmp_path / target).mkdir(parents=True)
        (tmp_path / "class").mkdir(exist_ok=True)
        (tmp_path / "class" / name).symlink_to(tmp_path / target)
    monkeypatch.setattr(v4l2, "_SYSFS", tmp_path / "class")
    assert v4l2.list_loopbacks() == ["/dev/video10"]
