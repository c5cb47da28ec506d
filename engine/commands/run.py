"""Runs a scene, or several one after another: an input in, one or several outputs out.

Without --input it takes the first camera; without --output it opens a window. Files are rendered frame by frame, with
nothing dropped; windows and virtual cameras run live."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import UsageError
from ..core.files.target import Target
from ..core.paths import named
from ..core.standard_streams import others_print
from ..scene.custom_models import pair
from ..show.interrupt import is_terminal
from ..show.options import WINDOW, Progress, Wishes
from ..show.quality_levels import KEYS
from ..show.session import play
from ..sinks import DEFAULT_WEB_PORT, check_twice, is_live, split_spec
from .options import add_effects, add_overwrite
from .output import check_json, table, write_json

if TYPE_CHECKING:
    from ..show.stats import Stats

HELP = "run a scene"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "scene",
        nargs="+",
        help="a scene's name (`phosphene list scenes`) or the path of a .toml file; of several the first is shown, and "
        "in the window N, P and 1 to 9 change it",
    )
    parser.add_argument(
        "--input",
        "-i",
        default="camera",
        metavar="IN",
        help="camera, camera:1, clip.mp4, photo.jpg, folder/, screen, rtsp://…, demo, testcard",
    )
    parser.add_argument(
        "--output",
        "-o",
        action="append",
        metavar="OUT",
        help="window (default), virtual-camera, pipewire, web, out.mp4, frames/, null; repeat it for several at once",
    )
    parser.add_argument("--every", type=positive, metavar="S", help="with several scenes: the next one every S seconds")
    parser.add_argument(
        "--transition",
        default="fade",
        metavar="NAME",
        help="how one scene changes into another: a name (`phosphene list transitions`) or a file (default: fade)",
    )
    parser.add_argument(
        "--transition-time", type=duration, default=1.0, metavar="S", help="how long that takes; 0 cuts (default: 1)"
    )
    parser.add_argument(
        "--rotate",
        type=int,
        choices=(90, 180, 270),
        default=0,
        metavar="DEGREES",
        help="turn the input clockwise: 90, 180 or 270",
    )
    parser.add_argument(
        "--on-demand",
        action="store_true",
        help="switch the camera on only while somebody watches the virtual one; until then a slate",
    )
    parser.add_argument("--record-take", metavar="DIR", help="write the show down in DIR, to be drawn again by --take")
    parser.add_argument(
        "--take",
        metavar="DIR",
        help="draw a recorded take again, frame for frame (without --output: into DIR/SCENE.mp4)",
    )
    add_common(parser)


def add_common(parser: argparse.ArgumentParser) -> None:
    """The options that `run` and `demo` share."""
    parser.add_argument(
        "--size",
        type=size,
        metavar="WxH",
        help="size of the picture, which the input fills, cropped (default: its own)",
    )
    parser.add_argument("--fps", type=positive, metavar="N", help="frames a second")
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="ADDRESS=VALUE",
        help="set a parameter: person/duotone.amount=0.7, or just amount=0.7 where only one fits",
    )
    parser.add_argument(
        "--model",
        dest="models",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="a model of your own, whose classes the scene follows as class.NAME.label",
    )
    parser.add_argument(
        "--sound",
        metavar="SOUND",
        help="what the scene hears and a video records: a file, mic, mic:NAME, none (default: the input's own sound)",
    )
    parser.add_argument("--seconds", type=positive, metavar="S", help="stop after S seconds of input")
    parser.add_argument(
        "--sync",
        choices=("frame", "latest"),
        help="frame: each picture with its own masks and landmarks (default); latest: newest picture, newest results",
    )
    parser.add_argument(
        "--pace", choices=("live", "exact"), help="live drops late frames, exact draws every one (default: by output)"
    )
    parser.add_argument(
        "--quality",
        default="auto",
        metavar="Q",
        help="auto: give up what is missed least to hold --fps in a live show; fixed: never; or a step to hold: "
        + ", ".join(KEYS),
    )
    parser.add_argument(
        "--flash-guard",
        choices=("on", "off"),
        help="on: flashes are kept under three a second (default: as the scene says, which is on)",
    )
    parser.add_argument("--seed", type=seed, metavar="N", help="seed of everything random (default 0, or the take's)")
    add_effects(parser, "a folder with effects and scenes of your own")
    add_overwrite(parser)
    parser.add_argument("--stats", action="store_true", help="numbers over the window, and a table at the end")
    parser.add_argument(
        "--stats-json", metavar="FILE", help="write frames, rate, drops and times to FILE (- for stdout)"
    )
    parser.add_argument(
        "--json", metavar="FILE", help="write what the effects found (measurements, say) to FILE (- for stdout)"
    )
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress bar and no summary")


def size(text: str) -> tuple[int, int]:
    """`1280x720`."""
    match = re.fullmatch(r"(\d+)[x×*](\d+)", text.strip())
    if match is None or not (16 <= int(match[1]) <= 8192 and 16 <= int(match[2]) <= 8192):
        raise argparse.ArgumentTypeError(f"'{text}' is no size: write WIDTHxHEIGHT, from 16x16 to 8192x8192")
    return int(match[1]), int(match[2])


def positive(text: str) -> float:
    """A number above zero."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.0 < number < 1e6:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number above 0")
    return number


def duration(text: str) -> float:
    """Seconds from 0."""
    return 0.0 if text.strip() in ("0", "0.0") else positive(text)


def seed(text: str) -> int:
    """A whole number from 0."""
    if not re.fullmatch(r"[0-9]{1,9}", text.strip()):
        raise argparse.ArgumentTypeError(f"'{text}' is no seed: write a whole number from 0 to 999999999")
    return int(text)


def settings(texts: list[str]) -> list[tuple[str, str]]:
    """`address=value` pairs."""
    pairs = []
    for text in texts:
        address, equals, value = text.partition("=")
        if not equals or not address.strip():
            raise UsageError(f"--set {text}", hint="write it --set ADDRESS=VALUE, such as --set amount=0.5")
        pairs.append((address.strip(), value.strip()))
    return pairs


def wishes_of(options: argparse.Namespace, scene: str, source: str, outputs: list[str]) -> Wishes:
    """The options as what `play` takes."""
    return Wishes(
        scene=scene,
        input=source,
        outputs=outputs,
        size=options.size,
        fps=options.fps,
        seconds=options.seconds,
        pace=options.pace,
        sync=options.sync,
        seed=options.seed,
        flash_guard=None if options.flash_guard is None else options.flash_guard == "on",
        hud=options.stats,
        quality=options.quality,
        settings=settings(options.settings),
        effect_folders=[named(f) for f in options.effects],
        sound=options.sound,
        models=[pair(text) for text in options.models],
        overwrite=options.overwrite,
        reports=[Target(named(f)) for f in (options.json, options.stats_json) if f not in (None, "-")],
    )


def run(options: argparse.Namespace) -> int:
    """Runs the scene."""
    outputs = options.output or [WINDOW]
    if options.take and not options.output:
        outputs = [str(named(options.take) / f"{Path(options.scene[0]).stem}.mp4")]
    wishes = wishes_of(options, options.scene[0], options.input, outputs)
    wishes.then = options.scene[1:]
    wishes.every_s = options.every
    wishes.transition, wishes.transition_s = options.transition, options.transition_time
    wishes.take = Path(options.take) if options.take else None
    wishes.on_demand, wishes.rotate = options.on_demand, options.rotate
    wishes.record_take = Path(options.record_take) if options.record_take else None
    return exit_code(show(wishes, options))


def show(wishes: Wishes, options: argparse.Namespace) -> Stats:
    """Plays with a progress bar, then tells what was done."""
    check_twice(wishes.outputs)
    check_json(options.json, options.stats_json)
    offline = not any(is_live(o) for o in wishes.outputs)
    for output in wishes.outputs:
        kind, port, _ = split_spec(output)
        if kind == "web" and not options.quiet:
            print(f"open http://127.0.0.1:{port or DEFAULT_WEB_PORT}/ in a browser of this machine", file=sys.stderr)
    with (
        progress_bar(offline and not options.quiet and is_terminal()) as progress,
        # An effect may print what it likes: whoever reads JSON from standard output gets JSON alone.
        redirect_stdout(sys.stderr) if "-" in (options.json, options.stats_json) else others_print(),
    ):
        stats = play(wishes, progress=progress)
    if options.json:
        write_json(stats.reports, options.json)
    if options.stats_json:
        write_json(stats.table(), options.stats_json)
    if not options.quiet:
        if taken := stats.extra.get("take"):
            print(
                f"took {taken['frames']} frames, {taken['bytes'] / 1e6:.0f} MB, in {taken['folder']}", file=sys.stderr
            )
        where = f", wrote {', '.join(map(str, stats.files))}" if stats.files else ""
        drops = f", {stats.dropped} dropped" if stats.dropped else ""
        rate = (
            f"{stats.frames_out} frames at {stats.fps:.1f} fps" if stats.frames_out > 1 else f"{stats.frames_out} frame"
        )
        print(f"{rate}{drops}{where}", file=sys.stderr)
        for problem in stats.problems.values():
            print(f"not shown: {problem}", file=sys.stderr)
    if options.stats:
        print(stats_table(stats), file=sys.stderr)
    return stats


def exit_code(stats: Stats) -> int:
    """0 for a show. What is rendered must be whole: 128 + the signal that cut it short, 1 where an effect failed."""
    if stats.live:
        return 0
    return 128 + stats.stopped_by if stats.stopped_by else int(bool(stats.problems))


def stats_table(stats: Stats) -> str:
    """The numbers of a run as a table."""
    numbers = stats.table()
    seconds = max((stats.ended_s or 0.0) - (stats.started_s or 0.0), 1e-9)
    rows = [["stage", "median", "95 %"]]
    for stage, times in numbers["stages"].items():
        rows.append([stage, f"{times['median_ms']:.1f} ms", f"{times['p95_ms']:.1f} ms"])
    memory = "" if numbers["memory_mb"] is None else f", {numbers['memory_mb']:.0f} MiB"
    counts = f"{numbers['frames_in']} in, {numbers['frames_out']} out, {numbers['dropped']} dropped"
    return f"{counts} in {seconds:.1f} s: {numbers['fps']:.1f} fps{memory}\n{table(rows)}"


@contextmanager
def progress_bar(shown: bool) -> Iterator[Progress | None]:
    """A bar with the time left, where the end is known."""
    if not shown:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    with Bar(
        "rendering", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True)
    ) as bar:
        task = bar.add_task("rendering", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
