"""A model node at work: its model opened and checked against its description, images in, findings out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ...core.closing import Closing
from ...core.errors import ModelError, TrackerError
from ...core.frame import Floats, Frame, Pixels
from ...core.results import Classification, Detections, Landmarks, Mask, ModelImage
from ...models.litert import LiteRtModel, Port
from ..hysteresis import Hysteresis
from .boxes import BoxReader
from .convert import ready
from .image_input import box, prepared, to_frame
from .spec import TASKS, OutputSettings, Spec, kind_of

POSE_INPUT = (14739,)  # PoseNet's 17 heatmaps and 34 offsets over 17×17 cells of 257 pixels
POSE_SIDE, POSE_STRIDE = 257, 16


class Node(Closing):
    """One opened model. Raises ModelError where the model does not fit its description."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self._hysteresis = Hysteresis(spec.output.smooth_s, spec.output.on, spec.output.off)
        self._runtime: LiteRtModel | None = LiteRtModel(ready(spec), size=spec.size, device=spec.device)
        self._features: LiteRtModel | None = None
        if spec.features is not None:
            side = (POSE_SIDE, POSE_SIDE) if self._is_pose else None
            file = ready(replace(spec, file=spec.features, kind=kind_of(spec.features), store=""))
            self._features = LiteRtModel(file, size=side, fits_any=self._is_pose)
        self._input = self._check_input(self._runtime)
        self.size = self._image_size(self._input)
        self._labels = self._check_labels(self._runtime)
        self._boxes = BoxReader(spec, self._runtime, self._labels, self.size) if spec.task == "boxes" else None

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self._labels

    def track(self, frame: Frame) -> Any:
        """The result: Classification, Detections, Mask, ModelImage or Landmarks. Raises TrackerError."""
        outputs = self.outputs(frame.pixels)
        answers: dict[str, Callable[[Frame, list[Floats]], Any]] = {
            "labels": self._as_labels,
            "boxes": self._as_boxes,
            "mask": self._as_mask,
            "image": self._as_image,
            "landmarks": self._as_landmarks,
        }
        return answers[self.spec.task](frame, outputs)

    def outputs(self, pixels: Pixels) -> list[Floats]:
        """The model's own outputs for an image (H, W, 3) uint8, without the batch. Raises TrackerError."""
        if self._runtime is None:
            raise TrackerError(f"the model {self.spec.name} is closed")
        image = prepared(pixels, self.size, self.spec.input)
        if self._first(self._features or self._runtime):
            image = np.ascontiguousarray(image.transpose(2, 0, 1))
        if self._features is None:
            return self._runtime.run(image)
        return self._runtime.run(self._put_in(self._features.run(image)))

    def classify(self, pixels: Pixels) -> Floats:
        """The probability (N,) of each class for one image. Raises TrackerError."""
        return probabilities(self.outputs(pixels)[0], self.spec.output)

    def close(self) -> None:
        """Lets the model go; harmless when called twice."""
        runtime, self._runtime, self._features = self._runtime, None, None
        if runtime is not None:
            runtime.close()

    # What goes in

    def _check_input(self, runtime: LiteRtModel) -> Port:
        name = self.spec.name
        if len(runtime.inputs) != 1:
            raise ModelError(f"model {name} has {len(runtime.inputs)} inputs, expected one", where=str(runtime.file))
        port = runtime.inputs[0]
        if self._is_pose:
            return self._check_pose(port)
        if port.shape == POSE_INPUT:
            raise ModelError(
                "looks like a pose model of Teachable Machine, but its metadata.json is missing",
                where=str(self.spec.file),
                hint='put metadata.json of the same download next to it, or of = "pose-heatmaps" into [input]',
            )
        if self._features is not None:
            return self._features.inputs[0]
        channels = 1 if self.spec.input.channels == "grey" else 3
        if len(port.shape) != 3 or channels not in (port.shape[0], port.shape[2]):
            kind = "a grey image" if channels == 1 else "a colour image"
            raise ModelError(
                f"model {name} takes {words(port.shape)}, expected {kind}: (height, width, {channels})",
                where=str(self.spec.file),
                hint='set the input in [input]: of = "sound", "pose" …, or channels = "grey"',
            )
        return port

    @property
    def _is_pose(self) -> bool:
        """Whether it is a pose model of Teachable Machine."""
        return self.spec.input.of == "pose-heatmaps"

    def _check_pose(self, port: Port) -> Port:
        """Teachable Machine's pose models are fed by PoseNet, which they do not bring."""
        if port.shape != POSE_INPUT:
            raise ModelError(
                f"model {self.spec.name} takes {words(port.shape)}, expected PoseNet's {POSE_INPUT[0]} numbers",
                where=str(self.spec.file),
            )
        if self._features is None:
            raise ModelError(
                "a pose model of Teachable Machine needs PoseNet, which its export does not include",
                where=str(self.spec.file),
                hint="put PoseNet (MobileNet 0.75, stride 16) next to it: as posenet.tflite, or its "
                "model-stride16.json and .bin files in a folder posenet; or teach the classes here: "
                "phosphene teach NAME --from pose",
            )
        shapes = [p.shape for p in self._features.outputs]
        side = POSE_SIDE // POSE_STRIDE + 1
        if (side, side, 17) not in shapes or (side, side, 34) not in shapes:
            raise ModelError(
                f"PoseNet gives {', '.join(words(s) for s in shapes)}, expected heatmaps ({side}, {side}, 17) and "
                f"offsets ({side}, {side}, 34)",
                where=str(self.spec.features),
            )
        return self._features.inputs[0]

    def _put_in(self, features: list[Floats]) -> Floats:
        """What the features' model gave, as the classes' model takes it."""
        if not self._is_pose:
            return features[0].reshape(self._runtime.inputs[0].shape if self._runtime else -1)
        heatmaps = sigmoid(next(f for f in features if f.ndim == 3 and f.shape[2] == 17))
        offsets = next(f for f in features if f.ndim == 3 and f.shape[2] == 34)
        return np.concatenate([heatmaps, offsets], axis=2).ravel()

    def _first(self, runtime: LiteRtModel) -> bool:
        """Whether the colours come first in the model's input."""
        shape = runtime.inputs[0].shape
        return len(shape) == 3 and shape[0] in (1, 3) and shape[2] not in (1, 3)

    def _image_size(self, port: Port) -> tuple[int, int]:
        first = port.shape[0] in (1, 3) and port.shape[2] not in (1, 3)
        height, width = port.shape[1:] if first else port.shape[:2]
        if self.spec.size is not None and self.spec.size != (width, height):
            raise ModelError(
                f"[input] size is {list(self.spec.size)}, but the model takes {width}×{height}",
                where=str(self.spec.file),
                hint="remove size: the model defines it",
            )
        return width, height

    # What comes out

    def _check_labels(self, runtime: LiteRtModel) -> tuple[str, ...]:
        spec = self.spec
        if spec.task != "labels":
            return spec.labels
        shape = runtime.outputs[0].shape or (1,)
        count = int(np.prod(shape))
        if max(shape) != count:
            raise ModelError(
                f"model {spec.name} gives {words(shape)}, which are not classes",
                where=str(spec.file),
                hint=f'set the output with task = "…" in a .toml: {", ".join(TASKS)}',
            )
        labels = spec.labels or tuple(f"class {n}" for n in range(1, count + 1))
        if len(labels) != count:
            raise ModelError(
                f"{len(labels)} labels for {count} classes: {', '.join(labels[:4])}{' …' if len(labels) > 4 else ''}",
                where=str(spec.file),
                hint="labels.txt needs one line per class, in the order of the model",
            )
        return labels

    def _as_labels(self, frame: Frame, outputs: list[Floats]) -> Classification:
        scores = probabilities(outputs[0], self.spec.output)
        return Classification(frame.id, self._labels, scores, self._hysteresis(scores, frame.time_s))

    def _as_boxes(self, frame: Frame, outputs: list[Floats]) -> Detections:
        assert self._boxes is not None
        found = self._boxes.read(outputs)
        for detection in found:
            corners = to_frame(detection.box.reshape(2, 2), frame.size, self.size, self.spec.input.fit)
            detection.box[:] = np.clip(corners, 0.0, 1.0).ravel()
        return Detections(frame.id, tuple(found))

    def _as_mask(self, frame: Frame, outputs: list[Floats]) -> Mask:
        raw = planes(outputs[0])
        settings = self.spec.output
        if settings.scores != "as-is":
            raw = probabilities(raw, settings) if raw.shape[2] > 1 else sigmoid(raw)
        if settings.channel >= raw.shape[2]:
            raise TrackerError(f"[output] channel is {settings.channel}, but there are {raw.shape[2]}")
        one = settings.channel >= 0 or raw.shape[2] == 1
        # Of several classes the first is what is behind.
        plane = raw[..., max(settings.channel, 0)] if one else 1.0 - raw[..., 0]
        confidence = np.clip(self._over_frame(plane, frame.size), 0.0, 1.0)
        return Mask(frame.id, confidence, bool(confidence.max() >= 0.5))

    def _as_image(self, frame: Frame, outputs: list[Floats]) -> ModelImage:
        raw = planes(outputs[0])
        settings = self.spec.output
        codes = (raw - settings.low) / (settings.high - settings.low) * 255.0
        pixels = np.clip(np.rint(codes), 0, 255).astype(np.uint8)
        if pixels.shape[2] == 1:
            pixels = np.repeat(pixels, 3, axis=2)
        elif self.spec.input.channels == "bgr":
            pixels = pixels[..., ::-1]
        width, height = frame.size
        left, top, right, bottom = box(frame.size, self.size, self.spec.input.fit)
        return ModelImage(
            frame.id,
            np.ascontiguousarray(pixels[..., :3]),
            (left / width, top / height, right / width, bottom / height),
        )

    def _as_landmarks(self, frame: Frame, outputs: list[Floats]) -> Landmarks:
        settings = self.spec.output
        flat = outputs[0]
        each = settings.per_point or (flat.shape[-1] if flat.ndim > 1 and flat.shape[-1] <= 5 else 0)
        if not each:
            each = next((n for n in (3, 2) if flat.size % n == 0), 2)
        if flat.size % each:
            raise TrackerError(f"{flat.size} numbers are not points of {each} numbers")
        rows = flat.reshape(-1, each)
        places = rows[:, :2] / (np.array(self.size, np.float32) if settings.pixels else np.float32(1.0))
        points = np.zeros((len(rows), 3), np.float32)
        points[:, :2] = to_frame(places, frame.size, self.size, self.spec.input.fit)
        if each >= 3:
            points[:, 2] = rows[:, 2]
        scores = rows[:, each - 1] if each >= 4 else np.ones(len(rows), np.float32)
        return Landmarks(frame.id, points, np.asarray(scores, np.float32))

    def _over_frame(self, plane: Floats, size: tuple[int, int]) -> Floats:
        """A plane over what the model was shown as one over the whole frame, 0 where the model was not shown it."""
        left, top, right, bottom = box(size, self.size, self.spec.input.fit)
        if self.spec.input.fit == "stretch":
            return plane
        height, width = plane.shape
        across, down = (right - left) / width, (bottom - top) / height
        whole = np.zeros((max(1, round(size[1] / down)), max(1, round(size[0] / across))), np.float32)
        y, x = round(top / down), round(left / across)
        ys, xs = slice(max(y, 0), min(y + height, len(whole))), slice(max(x, 0), min(x + width, whole.shape[1]))
        whole[ys, xs] = plane[ys.start - y : ys.stop - y, xs.start - x : xs.stop - x]
        return whole


def words(shape: tuple[int, ...]) -> str:
    """A shape as people read it."""
    return f"({', '.join(str(n) for n in shape)})" if len(shape) != 1 else f"{shape[0]} numbers"


def planes(raw: Floats) -> Floats:
    """An output as (h, w, channels), whatever order it came in."""
    if raw.ndim == 2:
        return raw[..., None]
    if raw.ndim != 3:
        raise TrackerError(f"the output has the shape {words(raw.shape)}, expected an image")
    return raw.transpose(1, 2, 0) if raw.shape[0] <= 4 < raw.shape[2] else raw


def sigmoid(x: Floats) -> Floats:
    """The logistic function."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -80.0, 80.0))), np.float32)


def probabilities(raw: Floats, settings: OutputSettings) -> Floats:
    """A model's numbers as probabilities over the last axis (all of them, where there is one axis)."""
    numbers = raw if raw.ndim == 3 else raw.ravel()
    if settings.scores == "sigmoid":
        return sigmoid(numbers)
    if settings.scores == "softmax":
        powers = np.exp(numbers - numbers.max(axis=-1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)
    return np.clip(np.nan_to_num(numbers), 0.0, 1.0)
