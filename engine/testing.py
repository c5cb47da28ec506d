"""Fakes for tests: a source of given frames and a sink that keeps what it is given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.closing import Closing
from engine.data import Frame, Pixels


class _Closing(Closing):
    closed = False

    def close(self) -> None:
        """Remembers that it was closed; harmless when called twice."""
        self.closed = True


class FakeSource(_Closing):
    """Gives `frames` in order, then None. Bare pixel arrays become frames with ids from 0 and times at `fps`."""

    audio_path: str | None = None

    def __init__(self, frames: Sequence[Frame | Pixels], *, fps: float = 30.0, live: bool = False) -> None:
        self.frames = [
            frame if isinstance(frame, Frame) else Frame(number, number / fps, np.ascontiguousarray(frame))
            for number, frame in enumerate(frames)
        ]
        if not self.frames:
            raise ValueError("a fake source needs at least one frame")
        self.size = self.frames[0].size
        self.fps: float | None = fps
        self.frame_count: int | None = len(self.frames)
        self.live = live
        self.endless = False
        self._next = 0

    def read(self) -> Frame | None:
        """The next frame, or None at the end or when closed."""
        if self.closed or self._next >= len(self.frames):
            return None
        self._next += 1
        return self.frames[self._next - 1]


class FakeSink(_Closing):
    """Keeps a copy of every picture in `images` and its time in `times`; `fail_at` raises `error` at that picture."""

    def __init__(self, *, alpha: bool = False, fail_at: int | None = None, error: Exception | None = None) -> None:
        self.alpha = alpha
        self.images: list[Pixels] = []
        self.times: list[float] = []
        self._fail_at = fail_at
        self._error = error or RuntimeError("this fake sink was told to fail")

    def write(self, image: Pixels, time_s: float) -> None:
        """Keeps a copy of H×W×4 uint8."""
        if self.closed:
            raise AssertionError("written to after close")
        if image.ndim != 3 or image.shape[2] != 4 or image.dtype != np.uint8:
            raise AssertionError(f"expected H×W×4 uint8, got {image.shape} {image.dtype}")
        if self._fail_at == len(self.images):
            raise self._error
        self.images.append(image.copy())
        self.times.append(time_s)
