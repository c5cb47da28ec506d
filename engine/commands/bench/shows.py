"""The engine's own runs in slices: the same frames in exact pace, or from a camera that is a little too quick."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Self

from ...core.observation import Observation
from ...renderer.gpu import Gpu
from ...scene.scene import Scene
from ...show.frame_hooks import Drawn
from ...show.loop import Show
from ...show.settings import ShowParts, ShowSettings
from ...sinks.null import NullSink
from ...sources import open_source
from ...sources.base import Source
from ...trackers import open_tracker
from ...trackers.base import DetectsAhead, Tracker
from .clip import ClipCamera
from .clock import thread_cpu


@dataclass(slots=True)
class Slice:
    """One slice of one contender: frames a second, CPU ms a frame, and for ours lag, misaligned frames and threads."""

    fps: float
    cpu_ms: float
    lags_ms: list[float] = field(default_factory=list)
    misaligned: int = 0
    stages: Mapping[str, Any] = field(default_factory=dict)
    threads_ms: Mapping[str, float] = field(default_factory=dict)


class Kept:
    """A tracker that stays open from slice to slice; to a show it looks like one of its own."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self.track = tracker.track
        if isinstance(tracker, DetectsAhead):
            self.detect_ahead, self.track_after = tracker.detect_ahead, tracker.track_after

    def close(self) -> None:
        """Nothing: `Trackers` closes it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class Trackers(dict[str, Tracker]):
    """The trackers of all slices by name, opened once."""

    def __init__(self, names: Sequence[str], settings: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__({name: open_tracker(name, **settings.get(name, {})) for name in names})

    def lend(self, name: str) -> Tracker:
        """One of them for a show."""
        if name not in self:
            self[name] = open_tracker(name)
        return Kept(self[name])

    def close(self) -> None:
        """Closes all."""
        for tracker in self.values():
            tracker.close()


class Watch:
    """Looks at every frame of a show as it is drawn, beginning with frame number `warm`."""

    def __init__(self, needs: Sequence[str], warm: int, last: int) -> None:
        self.needs, self.warm, self.last = needs, warm, last
        self.misaligned = 0
        self.lags_ms: list[float] = []
        self._numbers = count(1)
        self._begin: tuple[float, float, dict[str, float]] | None = None
        self._end: tuple[float, float, dict[str, float]] | None = None
        self._captured_s = 0.0
        self._seen: Observation | None = None

    def on_frame(self, drawn: Drawn) -> bool:
        """Called when a frame is finished; ends the show after the last one."""
        number = next(self._numbers)
        now = time.perf_counter()
        self._look_at(drawn.observation)
        if number == self.warm:
            self._begin = now, time.process_time(), thread_cpu()
        elif number > self.warm:
            self.lags_ms.append((now - self._captured_s) * 1e3)
            if number == self.last:
                self._end = now, time.process_time(), thread_cpu()
        return number < self.last

    def _look_at(self, observation: Observation | None) -> None:
        if observation is None or observation is self._seen:  # it is called while frames are waited for, too
            return
        self._seen, self._captured_s = observation, observation.frame.captured_s
        self.misaligned += not aligned(observation, self.needs)

    def slice(self, stages: Mapping[str, Any]) -> Slice:
        """What was seen."""
        if self._begin is None or self._end is None:
            return Slice(0.0, 0.0)
        frames = self.last - self.warm
        threads = {n: (s - self._begin[2].get(n, 0.0)) * 1e3 / frames for n, s in self._end[2].items()}
        return Slice(
            frames / (self._end[0] - self._begin[0]),
            (self._end[1] - self._begin[1]) * 1e3 / frames,
            self.lags_ms,
            self.misaligned,
            stages,
            threads,
        )


def aligned(observation: Observation, needs: Sequence[str]) -> bool:
    """Whether every tracker has answered for this very frame."""
    found = (observation.results.get(name) for name in needs)
    return all(result is not None and result.frame_id == observation.frame.image_id for result in found)


def run_show(
    scene: Scene, gpu: Gpu, trackers: Trackers, clip: Path, warm: int, frames: int, rate: float | None = None
) -> Slice:
    """One slice: `warm` frames that are not counted, then `frames` that are. With `rate` live, else exact."""
    source: Source = open_source(str(clip)) if rate is None else ClipCamera(clip, rate)
    watch = Watch(sorted(scene.needs()), warm, warm + frames)
    show = Show(
        scene,
        source,
        [NullSink(size=source.size)],
        gpu=gpu,
        open_tracker=trackers.lend,
        settings=ShowSettings(live=rate is not None),
        parts=ShowParts(hooks=[watch.on_frame]),
    )
    stats = show.run()
    return watch.slice(stats.table()["stages"])
