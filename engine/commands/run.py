"""Runs a scene, or several one after another: an input in, one or several outputs out.

Without --input it takes the first camera; without --output it opens a window. Files are rendered frame by frame, with
nothing dropped; windows and virtual cameras run live."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.files.target import Target
from ..core.paths import named
from ..core.standard_streams import others_print
from ..show.interrupt import is_terminal
from ..show.options import WINDOW, Progress, RunOptions
from ..sinks import DEFAULT_WEB_PORT, check_twice, is_live, split_spec
from .options import add_option, add_options, options_from
from .output import check_json, table, write_json

if TYPE_CHECKING:
    from ..show.stats import Stats


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_option(parser, "scenes", action="store", metavar="scene", nargs="*")
    add_options(
        parser, "input", "outputs", "every_s", "set_list", "transition", "transition_s", "rotate",
        "on_demand", "record_take", "take",
    )  # fmt: skip
    add_common(parser)


def add_common(parser: argparse.ArgumentParser) -> None:
    """The options that `run` and `demo` share."""
    add_options(
        parser, "size", "fps", "parameters", "preset", "models", "sound", "seconds", "sync", "pace", "quality",
        "flash_guard", "seed", "effects", "overwrite", "hud", "panel", "midi", "learn", "osc", "tracks", "vmc",
    )  # fmt: skip
    parser.add_argument(
        "--stats-json", metavar="FILE", help="write frames, rate, drops and times to FILE (- for stdout)"
    )
    parser.add_argument(
        "--json", metavar="FILE", help="write what the effects found (measurements, say) to FILE (- for stdout)"
    )
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress bar and no summary")


def reports_of(options: argparse.Namespace) -> tuple[Target, ...]:
    """The files that the command itself writes."""
    return tuple(Target(named(f)) for f in (options.json, options.stats_json) if f not in (None, "-"))


def run(options: argparse.Namespace) -> int:
    """Runs the scene."""
    outputs = options.outputs or [WINDOW]
    if options.take and options.scenes and not options.outputs:
        outputs = [str(named(options.take) / f"{Path(options.scenes[0]).stem}.mp4")]
    return exit_code(show(options_from(options, outputs=outputs, reports=reports_of(options)), options))


def show(asked: RunOptions, options: argparse.Namespace) -> Stats:
    """Plays with a progress bar, then reports what was done."""
    from ..show.session import play

    check_twice(asked.output.specs)
    check_json(options.json, options.stats_json)
    offline = not any(is_live(o) for o in asked.output.specs)
    for output in asked.output.specs:
        kind, port, _ = split_spec(output)
        if kind == "web" and not options.quiet:
            print(f"open http://127.0.0.1:{port or DEFAULT_WEB_PORT}/ in a browser of this machine", file=sys.stderr)
    with (
        progress_bar(offline and not options.quiet and is_terminal()) as progress,
        # An effect may print what it likes: whoever reads JSON from standard output gets JSON alone.
        redirect_stdout(sys.stderr) if "-" in (options.json, options.stats_json) else others_print(),
    ):
        stats = play(asked, progress=progress)
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
    if options.hud:
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
