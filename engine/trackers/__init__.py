"""Looks at frames: the trackers by name, and the one function that opens them.

Importing this loads no library: each back end is imported when its tracker is opened. The room imports the rooms up to
effect, and owns no thread: a show runs each tracker in one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from ..core.errors import PhospheneError
from ..core.params import Param
from .base import Tracker
from .names import MODEL, ROW_MODELS, TRACKERS


class TrackerClass(Protocol):
    """A class of trackers, with its declared parameters."""

    def __call__(self, **values: Any) -> Tracker: ...

    def params(self) -> dict[str, Param[Any]]:
        """The declared parameters by name."""


def models_of(name: str, params: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """The models of the store that the tracker called `name`, with those parameters, may load."""
    if name.startswith(MODEL):
        from .custom.find import spec_for

        spec = spec_for(name.removeprefix(MODEL), params or {})
        return tuple(filter(None, (spec.store, *ROW_MODELS.get(spec.input.of, ()))))
    return TRACKERS[name].models if name in TRACKERS else ()


def belongs_to_pixels(name: str, params: Mapping[str, Any]) -> bool:
    """Whether what the tracker called `name`, with those parameters, says of a frame must not be drawn over another.

    So it is with everything that is not known to be points, boxes or classes: they may be a little astray.
    """
    if name.startswith(MODEL):
        from .custom.find import spec_for

        try:
            return spec_for(name.removeprefix(MODEL), params).task in ("mask", "image")
        except PhospheneError:  # a take holds the results of a model that is not here any more
            return True
    return name not in TRACKERS or TRACKERS[name].is_map or bool(params.get("masks"))


def tracker_class(name: str) -> TrackerClass:
    """The class of the tracker called `name`, its library loaded. Raises UsageError, which suggests the nearest."""
    found: TrackerClass = TRACKERS.find(name).load()
    return found


def open_tracker(name: str, **params: Any) -> Tracker:
    """The tracker called `name`, ready to track. Raises UsageError (name, parameters), ModelError, TrackerError."""
    if name.startswith(MODEL):
        from .custom.find import spec_for
        from .custom.open import open_node

        return open_node(spec_for(name.removeprefix(MODEL), params), params.get("sound"))
    return tracker_class(name)(**params)


def warm(names: Iterable[str]) -> None:
    """Loads the libraries of trackers that will be opened soon; what fails is reported when they are opened."""
    for name in names:
        with contextlib.suppress(Exception):
            tracker_class(name)
            if name == "hands":
                from ..models.mediapipe import load

                load()
