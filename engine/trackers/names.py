"""The built-in trackers by name: what each finds, the models it loads, and where its class is."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.backends import Backend, Backends


@dataclass(frozen=True, slots=True)
class TrackerBackend(Backend):
    """One tracker; `doc` says what it finds.

    `models` of the store that it loads; `is_map`: what it finds is a map of the image, which means something over its
    own pixels alone.
    """

    models: tuple[str, ...]
    is_map: bool = False


_HERE = __name__.rpartition(".")[0]
TRACKERS = Backends(
    "tracker",
    (
        TrackerBackend(
            "face",
            "faces: 478 points with irises, 52 expressions, the head's position and direction",
            f"{_HERE}.face:FaceTracker",
            ("face_landmarker",),
        ),
        TrackerBackend(
            "pose",
            "bodies: 33 points in the image and in metres, with visibility",
            f"{_HERE}.pose:PoseTracker",
            ("pose_landmarker_full",),
        ),
        TrackerBackend(
            "person",
            "person mask: how surely each part of the image shows a person",
            f"{_HERE}.person:PersonTracker",
            ("selfie_segmenter_landscape", "selfie_segmenter", "pose_landmarker_full", "face_landmarker"),
            is_map=True,
        ),
        TrackerBackend(
            "reference",
            "objects of known shape held up: printed markers, a sheet of paper, a card",
            f"{_HERE}.reference:ReferenceTracker",
            (),
        ),
        TrackerBackend(
            "hands",
            "hands: 21 points each, left or right, and seven gestures",
            f"{_HERE}.hands:HandsTracker",
            ("gesture_recognizer",),
        ),
        TrackerBackend(
            "parts", "24 parts of the body, of everybody at once", f"{_HERE}.parts:PartsTracker", ("bodypix_075",), True
        ),
    ),
)

# What models that look at rows of numbers (engine/trackers/custom/features.py) need besides.
ROW_MODELS = {
    "embedding": ("efficientnet_lite0",),
    **{name: TRACKERS[name].models for name in ("face", "pose", "hands")},
}
MODEL = "model."  # the tracker `model.NAME` runs the model called NAME (engine/trackers/custom)
