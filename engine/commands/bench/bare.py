"""The bare parts of a frame, each alone and back to back: models, decoding, drawing. No engine can save their sum.

CPU time is that of the whole process while nothing else runs in it, so that it holds the threads of MediaPipe, FFmpeg
and a software rasteriser too.
"""

from __future__ import annotations

import itertools
import zipfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ...core.frame import Frame
from ...core.imaging import resize
from ...core.observation import Observation
from ...models import store as models
from ...models.mediapipe import load
from ...models.quiet import quiet
from ...renderer.gpu import Gpu
from ...renderer.renderer import Renderer
from ...scene.scene import Scene
from ...scene.signals import Signals
from ...sources import open_source
from ...trackers.base import Tracker
from ...trackers.segmenters import WIDE
from .clock import Cost, cost
from .naive import face_landmarker, segmenter

KEPT = 12  # frames that the bare parts go round
TINY = (32, 18)  # a frame that costs nothing to draw: what remains is the drawing code itself
# Trackers that run their networks by LiteRT, without MediaPipe's graph.
LITERT = ("person", "pose")

Call = Callable[[], object]


@dataclass(frozen=True, slots=True)
class BareParts:
    """CPU milliseconds per frame. `models` and `litert` by tracker: through MediaPipe Tasks, and the networks alone.

    `draw`: the scene drawn and read back; `draw_fixed`: the same at a size of almost nothing, which is Python and the
    driver's bookkeeping, no pixels. `decode`: the cheaper of OpenCV and our own reader; `decode_ours`: the latter.
    """

    models: dict[str, float]
    litert: dict[str, float]
    decode: float
    decode_ours: float
    draw: float
    draw_fixed: float
    run_by_litert: frozenset[str] = frozenset(LITERT)

    @property
    def gl(self) -> float:
        """What the pixels cost: drawing without the code that does not depend on the frame's size."""
        return max(self.draw - self.draw_fixed, 0.0)

    @property
    def through_mediapipe(self) -> float:
        """The sum of the bare parts, every model through MediaPipe."""
        return sum(self.models.values()) + self.decode + self.gl

    @property
    def as_run(self) -> float:
        """The sum of the bare parts, each model by what our tracker runs it with: the stricter measure."""
        return self.own_models + self.decode + self.gl

    @property
    def own_models(self) -> float:
        """The models alone, each by what our tracker runs it with."""
        return sum(self.litert[n] if n in self.run_by_litert else self.models[n] for n in self.models)


class Bare:
    """Everything that is needed to measure the bare parts of one scene on one clip; opened once, measured often."""

    def __init__(self, clip: Path, scene: Scene, gpu: Gpu, trackers: dict[str, Tracker]) -> None:
        self._stack = ExitStack()
        self.clip, self.gpu = clip, gpu
        frames = read(clip, KEPT)
        self.needs = sorted(scene.needs())
        self._run_by_litert = frozenset(n for n in self.needs if n in LITERT or runner(trackers[n]) == "litert")
        self._models = {name: self._model(name, frames) for name in self.needs}
        self._litert = {name: network_calls(name, frames) for name in self.needs}
        self.observations = observe(frames, {n: trackers[n] for n in self.needs})
        self.renderer = self._renderer(scene, frames[0].size)
        self.draw = self._drawing(self.renderer, scene, self.observations)
        self.effects = [e for layer in scene.layers for e in layer.effects.values()]
        small = [replace(o, frame=shrunk(o.frame)) for o in self.observations]
        self._tiny = self._drawing(self._renderer(scene, TINY), scene, small)

    def measure(self, count: int) -> BareParts:
        """Each part's cost as the mean over `count` calls."""
        return BareParts(
            models={n: cost(step, count).cpu_ms for n, step in self._models.items()},
            litert={n: sum(cost(step, count).cpu_ms for step in steps) for n, steps in self._litert.items()},
            decode=min((ours := decode(self.clip, count, ours=True).cpu_ms), decode(self.clip, count).cpu_ms),
            decode_ours=ours,
            draw=cost(self.draw, count).cpu_ms,
            draw_fixed=cost(self._tiny, count).cpu_ms,
            run_by_litert=self._run_by_litert,
        )

    def _model(self, name: str, frames: Sequence[Frame]) -> Call:
        mp, _ = load()
        images = itertools.cycle([mp.Image(image_format=mp.ImageFormat.SRGB, data=f.pixels) for f in frames])
        times = itertools.count(0, 33)
        task = open_task(name, frames[0].size)
        self._stack.callback(task.close)
        run = task.segment_for_video if name == "person" else task.detect_for_video
        return lambda: run(next(images), next(times))

    def _renderer(self, scene: Scene, size: tuple[int, int]) -> Renderer:
        renderer = Renderer(self.gpu, scene, size)
        self._stack.callback(renderer.release)
        return renderer

    def _drawing(self, renderer: Renderer, scene: Scene, observations: Sequence[Observation]) -> Call:
        """Draws one observation after another and reads the frame back. Effects learn their size anew."""
        turn, out = itertools.cycle(observations), np.empty((renderer.size[1], renderer.size[0], 4), np.uint8)
        numbers = itertools.count()

        def step() -> None:
            number, seen = next(numbers), next(turn)
            if number == 0 or scene_size(scene) != renderer.size:
                prepare(scene, renderer.size)
            frame = replace(seen.frame, id=number, time_s=number / 30.0)
            results = {n: replace(r, frame_id=number) for n, r in seen.results.items()}
            renderer.render(replace(seen, frame=frame, results=results), 1 / 30.0)
            renderer.read(out)

        return step

    def close(self) -> None:
        """Lets everything go."""
        self._stack.close()

    def __enter__(self) -> Bare:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def runner(tracker: Tracker) -> str:
    """Who runs the tracker's networks, where it lets one choose."""
    return str(getattr(tracker, "runner", ""))


def scene_size(scene: Scene) -> tuple[int, int]:
    """The size that the scene's effects were given last."""
    return next((e.size for layer in scene.layers for e in layer.effects.values()), (0, 0))


def prepare(scene: Scene, size: tuple[int, int]) -> None:
    """Gives every effect the frame's size: two renderers share the scene here."""
    for layer in scene.layers:
        for effect in layer.effects.values():
            effect.size = size
            effect.prepare(size)


def read(clip: Path, count: int) -> list[Frame]:
    """The first `count` frames of the clip."""
    with open_source(str(clip)) as source:
        return [frame for _ in range(count) if (frame := source.read()) is not None]


def observe(frames: Sequence[Frame], trackers: dict[str, Tracker]) -> list[Observation]:
    """Each frame with what the trackers see in it."""
    signals = Signals()
    return [signals.observe(Observation(f, {n: t.track(f) for n, t in trackers.items()})) for f in frames]


def shrunk(frame: Frame) -> Frame:
    """The frame in a size of almost nothing."""
    return replace(frame, pixels=np.ascontiguousarray(resize(frame.pixels, TINY)))


def decode(clip: Path, count: int, *, ours: bool = False) -> Cost:
    """What one frame costs to read as RGB: with OpenCV and its conversion, or with our own source."""
    if ours:
        with open_source(str(clip)) as source:
            return cost(source.read, count)
    capture = cv2.VideoCapture(str(clip))
    try:
        return cost(lambda: cv2.cvtColor(capture.read()[1], cv2.COLOR_BGR2RGB), count)
    finally:
        capture.release()


def open_task(name: str, size: tuple[int, int]) -> Any:
    """MediaPipe's own task for what the tracker `name` finds, at the tracker's settings."""
    if name == "face":
        return face_landmarker()
    if name == "person":
        return segmenter(size)
    _, tasks = load()
    options = tasks.vision.PoseLandmarkerOptions(
        base_options=tasks.BaseOptions(model_asset_path=str(models.path("pose_landmarker_full"))),
        running_mode=tasks.vision.RunningMode.VIDEO,
    )
    with quiet():
        return tasks.vision.PoseLandmarker.create_from_options(options)


def network_calls(name: str, frames: Sequence[Frame]) -> list[Call]:
    """The networks of a tracker alone, one call each: what they cost without any graph round them."""
    from ai_edge_litert.interpreter import Interpreter

    if name == "person":
        wide = frames[0].size[0] > WIDE * frames[0].size[1]
        contents = [models.path("selfie_segmenter_landscape" if wide else "selfie_segmenter").read_bytes()]
    else:
        bundle = zipfile.ZipFile(models.path("face_landmarker" if name == "face" else "pose_landmarker_full"))
        wanted = {
            "face": ("face_detector", "face_landmarks_detector", "face_blendshapes"),
            "pose": ("pose_landmarks_detector",),
        }[name]
        contents = [bundle.read(f"{member}.tflite") for member in wanted]
    calls: list[Call] = []
    for content in contents:
        with quiet():
            net = Interpreter(model_content=content, num_threads=1)
            net.allocate_tensors()
        detail = net.get_input_details()[0]
        shape = tuple(int(n) for n in detail["shape"])
        picture = np.zeros(shape, np.float32)
        if len(shape) == 4:
            picture[0] = resize(frames[0].pixels, (shape[2], shape[1])).astype(np.float32) / 255.0
        net.set_tensor(detail["index"], picture)
        calls.append(net.invoke)
    return calls
