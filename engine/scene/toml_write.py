"""Writes a scene as TOML: every value that differs from its default, and every binding."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core.errors import SceneError
from ..core.files.put import write_whole
from ..core.param_types import Color, File
from ..core.params import Param, Parametrized
from ..core.plugins import entry_points
from ..effect.effect import Effect
from .describe import ENTRY_POINTS, name_of
from .load import name_of_module
from .scene import Scene


def save_scene(scene: Scene, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Writes a scene as TOML: every value that differs from its default, and every binding.

    Raises SceneError for an effect that no scene can name, and for a file that is outside the scene's folder.
    Raises SinkError where a file is there already, without `overwrite`, or cannot be written.
    """
    import tomlkit

    path = Path(path)
    document = tomlkit.document()
    document["title"] = scene.title
    if scene.doc:
        document["doc"] = scene.doc
    if scene.sync != "frame":
        document["sync"] = scene.sync
    if scene.private is not None:
        document["private"] = scene.private
    if not scene.flash_guard:
        document["flash_guard"] = False
    plain = {name: params for name, params in scene.trackers.items() if not name.startswith("model.")}
    if plain:
        document["trackers"] = plain
    brought = {n.removeprefix("model."): p["table"] for n, p in scene.trackers.items() if "table" in p}
    if brought:
        document["model"] = brought
    layers = tomlkit.aot()
    for layer in scene.layers:
        table = tomlkit.table()
        table["name"], table["source"] = layer.name, layer.source
        table.update(changed(scene, f"{layer.name}/", layer, path))
        if matte := changed(scene, f"{layer.name}/matte.", layer.matte, path):
            table["matte"] = inline(matte)
        effects = tomlkit.array()
        effects.multiline(True)
        for name, effect in layer.effects.items():
            use = layer.uses.get(name) or use_of(type(effect), f"{layer.name}/{name}")
            entry: dict[str, Any] = {"use": use, **({"name": name} if name != use else {})}
            effects.append(inline({**entry, **changed(scene, f"{layer.name}/{name}.", effect, path)}))
        if layer.effects:
            table["effects"] = effects
        layers.append(table)
    document["layer"] = layers
    write_whole(path, tomlkit.dumps(document).encode("utf-8"), overwrite=overwrite)


def use_of(kind: type[Effect], address: str) -> str:
    """The name under which a scene finds an effect that was put into it by a program. Raises SceneError.

    It is that of its file, or that of the entry point of its package.
    """
    if (file := getattr(kind, "shader_file", None)) is not None:
        return name_of(file)
    if name := name_of_module(kind.__module__):
        return name
    offered = [p.name for p in entry_points(ENTRY_POINTS) if p.value == f"{kind.__module__}:{kind.__qualname__}"]
    if offered:
        return offered[0]
    raise SceneError(
        f"{address} is a {kind.__name__} of this program, which no scene can name",
        hint="put the class into a file of its own, and load it from there: load_effect(name, effects=folder)",
    )


def inline(table: Mapping[str, Any]) -> Any:
    """A table on one line."""
    import tomlkit

    out = tomlkit.inline_table()
    out.update(table)
    return out


def changed(scene: Scene, prefix: str, owner: Parametrized, path: Path) -> dict[str, Any]:
    """What a parameter owner's TOML must say."""
    out: dict[str, Any] = {}
    for name, param in owner.params().items():
        if (binding := scene.bindings.get(prefix + name)) is not None:
            out[name] = inline(binding.table())
        elif (value := getattr(owner, name)) != param.default:
            out[name] = written(param, value, path)
    return out


def written(param: Param[Any], value: Any, path: Path) -> Any:
    """A parameter's value as a file at `path` holds it. Raises SceneError for media outside its folder."""
    if isinstance(param, File) and value:
        return media_for(value, path)
    if isinstance(param, Color) and param.parse(param.format(value)) == value:
        return param.format(value)
    return list(value) if isinstance(value, tuple) else value


def media_for(value: str, path: Path) -> str:
    """A media path as a scene at `path` may hold it. Raises SceneError where it lies elsewhere."""
    folder, file = path.resolve().parent, Path(value).resolve()
    if not file.is_relative_to(folder):
        raise SceneError(f"'{value}' is outside the scene's folder", where=str(path), hint=f"copy it into {folder}")
    return file.relative_to(folder).as_posix()
