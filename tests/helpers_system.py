"""What the system tests share: shows over real clips whose pictures and tracks are kept, and measures of pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from phosphene.engine.core.closing import Closing
from phosphene.engine.core.frame import Frame, Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.scene.scene import Scene
from phosphene.engine.show.frame_hooks import Drawn
from phosphene.engine.show.loop import Show
from phosphene.engine.show.options import RunOptions, run_options
from phosphene.engine.show.session import open_scene, play
from phosphene.engine.show.settings import ShowParts, ShowSettings
from phosphene.engine.sources import open_source
from phosphene.engine.sources.base import Source
from phosphene.engine.trackers import open_tracker
from phosphene.engine.trackers.base import Tracker

from phosphene.testing import FakeSink, FakeTracker

Size = tuple[int, int]
OpenTracker = Callable[[str], Tracker]


@dataclass(slots=True)
class Run:
    """One show: for each frame what went in, what came out, what the trackers said, and what the effects drew with."""

    frames: list[Frame] = field(default_factory=list)
    images: list[Pixels] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    results: dict[int, dict[str, Any]] = field(default_factory=dict)
    kept: list[Any] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    live_objects: int = -1

    def __iter__(self) -> Iterator[tuple[Frame, Pixels, dict[str, Any]]]:
        for frame, image in zip(self.frames, self.images, strict=True):
            yield frame, image[..., :3], self.results.get(frame.id, {})


class Recorded(Closing):
    """Gives and keeps `count` frames of another source from its frame `skip` on, each changed by `paint` on the way."""

    def __init__(
        self, inner: Source, count: int, skip: int = 0, every: int = 1, paint: Callable[[Frame], Pixels] | None = None
    ) -> None:
        self.inner, self.count, self.paint, self.every = inner, count, paint, every
        self.size, self.fps, self.live, self.endless = inner.size, inner.fps, False, inner.endless
        self.frame_count: int | None = None
        self.audio_path: str | None = None
        self.frames: list[Frame] = []
        for _ in range(skip):
            inner.read()

    def read(self) -> Frame | None:
        """The next frame, numbered from 0."""
        if len(self.frames) >= self.count:
            return None
        frame = self.inner.read()
        if frame is None:
            return None
        for _ in range(self.every - 1):
            self.inner.read()
        pixels = frame.pixels if self.paint is None else self.paint(frame)
        self.frames.append(Frame(len(self.frames), frame.time_s, pixels))
        return self.frames[-1]

    def close(self) -> None:
        """Closes the inner source."""
        self.inner.close()


def listening(name: str, inner: Tracker, results: dict[int, dict[str, Any]]) -> Tracker:
    """A tracker that says what another says, and keeps it in `results`, by frame and name."""

    def track(frame: Frame) -> Any:
        result = inner.track(frame)
        results.setdefault(frame.id, {})[name] = result
        return result

    return FakeTracker(track, on_close=inner.close)


def run(
    scene: str,
    source: str | Path | Source,
    *,
    count: int = 20,
    skip: int = 0,
    every: int = 1,
    size: Size | None = None,
    settings: Sequence[tuple[str, Any]] = (),
    paint: Callable[[Frame], Pixels] | None = None,
    trackers: OpenTracker | None = None,
    keep: str = "",
) -> Run:
    """Plays `scene` over `count` frames of `source` at exact pace and keeps everything.

    `settings`: (address, value) pairs; `paint` changes each frame before anybody sees it; `trackers` opens trackers
    instead of the real ones; `keep` names an effect's attribute (`layer/effect.attribute`), copied for each frame.
    """
    words = open_scene(run_options(scene))
    for address, value in settings:
        words.set(address, value)
    done = Run()

    def opened(name: str) -> Tracker:
        inner = trackers(name) if trackers is not None else open_tracker(name, **words.tracker_params(name))
        return listening(name, inner, done.results)

    def note(drawn: Drawn) -> bool:
        done.problems.update({address: str(problem) for address, problem in drawn.image.problems.items()})
        return True

    if keep:
        _watch(words, keep, done.kept)

    with ExitStack() as stack:
        inner = open_source(str(source), size=size) if isinstance(source, str | Path) else source
        recorded = Recorded(inner, count, skip, every, paint)
        stack.callback(recorded.close)
        gpu = Gpu.headless()
        stack.callback(gpu.context.release)
        sink = FakeSink()
        settings, parts = ShowSettings(live=False), ShowParts(hooks=[note])
        Show(words, recorded, [sink], gpu=gpu, open_tracker=opened, settings=settings, parts=parts).run()
        done.live_objects = gpu.live_objects
    done.frames, done.images, done.times = recorded.frames, sink.images, sink.times
    return done


def _watch(scene: Scene, address: str, kept: list[Any]) -> None:
    """Copies an effect's attribute into `kept` after each of its updates, which come once a frame."""
    place, attribute = address.rsplit(".", 1)
    layer, name = place.split("/")
    effect = next(found for found in scene.layers if found.name == layer).effects[name]
    update = effect.update

    def watched(observation: Observation, dt: float) -> None:
        update(observation, dt)
        kept.append(copy(getattr(effect, attribute)))

    effect.update = watched  # type: ignore[method-assign]


def images_of(options: RunOptions) -> list[Pixels]:
    """Every image of a run, as a sink gets it."""
    sink = FakeSink()
    play(options, extra_sinks=[sink])
    return sink.images


def linear(code: Pixels) -> np.ndarray:
    """Linear light of sRGB codes, float32 (IEC 61966-2-1)."""
    x = code.astype(np.float32) / 255
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def difference(a: Pixels, b: Pixels) -> np.ndarray:
    """|a − b| in codes, (h, w), the largest of the three channels."""
    return np.abs(a[..., :3].astype(np.int16) - b[..., :3].astype(np.int16)).max(axis=2)


def full_size(mask: np.ndarray, size: Size) -> np.ndarray:
    """A mask's confidence at the size of the picture."""
    return cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)


def grown(area: np.ndarray, radius_px: float) -> np.ndarray:
    """A boolean area with a margin (negative: shrunk)."""
    reach = 2 * round(abs(radius_px)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    change = cv2.dilate if radius_px > 0 else cv2.erode
    return change(area.astype(np.uint8), kernel).astype(bool)


@contextmanager
def raw_faces() -> Iterator[Callable[[Frame], list[np.ndarray]]]:
    """A face landmarker of its own, straight from MediaPipe: from a frame to the (478, 3) points of each face."""
    from phosphene.engine.models import store as models
    from phosphene.engine.models.mediapipe import Task

    def make(tasks: Any) -> Any:
        return tasks.vision.FaceLandmarker.create_from_options(
            tasks.vision.FaceLandmarkerOptions(
                base_options=tasks.BaseOptions(model_asset_path=str(models.path("face_landmarker"))),
                running_mode=tasks.vision.RunningMode.VIDEO,
                num_faces=4,
            )
        )

    task = Task("face", make)
    try:
        yield lambda frame: [np.array([(p.x, p.y, p.z) for p in face]) for face in task.run(frame).face_landmarks]
    finally:
        task.close()


def playable_scenes() -> list[str]:
    """The built-in scenes whose models are all on this machine."""
    from phosphene.engine.models import store as models
    from phosphene.engine.scene.registry import Registry
    from phosphene.engine.show.options import run_options
    from phosphene.engine.show.session import open_scene
    from phosphene.engine.trackers import models_of

    def ready(name: str) -> bool:
        scene = open_scene(run_options(name))
        wanted = {model for tracker in scene.needs() for model in models_of(tracker, scene.tracker_params(tracker))}
        return all(models.state(model).ready for model in wanted)

    return [name for name in sorted(Registry().scenes()) if ready(name)]
