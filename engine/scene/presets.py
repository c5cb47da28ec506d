"""Presets of a scene: looks by name, in a TOML file beside the scene's. Each holds what differs from the scene's file.

[preset.warm]
"camera/duotone.amount" = 0.7
"camera/duotone.ink" = { from = "face.smile", to = [0.2, 1.0] }
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ..core.errors import UsageError, unknown_name
from ..core.files.put import write_whole
from ..core.param_types import File
from ..core.paths import is_there
from .binding import Binding
from .preset_names import DEFAULT, checked_name, presets_path
from .toml_file import TomlFile
from .toml_write import inline, written

if TYPE_CHECKING:
    from .scene import Scene

log = logging.getLogger("phosphene")

State: TypeAlias = dict[str, Any]  # a value, or a Binding, by the full address of its parameter


class Presets:
    """The presets of one scene, read anew at each call: a person may edit the file meanwhile."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.path = scene, presets_path(scene)

    @property
    def names(self) -> list[str]:
        """The names in the file's order, `default` first. Raises SceneError for a file that cannot be read."""
        return [DEFAULT, *self._tables(self._read())]

    def state(self, name: str) -> State:
        """The whole state of the scene in the preset `name`: what it does not say is as in the scene's file.

        An address that the scene no longer has is reported in the log and left out. Raises UsageError for an unknown
        name, and SceneError with its line for a value that does not fit.
        """
        file = self._read()
        tables = self._tables(file)
        if name != DEFAULT and name not in tables:
            raise unknown_name(f"preset of {self.scene.name}", name, [DEFAULT, *tables])
        state = file_state(self.scene)
        for address, value in tables.get(name, {}).items():
            if not self.scene.knows(address):
                log.warning("%s: preset '%s': %s has no parameter %s", self.path, name, self.scene.name, address)
                continue
            assert file is not None
            try:
                full, found = self._checked(address, value)
            except UsageError as error:
                raise file.wrong(error, ("preset", name, address)) from None
            state[full] = found
        return state

    def save(self, name: str, state: Mapping[str, Any]) -> Path:
        """Writes what of `state` differs from the scene's file as the preset `name`; returns the path of the file.

        The rest of the file stays as it is, comments included. Raises UsageError for a name that cannot be, SceneError
        for media outside the folder, and SinkError where the file cannot be written.
        """
        import tomlkit

        differs = differences(state, file_state(self.scene))
        known = self.scene.addresses()
        values: dict[str, Any] = {}
        for address, value in differs.items():
            bound = isinstance(value, Binding)
            values[address] = value.table() if bound else written(known[address][1], value, self.path)
        file = self._read()
        before = self._tables(file).get(checked_name(name), {})
        document = tomlkit.parse("" if file is None else file.text)
        if "preset" not in document:
            document["preset"] = tomlkit.table(is_super_table=True)
        presets: Any = document["preset"]
        if name not in presets:
            presets[name] = tomlkit.table()
        for address in [address for address in before if address not in values]:
            del presets[name][address]
        for address, value in values.items():
            if before.get(address) != value:
                presets[name][address] = inline(value) if isinstance(value, dict) else value
        return self._write(tomlkit.dumps(document))

    def delete(self, name: str) -> Path:
        """Takes a preset out of the file; returns its path. Raises UsageError for an unknown name."""
        import tomlkit

        file = self._read()
        tables = self._tables(file)
        if file is None or name not in tables:
            raise unknown_name(f"preset of {self.scene.name} in a file", name, tables)
        document = tomlkit.parse(file.text)
        presets: Any = document["preset"]
        del presets[name]
        return self._write(tomlkit.dumps(document))

    def _write(self, text: str) -> Path:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, text.encode("utf-8"), overwrite=True)
        return self.path

    def _read(self) -> TomlFile | None:
        return TomlFile(self.path) if is_there(self.path) else None

    def _tables(self, file: TomlFile | None) -> Mapping[str, Mapping[str, Any]]:
        if file is None:
            return {}
        file.check_keys(file.table, ("preset",), (), "a file of presets")
        tables = file.table.get("preset", {})
        if not isinstance(tables, dict):
            raise file.error("presets must be tables such as [preset.warm]", ("preset",))
        for name, table in tables.items():
            if not isinstance(table, dict):
                raise file.error(f"[preset.{name}] must be a table", ("preset", name))
        return tables

    def _checked(self, address: str, value: Any) -> tuple[str, Any]:
        """The full address and the value, or the Binding, that the file says."""
        if isinstance(value, dict):
            return self.scene.check_binding(address), Binding.parse(value)
        if isinstance(self.scene.find(address)[2], File) and isinstance(value, str) and value:
            folder = self.path.parent.resolve()
            path = (folder / value).resolve()
            if not path.is_relative_to(folder):
                raise UsageError(f"'{value}' is outside the folder of the presets", hint="put the file beside them")
            value = str(path)
        return self.scene.check(address, value)


def file_state(scene: Scene) -> State:
    """The state of a scene as its file says; what the file does not know has its default."""
    return {address: scene.saved.get(address, param.default) for address, (_, param) in scene.addresses().items()}


def differences(state: Mapping[str, Any], before: Mapping[str, Any]) -> State:
    """What of `state` is otherwise than `before`."""
    return {address: value for address, value in state.items() if not same(value, before.get(address))}


def same(one: Any, other: Any) -> bool:
    """Whether two values, or two bindings, mean the same."""
    if isinstance(one, Binding) and isinstance(other, Binding):
        return one.table() == other.table()
    return type(one) is type(other) and bool(one == other)
