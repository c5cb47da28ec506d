"""A source for tests that gives the frames that it was made with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core.closing import Closing
from ..core.frame import Frame, Pixels


class FakeClosing(Closing):
    """Remembers whether it was closed."""

    closed = False

    def close(self) -> None:
        """Remembers that it was closed; harmless when called twice."""
        self.closed = True


class FakeSource(FakeClosing):
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
