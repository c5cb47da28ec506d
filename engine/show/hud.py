"""The numbers over the image: rate, lag, what each stage takes, and what the governor traded."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from ..effect.shapes import Box, Label, Shape
from .stats import Stats

RENEWED_S = 0.5
WINDOW = 30  # frames that the numbers speak of


class Hud:
    """Shapes that show a run's numbers, renewed twice a second so that they can be read and cost little."""

    def __init__(self, stats: Stats) -> None:
        self.stats = stats
        self._shapes: list[Shape] = []
        self._made_s = -RENEWED_S
        self._frames = 0

    def shapes(self, size: tuple[int, int], traded: Sequence[str] = ()) -> list[Shape]:
        """The shapes for an image of `size`; `traded` says what was given up for the frame rate."""
        now = time.perf_counter()
        if now - self._made_s >= RENEWED_S:
            rate = (self.stats.frames_out - self._frames) / (now - self._made_s)
            self._frames, self._made_s = self.stats.frames_out, now
            self._shapes = self._draw(rate, size, traded)
        return self._shapes

    def _draw(self, rate: float, size: tuple[int, int], traded: Sequence[str]) -> list[Shape]:
        lag = self.stats.recent_ms("lag", WINDOW)
        head = f"{rate:.0f} fps" + (f"   lag {np.median(lag):.0f} ms" if lag.size else "")
        lines = [head, f"dropped {self.stats.dropped}"]
        for stage in self.stats.stages:
            if stage not in ("lag", "compile"):
                ms = self.stats.recent_ms(stage, WINDOW)
                lines.append(f"{stage}  {np.median(ms):.1f} ms")
        lines += [f"traded: {what}" for what in traded]
        size_px = max(11.0, size[1] / 42)
        widest = max(len(line) for line in lines)
        right = (widest * size_px * 0.56 + size_px) / size[0]
        bottom = (len(lines) + 0.8) * size_px / size[1]
        margin = (0.4 * size_px / size[0], 0.4 * size_px / size[1])
        return [
            Box((0.0, 0.0), (right, bottom), "#060a12c8", 0.0),
            Label("\n".join(lines), margin, size_px, "#d8f4ff", outline=None),
        ]
