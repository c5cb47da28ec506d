"""Scenes and effects by name, and lists of all that can be named: for scripts, and for `phosphene list`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.plugins import Plugins

if TYPE_CHECKING:
    from typing import TypeAlias

    from ..effect.effect import Effect
    from ..scene.describe import Entry
    from ..scene.registry import Registry
    from ..scene.scene import Scene
    from .options import AnyPath

    Folders: TypeAlias = AnyPath | Iterable[AnyPath]


@dataclass(frozen=True, slots=True)
class Listed:
    """Something that can be named on the command line, in a scene or in a script.

    `doc`: one line; `origin`: built-in, plugin (of an installed package) or user; `example`: what to type, of sources
    and sinks; `params`: the names of its parameters, of effects and transitions; `problem`: why it cannot be used.
    """

    name: str
    doc: str
    origin: str = "built-in"
    example: str = ""
    params: tuple[str, ...] = ()
    problem: str = ""


def load_scene(scene: AnyPath, *, effects: Folders = ()) -> Scene:
    """The scene of that name, or in the file of that path; effects are looked for in the folders `effects` first.

    Raises SceneError with file and line, UsageError for a name that is unknown.
    """
    from ..scene.toml_read import load_scene as load

    return load(os.fspath(scene), registry(effects))


def load_effect(name: str, *, effects: Folders = ()) -> type[Effect]:
    """The class of the effect of that name, looked for in the folders `effects` first. Raises UsageError."""
    return registry(effects).effect(name)


def list_scenes(*, effects: Folders = ()) -> list[Listed]:
    """Every scene, those in the folders `effects` included."""
    return [entry_listed(entry) for entry in registry(effects).scenes().values()]


def list_effects(*, effects: Folders = ()) -> list[Listed]:
    """Every effect, those in the folders `effects` included; none is imported."""
    return [entry_listed(entry) for entry in registry(effects).effects().values()]


def list_transitions(*, effects: Folders = ()) -> list[Listed]:
    """Every transition, those in the folders `effects` included."""
    return [entry_listed(entry) for entry in registry(effects).transitions().values()]


def list_sources() -> list[Listed]:
    """Every kind of input."""
    from ..sources import PLUGINS, SOURCES

    return [*(Listed(k.name, k.doc, example=k.example) for k in SOURCES.values()), *offered(PLUGINS)]


def list_sinks() -> list[Listed]:
    """Every kind of output."""
    from ..sinks import PLUGINS, SINKS

    return [*(Listed(k.name, k.doc, example=k.example) for k in SINKS.values()), *offered(PLUGINS)]


def list_trackers() -> list[Listed]:
    """Every tracker; those that run models of one's own are among the models."""
    from ..trackers import PLUGINS
    from ..trackers.names import TRACKERS

    return [*(Listed(k.name, k.doc) for k in TRACKERS.values()), *offered(PLUGINS)]


def list_signals() -> list[Listed]:
    """Every signal that a parameter may follow."""
    from ..scene.signals import SIGNALS

    return [Listed(name, doc) for name, doc in SIGNALS.items()]


def list_models() -> list[Listed]:
    """The models whose answers scenes can name: those that come with the engine, and the user's own."""
    from ..trackers.custom.find import own_models, shipped, summary

    ready = [Listed(name, summary(path)) for name, path in shipped().items()]
    return ready + [Listed(name, summary(path), "user") for name, path in own_models().items()]


def registry(effects: Folders) -> Registry:
    """The registry in which one folder, or several, come before all else. Raises UsageError where one is not there."""
    from ..scene.registry import registry_with

    folders = [effects] if isinstance(effects, str | os.PathLike) else effects
    return registry_with([os.fspath(folder) for folder in folders])


def entry_listed(entry: Entry) -> Listed:
    """What a registry knows, as what is listed."""
    return Listed(entry.name, entry.doc, entry.origin, params=entry.params, problem=entry.problem)


def offered(plugins: Plugins) -> Iterator[Listed]:
    """What installed packages offer."""
    for plugin in plugins.listed():
        package = f"from package {plugin.package}"
        doc = f"{plugin.doc} ({package})" if plugin.doc else package
        yield Listed(plugin.name, doc, "plugin", problem=plugin.problem and f"{plugin.problem} ({package})")
