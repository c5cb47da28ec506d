"""A webcam, always drained, so that the newest frame is the one that is read."""

from __future__ import annotations

from typing import Self

import cv2
import numpy as np

from ..core.errors import SourceError, SourceSilent
from ..core.frame import Pixels
from . import camera_feed
from .live import TIMEOUT_S, LiveSource


class CameraSource(LiveSource):
    """Gives the newest frame of a camera.

    What is asked of the camera for `size` and `fps` says `camera_formats.choose`; what it agreed to stands in
    `negotiated_size`, `negotiated_fps` and `negotiated_format`. Frames are scaled to fill `size` where the camera gives
    another, also when that changes. After an unplugging the same camera is opened again as soon as it is back, under
    whatever number. Several sources may show one camera, which goes by what the first one asked for. Times are the
    monotonic clock since the first frame. `timeout_s`: how long a read waits; `retry_s`: after how long a camera that
    is gone is looked for again.
    """

    def __init__(
        self,
        device: int | str = 0,
        *,
        size: tuple[int, int] | None = None,
        fps: float | None = None,
        timeout_s: float = TIMEOUT_S,
        retry_s: float = camera_feed.RETRY_S,
    ) -> None:
        super().__init__(size or (1280, 720), fps, timeout_s=timeout_s)
        self.device, self.where = device, str(device)
        self._feed = camera_feed.listen(device, self.size, fps or 30.0, self._take, retry_s=retry_s)
        self.size = size or self.negotiated_size
        self.fps = self.negotiated_fps or fps or 30.0

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
        """The rate that the camera promised, None where it did not say."""
        return self._feed.negotiated_fps

    @property
    def negotiated_format(self) -> str:
        """The camera's own format, as MJPG or YUYV."""
        return self._feed.negotiated_format

    @property
    def reopened(self) -> int:
        """How often it came back."""
        return self._feed.reopened

    def rgb(self, pixels: Pixels) -> Pixels:
        """A camera's image, BGR, as RGB."""
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))

    def silence(self) -> SourceError:
        """The error while no frames come."""
        return SourceSilent(
            f"no frame from the camera for {self.timeout_s:g} s",
            where=self.where,
            hint="check that it is plugged in and not used by another program; it is reopened when it is back",
        )

    def close(self) -> None:
        """Gives the camera back; harmless when called twice."""
        if self.ended.is_set():
            return
        super().close()
        self._feed.remove(self._take)

    def _take(self, captured_s: float, bgr: Pixels) -> None:
        """The camera's newest image, in its own thread."""
        self.deliver(bgr, captured_s)
