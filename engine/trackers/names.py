"""The built-in trackers by name: what each finds, the models it loads, and where its class is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One tracker: its name, one line of what it finds, the models it loads, where its class is, and whether what it
    finds is a map of the picture, which means something over its own pixels alone."""

    name: str
    doc: str
    models: tuple[str, ...]
    where: str
    is_map: bool = False


TRACKERS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "face",
            "faces: 478 points with irises, 52 expressions, the head's position and direction",
            ("face_landmarker",),
            "phosphene.engine.trackers.face:FaceTracker",
        ),
        Kind(
            "pose",
            "bodies: 33 points in the picture and in metres, with visibility",
            ("pose_landmarker_full",),
            "phosphene.engine.trackers.pose:PoseTracker",
        ),
        Kind(
            "person",
            "person mask: how surely each part of the picture shows a person",
            ("selfie_segmenter_landscape", "selfie_segmenter", "pose_landmarker_full", "face_landmarker"),
            "phosphene.engine.trackers.person:PersonTracker",
            is_map=True,
        ),
        Kind(
            "reference",
            "things of known shape held up: printed markers, a sheet of paper, a card",
            (),
            "phosphene.engine.trackers.reference:ReferenceTracker",
        ),
        Kind(
            "hands",
            "hands: 21 points each, left or right, and seven gestures",
            ("gesture_recognizer",),
            "phosphene.engine.trackers.hands:HandsTracker",
        ),
        Kind(
            "parts",
            "24 parts of the body, of everybody at once",
            ("bodypix_075",),
            "phosphene.engine.trackers.parts:PartsTracker",
            is_map=True,
        ),
    )
}

# What models that look at rows of numbers (engine/trackers/custom/features.py) need besides.
ROW_MODELS = {
    "embedding": ("efficientnet_lite0",),
    **{name: TRACKERS[name].models for name in ("face", "pose", "hands")},
}
MODEL = "model."  # the tracker `model.NAME` runs the model called NAME (engine/trackers/custom)
