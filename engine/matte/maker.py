"""Makes the matte of each frame from its mask, on the quality level that the scene asks for."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..core.frame import Floats, Frame
from ..core.results import Mask
from .matte import MatteField, bounds

if TYPE_CHECKING:
    from .temporal import TemporalFilter

# How much of the last mask stays where nothing moved; windows (in cells) by which the mask is fitted to the image, on
# a grid that is so many times coarser than the mask's.
HOLD = {"draft": 0.3, "good": 0.75, "best": 0.92}
RADII = {"draft": (1,), "good": (4,), "best": (4, 4)}
SHRINK = {"draft": 2, "good": 1, "best": 1}
EPSILON = {"draft": 1e-3, "good": 5e-4, "best": 2e-4}  # colour variance below which a window counts as flat


class MatteMaker:
    """Makes mattes of one quality from masks, frame after frame; remembers the last mask to steady the next."""

    def __init__(self) -> None:
        self._filter: TemporalFilter | None = None
        self._quality = ""
        self._seen: Floats | None = None  # the last mask: an image that is held comes with the same one
        self._last: Floats | None = None
        self._nobody: NDArray[np.bool_] = np.zeros((1, 1), np.bool_)  # where the last mask says that nobody is

    def apart(self) -> MatteMaker:
        """One that goes on from here, and leaves this one as it is."""
        other = copy(self)
        other._filter = copy(self._filter)
        return other

    def make(self, mask: Mask, frame: Frame, quality: str) -> MatteField:
        """The matte of `frame` on the quality level called `quality`. Deterministic for a sequence of frames."""
        from ..core.imaging import shrunk
        from .guided_filter import background_colors, colors, evaluated, filled, guided, nobody
        from .temporal import TemporalFilter

        if self._filter is None or quality != self._quality:
            self._filter, self._quality, self._seen = TemporalFilter(HOLD[quality], quality == "best"), quality, None
        if not mask.present:
            self._filter.forget()
            self._seen = None
            return MatteField(np.zeros((1, 1, 1), np.float32), False, None)
        height, width = mask.confidence.shape
        image = shrunk(frame, (width, height))
        guide = colors(image)
        if self._last is None or mask.confidence is not self._seen:
            confidence = filled(mask.confidence) if quality == "best" else mask.confidence
            self._last = self._filter.step(confidence, image, guide)
            self._seen, self._nobody = mask.confidence, nobody(confidence)
        values = guided(guide, self._last, RADII[quality], EPSILON[quality], SHRINK[quality])
        if quality == "best":  # its windows are wide: where colours do not tell, they would blur the edge into the room
            values[self._nobody] = 0.0
        room = background_colors(image, evaluated(values, guide)) if quality == "best" else None
        return MatteField(values, True, bounds(self._last), room)
