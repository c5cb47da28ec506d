"""What an address names, and how a value that comes from outside is checked, before it is set in a scene."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..core.errors import UsageError, unknown_name
from ..core.param_types import File
from ..core.paths import checked, named
from ..scene.binding import Binding
from ..scene.scene import Scene

TRACKERS_AT = "trackers/"


@dataclass(frozen=True, slots=True)
class Setting:
    """A checked change of one scene: the full address of a parameter, and its value, or the signal that it follows."""

    scene: Scene
    address: str
    value: Any

    def apply(self) -> None:
        """Sets or binds the parameter; the scene's listeners hear of it."""
        if isinstance(self.value, Binding):
            self.scene.bind(self.address, self.value)
        else:
            self.scene.set(self.address, self.value)

    @contextmanager
    def tried(self) -> Iterator[None]:
        """The scene as it would be, for as long as the block runs; no listener hears of it."""
        _, owner, param = self.scene.find(self.address)
        bindings, before = self.scene.bindings, getattr(owner, param.name)
        self.scene.bindings = {name: bound for name, bound in bindings.items() if name != self.address}
        try:
            if isinstance(self.value, Binding):
                self.scene.bindings[self.address] = self.value
            else:
                owner.set(param.name, self.value)
            yield
        finally:
            owner.set(param.name, before)
            self.scene.bindings = bindings


def setting(scene: Scene, address: str, value: Any) -> Setting:
    """The change that sets the parameter at `address`; a table or a Binding lets it follow a signal instead.

    A text is read as on the command line; a file's path is relative to the working folder. Raises UsageError.
    """
    if isinstance(value, Mapping):
        value = Binding.parse(value)
    if isinstance(value, Binding):
        return Setting(scene, scene.check_binding(address), value)
    full, found = scene.check(address, media_path(scene, address, value))
    return Setting(scene, full, found)


def media_path(scene: Scene, address: str, value: Any) -> Any:
    """A file's path that was typed is relative to the working folder; it must exist. Raises UsageError."""
    param = scene.find(address)[2]
    if not isinstance(param, File) or not isinstance(value, str) or not param.parse(value):
        return value
    try:
        path = checked(named(value), "file", typed=value, hint=f"give the {param.range_text()}")
    except UsageError as error:
        error.message = f"{address}: {error.message}"
        raise
    return str(path.resolve())


def set_tracker(scene: Scene, address: str, value: Any) -> None:
    """Sets a tracker's parameter, `trackers/face.max_faces`, for the run that begins. Raises UsageError."""
    from ..trackers import params_of

    name, _, key = address.removeprefix(TRACKERS_AT).partition(".")
    params = params_of(name)
    if key not in params:
        raise unknown_name(f"parameter of tracker {name}", key, params)
    try:
        param = params[key]
        scene.trackers.setdefault(name, {})[key] = param.parse(value) if isinstance(value, str) else param.check(value)
    except UsageError as error:
        raise UsageError(f"{address}: {error.message}", hint=error.hint) from None
