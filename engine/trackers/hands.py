"""Hands and their gestures: MediaPipe's gesture recogniser."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.closing import Closing
from ..core.frame import Floats, Frame
from ..core.param_types import Float, Int
from ..core.params import Parametrized
from ..core.results import Hand, Hands
from ..models import store as models
from ..models.mediapipe import Task
from .hysteresis import Hysteresis

# The recogniser's own classes, as it names them.
GESTURES = ("Closed_Fist", "Open_Palm", "Pointing_Up", "Thumb_Down", "Thumb_Up", "Victory", "ILoveYou")
NAMES = tuple(name.lower() for name in GESTURES)


class HandsTracker(Parametrized, Closing):
    """Hands: 21 points each, left or right, and seven gestures."""

    max_hands = Int(2, 1, 8, "how many hands are looked for")
    min_confidence = Float(0.5, 0.0, 1.0, "how sure the networks must be of a hand")
    smooth_s = Float(0.1, 0.0, 5.0, "time constant of the gestures' smoothing", unit="s")

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            self.set(name, value)
        self._task = _Recognizer("hands", self._make)
        self._hysteresis = Hysteresis(self.smooth_s, 0.6, 0.4)

    def _make(self, tasks: Any) -> Any:
        options = tasks.vision.GestureRecognizerOptions(
            base_options=tasks.BaseOptions(model_asset_path=str(models.path("gesture_recognizer"))),
            running_mode=tasks.vision.RunningMode.VIDEO,
            num_hands=self.max_hands,
            min_hand_detection_confidence=self.min_confidence,
            min_hand_presence_confidence=self.min_confidence,
            min_tracking_confidence=self.min_confidence,
        )
        return tasks.vision.GestureRecognizer.create_from_options(options)

    def track(self, frame: Frame) -> Hands:
        """The hands in `frame`; none is no error. Raises TrackerError."""
        found = self._task.run(frame)
        hands = tuple(
            Hand(_rows(points), _rows(world), side[0].category_name.lower(), *_gesture(gesture))
            for points, world, side, gesture in zip(
                found.hand_landmarks, found.hand_world_landmarks, found.handedness, found.gestures, strict=True
            )
        )
        scores = np.array([max((h.score for h in hands if h.gesture == n), default=0.0) for n in NAMES], np.float32)
        values = self._hysteresis(scores, frame.time_s)
        return Hands(frame.id, hands, {name: float(value) for name, value in zip(NAMES, values, strict=True)})

    def close(self) -> None:
        """Ends the recogniser; harmless when called twice."""
        self._task.close()


class _Recognizer(Task):
    """The one task whose method has another name."""

    def look(self, image: Any, time_ms: int) -> Any:
        return self._task.recognize_for_video(image, time_ms)


def _rows(points: Any) -> Floats:
    return np.array([(p.x, p.y, p.z) for p in points], np.float32)


def _gesture(categories: Any) -> tuple[str, float]:
    """The likeliest gesture and its score; `None` is what the recogniser calls no gesture."""
    best = max(categories, key=lambda c: c.score, default=None)
    known = best is not None and best.category_name in GESTURES
    return (best.category_name.lower(), float(best.score)) if known and best is not None else ("", 0.0)
