"""A sink for tests that keeps what it is given."""

from __future__ import annotations

import numpy as np

from ..core.frame import Pixels
from ..sources.fake import FakeClosing


class FakeSink(FakeClosing):
    """Keeps a copy of every image in `images` and its time in `times`; `fail_at` raises `error` at that image."""

    def __init__(self, *, alpha: bool = False, fail_at: int | None = None, error: Exception | None = None) -> None:
        self.alpha = alpha
        self.images: list[Pixels] = []
        self.times: list[float] = []
        self._fail_at = fail_at
        self._error = error or RuntimeError("this fake sink fails on purpose")

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
