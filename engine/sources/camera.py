"""A webcam through OpenCV, always drained, so that the newest frame is the one that is read."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from typing import Any, Self

# On Windows the hardware transforms make opening a camera take half a minute. A camera that gives nothing is given up
# after 2 s instead of 10. Both are read by OpenCV when it is imported or opens a device.
os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")

import cv2
import numpy as np

from engine.closing import Closing
from engine.data import Frame, Pixels
from engine.errors import SourceError
from engine.sources.cameras import list_cameras, stable_path
from engine.sources.fit import cover

log = logging.getLogger("phosphene")

WAIT_S = 2.0
_RETRY_S = 0.5
_BACKENDS = {"linux": cv2.CAP_V4L2, "win32": cv2.CAP_MSMF, "darwin": cv2.CAP_AVFOUNDATION}


class CameraSource(Closing):
    """Gives the newest frame of a camera; frames that nobody read in time are dropped and counted in `dropped`.

    Motion JPEG is asked for first, then `size` and `fps`; what the camera agreed to stands in `negotiated_size`,
    `negotiated_fps` and `negotiated_format`. Frames are scaled to fill `size` where the camera gives another. After an
    unplugging the same device is opened again as soon as it is back. Times are the monotonic clock since the start.
    """

    live = True
    frame_count: int | None = None
    endless = True
    audio_path: str | None = None

    def __init__(self, device: int | str = 0, *, size: tuple[int, int] | None = None, fps: float | None = None) -> None:
        self.device = device
        self.dropped = 0
        self.reopened = 0
        self._asked = (size or (1280, 720), fps or 30.0)
        self._name: int | str = stable_path(device)
        capture, first = self._open()
        if capture is None or first is None:
            raise _no_camera(device)
        self.negotiated_size = (first.shape[1], first.shape[0])
        self.negotiated_fps = float(capture.get(cv2.CAP_PROP_FPS)) or None
        self.negotiated_format = _fourcc(int(capture.get(cv2.CAP_PROP_FOURCC)))
        self.size = size or self.negotiated_size
        self.fps: float | None = self.negotiated_fps or self._asked[1]
        self._start_s = time.perf_counter()
        self._news = threading.Condition()
        self._newest: tuple[float, Pixels] | None = (self._start_s, first)
        self._stop = False
        self._next = 0
        self._thread = threading.Thread(target=self._drain, args=(capture,), name=f"camera {device}", daemon=True)
        self._thread.start()

    @classmethod
    def from_spec(cls, rest: str, *, size: tuple[int, int] | None, fps: float | None) -> Self:
        """`rest` is empty, a number or a device path."""
        return cls(int(rest) if rest.isdecimal() else rest or 0, size=size, fps=fps)

    def read(self) -> Frame | None:
        """The newest frame that was not read yet; waits for one, and raises SourceError after 2 s without."""
        with self._news:
            if not self._news.wait_for(lambda: self._newest is not None or self._stop, WAIT_S):
                raise SourceError(
                    f"the camera has given no picture for {WAIT_S:g} s",
                    where=str(self.device),
                    hint="is it plugged in, and not used by another program? It is used again as soon as it is back",
                )
            if self._stop or self._newest is None:
                return None
            captured_s, bgr = self._newest
            self._newest = None
        rgb: Pixels = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        number, self._next = self._next, self._next + 1
        return Frame(number, captured_s - self._start_s, cover(rgb, self.size), captured_s)

    def close(self) -> None:
        """Stops the thread and gives the camera back; harmless when called twice."""
        with self._news:
            self._stop = True
            self._news.notify_all()
        self._thread.join(timeout=WAIT_S + 1)

    # -- the capture thread --------------------------------------------------------------------------------------------

    def _drain(self, capture: Any) -> None:
        while not self._stop:
            got = capture.grab()
            captured_s = time.perf_counter()  # before decoding, which is no part of the camera's time
            ok, bgr = capture.retrieve() if got else (False, None)
            if ok and bgr is not None:
                self._deliver(captured_s, in_bgr(bgr))
                continue
            log.warning("camera %s: no more pictures, waiting for it to come back", self.device)
            capture.release()
            found = self._reopen()
            if found is None:
                return
            capture = found
        capture.release()

    def _deliver(self, captured_s: float, bgr: Pixels) -> None:
        with self._news:
            self.dropped += self._newest is not None
            self._newest = (captured_s, bgr)
            self._news.notify()

    def _reopen(self) -> Any | None:
        """The camera again, however long that takes; None when the source was closed meanwhile."""
        while not self._stop:
            capture, first = self._open()
            if capture is not None and first is not None:
                self.reopened += 1
                log.warning("camera %s: back again", self.device)
                self._deliver(time.perf_counter(), first)
                return capture
            with self._news:
                self._news.wait_for(lambda: self._stop, _RETRY_S)
        return None

    def _open(self) -> tuple[Any, Pixels] | tuple[None, None]:
        """The opened camera with its first picture, or nothing."""
        if isinstance(self._name, str) and self._name.startswith("/dev/") and not os.path.exists(self._name):  # noqa: PTH110
            return None, None  # OpenCV would print a warning of its own
        level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        try:
            capture = cv2.VideoCapture(self._name, _BACKENDS.get(sys.platform, cv2.CAP_ANY))
            if capture.isOpened():
                (width, height), fps = self._asked
                capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
                capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
                capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
                capture.set(cv2.CAP_PROP_FPS, fps)
                ok, first = capture.read()
                if ok and first is not None:
                    return capture, in_bgr(first)
            capture.release()
        finally:
            cv2.utils.logging.setLogLevel(level)
        return None, None


def in_bgr(picture: Pixels) -> Pixels:
    """A camera's picture as H×W×3: what a driver hands out grey, or as YUYV that OpenCV left as it was, becomes BGR."""
    if picture.ndim == 2 or picture.shape[2] == 1:
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))
    if picture.shape[2] == 2:
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_YUV2BGR_YUY2))
    return picture


def _fourcc(code: int) -> str:
    return "".join(chr(code >> shift & 0xFF) for shift in (0, 8, 16, 24)).strip("\0 ") if code > 0 else ""


def _no_camera(device: int | str) -> SourceError:
    name = f"camera {device}" if isinstance(device, int) else device
    found = list_cameras()
    if found:
        there = "; ".join(f"{camera.path} ({camera.name})" for camera in found)
        hint = f"cameras here: {there}. Close other programs that use them, or try --input demo"
    elif sys.platform == "linux":
        hint = "no camera was found on this machine: plug one in, or try --input demo, which needs none"
    else:
        hint = "plug one in, allow this program to use the camera in the system's settings, or try --input demo"
    return SourceError(f"cannot open {name}", hint=hint)
