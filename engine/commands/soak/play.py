"""Plays a scene while everything round it fails by plan."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

from ...core.errors import PhospheneError
from ...renderer.gpu import Gpu
from ...scene.scene import Scene
from ...show.frame_hooks import Drawn
from ...show.governor import governor_for
from ...show.loop import Show
from ...show.settings import ShowParts, ShowSettings
from ...show.stats import Stats
from ...show.timeouts import Timeouts
from ...sinks.base import Sink
from ...sources.base import Source
from ...trackers.base import Tracker
from .faults import KINDS, Clock, schedule
from .judge import Judge
from .parts import Blocking, Dying, FaultyCard, FaultyEffect, FaultySource, FaultyTracker
from .watch import LogWatcher, Watch, summary, verdict

log = logging.getLogger("phosphene")


def soak(
    scene: Scene,
    opened: Callable[[], Source],
    open_tracker: Callable[[str], Tracker],
    *,
    seconds: float,
    seed: int = 0,
    fault_s: float = 3.0,
    calm_s: float = 3.0,
    progress: Callable[[float], None] | None = None,
    timeouts: Timeouts | None = None,
) -> dict[str, Any]:
    """Runs for `seconds` after the first frame; `opened` opens the input, which is played over and over.

    Returns `wrong` (what failed, in words: empty where all is well), `faults`, `rows` (a sample a second), `summary`
    and `others` (what the log said beside the faults). `progress` gets the time with every frame.
    """
    kinds = [kind for kind in KINDS if has(scene, kind)]
    clock = Clock(schedule(seconds, seed, kinds=kinds, fault_s=fault_s, calm_s=calm_s))
    judge, stats, log_watcher = Judge(scene.hides_room()), Stats(), LogWatcher(clock)
    watch = Watch(clock, stats)
    error = ""
    with ExitStack() as stack:
        gpu = Gpu.headless()
        stack.callback(gpu.close)
        log.addHandler(log_watcher)
        stack.callback(log.removeHandler, log_watcher)
        effect, card = FaultyEffect(scene, clock), FaultyCard(clock)
        sinks: list[Sink] = [judge, Blocking(clock), Dying(clock)]
        source = FaultySource(opened, clock)

        def on_frame(drawn: Drawn) -> bool:
            clock.begin()
            if drawn.observation is not None:
                judge.drawn(drawn.observation.frame)
            effect.mend(drawn.image)
            card.lose()
            if progress is not None:
                progress(clock.now_s)
            return clock.now_s < seconds

        show = Show(
            scene,
            source,
            sinks,
            gpu=gpu,
            open_tracker=lambda name: FaultyTracker(open_tracker(name), clock, judge),
            settings=ShowSettings(live=True, seed=seed, timeouts=timeouts or Timeouts()),
            parts=ShowParts(
                stats=stats,
                governor=governor_for("auto", scene, source.fps or 30.0, governs=True),
                hooks=[on_frame],
            ),
        )
        watch.start()
        try:
            show.run()
        except PhospheneError as failed:
            if not any(f"fault {fault.number}:" in failed.message for fault in clock.faults):
                error = str(failed)
        finally:
            watch.stop()
        if gpu.live_objects:
            error = error or f"{gpu.live_objects} GL objects were left behind"
    faults = list(clock.faults)
    return {
        "wrong": verdict(watch.rows, faults, judge, error, watch.stood),
        "summary": summary(watch, stats, judge),
        "faults": [asdict(fault) for fault in faults],
        "others": log_watcher.others,
        "rows": watch.rows,
    }


def has(scene: Scene, kind: str) -> bool:
    """Whether a scene has what a fault of this kind would hit."""
    part = kind.partition(".")[0]
    if part == "tracker":
        return bool(scene.needs())
    if part == "gpu":
        return sys.platform.startswith("linux")
    if part == "effect":
        return any(layer.effects for layer in scene.layers)
    return True
