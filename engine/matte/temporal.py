"""Steadies a mask in time, along the motion of the image where the quality level asks for it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from ..core.frame import Floats, Pixels
from ..core.imaging import gaussian
from .guided_filter import nobody

AROUND = np.ones((3, 3), np.uint8)  # a cell and its neighbours
SEEN = 0.07  # confidence at which the edge begins, as the matte's defaults have it: from there on a cell is drawn
STILL, CHANGED = 0.02, 0.06  # change of colour, blurred, that is a sensor's noise, and that is motion
FLOW_STILL, FLOW_CHANGED = 0.04, 0.12  # the same where motion has been followed: what is left is where it failed
DOUBT = 0.1  # the weight in time of a cell that could be either


class TemporalFilter:
    """Keeps of the last mask what the image says is unchanged; what moves passes at once.

    A cell's two confidences, last and new, count by how sure each is and by how like the cell's colour is to what it
    was. With `follow` the last mask is first moved along the image's optical flow (DIS, Kroeger et al. 2016), so that
    a moving edge is filtered too, and never lags.
    """

    def __init__(self, hold: float, follow: bool) -> None:
        self.hold, self.follow = np.float32(hold), follow
        self._last: Floats | None = None
        self._guide: Floats | None = None
        self._grey: Pixels | None = None
        self._flow = flow_finder() if follow else None

    def forget(self) -> None:
        """The next mask stands alone."""
        self._last = None

    def step(self, confidence: Floats, image: Pixels, guide: Floats) -> Floats:
        """The filtered confidence; `image` (h×w×3 uint8) and its `guide` have the mask's size."""
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if self.follow else None
        last, before = self._last, self._guide
        if last is not None and before is not None and last.shape == confidence.shape:
            still, changed = STILL, CHANGED
            if self._flow is not None:
                flow = self._flow.calc(grey, self._grey, None)
                flow += grid(confidence.shape)
                last = warped(last, flow)
                before = warped(before, flow)
                still, changed = FLOW_STILL, FLOW_CHANGED
            difference = cv2.absdiff(guide, before)
            worst = cv2.max(cv2.max(*cv2.split(difference)[:2]), cv2.extractChannel(difference, 2))
            alike = 1.0 - np.clip((gaussian(worst, 1.0) - still) * np.float32(1.0 / (changed - still)), 0.0, 1.0)
            keep = self.hold * alike
            old = keep * (np.abs(2.0 * last - 1.0) + DOUBT)
            new = (1.0 - keep) * (np.abs(2.0 * confidence - 1.0) + DOUBT)
            filtered = confidence + (last - confidence) * (old / (old + new))
            # What has left, or was a mistake, is no longer drawn, however like it the room looks.
            np.minimum(filtered, SEEN, out=filtered, where=nobody(cv2.dilate(confidence, AROUND)))
            confidence = filtered
        self._last, self._guide, self._grey = confidence, guide, grey
        return confidence


def flow_finder() -> Any:
    """What finds the optical flow between two grey images; the same for any number of threads."""
    make: Any = cv2.DISOpticalFlow.create
    found = make(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    found.setUseSpatialPropagation(False)  # it would make the flow depend on the number of threads
    return found


_GRIDS: dict[tuple[int, ...], Floats] = {}


def grid(shape: tuple[int, ...]) -> Floats:
    """(h, w, 2): x and y of every cell."""
    if shape not in _GRIDS:
        y, x = np.indices(shape, np.float32)
        _GRIDS[shape] = np.dstack([x, y])
    return _GRIDS[shape]


def warped(plane: Floats, places: Floats) -> Floats:
    """`plane` as read at `places`; its edges are continued."""
    return np.asarray(cv2.remap(plane, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
