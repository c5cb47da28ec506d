"""A taught model at work: rows of numbers of faces, bodies, hands or pictures in, classes out."""

from __future__ import annotations

import numpy as np

from engine.closing import Closing
from engine.data import Floats, Frame, Labels
from engine.errors import ModelError
from engine.nodes.convert import ready
from engine.nodes.features import Extractor
from engine.nodes.neighbours import Neighbours
from engine.nodes.node import probabilities
from engine.nodes.runtime import Runtime
from engine.nodes.spec import ROWS, Spec
from engine.nodes.steady import Steady


class RowNode(Closing):
    """Runs the tracker or the picture's model that the classes were learnt from, then the classes' own small model."""

    def __init__(self, spec: Spec) -> None:
        if spec.input.of not in ROWS or spec.task != "labels":
            raise ModelError(
                f"model {spec.name} wants [input] of, one of {', '.join(ROWS)}, and the task labels",
                where=str(spec.file),
            )
        self.spec = spec
        file = ready(spec)
        self._nearest = Neighbours.load(file) if spec.kind == "nearest" else None
        self._net = Runtime(file) if self._nearest is None else None
        count = self._nearest.count if self._nearest is not None else self._outputs()
        self.labels = spec.labels or tuple(f"class {n}" for n in range(1, count + 1))
        if len(self.labels) != count:
            raise ModelError(f"{len(self.labels)} labels for {count} classes", where=str(spec.file))
        self._steady = Steady(spec.output.smooth_s, spec.output.on, spec.output.off)
        self._eyes: Extractor | None = None

    def _outputs(self) -> int:
        assert self._net is not None
        if len(self._net.inputs) != 1 or len(self._net.inputs[0].shape) != 1:
            raise ModelError(
                f"model {self.spec.name} does not take a row of numbers, as {self.spec.input.of} gives it",
                where=str(self.spec.file),
            )
        return int(np.prod(self._net.outputs[0].shape))

    def track(self, frame: Frame) -> Labels:
        """How the model classifies `frame`; all zero where nobody is seen. Raises ModelError, TrackerError."""
        self._eyes = self._eyes or Extractor(self.spec.input.of)
        row = self._eyes.vector(frame)
        scores = np.zeros(len(self.labels), np.float32) if row is None else self.judge(row)
        return Labels(frame.id, self.labels, scores, self._steady(scores, frame.time_s))

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
