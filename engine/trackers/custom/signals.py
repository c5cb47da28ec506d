"""The signals that models give: `class.MODEL.LABEL` and their like, by what the models found in a frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.errors import UsageError
from ...core.results import Classification, Detections, Hands
from .labels import slug, slugs

PREFIX = "model."  # how the trackers that run models are called
# Each group's pattern and doc.
GROUPS: dict[str, tuple[str, str]] = {
    "class": (
        "class.MODEL.LABEL",
        "how surely a model sees that class, filtered; above one half while it counts as seen",
    ),
    "voice": ("voice.WORD", "how surely the word is heard: the classes of your own model of sound called voice"),
    "gesture": ("gesture.NAME", "how surely a hand shows it: thumb_up, victory, open_palm, closed_fist, pointing_up …"),
    "object": ("object.LABEL", "how surely there is such an object, e.g. object.cup"),
}
OBJECTS = "objects"  # the model that `object.*` speaks of
VOICE = "voice"  # the model that `voice.*` speaks of


def normal(name: str) -> str:
    """The name of a model's signal with its label as signals write it. Raises UsageError where a part is missing."""
    group, _, rest = name.partition(".")
    if group != "class":
        return f"{group}.{slug(rest)}"
    model, _, label = rest.partition(".")
    if not model or not label:
        raise UsageError(f"signal '{name}': expected a model and one of its classes", hint="write class.MODEL.LABEL")
    return f"class.{model}.{slug(label)}"


def tracker_for(name: str) -> str:
    """The tracker that a model's signal comes from; empty where it is none."""
    group, _, rest = name.partition(".")
    if group == "class":
        return PREFIX + rest.partition(".")[0]
    return {"object": PREFIX + OBJECTS, "voice": PREFIX + VOICE, "gesture": "hands", "hands": "hands"}.get(group, "")


def signals_of(results: Mapping[str, Any]) -> dict[str, float]:
    """The signals in what the trackers found."""
    values: dict[str, float] = {}
    for tracker, found in results.items():
        if isinstance(found, Hands):
            values["hands.count"] = float(len(found.items))
            values |= {f"gesture.{slug(name)}": value for name, value in found.gestures.items()}
        if isinstance(found, Classification) and tracker.startswith(PREFIX):
            model = tracker.removeprefix(PREFIX)
            for label, value in zip(slugs(found.names), found.values, strict=True):
                values[f"class.{model}.{label}"] = float(value)
                if model == VOICE:
                    values[f"{VOICE}.{label}"] = float(value)
        elif isinstance(found, Detections) and tracker == PREFIX + OBJECTS:
            for detection in found.items:
                name = f"object.{slug(detection.label)}"
                values[name] = max(values.get(name, 0.0), detection.score)
    return values
