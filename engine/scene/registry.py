"""Names of effects and scenes: user folder over entry points over built-in. Looking does not import an effect."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import unknown_name, unknown_scene
from ..core.paths import checked, checked_folder, named, own_entries
from ..core.places import ROOT, config_folder, user_folders
from ..glsl.dialects import is_shader, is_transition
from .describe import (
    ENTRY_POINTS,
    Entries,
    Entry,
    describe_effect,
    describe_point,
    describe_scene,
    effect_files,
    name_of,
)
from .load import load_entry_point, load_file
from .preset_names import PRESETS

if TYPE_CHECKING:
    from ..effect.effect import Effect


@dataclass(slots=True)
class Registry:
    """Where effects and scenes are found. `effect_folders`: searched before everything else, first wins.

    What lies there is listed once, and described when it is asked for; `refresh` looks again.
    """

    effect_folders: list[Path] = field(default_factory=lambda: user_folders("effects"))
    scene_folders: list[Path] = field(default_factory=lambda: user_folders("scenes"))
    _loaded: dict[str, type[Effect]] = field(default_factory=dict)
    _listed: dict[str, Entries] = field(default_factory=dict)

    def effects(self) -> Entries:
        """Every effect by name."""
        return self._list("effects", self._find_effects)

    def transitions(self) -> Entries:
        """Every transition by name: the built-in ones, and those among the user's effects."""
        return self._list("transitions", self._find_transitions)

    def scenes(self) -> Entries:
        """Every scene by name."""
        return self._list("scenes", self._find_scenes)

    def refresh(self) -> None:
        """Lists and describes everything anew when it is asked for again."""
        self._listed.clear()

    def _list(self, kind: str, find: Callable[[], dict[str, Callable[[], Entry]]]) -> Entries:
        if kind not in self._listed:
            self._listed[kind] = Entries(find())
        return self._listed[kind]

    def _find_effects(self) -> dict[str, Callable[[], Entry]]:
        found: dict[str, Callable[[], Entry]] = {}
        for path in effect_files(ROOT / "effects"):
            found[name_of(path)] = partial(describe_effect, path, "built-in")
        for point in entry_points(group=ENTRY_POINTS):
            found[point.name] = partial(describe_point, point)
        for folder in reversed(self.effect_folders):
            for path in effect_files(folder):
                found[name_of(path)] = partial(describe_effect, path, "user")
        return found

    def _find_transitions(self) -> dict[str, Callable[[], Entry]]:
        found: dict[str, Callable[[], Entry]] = {}
        for path in effect_files(ROOT / "shaders" / "transitions"):
            found[name_of(path)] = partial(describe_effect, path, "built-in")
        for folder in reversed(self.effect_folders):
            for path in effect_files(folder):
                if is_shader(path) and is_transition(path):
                    found[name_of(path)] = partial(describe_effect, path, "user")
        return found

    def _find_scenes(self) -> dict[str, Callable[[], Entry]]:
        found: dict[str, Callable[[], Entry]] = {}
        for origin, folder in [("built-in", ROOT / "scenes"), *(("user", f) for f in reversed(self.scene_folders))]:
            for path in own_entries(folder):
                if path.suffix == ".toml" and not path.name.endswith(PRESETS):
                    found[path.stem] = partial(describe_scene, path, origin)
        return found

    def transition(self, name: str) -> type[Effect]:
        """The transition called `name`, or the one in the file of that path. Raises UsageError."""
        path = named(name)
        known = self.transitions()
        if name not in known and (is_shader(path) or os.sep in name):
            checked(path, "transition file", hint="`phosphene list transitions` shows the others")
            return load_file(describe_effect(path, "user"))
        if name not in known:
            raise unknown_name("transition", name, known)
        return load_file(known[name])

    def effect(self, name: str, *, where: str = "", again: bool = False) -> type[Effect]:
        """The effect class called `name`; imports its file, and does so `again` where it has changed.

        Raises UsageError for an unknown or broken one.
        """
        if name in self._loaded and not again:
            return self._loaded[name]
        if again:
            self.refresh()
        entries = self.effects()
        if name not in entries:
            raise unknown_name("effect", name, entries, where=where)
        entry = entries[name]
        loaded = load_entry_point(name) if entry.origin == "plugin" else load_file(entry, again)
        self._loaded[name] = loaded
        return loaded

    def forget(self, but: Iterable[str]) -> None:
        """Looks again at what there is, and loads every effect anew when it is asked for again, but for these."""
        self.refresh()
        self._loaded = {name: self._loaded[name] for name in but if name in self._loaded}

    def scene_path(self, name: str) -> Path:
        """The file of a scene, by its name or its path. Raises UsageError where there is none."""
        if name.endswith(".toml") or os.sep in name:
            return checked(named(name), "scene file", hint="`phosphene list scenes` shows the built-in ones")
        scenes = self.scenes()
        if name not in scenes:
            raise unknown_scene(name, scenes, self.effects())
        return scenes[name].path


def first_user_folder(kind: str) -> Path:
    """Where what a user makes is put. Raises UsageError where nobody knows a home folder."""
    return next(iter(user_folders(kind)), None) or config_folder() / kind


def registry_with(folders: Iterable[str | Path]) -> Registry:
    """The registry, in which what lies in `folders` comes before all else. Raises UsageError where one is not there."""
    registry = Registry()
    own = [named(folder) for folder in folders]
    for folder in own:
        checked_folder(folder, "--effects")
    registry.effect_folders[:0] = own
    registry.scene_folders[:0] = own
    return registry
