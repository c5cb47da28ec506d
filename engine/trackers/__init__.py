"""Looks at frames: the trackers by name, and the one function that opens them.

Importing this loads no library: each back end is imported when its tracker is opened. Packages add trackers by the
entry points `phosphene.trackers`: what is called with the parameters that were set, and gives a Tracker. The room
imports the rooms up to effect, and owns no thread: a show runs each tracker in one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..core.errors import PhospheneError, TrackerError, UsageError
from ..core.params import Param, Parametrized
from ..core.plugins import Plugins
from .base import Tracker
from .names import MODEL, ROW_MODELS, TRACKERS

# What other packages offer; `sound` stands among an effect's needs, but no tracker gives it.
PLUGINS = Plugins("phosphene.trackers", "tracker", (*TRACKERS, "sound"), TrackerError)


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


def is_tracker(name: str) -> bool:
    """Whether there is a tracker called `name`, here or in a package; those that run models are not asked for here."""
    return name in TRACKERS or PLUGINS.has(name)


def tracker_names() -> list[str]:
    """Every tracker's name, the engine's own first; nothing is imported."""
    return [*TRACKERS, *PLUGINS.names()]


def unknown_tracker(name: str) -> UsageError:
    """The error for a tracker that does not exist, with the nearest names."""
    return TRACKERS.unknown(name, PLUGINS.names())


def tracker_class(name: str) -> Callable[..., Tracker]:
    """What makes the tracker called `name`, its library loaded. Raises UsageError, which suggests the nearest, and
    TrackerError where a package's cannot be imported."""
    if name in TRACKERS:
        found: Callable[..., Tracker] = TRACKERS[name].load()
        return found
    if not PLUGINS.has(name):
        raise unknown_tracker(name)
    return PLUGINS.load(name)


def params_of(name: str) -> dict[str, Param[Any]]:
    """The parameters of the tracker called `name`, by name; a package's may have none. Raises as `tracker_class`."""
    made = tracker_class(name)
    return made.params() if isinstance(made, type) and issubclass(made, Parametrized) else {}


def open_tracker(name: str, **params: Any) -> Tracker:
    """The tracker called `name`, ready to track. Raises UsageError (name, parameters), ModelError, TrackerError."""
    if name.startswith(MODEL):
        from .custom.find import spec_for
        from .custom.open import open_node

        return open_node(spec_for(name.removeprefix(MODEL), params), params.get("sound"))
    if PLUGINS.has(name):
        opened: Tracker = PLUGINS.open(name, Tracker, **params)
        return opened
    return tracker_class(name)(**params)


def warm(names: Iterable[str]) -> None:
    """Loads the libraries of trackers that will be opened soon; what fails is reported when they are opened."""
    for name in names:
        with contextlib.suppress(Exception):
            tracker_class(name)
            if name == "hands":
                from ..models.mediapipe import load

                load()
