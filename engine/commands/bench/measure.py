"""One scene at one size: every contender in turn, in short slices, round after round, and the figures made of that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...renderer.gpu import Gpu
from ...scene.scene import Scene
from .apart import Apart
from .bare import Bare, BareParts
from .clock import Others, cores
from .naive import LOOPS
from .passes import pass_costs
from .shows import Slice, Trackers, run_show

CAMERA_EXCESS = 1.1  # the live run's camera is so much quicker than the exact run of the same round was
CALM_FPS = 30.0  # an ordinary camera
OURS = ("MainThread", "capture", "tracker", "sink")  # the names of the engine's own threads

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: `frames` of each contender in each of `rounds`, after `warm` that are not counted."""

    frames: int
    rounds: int
    warm: int


@dataclass(slots=True)
class Round:
    """Everything that was measured in one round."""

    bare: BareParts
    exact: Slice
    live: Slice
    calm: Slice
    naive_numpy: Slice | None = None
    naive_cv2: Slice | None = None
    others: float | None = None

    @property
    def ceiling(self) -> float:
        """Frames a second if all cores did nothing but the bare parts, every model through MediaPipe."""
        return cores() * 1e3 / self.bare.through_mediapipe

    @property
    def strict_ceiling(self) -> float:
        """The same, each model by what our tracker runs it with."""
        return cores() * 1e3 / self.bare.as_run

    @property
    def overhead_ms(self) -> float:
        """CPU milliseconds a frame of the exact run that are neither model, GL pixels nor decoding."""
        return self.exact.cpu_ms - self.bare.as_run


@dataclass(slots=True)
class Result:
    """All rounds of one scene at one size."""

    scene: str
    size: tuple[int, int]
    people: int
    clip: str
    needs: Sequence[str]
    rounds: list[Round] = field(default_factory=list)
    passes: dict[str, float] = field(default_factory=dict)

    def many(self, figure: Callable[[Round], float | None]) -> list[float]:
        """A figure of every round that has it."""
        return [value for r in self.rounds if (value := figure(r)) is not None]


def measure(
    name: str, make_scene: Callable[[], Scene], clip: Path, spec: str, plan: Plan, gpu: Gpu, progress: Progress
) -> Result:
    """Measures one scene on one clip."""
    scene = make_scene()
    with ExitStack() as stack:
        needs = sorted(scene.needs())
        trackers = Trackers(needs, scene.trackers)
        stack.callback(trackers.close)
        bare = stack.enter_context(Bare(clip, scene, gpu, trackers))
        size = bare.renderer.size
        loops = {
            kind: stack.enter_context(Apart(name, size, kind == "numpy")) for kind in ("numpy", "cv2") if name in LOOPS
        }
        people = max((len(o.faces) for o in bare.observations), default=0) or 1
        result = Result(name, size, people, spec, needs)
        for number in range(plan.rounds):
            progress(f"{name} {size[0]}×{size[1]}, round {number + 1} of {plan.rounds}")
            others = Others()
            parts = bare.measure(plan.frames)
            # Who comes first in a round changes, so that no contender is always behind the same one.
            slices = {kind: loop.slice(clip, plan.warm, plan.frames) for kind, loop in turned(loops, number)}

            def ours(rate: float | None = None) -> Slice:
                return run_show(make_scene(), gpu, trackers, clip, plan.warm, plan.frames, rate)

            exact = ours()
            live, calm = ours(exact.fps * CAMERA_EXCESS), ours(CALM_FPS)
            numpy_loop, cv2_loop = slices.get("numpy"), slices.get("cv2")
            result.rounds.append(Round(parts, exact, live, calm, numpy_loop, cv2_loop, others.cores()))
        result.passes = pass_costs(bare, plan.frames)
    return result


def turned(loops: dict[str, Apart], number: int) -> list[tuple[str, Apart]]:
    """The loops, in the other order in every other round."""
    return list(loops.items())[:: 1 if number % 2 == 0 else -1]


@contextmanager
def headless() -> Iterator[Gpu]:
    """A GL context for all runs."""
    gpu = Gpu.headless()
    try:
        yield gpu
    finally:
        gpu.context.release()


def median(values: Sequence[float]) -> float | None:
    """The median, or None of nothing."""
    return float(np.median(values)) if len(values) else None


def figures(result: Result) -> dict[str, Any]:
    """One run as it stands in the JSON file. Ratios are made within a round, where the machine was the same, then
    their median is taken; `spread` holds the least and the greatest of each figure's rounds."""
    made: dict[str, Callable[[Round], float | None]] = {
        "naive_numpy_fps": lambda r: fps_of(r.naive_numpy),
        "naive_cv2_fps": lambda r: fps_of(r.naive_cv2),
        "live_fps": lambda r: r.live.fps,
        "exact_fps": lambda r: r.exact.fps,
        "ratio_numpy": lambda r: ratio(r.live, r.naive_numpy),
        "ratio_cv2": lambda r: ratio(r.live, r.naive_cv2),
        "exact_ratio_numpy": lambda r: ratio(r.exact, r.naive_numpy),
        "exact_ratio_cv2": lambda r: ratio(r.exact, r.naive_cv2),
        "efficiency": lambda r: max(r.live.fps, r.exact.fps) / r.ceiling,
        "efficiency_strict": lambda r: max(r.live.fps, r.exact.fps) / r.strict_ceiling,
        "ceiling_fps": lambda r: r.ceiling,
        "overhead_ms": lambda r: r.overhead_ms,
        "cpu_ms": lambda r: r.exact.cpu_ms,
        "busy_cores": lambda r: r.exact.cpu_ms * r.exact.fps / 1e3,
        "others_cores": lambda r: r.others,
        "naive_numpy_cpu_ms": lambda r: None if r.naive_numpy is None else r.naive_numpy.cpu_ms,
        "naive_cv2_cpu_ms": lambda r: None if r.naive_cv2 is None else r.naive_cv2.cpu_ms,
        "lag_ms_p95": lambda r: float(np.percentile(r.live.lags_ms, 95)) if r.live.lags_ms else None,
        "calm_lag_ms_p95": lambda r: float(np.percentile(r.calm.lags_ms, 95)) if r.calm.lags_ms else None,
        "slowest_tracker_ms_p95": lambda r: slowest(r.live),
        "slowest_tracker_calm_ms_p95": lambda r: slowest(r.calm),
    }
    table: dict[str, Any] = {
        "scene": result.scene,
        "size": f"{result.size[0]}x{result.size[1]}",
        "people": result.people,
        "clip": result.clip,
        "trackers": list(result.needs),
    }
    spread = {}
    for name, figure in made.items():
        values = result.many(figure)
        table[name] = rounded(median(values))
        if values:
            spread[name] = [rounded(min(values)), rounded(max(values))]
    table["misaligned_frames"] = sum(r.exact.misaligned + r.live.misaligned + r.calm.misaligned for r in result.rounds)
    table["bare_ms"] = bare_table(result)
    table["threads_ms"] = thread_table(result)
    table["passes_ms"] = {name: rounded(ms) for name, ms in result.passes.items()}
    table["spread"] = spread
    return table


def fps_of(part: Slice | None) -> float | None:
    """Its frames a second, where it was measured."""
    return None if part is None else part.fps


def ratio(ours: Slice, other: Slice | None) -> float | None:
    """How many times as quick ours is."""
    return ours.fps / other.fps if other is not None and other.fps else None


def slowest(part: Slice) -> float | None:
    """The 95th percentile, in ms, of the tracker that takes longest."""
    times = [stage["p95_ms"] for name, stage in part.stages.items() if name.startswith("tracker.")]
    return max(times) if times else None


def bare_table(result: Result) -> dict[str, Any]:
    """CPU ms a frame of each bare part: medians over the rounds."""

    def middle(figure: Callable[[BareParts], float]) -> float | None:
        return rounded(median(result.many(lambda r: figure(r.bare))))

    return {
        "decode": middle(lambda b: b.decode),
        "decode_ours": middle(lambda b: b.decode_ours),
        "mediapipe": {n: middle(lambda b, n=n: b.models[n]) for n in result.needs},  # type: ignore[misc]
        "litert": {n: middle(lambda b, n=n: b.litert[n]) for n in result.needs},  # type: ignore[misc]
        "gl": middle(lambda b: b.gl),
        "draw_fixed": middle(lambda b: b.draw_fixed),
        "sum_mediapipe": middle(lambda b: b.through_mediapipe),
        "sum_as_run": middle(lambda b: b.as_run),
    }


def thread_table(result: Result) -> dict[str, float | None]:
    """CPU ms a frame of each of our threads in the exact run, and of all others (libraries, rasteriser) together."""
    names = sorted({n for r in result.rounds for n in r.exact.threads_ms if n.startswith(OURS)})
    table = {n: rounded(median(result.many(lambda r, n=n: r.exact.threads_ms.get(n)))) for n in names}  # type: ignore[misc]
    others = result.many(lambda r: r.exact.cpu_ms - sum(r.exact.threads_ms.get(n, 0.0) for n in names))
    return {**table, "libraries": rounded(median(others))}


def rounded(value: float | None) -> float | None:
    """Three significant places after the point are more than a noisy machine can say."""
    return None if value is None else round(value, 3)
