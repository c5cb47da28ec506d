"""Parts of the body, of everybody at once: BodyPix's segmentation network, run by LiteRT.

Google's BodyPix 2.0 (MobileNet 0.75, stride 16, 8 bits). The published file ends in an operation of its own that groups
points into people; what is wanted here lies before it, so the network is cut there.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from ..core.closing import Closing
from ..core.errors import TrackerError
from ..core.frame import Floats, Frame
from ..core.imaging import shrunk
from ..core.param_types import Float, Int
from ..core.params import Parametrized
from ..core.results import Parts
from ..models import store as models
from ..models.litert import LiteRtModel
from ..models.tflite_graph import cut
from .detectors import sigmoid

SEGMENTS, HEATMAPS = "float_segments", "float_part_heatmaps"
GAP_S = 0.3


class PartsTracker(Parametrized, Closing):
    """24 parts of the body, of everybody at once."""

    finer = Int(4, 1, 8, "how many times finer than the network's own cells (16 pixels of 640×480) the answer is")
    smooth_s = Float(0.05, 0.0, 1.0, "time constant of the smoothing", unit="s")

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            self.set(name, value)
        file = models.path("bodypix_075")
        self._net: LiteRtModel | None = LiteRtModel(file, cut(file.read_bytes(), [SEGMENTS, HEATMAPS]))
        self._last: Floats | None = None
        self._time_s = 0.0

    def track(self, frame: Frame) -> Parts:
        """The parts in `frame`; nobody is no error. Raises TrackerError."""
        if self._net is None:
            raise TrackerError("the parts tracker is closed")
        height, width = self._net.inputs[0].shape[:2]
        image = shrunk(frame, (width, height)).astype(np.float32) / np.float32(128.0) - np.float32(1.0)
        maps = np.concatenate(self._net.run(image), axis=2)
        dt = frame.time_s - self._time_s
        if self._last is not None and self.smooth_s > 0.0 and 0.0 <= dt <= GAP_S:
            maps = self._last + np.float32(1.0 - np.exp(-dt / self.smooth_s)) * (maps - self._last)
        self._last, self._time_s = maps, frame.time_s
        # What is sure lies between the cells' middles, so the numbers are spread before they are compared.
        size = (maps.shape[1] * self.finer, maps.shape[0] * self.finer)
        fine = np.asarray(cv2.resize(maps, size, interpolation=cv2.INTER_LINEAR), np.float32)
        return Parts(frame.id, sigmoid(fine[..., 0]), fine[..., 1:].argmax(axis=2).astype(np.uint8))

    def close(self) -> None:
        """Lets the network go; harmless when called twice."""
        self._net = None
