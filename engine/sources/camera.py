"""A webcam, always drained, so that the newest frame is the one that is read."""

from __future__ import annotations

import threading
import time
from typing import Self

import cv2

from ..core.closing import Closing
from ..core.errors import SourceSilent
from ..core.frame import Frame, Pixels
from . import camera_feed
from .fit import cover

WAIT_S = 2.0


class CameraSource(Closing):
    """Gives the newest frame of a camera; frames that nobody read in time are dropped and counted in `dropped`.

    What is asked of the camera for `size` and `fps` says `camera_formats.choose`; what it agreed to stands in
    `negotiated_size`, `negotiated_fps` and `negotiated_format`. Frames are scaled to fill `size` where the camera gives
    another, also when that changes. After an unplugging the same camera is opened again as soon as it is back, under
    whatever number. Several sources may show one camera, which goes by what the first one asked for. Times are the
    monotonic clock since the start.
    """

    live = True
    frame_count: int | None = None
    endless = True
    audio_path: str | None = None

    def __init__(self, device: int | str = 0, *, size: tuple[int, int] | None = None, fps: float | None = None) -> None:
        self.device = device
        self.dropped = 0
        self._news = threading.Condition()
        self._newest: tuple[float, Pixels] | None = None
        self._closed = False
        self._next = 0
        self._feed = camera_feed.listen(device, size or (1280, 720), fps or 30.0, self._take)
        with self._news:
            self._start_s = self._newest[0] if self._newest else time.perf_counter()
        self.size = size or self.negotiated_size
        self.fps: float | None = self.negotiated_fps or fps or 30.0

    @classmethod
    def from_spec(cls, rest: str, *, size: tuple[int, int] | None, fps: float | None) -> Self:
        """`rest` is empty, a number or a device path."""
        return cls(int(rest) if rest.isdecimal() else rest or 0, size=size, fps=fps)

    @property
    def negotiated_size(self) -> tuple[int, int]:
        """The size that the camera gives."""
        return self._feed.negotiated_size

    @property
    def negotiated_fps(self) -> float | None:
        """The rate that the camera promised, None where it told none."""
        return self._feed.negotiated_fps

    @property
    def negotiated_format(self) -> str:
        """The camera's own format, as MJPG or YUYV."""
        return self._feed.negotiated_format

    @property
    def reopened(self) -> int:
        """How often it came back."""
        return self._feed.reopened

    def read(self) -> Frame | None:
        """The newest frame that was not read yet; waits for one, and raises SourceError after 2 s without."""
        with self._news:
            if not self._news.wait_for(lambda: self._newest is not None or self._closed, WAIT_S):
                raise SourceSilent(
                    f"the camera has given no picture for {WAIT_S:g} s",
                    where=str(self.device),
                    hint="is it plugged in, and not used by another program? It is used again as soon as it is back",
                )
            if self._closed or self._newest is None:
                return None
            captured_s, bgr = self._newest
            self._newest = None
        rgb: Pixels = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        number, self._next = self._next, self._next + 1
        return Frame(number, captured_s - self._start_s, cover(rgb, self.size), captured_s)

    def close(self) -> None:
        """Gives the camera back; harmless when called twice."""
        with self._news:
            if self._closed:
                return
            self._closed = True
            self._news.notify_all()
        self._feed.remove(self._take)

    def _take(self, captured_s: float, bgr: Pixels) -> None:
        """The camera's newest picture, in its own thread."""
        with self._news:
            self.dropped += self._newest is not None
            self._newest = (captured_s, bgr)
            self._news.notify()
