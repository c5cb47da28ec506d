"""The person mask: MediaPipe's selfie segmenter, run by LiteRT, and somebody to ask whether it is a person at all."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.closing import Closing
from ..core.errors import TrackerError
from ..core.frame import Frame
from ..core.param_types import Bool, Choice, Float
from ..core.params import Parametrized
from ..core.results import Mask
from .detectors import BodyDetector, FaceDetector
from .presence import Presence, area, evidence, without_specks
from .segmenters import Segmenters


class PersonTracker(Parametrized, Closing):
    """Person mask: how surely each part of the image shows a person (all persons together)."""

    model = Choice("auto", ("auto", "landscape", "square"), "segmenter: 256×144 for wide images, 256×256 for others")
    detail = Choice(
        "plain", ("plain", "fine"), "fine: both models, and a closer look at each person; two to eight runs for one"
    )
    confirm = Bool(True, "ask a body detector now and then, so that an empty room stays empty")
    confirm_every_s = Float(0.5, 0.05, 5.0, "time between two such questions while nothing is in doubt", unit="s")

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            self.set(name, value)
        self._segmenters = Segmenters()
        self._detectors: tuple[BodyDetector, FaceDetector] | None = None
        self._presence = Presence(self.confirm_every_s)
        self._closed = False

    def track(self, frame: Frame) -> Mask:
        """The mask of `frame`, 144×256 or 256×256, with `detail` 256 cells along its longer side; all zero and not
        `present` where nobody is. Raises TrackerError.

        There is no smoothing in time: each mask is that of its own frame.
        """
        if self._closed:
            raise TrackerError("the person tracker is closed")
        fine = self.detail == "fine"
        confidence = self._segmenters.fine(frame) if fine else self._segmenters.plain(frame, self.model)
        confidence = without_specks(confidence)
        if self.confirm:
            covered = area(confidence)
            if self._presence.due(frame.time_s, covered):
                body, face = self._detectors = self._detectors or (BodyDetector(), FaceDetector())
                self._presence.add(frame.time_s, covered, evidence(frame.pixels, confidence, body, face))
            present = self._presence.present(frame.time_s)
        else:
            present = bool(confidence.max() >= 0.5)
        return Mask(frame.id, confidence if present else np.zeros_like(confidence), present)

    def close(self) -> None:
        """Lets the networks go; harmless when called twice."""
        self._closed = True
        self._segmenters = Segmenters()
        self._detectors = None
