"""A taught model at work: rows of numbers of faces, bodies, hands or images in, classes out."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...audio.base import Sound
from ...core.closing import Closing
from ...core.errors import ModelError
from ...core.frame import Floats, Frame
from ...core.results import Classification
from ...models.litert import LiteRtModel
from ..hysteresis import Hysteresis
from ..names import TRACKERS
from . import web_audio
from .convert import ready
from .features import Extractor, of_found
from .neighbours import Neighbours
from .node import probabilities
from .spec import ROWS, Spec

LEAST_WAVE = 10_000  # numbers: a model of sound that takes more wants the wave itself


class RowNode(Closing):
    """Runs the tracker or the image's model that the classes were learnt from, then the classes' own small model."""

    def __init__(self, spec: Spec, sound: Sound | None = None) -> None:
        if spec.input.of not in ROWS or spec.task != "labels":
            raise ModelError(
                f"model {spec.name} needs [input] of, one of {', '.join(ROWS)}, and the task labels",
                where=str(spec.file),
            )
        self.spec, self._sound = spec, sound
        file = ready(spec)
        self._nearest = Neighbours.load(file) if spec.kind == "nearest" else None
        self._net = LiteRtModel(file) if self._nearest is None else None
        count = self._nearest.count if self._nearest is not None else self._outputs()
        self.labels = spec.labels or tuple(f"class {n}" for n in range(1, count + 1))
        if len(self.labels) != count:
            raise ModelError(f"{len(self.labels)} labels for {count} classes", where=str(spec.file))
        self._hysteresis = Hysteresis(spec.output.smooth_s, spec.output.on, spec.output.off)
        self._eyes: Extractor | None = None

    def _outputs(self) -> int:
        assert self._net is not None
        shape = self._net.inputs[0].shape
        spectrum = self.spec.input.of == "sound" and len(shape) == 3 and shape[2] == 1
        if len(self._net.inputs) != 1 or not (len(shape) == 1 or spectrum):
            raise ModelError(
                f"model {self.spec.name} does not take a row of numbers, as {self.spec.input.of} gives it",
                where=str(self.spec.file),
            )
        return int(np.prod(self._net.outputs[0].shape))

    def track(self, frame: Frame) -> Classification:
        """How the model classifies `frame`; all zero where nobody is seen. Raises ModelError, TrackerError."""
        return self._said(frame, self._row(frame))

    @property
    def upstream(self) -> str:
        """The tracker whose results are all that it needs, by name; empty where it must look or listen itself."""
        return self.spec.input.of if self.spec.input.of in TRACKERS else ""

    def follow(self, frame: Frame, found: Any) -> Classification:
        """As `track`, from what the tracker `upstream` found in `frame`, None for nothing: so it need not run twice."""
        return self._said(frame, of_found(found, frame))

    def _said(self, frame: Frame, row: Floats | None) -> Classification:
        scores = np.zeros(len(self.labels), np.float32) if row is None else self.judge(row)
        return Classification(frame.id, self.labels, scores, self._hysteresis(scores, frame.time_s))

    def _row(self, frame: Frame) -> Floats | None:
        """The row of numbers of one frame; for Teachable Machine's sound models the wave, or its spectrum over time."""
        if self.spec.input.of == "sound":
            if self._sound is None:
                return None
            wanted = () if self._net is None else self._net.inputs[0].shape
            if len(wanted) == 3:
                return web_audio.spectrogram(self._sound, frame.time_s, wanted[0], wanted[1])
            if wanted and wanted[0] > LEAST_WAVE:
                return web_audio.wave(self._sound, frame.time_s, wanted[0])
        self._eyes = self._eyes or Extractor(self.spec.input.of, self._sound)
        return self._eyes.vector(frame)

    def judge(self, row: Floats) -> Floats:
        """The probability of each class for one row of numbers. Raises TrackerError."""
        if self._nearest is not None:
            return self._nearest.probabilities(row)
        assert self._net is not None
        return probabilities(self._net.run(row)[0], self.spec.output)

    def close(self) -> None:
        """Lets everything go; harmless when called twice."""
        eyes, self._eyes = self._eyes, None
        if eyes is not None:
            eyes.close()
