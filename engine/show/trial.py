"""Draws effects of others in a process of its own before they join a show: what never ends stops only that process.

A draw cannot be interrupted, neither in software nor on a card. So a shader that may hold a loop without an end, or is
absurdly slow, is drawn small in a child first, with a limit.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..check.watch import Child, stopped
from ..core.errors import GpuError
from ..effect.effect import Effect
from ..scene.registry import Registry
from ..scene.scene import Scene
from .quarantine import verdict_on

log = logging.getLogger("phosphene")

LIMIT_S = 6.0  # for one effect, compiling included


@dataclass(slots=True)
class Job:
    """One effect to be tried: by its name, or the file of a transition; `path` is what is named in an error.

    `done` is set at the end; `error` then says why it must not be drawn, or nothing.
    """

    path: Path
    use: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    done: threading.Event = field(default_factory=threading.Event)
    error: str = ""


class Trial(threading.Thread):
    """Tries one effect after another, in the order in which they are asked for. Close it at the end."""

    def __init__(self, effect_folders: Iterable[Path], limit_s: float = LIMIT_S) -> None:
        super().__init__(name="trial", daemon=True)
        self._folders = [str(Path(f).resolve()) for f in effect_folders]
        self._limit_s = limit_s
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self.start()

    def ask(self, path: Path, use: str = "", effect: Effect | None = None) -> Job:
        """Has an effect tried with the parameters of `effect`; returns at once."""
        values = {}
        if effect is not None:
            values = {name: param.format(getattr(effect, name)) for name, param in effect.params().items()}
        job = Job(path, use, values, error=verdict_on(path))
        if job.error:
            job.done.set()
        else:
            self._jobs.put(job)
        return job

    def run(self) -> None:
        """Works until it is closed. Where no child can be started everything is let through, with a warning."""
        child: Child | None = None
        while (job := self._jobs.get()) is not None:
            try:
                child = child or Child((64, 36), self._limit_s)
                asked = {"use": job.use, "file": str(job.path), "folders": self._folders, "values": dict(job.values)}
                answer = child.ask(asked)
                if answer is not None:
                    job.error = str(answer["error"])
                else:
                    job.error = stopped(job.path, child.died, self._limit_s, child.last_words()).error
                    child.kill()
                    child = None
            except (GpuError, OSError) as error:
                log.warning("effects of your own are not tried out before they are drawn: %s", error)
            finally:
                job.done.set()
        if child is not None:
            child.close()

    def close(self) -> None:
        """Ends the thread and its process."""
        self._jobs.put(None)
        self.join(self._limit_s + 6.0)


def not_built_in(scene: Scene, registry: Registry) -> dict[str, tuple[Effect, str, Path]]:
    """The effects of a scene that did not come with the engine, by address: each with its name and its file."""
    entries = registry.effects()
    found = {}
    for layer in scene.layers:
        for name, effect in layer.effects.items():
            use = layer.uses.get(name, name)
            if use in entries and entries[use].origin != "built-in":
                found[f"{layer.name}/{name}"] = effect, use, entries[use].path
    return found
