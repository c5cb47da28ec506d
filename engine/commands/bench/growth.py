"""How cost grows: with the frame's size, with the number of people, with the number of effects."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...renderer.gpu import Gpu
from ...scene.layer import Layer
from ...scene.scene import Scene
from ...show.options import run_options
from ...show.session import open_scene
from .clip import make_clip
from .clock import Cost
from .measure import Plan, Progress, median, rounded
from .shows import Trackers, run_show
from .table import aligned_columns, number

GROWING_SIZES = ((320, 240), (640, 480), (960, 540), (1280, 720), (1920, 1080))
PEOPLE = (1, 2, 3, 4)
EFFECTS = (1, 2, 4, 8)
AT = (1280, 720)
STACKED = "duotone"

MakeScene = Callable[[], Scene]


def growth(
    options: argparse.Namespace, plan: Plan, gpu: Gpu, folder: Path, progress: Progress
) -> dict[str, list[dict[str, Any]]]:
    """Exact runs along each of the three ways to grow, the points of one way taking turns."""
    from .scenes import SCENES, bench_scene

    spec = (options.input or ["demo"])[0]
    at = (options.size or [AT])[0]
    scenes = options.scene or list(SCENES)

    def clip(size: tuple[int, int], people: int) -> Path:
        path = folder / f"{size[0]}x{size[1]}x{people}.avi"
        return path if path.exists() else make_clip(spec, size, plan.warm + plan.frames + 30, people, path)

    def scene(name: str) -> MakeScene:
        return lambda: bench_scene(name, options.parameters, options.tracker)

    sizes = options.size if options.size and len(options.size) > 1 else GROWING_SIZES
    ways: dict[str, list[tuple[dict[str, Any], MakeScene, Path]]] = {
        "size": [({"scene": n, "size": f"{w}x{h}"}, scene(n), clip((w, h), 1)) for n in scenes for w, h in sizes],
        "people": [({"scene": n, "people": p}, scene(n), clip(at, p)) for n in scenes for p in PEOPLE],
        "effects": [({"scene": f"{STACKED} × {n}", "effects": n}, stack(n), clip(at, 1)) for n in EFFECTS],
    }
    return {way: grow(points, plan, gpu, lambda t, way=way: progress(f"{way}: {t}")) for way, points in ways.items()}  # type: ignore[misc]


def grow(
    points: Sequence[tuple[dict[str, Any], MakeScene, Path]], plan: Plan, gpu: Gpu, progress: Progress
) -> list[dict[str, Any]]:
    """Each point with its frames a second and CPU ms a frame: medians over the rounds."""
    found: list[list[Cost]] = [[] for _ in points]
    for turn in range(plan.rounds):
        progress(f"round {turn + 1} of {plan.rounds}")
        for (_, make_scene, clip), costs in zip(points, found, strict=True):
            scene = make_scene()
            trackers = Trackers(sorted(scene.needs()), scene.trackers)
            try:
                part = run_show(scene, gpu, trackers, clip, plan.warm, plan.frames)
            finally:
                trackers.close()
            costs.append(Cost(1e3 / part.fps if part.fps else 0.0, part.cpu_ms))
    return [
        {
            **point,
            "fps": rounded(1e3 / (median([c.wall_ms for c in costs]) or 1e3)),
            "cpu_ms": rounded(median([c.cpu_ms for c in costs])),
        }
        for (point, _, _), costs in zip(points, found, strict=True)
    ]


def stack(number_of_effects: int) -> MakeScene:
    """A scene of one camera layer with the same one-pass effect several times."""

    def make() -> Scene:
        layers = [open_scene(run_options(STACKED)).layers[0] for _ in range(number_of_effects)]
        effects = [effect for layer in layers for effect in layer.effects.values()]
        layer = Layer("camera")
        layer.effects = {f"{STACKED}-{i}": effect for i, effect in enumerate(effects)}
        return Scene(f"{STACKED} × {number_of_effects}", layers=[layer])

    return make


def growth_report(about: Mapping[str, Any], grown: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """One table for each way to grow."""
    words = f"{about['cpu']}, {about['cores']} cores; {about['gl']}"
    tables = []
    for way, points in grown.items():
        rows = [["scene", way, "exact fps", "CPU ms a frame"]]
        rows += [[p["scene"], str(p[way]), number(p["fps"]), number(p["cpu_ms"])] for p in points]
        tables.append(aligned_columns(rows))
    return "\n\n".join([words, *tables])
