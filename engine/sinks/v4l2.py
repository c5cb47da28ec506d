"""The virtual camera on Linux: mapped buffers into a v4l2loopback device.

Frames go through mapped buffers and not through write(): after a write()-style writer closes, v4l2loopback 0.12 with
exclusive_caps=1 leaves the device dead until the module is loaded again.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import select
import struct
import time
from pathlib import Path

import cv2
import numpy as np

from ..core.closing import Closing
from ..core.errors import SinkError
from ..core.frame import Pixels
from ..sources import v4l2_api as api
from . import check_image
from .v4l2_watchers import Watchers

DRIVER = "v4l2 loopback"
INSTALL = (
    "sudo apt install v4l2loopback-dkms (or your system's v4l2loopback package), then "
    "sudo modprobe v4l2loopback exclusive_caps=1 card_label=Phosphene"
)
_FOURCC = "YU12"  # I420: every consumer reads it; 1.5 bytes a pixel; OpenCV makes it in a third of a millisecond
_SYSFS = Path("/sys/class/video4linux")
_BUFFERS = 2
TIMEOUT_S = 1.0


class V4l2Sink(Closing):
    """Feeds a loopback device, so that other programs see a webcam: I420, BT.601, studio range.

    `device` is the path, or empty for the first loopback device. The last row or column of an odd size is dropped.
    Raises SinkError where there is no device, where it is no output or in use, and where it is held at another size.
    Images that the device did not take within `timeout_s` are dropped and counted.
    """

    alpha = False

    def __init__(self, device: str = "", *, size: tuple[int, int], fps: float, timeout_s: float = TIMEOUT_S) -> None:
        self.size, self.fps = size, fps
        self._timeout_s = timeout_s
        self.frames = self.dropped = 0
        self.device = device or find_loopback()
        self._coded = (size[0] // 2 * 2, size[1] // 2 * 2)
        self._maps: list[mmap.mmap] = []
        self._views: list[Pixels] = []
        self._free: list[int] = []
        self._streaming = False
        self._marks = True  # the driver says which buffers are mapped
        self._fd = self._open_device()
        try:
            self.card = self._check_capability().card
            self._watchers = Watchers(self._fd, self.device)
            self._negotiate()
            self._map_buffers()
            self._ioctl(api.STREAMON, bytearray(struct.pack("=I", api.OUTPUT)))
            self._streaming = True
        except SinkError:
            self.close()
            raise
        except OSError as error:
            self.close()
            raise self._refused(error) from error

    @property
    def watched(self) -> bool:
        """Whether a program reads the camera at the moment."""
        return self._fd >= 0 and self._watchers.watched

    def write(self, image: Pixels, time_s: float) -> None:
        """Hands one image to whoever watches."""
        if self._fd < 0:
            raise SinkError("is closed", where=self.device)
        check_image(image.shape, self.size)
        try:
            index = self._take_buffer()
            if index is None:
                self.dropped += 1
                return
            width, height = self._coded
            view = self._views[index]
            cv2.cvtColor(image[:height, :width], cv2.COLOR_RGBA2YUV_I420, dst=view)
            self._mark_mapped(index)
            self._ioctl(api.QBUF, api.make_buffer(index, view.size))
        except OSError as error:
            raise SinkError(
                f"the device accepts no more images ({error.strerror})",
                where=self.device,
                hint="check that its module is still loaded",
            ) from error
        self.frames += 1

    def close(self) -> None:
        """Ends the stream and gives the device back; harmless when called twice."""
        if self._fd < 0:
            return
        descriptor, self._fd = self._fd, -1
        try:
            if self._streaming:
                api.ioctl(descriptor, api.STREAMOFF, bytearray(struct.pack("=I", api.OUTPUT)))
        except OSError as error:
            if error.errno != errno.ENODEV:  # a device that is gone has stopped by itself
                raise SinkError(f"could not be stopped ({error.strerror})", where=self.device) from error
        finally:
            os.close(descriptor)
            self._views.clear()
            for mapped in self._maps:
                with contextlib.suppress(BufferError):  # an error on its way still holds a view: freed with it
                    mapped.close()

    # -- inside ------------------------------------------------------------------------------------------------------

    def _ioctl(self, request: int, data: bytearray) -> bytearray:
        return api.ioctl(self._fd, request, data)

    def _open_device(self) -> int:
        try:
            return os.open(self.device, os.O_RDWR | os.O_NONBLOCK)
        except OSError as error:
            if error.errno == errno.ENOENT:
                raise SinkError("device not found", where=self.device, hint=_device_hint()) from error
            if error.errno in (errno.EACCES, errno.EPERM):
                raise SinkError(
                    "permission denied", where=self.device, hint="sudo usermod -aG video $USER, then log in again"
                ) from error
            raise self._refused(error) from error

    def _check_capability(self) -> api.Capability:
        try:
            found = api.query(self._fd)
        except OSError as error:
            raise SinkError("is not a video device", where=self.device, hint=_device_hint()) from error
        if not found.takes:
            if found.driver == DRIVER:
                raise SinkError(
                    f"the virtual camera '{found.card}' is being fed by another program",
                    where=self.device,
                    hint="close that program (OBS, ffmpeg, another Phosphene), or name another device",
                )
            raise SinkError(f"'{found.card}' is a camera, not an output", where=self.device, hint=_device_hint())
        if not found.caps & api.CAP_STREAMING:
            raise SinkError(f"'{found.card}' has no mapped buffers", where=self.device, hint=_device_hint())
        return found

    def _negotiate(self) -> None:
        width, height = self._coded
        wanted = api.make_format(width, height, _FOURCC, width, width * height * 3 // 2)
        got = api.read_format(self._ioctl(api.S_FMT, wanted))
        if (got.width, got.height, got.fourcc) != (width, height, _FOURCC) or got.stride not in (0, width):
            raise SinkError(
                f"is held at {got.width}x{got.height} {got.fourcc} by a program that reads it, not {width}x{height}",
                where=self.device,
                hint=f"close the programs that read the camera, or use --size {got.width}x{got.height}",
            )
        try:
            self._ioctl(api.S_PARM, api.make_rate(self.fps))
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTTY):  # the rate is only advice: a driver may not know it
                raise

    def _map_buffers(self) -> None:
        width, height = self._coded
        count = struct.unpack_from("=I", self._ioctl(api.REQBUFS, api.make_request(_BUFFERS)))[0]
        for index in range(count):
            _, offset, length = api.read_buffer(self._ioctl(api.QUERYBUF, api.make_buffer(index)))
            mapped = mmap.mmap(self._fd, length, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE, offset=offset)
            self._maps.append(mapped)
            flat = np.frombuffer(mapped, np.uint8, count=width * height * 3 // 2)
            self._views.append(flat.reshape(height * 3 // 2, width))
            self._free.append(index)
        if not self._maps:
            raise SinkError("provides no buffers", where=self.device, hint="load v4l2loopback with max_buffers=2")

    def _mark_mapped(self, index: int) -> None:
        """Keeps the images coming for the other readers when one closes.

        In v4l2loopback 0.12 every REQBUFS, with which OpenCV closes too, takes the mark `mapped` from all buffers, and
        what is not marked is not handed out. Mapping them once more, for a moment, sets it again.
        """
        if not self._marks or api.is_mapped(self._ioctl(api.QUERYBUF, api.make_buffer(index))):
            return
        for number in range(len(self._maps)):
            _, offset, length = api.read_buffer(self._ioctl(api.QUERYBUF, api.make_buffer(number)))
            mmap.mmap(self._fd, length, mmap.MAP_SHARED, mmap.PROT_READ, offset=offset).close()
        self._marks = api.is_mapped(self._ioctl(api.QUERYBUF, api.make_buffer(index)))  # else this driver does not mark

    def _take_buffer(self) -> int | None:
        """The index of a buffer that may be filled, or None where the device kept them all for too long."""
        if self._free:
            return self._free.pop(0)
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                return api.read_buffer(self._ioctl(api.DQBUF, api.make_buffer(0)))[0]
            except BlockingIOError:
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                select.select([], [self._fd], [], min(left, 0.05))

    def _refused(self, error: OSError) -> SinkError:
        if error.errno == errno.EBUSY:
            return SinkError(
                "is in use by another program", where=self.device, hint="close it, or name another loopback device"
            )
        return SinkError(
            f"cannot be used as a virtual camera ({error.strerror})", where=self.device, hint=_device_hint()
        )


def list_loopbacks() -> list[str]:
    """Paths of the v4l2loopback devices, by number; they are the virtual ones in sysfs."""
    if not _SYSFS.is_dir():
        return []
    found = [
        entry.name
        for entry in _SYSFS.glob("video*")
        if "/virtual/" in str(entry.resolve()) and entry.name[5:].isdecimal()
    ]
    return [f"/dev/{name}" for name in sorted(found, key=lambda name: int(name[5:]))]


def find_loopback() -> str:
    """The first loopback device; SinkError, saying what to install, where there is none."""
    found = list_loopbacks()
    if not found:
        raise SinkError("no virtual camera found", hint=INSTALL)
    return found[0]


def _device_hint() -> str:
    found = list_loopbacks()
    return f"virtual cameras found: {', '.join(found)}" if found else INSTALL
