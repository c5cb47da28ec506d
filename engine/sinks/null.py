"""An output that keeps nothing, for measuring."""

from __future__ import annotations

from ..core.closing import Closing
from ..core.frame import Pixels


class NullSink(Closing):
    """Counts the images (`frames`) and remembers the last one's time (`last_time_s`)."""

    alpha = False

    def __init__(self, rest: str = "", *, size: tuple[int, int] = (0, 0), fps: float = 0.0) -> None:
        self.name, self.size, self.fps = rest, size, fps
        self.frames = 0
        self.last_time_s: float | None = None

    def write(self, image: Pixels, time_s: float) -> None:
        """Counts."""
        self.frames += 1
        self.last_time_s = time_s
