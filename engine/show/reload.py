"""Hot reload: a saved effect, shader or scene file is in the image within half a second, parameters and state kept.

What does not compile or load is reported in the image and the log, and the last good version goes on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from ..core.errors import EffectRefused, PhospheneError
from ..core.files.stamp import Stamp, stamp
from ..effect.effect import Effect
from ..glsl.dialects import SUFFIXES
from ..renderer.renderer import Renderer
from ..scene.layer import Layer
from ..scene.registry import Registry
from ..scene.scene import Scene
from .heap import give_back
from .trial import Job, Trial, not_built_in

log = logging.getLogger("phosphene")

LOOK_S = 0.1  # how often the files are looked at; trying out and compiling take most of the half second


class Reloader:
    """Watches the files of a running scene. `load` makes the scene anew from its file, with the user's settings."""

    def __init__(self, scene: Scene, registry: Registry, load: Callable[[], Scene], trial: Trial | None = None) -> None:
        self.scene, self.registry, self._load = scene, registry, load
        self._trial = trial
        self._waiting: dict[str, tuple[list[Job], Callable[[], None]]] = {}  # by address; the scene's is empty
        self._stamps: dict[Path, Stamp | None] = {}
        self._listed: set[Path] = set()  # folders in which whatever is saved may mend what is wrong
        self._looked_s = 0.0

    def look(self, renderer: Renderer) -> None:
        """Brings in what was saved since the last look; cheap where nothing was."""
        self._finish(renderer)
        now = time.monotonic()
        if now - self._looked_s < LOOK_S:
            return
        self._looked_s = now
        listed, self._listed = self._listed, set()
        files = self._files(renderer)
        stamps = {path: stamp(path) for paths in files.values() for path in paths}
        # A file that is gone for a moment is being saved by an editor that replaces it: it is waited for.
        seen = {p: self._stamps.get(p, None if p.parent in listed else s) for p, s in stamps.items()}
        saved = {p for p, s in stamps.items() if s is not None and seen[p] != s}
        self._stamps = {p: self._stamps.get(p) if s is None else s for p, s in stamps.items()}
        for address, paths in files.items():
            if saved.intersection(paths):
                if address == "":
                    self._reload_scene(renderer)
                else:
                    self._try_effect(renderer, address, saved)
        self._finish(renderer)

    def _finish(self, renderer: Renderer) -> None:
        """Brings in what was tried out meanwhile; what must not be drawn is reported, and the last version goes on."""
        for address, (jobs, bring_in) in list(self._waiting.items()):
            if all(job.done.is_set() for job in jobs):
                del self._waiting[address]
                if wrong := next((job.error for job in jobs if job.error), ""):
                    renderer.report(address or "scene", EffectRefused(wrong))
                else:
                    bring_in()
                    give_back()

    def _try_effect(self, renderer: Renderer, address: str, saved: Iterable[Path]) -> None:
        layer, name = self._find(address)
        use = layer.uses.get(name, name)
        jobs = []
        entries = self.registry.effects()
        if self._trial is not None and use in entries:
            jobs.append(self._trial.ask(entries[use].path, use, layer.effects[name]))
        self._waiting[address] = jobs, lambda: self._reload_effect(renderer, address, saved)

    def _files(self, renderer: Renderer) -> dict[str, set[Path]]:
        """The files of each effect by its address, and of the scene under the empty address."""
        files: dict[str, set[Path]] = {"": {self.scene.path} if self.scene.path else set()}
        if "scene" in renderer.problems:
            files[""] |= self._beside(*self.registry.effect_folders)
        entries = self.registry.effects()
        for layer in self.scene.layers:
            for name in layer.effects:
                address = f"{layer.name}/{name}"
                files[address] = renderer.effects.files(address)
                if (use := layer.uses.get(name, name)) in entries:
                    files[address].add(entries[use].path)
                    if entries[use].path.name == "__init__.py":
                        files[address].update(entries[use].path.parent.rglob("*.py"))
                    if address in renderer.problems:  # what it includes now may be what is wrong
                        files[address] |= self._beside(entries[use].path.parent)
        return files

    def _beside(self, *folders: Path) -> set[Path]:
        """The files in these folders that effects are made of."""
        there = [folder for folder in folders if folder.is_dir()]
        self._listed.update(there)
        return {path for folder in there for path in folder.iterdir() if path.suffix in (".py", ".vs", *SUFFIXES)}

    def _reload_scene(self, renderer: Renderer) -> None:
        # What was loaded for a scene that did not come in, or for one before, may have been saved since.
        self.registry.forget(but={layer.uses.get(name, name) for layer in self.scene.layers for name in layer.effects})
        try:
            fresh = self._load()
        except PhospheneError as error:
            renderer.report("scene", error)
            return
        jobs = []
        if self._trial is not None:
            known = {type(effect) for layer in self.scene.layers for effect in layer.effects.values()}
            for effect, use, path in not_built_in(fresh, self.registry).values():
                if type(effect) not in known:
                    jobs.append(self._trial.ask(path, use, effect))
        self._waiting[""] = jobs, lambda: self._bring_in(fresh, renderer)

    def _bring_in(self, fresh: Scene, renderer: Renderer) -> None:
        renderer.clear("scene")
        for layer in fresh.layers:
            keep_running(layer, self.scene.layers)
        self.scene.title, self.scene.doc = fresh.title, fresh.doc
        self.scene.layers[:] = fresh.layers
        self.scene.bindings, self.scene.saved = fresh.bindings, fresh.saved
        self.scene.sync, self.scene.private = fresh.sync, fresh.private
        renderer.match_scene()
        log.info("reloaded %s", self.scene.path)

    def _reload_effect(self, renderer: Renderer, address: str, saved: Iterable[Path]) -> None:
        try:
            layer, name = self._find(address)
        except StopIteration:
            return  # the scene was saved without it meanwhile
        effect = layer.effects[name]
        # A shader file that is an effect by itself holds its parameters too: its class is made anew.
        remade = renderer.effects.files(address) if hasattr(effect, "shader_file") else set[Path]()
        if any(path.suffix == ".py" or path in remade for path in saved):
            try:
                effect = renewed(effect, layer.uses.get(name, name), self.registry)
            except PhospheneError as error:
                renderer.report(address, error)
                return
        if renderer.effects.replace(address, effect):
            layer.effects[name] = effect
            log.info("reloaded %s", address)

    def _find(self, address: str) -> tuple[Layer, str]:
        layer_name, name = address.split("/", 1)
        return next(layer for layer in self.scene.layers if layer.name == layer_name), name


def renewed(effect: Effect, use: str, registry: Registry) -> Effect:
    """A new object of the effect's class as it now stands in its file, with the parameters that it still has."""
    kind = registry.effect(use, again=True)
    fresh = kind()
    known = fresh.params()
    for name in effect.params():
        if name in known:
            try:
                fresh.set(name, getattr(effect, name))
            except PhospheneError as error:
                log.warning("%s: %s; its default is taken", use, error.message)
    fresh.set_surroundings(seed=effect.seed)
    return fresh


def keep_running(layer: Layer, before: Iterable[Layer]) -> None:
    """An effect that was in the layer before goes on, with the new values, so that it keeps its state."""
    old = next((b for b in before if b.name == layer.name), None)
    if old is None:
        return
    for name, effect in layer.effects.items():
        running = old.effects.get(name)
        if running is not None and type(running) is type(effect):
            for param in effect.params():
                running.set(param, getattr(effect, param))
            layer.effects[name] = running
