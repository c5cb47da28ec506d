"""Turns an input: for cameras that are mounted on their side or upside down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2

from ..core.closing import Closing
from ..core.frame import Frame
from .base import Source

TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


class RotatedSource(Closing):
    """Gives the frames of what `opened(size)` opens, turned clockwise by 90, 180 or 270 `degrees`.

    `size` is that of the turned frames, None for what the input gives.
    """

    def __init__(
        self, opened: Callable[[tuple[int, int] | None], Source], degrees: int, size: tuple[int, int] | None
    ) -> None:
        lying = degrees in (90, 270)
        self._inner = opened((size[1], size[0]) if size and lying else size)
        self._turn = TURNS[degrees]
        width, height = self._inner.size
        self.size = (height, width) if lying else (width, height)
        self.fps, self.frame_count = self._inner.fps, self._inner.frame_count
        self.live, self.endless = self._inner.live, self._inner.endless
        self.audio_path: str | None = getattr(self._inner, "audio_path", None)
        self.path = getattr(self._inner, "path", None)
        self.files: Sequence[Path] = getattr(self._inner, "files", ())

    @property
    def end_s(self) -> float | None:
        """When the input's last image ends."""
        return getattr(self._inner, "end_s", None)

    def read(self) -> Frame | None:
        """The next frame, turned. Raises what the input raises."""
        frame = self._inner.read()
        return None if frame is None else replace(frame, pixels=cv2.rotate(frame.pixels, self._turn))

    def close(self) -> None:
        """Closes the input."""
        self._inner.close()
