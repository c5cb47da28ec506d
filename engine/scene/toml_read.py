"""Loads scenes from TOML, with every unknown key and bad value named by file and line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ..core.errors import ModelError, SceneError, UsageError, unknown_name, unknown_scene
from ..core.param_types import File
from ..core.params import Param, Parametrized
from ..core.paths import checked
from ..effect.effect import Effect
from ..glsl.dialects import SUFFIXES
from ..trackers import is_tracker, params_of, unknown_tracker
from .binding import Binding
from .describe import name_of
from .layer import Layer
from .registry import Registry
from .scene import Scene
from .toml_file import TomlFile
from .toml_lines import Place

SCENE_KEYS = ("title", "doc", "sync", "private", "flash_guard", "trackers", "model", "layer")
LAYER_KEYS = ("name", "source", "matte", "effects", *Layer.params())
SYNCS = ("frame", "latest")
SOURCES = ("camera", "none")
BESIDE = ("camera", "screen", "testcard")  # a scene opens devices of this machine, no file and no address
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}")


class SceneFile(TomlFile):
    """Reads one scene file and knows where in it everything stands."""

    def __init__(self, path: Path, registry: Registry) -> None:
        super().__init__(path)
        self.registry = registry

    def scene(self) -> Scene:
        """The scene."""
        table = self.table
        self.check_keys(table, SCENE_KEYS, (), "a scene")
        sync = self.text_at(table, "sync", (), "frame")
        if sync not in SYNCS:
            raise self.wrong(unknown_name("sync", sync, SYNCS), ("sync",))
        private = table.get("private")
        if not isinstance(private, bool | None):
            raise self.error("private must be true or false", ("private",))
        flash_guard = table.get("flash_guard", True)
        if not isinstance(flash_guard, bool):
            raise self.error("flash_guard must be true or false", ("flash_guard",))
        layers = table.get("layer", [])
        if not isinstance(layers, list) or not layers:
            raise self.error("a scene needs at least one [[layer]]", ("layer",), 'write:\n[[layer]]\nsource = "camera"')
        scene = Scene(
            self.path.stem,
            self.text_at(table, "title", (), self.path.stem),
            self.text_at(table, "doc", (), ""),
            trackers=self.trackers(table.get("trackers", {})),
            sync=sync,
            private=private,
            flash_guard=flash_guard,
            path=self.path,
        )
        scene.trackers.update(self.models(table.get("model", {})))
        for index, layer in enumerate(layers):
            self.layer(scene, layer, ("layer", index))
        scene.saved = scene.state()
        return scene

    def trackers(self, tables: Any) -> dict[str, dict[str, Any]]:
        """The trackers' parameters, checked."""
        if not isinstance(tables, dict):
            raise self.error("trackers must be tables such as [trackers.face]", ("trackers",))
        found: dict[str, dict[str, Any]] = {}
        for name, table in tables.items():
            place: Place = ("trackers", name)
            if not is_tracker(name):
                raise self.wrong(unknown_tracker(name), place)
            if not isinstance(table, dict):
                raise self.error(f"[trackers.{name}] must be a table", place)
            params = params_of(name)
            for key, value in table.items():
                if key not in params:
                    raise self.wrong(unknown_name(f"parameter of tracker {name}", key, params), (*place, key))
                try:
                    params[key].check(value)
                except UsageError as error:
                    raise self.wrong(error, (*place, key)) from None
            found[name] = dict(table)
        return found

    def models(self, tables: Any) -> dict[str, dict[str, Any]]:
        """The models that the scene brings, by the names of the trackers that run them."""
        from ..trackers.custom.spec import read_table

        if not isinstance(tables, dict):
            raise self.error("models must be tables such as [model.signs]", ("model",))
        found: dict[str, dict[str, Any]] = {}
        for name, table in tables.items():
            place: Place = ("model", name)
            if not NAME.fullmatch(name):
                raise self.error(f"model name {name!r}: use letters, digits, - and _", place)
            if not isinstance(table, dict):
                raise self.error(f"[model.{name}] must be a table", place)
            try:
                found[f"model.{name}"] = {"spec": read_table(name, table, self.path.resolve().parent), "table": table}
            except (UsageError, ModelError) as error:
                raise self.error(error.message, place, error.hint) from None
        return found

    def layer(self, scene: Scene, table: Any, place: Place) -> None:
        """Adds one layer to the scene."""
        if not isinstance(table, dict):
            raise self.error("a layer must be a table: [[layer]]", place)
        self.check_keys(table, LAYER_KEYS, place, "a layer")
        source = self.text_at(table, "source", place, "camera")
        if source not in SOURCES and source.partition(":")[0] not in BESIDE:
            known = (*SOURCES, "camera:1", "screen", "testcard")
            raise self.wrong(unknown_name("layer source", source, known), (*place, "source"))
        name = self.text_at(table, "name", place, re.sub(r"[^A-Za-z0-9_-]", "-", source))
        if not NAME.fullmatch(name):
            raise self.error(f"layer name {name!r}: use letters, digits, - and _", (*place, "name"))
        if any(layer.name == name for layer in scene.layers):
            raise self.error(f"two layers are called '{name}'", place, 'give each its own: name = "…"')
        layer = Layer(name, source)
        scene.layers.append(layer)
        matte = table.get("matte", {})
        if not isinstance(matte, dict):
            raise self.error("matte must be a table such as { softness = 0.4 }", (*place, "matte"))
        self.check_keys(matte, tuple(layer.matte.params()), (*place, "matte"), "a matte")
        effects = table.get("effects", [])
        if not isinstance(effects, list):
            raise self.error('effects must be a list: [{ use = "duotone" }]', (*place, "effects"))
        values: list[tuple[str, Parametrized, Param[Any], Any, Place]] = []
        for key, param in layer.params().items():
            if key in table:
                values.append((f"{name}/{key}", layer, param, table[key], (*place, key)))
        for key, value in matte.items():
            param = layer.matte.params()[key]
            values.append((f"{name}/matte.{key}", layer.matte, param, value, (*place, "matte", key)))
        for index, entry in enumerate(effects):
            values += self.effect(layer, entry, (*place, "effects", index))
        for address, owner, param, value, at in values:
            self.value(scene, address, owner, param, value, at)

    def effect(self, layer: Layer, entry: Any, place: Place) -> list[tuple[str, Parametrized, Param[Any], Any, Place]]:
        """Adds one effect to a layer; returns the values that it is given."""
        if isinstance(entry, str):
            entry = {"use": entry}
        if not isinstance(entry, dict) or not isinstance(entry.get("use"), str):
            raise self.error('an effect is written { use = "name", … }', place)
        try:
            kind = self.registry.effect(entry["use"])
        except UsageError as error:
            where = f" ({error.where})" if error.where else ""
            raise self.error(error.message + where, (*place, "use"), error.hint) from None
        name = self.text_at(entry, "name", place, entry["use"])
        if not NAME.fullmatch(name):
            raise self.error(f"effect name {name!r}: use letters, digits, - and _", (*place, "name"))
        if name == "matte":
            raise self.error("an effect cannot be called 'matte': that is the layer's cut-out", (*place, "name"))
        if name in layer.effects:
            raise self.error(f"two effects of the layer are called '{name}'", place, 'give each its own: name = "…"')
        effect: Effect = kind()
        layer.effects[name] = effect
        layer.uses[name] = entry["use"]
        params = kind.params()
        self.check_keys(entry, ("use", "name", *params), place, f"effect {entry['use']}")
        return [
            (f"{layer.name}/{name}.{key}", effect, params[key], value, (*place, key))
            for key, value in entry.items()
            if key in params
        ]

    def value(
        self, scene: Scene, address: str, owner: Parametrized, param: Param[Any], value: Any, place: Place
    ) -> None:
        """Sets one parameter, or binds it where the value is a table."""
        try:
            if isinstance(value, dict):
                scene.bind(address, Binding.parse(value))
            elif isinstance(param, File) and isinstance(value, str) and value:
                owner.set(param.name, self.media(value, place))
            else:
                owner.set(param.name, value)
        except SceneError:
            raise
        except UsageError as error:
            raise self.wrong(error, place) from None

    def media(self, value: str, place: Place) -> str:
        """A media path of a scene: relative to the scene's folder and inside it, so that a scene can be passed on."""
        folder = self.path.resolve().parent
        if "\0" in value or len(value) > 1000:
            raise self.error("cannot be the path of a file", place)
        path = (folder / value).resolve()
        if not path.is_relative_to(folder):
            hint = "put the file beside the scene, or give it on the command line with --set"
            raise self.error(f"'{value}' is outside the scene's folder", place, hint)
        return str(checked(path, "file", typed=value, hint="put it beside the scene"))


def load_scene(name: str, registry: Registry) -> Scene:
    """The scene called `name`, or the one in the file of that path. Raises SceneError or UsageError."""
    path = Path(name)
    if path.suffix.lower() in (".py", *SUFFIXES):
        raise unknown_scene(name_of(path), (), (name_of(path),))
    return SceneFile(registry.scene_path(name), registry).scene()
