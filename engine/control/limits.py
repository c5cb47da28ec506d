"""What may not change while a show runs: the trackers that run already, and models that are not on this machine.

A tracker takes its parameters when it is opened. So its own (`trackers/face.max_faces`) are fixed for the run, and so
is whatever else would open it otherwise, such as `matte.who`. A change may bring a tracker that did not run before,
where its models are here: nothing is fetched while frames wait.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..core.errors import PhospheneError, UsageError
from ..models import store as models
from ..scene.playlist import Playlist
from ..trackers import models_of
from ..trackers.names import MODEL
from .settings import Setting


class Limits:
    """Judges changes of the scenes in `playlist`. `ready` are the trackers that the show was opened with."""

    def __init__(self, playlist: Playlist, ready: Collection[str]) -> None:
        self.playlist = playlist
        self._ready = set(ready)
        self._opened: dict[str, Mapping[str, Any]] = {}

    def opened(self, tracker: str, params: Mapping[str, Any]) -> None:
        """Notes that `tracker` runs with these parameters; called by any thread."""
        self._opened[tracker] = dict(params)

    def check(self, change: Setting) -> None:
        """Raises UsageError where the running show cannot take the change on."""
        opened = dict(self._opened)
        with change.tried():
            wanted = self.playlist.needs()
            params = {name: self.playlist.tracker_params(name) for name in {*wanted, *opened}}
        for name, before in opened.items():
            if params[name] != before:
                raise UsageError(
                    f"{change.address}: the tracker '{name}' runs already and would have to be opened anew",
                    hint="set it before the show begins: in the scene, with --set, or with parameters=",
                )
        for name in sorted(wanted - self._ready - opened.keys()):
            self._check_new(change.address, name, params[name])
            self._ready.add(name)

    def _check_new(self, address: str, name: str, params: Mapping[str, Any]) -> None:
        if name.startswith(MODEL):  # what feeds it, and its classes, are found out before the show begins
            raise UsageError(
                f"{address}: '{name}' is a model that did not run when the show began",
                hint="let the scene use it from the beginning",
            )
        try:
            missing = [model for model in models_of(name, params) if not models.state(model).ready]
        except PhospheneError as error:
            raise UsageError(f"{address}: {error.message}", hint=error.hint) from error
        if missing:
            raise UsageError(
                f"{address}: the tracker '{name}' needs the model '{missing[0]}', which is not on this machine",
                hint=f"fetch it first: phosphene models --fetch {missing[0]}",
            )
