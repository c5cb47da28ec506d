"""Hot reload of the way from one scene into the next, as reload.py does it for what scenes are made of."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from ..core.errors import EffectRefused, PhospheneError
from ..core.files.stamp import Stamp, stamp
from ..effect.effect import Effect
from ..renderer.stage import Stage
from .reload import LOOK_S
from .trial import Job, Trial

log = logging.getLogger("phosphene")


class TransitionReloader:
    """Watches the file of a running show's transition. `load` makes its class anew."""

    def __init__(self, path: Path, load: Callable[[], type[Effect]], trial: Trial | None) -> None:
        self._path, self._load, self._trial = path, load, trial
        self._stamps: dict[Path, Stamp | None] = {}
        self._looked_s = 0.0
        self._job: Job | None = None

    def look(self, stage: Stage) -> None:
        """Brings in what was saved since the last look."""
        if self._job is not None and self._job.done.is_set():
            job, self._job = self._job, None
            self._bring_in(stage, EffectRefused(job.error) if job.error else None)
        now = time.monotonic()
        if now - self._looked_s < LOOK_S:
            return
        self._looked_s = now
        stamps = {path: stamp(path) for path in {self._path, *stage.transition_files}}
        saved = any(s is not None and self._stamps.get(p, s) != s for p, s in stamps.items())
        self._stamps = {p: self._stamps.get(p) if s is None else s for p, s in stamps.items()}
        if saved and self._trial is not None:
            self._job = self._trial.ask(self._path)
        elif saved:
            self._bring_in(stage, None)

    def _bring_in(self, stage: Stage, refused: EffectRefused | None) -> None:
        try:
            if refused is not None:
                raise refused
            stage.replace_transition(self._load()())
        except PhospheneError as error:
            stage.report("transition", error)
        else:
            stage.clear("transition")
            log.info("reloaded %s", self._path.name)
