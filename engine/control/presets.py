"""Presets of a running show: saved, recalled at once or over a time, and mixed; every way in does it by this object."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import UsageError
from ..scene.binding import Binding
from ..scene.mixing import mixed
from ..scene.presets import Presets, same
from .changes import Changes

if TYPE_CHECKING:
    from ..core.params import Param
    from ..scene.playlist import Playlist
    from ..scene.scene import Scene

log = logging.getLogger("phosphene")


@dataclass(slots=True)
class _Way:
    """One parameter on its way from `start` to `end`; `sent` is what was asked for last, by `result`."""

    param: Param[Any]
    start: Any
    end: Any
    sent: Any
    result: Future[str] | None = None


class _Morph:
    """A scene on its way into a preset, from the time of the first frame that is drawn after it was asked for."""

    def __init__(self, scene: Scene, origin: str, over_s: float) -> None:
        self.scene, self.origin, self.over_s = scene, origin, over_s
        self.ways: dict[str, _Way] = {}
        self.begun_s: float | None = None

    def position(self, time_s: float) -> float:
        """How far it has come at `time_s`, 0 to 1."""
        if self.begun_s is None or time_s < self.begun_s:  # a clip that begins again takes the morph along
            self.begun_s = time_s
        return min(1.0, (time_s - self.begun_s) / self.over_s) if self.over_s > 0.0 else 1.0


class LivePresets:
    """The presets of the scene that is on. `ask` has the thread that draws do something between two frames.

    What is recalled goes through the queue of changes as if set by hand, so a take holds it. A morph goes by the time
    of the frames, and lets go of a parameter that somebody else changes meanwhile.
    """

    def __init__(self, playlist: Playlist, changes: Changes, ask: Callable[[Callable[[], Any]], Future[Any]]) -> None:
        self._playlist, self._changes, self._ask = playlist, changes, ask
        self._morphs: dict[str, _Morph] = {}  # by the name of the scene

    # For any thread

    def names(self, scene: str = "") -> list[str]:
        """The presets of a scene by name, `default` (as its file says) first; without a name of the scene that is on.

        Raises UsageError for an unknown scene, and SceneError for a file that cannot be read.
        """
        return Presets(self._scene(scene)).names

    def recall(self, name: str, over_s: float = 0.0) -> Future[None]:
        """Asks for a preset of the scene that is on, at once or over `over_s` seconds of the show's own time.

        The future raises UsageError for an unknown name or a time below 0.
        """
        return self._ask(lambda: self.begin(name, over_s))

    def morph(self, first: str, second: str, position: float) -> Future[None]:
        """Asks for what lies between two presets of the scene that is on: 0 is `first`, 1 is `second`.

        The future raises UsageError for an unknown name.
        """

        def change() -> None:
            scene = self._playlist.scene
            presets = Presets(scene)
            start, end = presets.state(first), presets.state(second)
            self._morphs.pop(scene.name, None)
            now = scene.state()
            for address, (_, param) in scene.addresses().items():
                value = mixed(param, start[address], end[address], position)
                if not same(value, now[address]):
                    self._put(scene, address, value, f"morph of '{first}' and '{second}'")

        return self._ask(change)

    # For any thread but the one that draws

    def save(self, name: str) -> Path:
        """Saves the scene that is on as a preset, and waits for it; a preset of that name is replaced.

        Returns the path of the file. Raises UsageError, SceneError or SinkError where it cannot be saved.
        """
        scene, state = self._ask(lambda: (self._playlist.scene, self._playlist.scene.state())).result()
        path = Presets(scene).save(name, state)
        log.info("saved the preset '%s' in %s", name, path)
        return path

    def delete(self, name: str) -> Path:
        """Takes a preset of the scene that is on out of its file; returns the path. Raises UsageError."""
        return Presets(self._scene("")).delete(name)

    # For the thread that draws

    def begin(self, name: str, over_s: float = 0.0, scene: Scene | None = None) -> None:
        """Begins to bring `scene`, or the one that is on, into the preset `name`. Raises UsageError."""
        if not over_s >= 0.0:
            raise UsageError(f"a morph cannot take {over_s:g} seconds", hint="give seconds from 0")
        scene = scene or self._playlist.scene
        wanted = Presets(scene).state(name)
        morph = _Morph(scene, f"preset '{name}'", over_s)
        now, known = scene.state(), scene.addresses()
        for address, end in wanted.items():
            owner, param = known[address]
            if not same(end, now[address]):
                held = getattr(owner, param.name)
                # What follows a signal goes from where it is now to a value; to another signal it changes at one half.
                start = now[address] if isinstance(end, Binding) else held
                morph.ways[address] = _Way(param, start, end, now[address])
        self._morphs[scene.name] = morph
        if over_s == 0.0:
            self._step(morph, 0.0)

    def move(self, time_s: float) -> None:
        """Goes on with every morph to the frame at `time_s`. Called between two frames."""
        for morph in list(self._morphs.values()):
            self._step(morph, time_s)

    def _step(self, morph: _Morph, time_s: float) -> None:
        position = morph.position(time_s)
        now = morph.scene.state()
        for address, way in list(morph.ways.items()):
            applied = way.result is None or way.result.done()
            if address not in now or (applied and not same(now[address], way.sent)):
                del morph.ways[address]  # somebody else has changed it, or it was refused
                continue
            value = mixed(way.param, way.start, way.end, position)
            if not same(value, way.sent) and not (way.result is None and same(value, now[address])):
                way.sent = value
                way.result = self._put(morph.scene, address, value, morph.origin)
        if position >= 1.0 or not morph.ways:
            del self._morphs[morph.scene.name]

    def _put(self, scene: Scene, address: str, value: Any, origin: str) -> Future[str]:
        if isinstance(value, Binding):  # with a past of its own
            value = Binding.parse(value.table())
        result = self._changes.put(address, value, origin, scene.name)
        result.add_done_callback(lambda done: _report(done, origin))
        return result

    def _scene(self, name: str) -> Scene:
        return self._playlist.scenes[self._playlist.number(name)] if name else self._playlist.scene


def _report(done: Future[str], origin: str) -> None:
    """Says in the log what a preset could not change."""
    try:
        done.result()
    except CancelledError:
        pass  # overtaken by a newer change of the same parameter
    except UsageError as error:
        log.warning("%s: %s", origin, error)
