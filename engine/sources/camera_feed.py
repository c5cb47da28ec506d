"""The device behind camera sources: opened once for all who show it, always drained, opened again when it is back."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

# On Windows the hardware transforms make opening a camera take half a minute. A camera that gives nothing is given up
# after 2 s instead of 10. Both are read by OpenCV when it is imported or opens a device.
os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")

import cv2
import numpy as np

from ..core.errors import SourceError
from ..core.frame import Pixels
from . import camera_formats, cameras

cv2.utils.logging.setLogLevel(
    cv2.utils.logging.LOG_LEVEL_SILENT
)  # a camera's troubles are reported here, once and in words
log = logging.getLogger("phosphene")

Listener = Callable[[float, Pixels], None]  # the moment of capture, and the image in BGR
RETRY_S = 0.5
JOIN_S = 3.0
_BACKENDS = {"linux": cv2.CAP_V4L2, "win32": cv2.CAP_MSMF, "darwin": cv2.CAP_AVFOUNDATION}
_open: list[CameraFeed] = []
_opening = threading.Lock()


class CameraFeed:
    """Gives every image of `device` to its listeners, in a thread of its own.

    `negotiated_size`, `negotiated_fps` and `negotiated_format` are what the camera agreed to when it was opened last.
    Raises SourceError where it cannot be opened.
    """

    def __init__(self, device: int | str, size: tuple[int, int], fps: float, retry_s: float = RETRY_S) -> None:
        self.device = device
        self._retry_s = retry_s
        self.reopened = 0
        self.negotiated_size = size
        self.negotiated_fps: float | None = fps
        self.negotiated_format = ""
        self.camera = cameras.identify(device)
        self._asked = (size, fps)
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self.path = self.camera.path
        opened = self._open()
        if opened is None:
            raise _no_camera(device)
        self._opened = opened
        self._thread = threading.Thread(target=self._drain, name=f"camera {device}", daemon=True)

    def add(self, listener: Listener) -> None:
        """`listener` is called with every image from now on, in the camera's thread, which the first one starts."""
        with self._lock:
            self._listeners.append(listener)
        if len(self._listeners) == 1:
            self._thread.start()

    def remove(self, listener: Listener) -> None:
        """`listener` is called no more; the last one takes the device with it."""
        with _opening:
            with self._lock:
                self._listeners.remove(listener)
                last = not self._listeners
            if last:
                _open.remove(self)
                self._ended.set()
                self._thread.join(JOIN_S)  # before anybody may open the device again

    # -- the capture thread --------------------------------------------------------------------------------------------

    def _drain(self) -> None:
        capture, first = self._opened
        self._deliver(time.perf_counter(), first)
        while not self._ended.is_set():
            got = capture.grab()
            captured_s = time.perf_counter()  # before decoding, which is no part of the camera's time
            bgr = _decoded(capture) if got else None
            if bgr is not None:
                self._deliver(captured_s, bgr)
                continue
            log.warning("camera %s: no more frames, waiting for it to come back", self.device)
            capture.release()
            found = self._reopen()
            if found is None:
                return
            capture = found
        capture.release()

    def _deliver(self, captured_s: float, bgr: Pixels) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener(captured_s, bgr)

    def _reopen(self) -> Any | None:
        """The camera again, however long that takes; None when it was closed meanwhile."""
        while not self._ended.is_set():
            opened = self._open()
            if opened is not None:
                self.reopened += 1
                moved = f" as {self.path}" if self.path != self.camera.path else ""
                log.warning("camera %s: reconnected%s", self.device, moved)
                self._deliver(time.perf_counter(), opened[1])
                return opened[0]
            self._ended.wait(self._retry_s)
        return None

    def _open(self) -> tuple[Any, Pixels] | None:
        """The opened camera with its first image, or None."""
        path = cameras.find(self.camera)
        if path is None:
            return None
        size, fps = self._asked
        wanted = camera_formats.choose(camera_formats.list_offers(path), size, fps) if isinstance(path, str) else None
        fourcc, (width, height) = (wanted[0].fourcc, wanted[0][1:3]) if wanted else ("MJPG", size)
        capture = cv2.VideoCapture(path, _BACKENDS.get(sys.platform, cv2.CAP_ANY))
        if capture.isOpened():
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*fourcc))  # first: it limits size and rate
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
            capture.set(cv2.CAP_PROP_FPS, fps)
            first = _decoded(capture) if capture.grab() else None
            if first is not None:
                self.path = path
                self.negotiated_size = (first.shape[1], first.shape[0])
                self.negotiated_fps = float(capture.get(cv2.CAP_PROP_FPS)) or None
                self.negotiated_format = _fourcc(int(capture.get(cv2.CAP_PROP_FOURCC)))
                return capture, first
        capture.release()
        return None


def listen(
    device: int | str, size: tuple[int, int], fps: float, listener: Listener, *, retry_s: float = RETRY_S
) -> CameraFeed:
    """The feed of `device`, opened at `size` and `fps` where nobody in this process shows it yet.

    `listener` gets its images until it is removed. Raises SourceError where it cannot be opened.
    """
    with _opening:
        path = cameras.identify(device).path
        feed = next((feed for feed in _open if feed.path == path), None)
        if feed is None:
            feed = CameraFeed(device, size, fps, retry_s)
            _open.append(feed)
        feed.add(listener)
    return feed


def _decoded(capture: Any) -> Pixels | None:
    """The image that was grabbed, in BGR; None where the camera gave something else."""
    try:
        ok, image = capture.retrieve()
    except cv2.error as error:
        log.debug("camera: %s", error)
        return None
    return in_bgr(image) if ok and image is not None else None


def in_bgr(image: Pixels) -> Pixels:
    """A camera's image as H×W×3: what a driver hands out grey, or as YUYV that OpenCV left as it was, becomes BGR."""
    if image.ndim == 2 or image.shape[2] == 1:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR))
    if image.shape[2] == 2:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_YUV2BGR_YUY2))
    return image


def _fourcc(code: int) -> str:
    return "".join(chr(code >> shift & 0xFF) for shift in (0, 8, 16, 24)).strip("\0 ") if code > 0 else ""


def _no_camera(device: int | str) -> SourceError:
    name = f"camera {device}" if isinstance(device, int) else device
    found = cameras.list_cameras()
    if found:
        there = "; ".join(f"{camera.path} ({camera.name})" for camera in found)
        hint = f"cameras here: {there}. Close other programs that use them, or try --input demo"
    elif sys.platform == "linux":
        hint = "no camera found: connect one, or try --input demo, which needs none"
    else:
        hint = "connect a camera, allow this program to use it in the system settings, or try --input demo"
    return SourceError(f"cannot open {name}", hint=hint)
