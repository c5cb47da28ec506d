"""Measures the engine beside what a user would write instead, on this machine.

For every scene, clip and size, in short slices that take turns: naive loops (one thread, OpenCV, MediaPipe; composited
in numpy and with OpenCV), Phosphene exact and live, and the bare parts that nobody can save. docs/performance.md
explains every figure."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..options import add_option
from ..output import check_json, write_json
from .scenes import SCENES, bench_scene

if TYPE_CHECKING:
    from ...renderer.gpu import Gpu
    from ...scene.scene import Scene
    from .measure import Plan


SIZES = ((640, 480), (1280, 720))
CLIP_FPS = 30.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--scene", action="append", metavar="SCENE", help="repeatable (default: laser-eyes, teleport)")
    add_option(
        parser, "input", action="append", default=None, help="a clip, repeatable (default: the built-in portrait)"
    )
    add_option(parser, "size", action="append", help="repeatable (default: 640x480, 1280x720)")
    add_option(parser, "parameters", help="set a scene's parameter")
    parser.add_argument(
        "--tracker", action="append", default=[], metavar="NAME.PARAM=VALUE", help="set a tracker's parameter"
    )
    parser.add_argument("--people", type=count, default=1, metavar="N", help="how many people side by side (default 1)")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--frames", type=count, default=60, metavar="N", help="frames in a slice (default 60)")
    add_option(length, "seconds", help="the same in seconds of the clip")
    parser.add_argument("--rounds", type=count, default=5, metavar="R", help="how often all take turns (default 5)")
    parser.add_argument("--growth", action="store_true", help="how cost grows with size, people and effects instead")
    parser.add_argument("--json", metavar="FILE", help="write every figure to FILE (- for stdout)")


def count(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1 to 100000")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Measures, and prints the table."""
    from .clock import machine
    from .growth import growth, growth_report
    from .measure import Plan, headless
    from .table import report

    plan = Plan(round(options.seconds * CLIP_FPS) if options.seconds else options.frames, options.rounds, warm=15)
    check_json(options.json, read=[*(options.input or ()), *(options.scene or ())])
    fetch_models(options.scene or SCENES, options.parameters)
    with tempfile.TemporaryDirectory(prefix="phosphene-bench-") as folder, headless() as gpu:
        about = machine(gpu.renderer)
        if options.growth:
            grown = growth(options, plan, gpu, Path(folder), progress)
            text, figures = growth_report(about, grown), dict[str, Any](growth=grown)
        else:
            runs = all_runs(options, plan, gpu, Path(folder))
            text, figures = report(about, runs), dict[str, Any](runs=runs)
    if options.json != "-":
        print(text)
    if options.json:
        settings = {"frames": plan.frames, "rounds": plan.rounds, "warm": plan.warm}
        write_json({**figures, "machine": about, "plan": settings}, options.json)
    return 0


def all_runs(options: argparse.Namespace, plan: Plan, gpu: Gpu, folder: Path) -> list[dict[str, Any]]:
    """Every clip at every size with every scene."""
    from .clip import make_clip
    from .measure import figures, measure

    runs: list[dict[str, Any]] = []
    for spec in options.input or ["demo"]:
        for wanted in options.size or SIZES:
            progress(f"writing {spec} at {wanted[0]}×{wanted[1]} as Motion JPEG")
            clip = make_clip(spec, wanted, plan.warm + plan.frames + 30, options.people, folder / f"{len(runs)}.avi")
            for name in options.scene or SCENES:

                def make_scene(name: str = name) -> Scene:
                    return bench_scene(name, options.parameters, options.tracker)

                runs.append(figures(measure(name, make_scene, clip, spec, plan, gpu, progress)))
    progress("")
    return runs


def fetch_models(scenes: list[str] | tuple[str, ...], settings: list[str]) -> None:
    """Fetches what the scenes' trackers need; raises for a scene that does not exist, before anything is measured."""
    from ...models import store as models
    from ...trackers import models_of

    needs = {name for scene in scenes for name in bench_scene(scene, settings).needs()}
    wanted = sorted({model for name in needs for model in models_of(name)})
    models.fetch([name for name in wanted if not models.state(name).ready])


def progress(text: str) -> None:
    """What is being measured, on standard error where somebody watches."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
