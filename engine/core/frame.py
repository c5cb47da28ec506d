"""A frame and the arrays in which everything is given. Frozen, numpy only.

Coordinates are uv: 0..1, origin top left, x right, y down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Frame:
    """One image from a source.

    `id` counts from 0 without gaps in one source; `time_s` is the source's own time, rising; `pixels` is H×W×3 uint8
    sRGB in RGB order, top row first, C-contiguous, never written to after the frame was made. `captured_s` is the
    monotonic clock (`time.perf_counter`) at capture, from which lag is measured. `held_from` is the earlier frame whose
    pixels are shown once more, None where the pixels are the frame's own.
    """

    id: int
    time_s: float
    pixels: Pixels
    captured_s: float = 0.0
    held_from: Frame | None = None

    @property
    def image_id(self) -> int:
        """The id of the frame that the pixels were captured with: that of every result that belongs to them."""
        return self.id if self.held_from is None else self.held_from.id

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]
