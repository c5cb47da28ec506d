"""The trackers by name. Importing this loads no library: each backend file is imported when its tracker is opened."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from engine.errors import PhospheneError, unknown_name
from engine.params import Param
from engine.trackers.base import Tracker


@dataclass(frozen=True, slots=True)
class Kind:
    """One tracker: its name, one line of what it finds, the models it loads, where its class is, and whether what it
    finds is a map of the picture, which means something over its own pixels alone."""

    name: str
    doc: str
    models: tuple[str, ...]
    where: str
    is_map: bool = False


class TrackerClass(Protocol):
    """A class of trackers, with its declared parameters."""

    def __call__(self, **values: Any) -> Tracker: ...

    def params(self) -> dict[str, Param[Any]]:
        """The declared parameters by name."""


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "face",
            "faces: 478 points with irises, 52 expressions, the head's position and direction",
            ("face_landmarker",),
            "engine.trackers.face:FaceTracker",
        ),
        Kind(
            "pose",
            "bodies: 33 points in the picture and in metres, with visibility",
            ("pose_landmarker_full",),
            "engine.trackers.pose:PoseTracker",
        ),
        Kind(
            "person",
            "person mask: how surely each part of the picture shows a person",
            ("selfie_segmenter_landscape", "selfie_segmenter", "pose_landmarker_full", "face_landmarker"),
            "engine.trackers.person:PersonTracker",
            is_map=True,
        ),
        Kind(
            "reference",
            "things of known shape held up: printed markers, a sheet of paper, a card",
            (),
            "engine.trackers.reference:ReferenceTracker",
        ),
        Kind(
            "hands",
            "hands: 21 points each, left or right, and seven gestures",
            ("gesture_recognizer",),
            "engine.trackers.hands:HandsTracker",
        ),
        Kind(
            "parts",
            "24 parts of the body, of everybody at once",
            ("bodypix_075",),
            "engine.trackers.parts:PartsTracker",
            is_map=True,
        ),
    )
}


# What models that look at rows of numbers (engine/nodes/features.py) need besides.
ROW_MODELS = {
    "embedding": ("efficientnet_lite0",),
    **{name: KINDS[name].models for name in ("face", "pose", "hands")},
}
MODEL = "model."  # the tracker `model.NAME` runs the model called NAME (engine/nodes)


def models_of(name: str, params: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """The models of the store that the tracker called `name`, with those parameters, may load."""
    if name.startswith(MODEL):
        from engine.nodes.find import spec_for

        spec = spec_for(name.removeprefix(MODEL), params or {})
        return tuple(filter(None, (spec.store, *ROW_MODELS.get(spec.input.of, ()))))
    return KINDS[name].models if name in KINDS else ()


def belongs_to_pixels(name: str, params: Mapping[str, Any]) -> bool:
    """Whether what the tracker called `name`, with those parameters, says of a frame must not be drawn over another.

    So it is with everything that is not known to be points, boxes or classes: they may be a little astray.
    """
    if name.startswith(MODEL):
        from engine.nodes.find import spec_for

        try:
            return spec_for(name.removeprefix(MODEL), params).task in ("mask", "image")
        except PhospheneError:  # a take holds the results of a model that is not here any more
            return True
    return name not in KINDS or KINDS[name].is_map or bool(params.get("masks"))


def tracker_class(name: str) -> TrackerClass:
    """The class of the tracker called `name`, its library loaded. Raises UsageError, which suggests the nearest."""
    if name not in KINDS:
        raise unknown_name("tracker", name, KINDS)
    module, _, attribute = KINDS[name].where.partition(":")
    found: TrackerClass = getattr(importlib.import_module(module), attribute)
    return found


def open_tracker(name: str, **params: Any) -> Tracker:
    """The tracker called `name`, ready to track. Raises UsageError (name, parameters), ModelError, TrackerError."""
    if name.startswith(MODEL):
        from engine.nodes.find import spec_for
        from engine.nodes.open import open_node

        return open_node(spec_for(name.removeprefix(MODEL), params), params.get("sound"))
    return tracker_class(name)(**params)


def warm(names: Iterable[str]) -> None:
    """Loads the libraries of trackers that will be opened soon; what fails is told when they are opened."""
    for name in names:
        with contextlib.suppress(Exception):
            tracker_class(name)
            if name == "hands":
                from engine.trackers.mediapipe_loader import load

                load()
