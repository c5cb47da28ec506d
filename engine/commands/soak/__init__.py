"""Plays a scene for a long time while everything round it fails by plan, and judges whether the show went on.

The camera stalls, dies, comes back, changes its size; trackers raise, hang, dawdle; an effect raises; outputs block and
die. Each fault must be named once in the log, frames must come again after it, memory and threads must stay flat, and
a scene that hides the room must never show it. The same seed gives the same faults. Exits with 1 where something was
wrong."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from ...core.errors import UsageError
from ...core.files.guard import Guard
from ...core.files.new import check_folder
from ...core.files.put import check_free
from ...core.files.target import Target
from ...core.paths import check_place, named
from ...scene.registry import Registry
from ...show.interrupt import is_terminal
from ...show.reading import input_files, scene_files
from ...show.session import open_scene
from ..options import add_option, add_overwrite, options_from, positive
from ..output import check_json, table, write_json

DEFAULT_SCENE = "teleport"
RESTLESS = "restless"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("scene", nargs="?", default=DEFAULT_SCENE, help=f"a scene (default: {DEFAULT_SCENE})")
    parser.add_argument("--minutes", type=positive, default=10.0, metavar="N", help="how long (default: 10)")
    add_option(
        parser,
        "input",
        default=RESTLESS,
        help="what the camera sees (default: a person in constant motion before a room that must stay hidden)",
    )
    add_option(parser, "size", default=(640, 360), help="default: 640x360")
    add_option(parser, "fps", help="frames a second of the camera")
    add_option(parser, "seed", default=0, help="another order of faults (default: 0)")
    add_option(parser, "parameters", help="set a parameter")
    parser.add_argument("--json", metavar="FILE", help="write every figure to FILE (- for stdout)")
    parser.add_argument("--graph", metavar="FILE", help="draw memory, rate and lag to FILE (.svg or .png)")
    add_overwrite(parser)


def run(options: argparse.Namespace) -> int:
    """Runs it; 0 where nothing was wrong, else 1."""
    from ...models import store as models
    from ...sources import open_source
    from ...sources.base import Source
    from ...trackers import models_of, open_tracker
    from .graph import check_name, draw
    from .play import soak
    from .restless import RestlessSource

    check_place(options.graph, pipes=False)
    scene = open_scene(options_from(options, scenes=options.scene))
    own = options.input == RESTLESS
    read = [*([] if own else input_files(options.input)), *scene_files(scene, Registry())]
    check_json(options.json, read=read)
    if options.graph:
        graph = named(options.graph)
        check_name(options.graph)
        Guard(read).writes([Target(graph)])
        check_folder(graph)
        check_free(graph, overwrite=options.overwrite)
    needed = sorted({model for name in scene.needs() for model in models_of(name)})
    models.fetch([name for name in needed if not models.state(name).ready])

    def opened() -> Source:
        if own:
            return RestlessSource(options.size, options.fps or 30.0)
        source = open_source(options.input, size=options.size, fps=options.fps)
        if source.live:
            source.close()
            raise UsageError("soak cannot use a live input", hint="use a file, demo or testcard as --input")
        return source

    seconds = options.minutes * 60.0
    found = soak(
        scene,
        opened,
        lambda name: open_tracker(name, **scene.tracker_params(name)),
        seconds=seconds,
        seed=options.seed,
        progress=lambda now_s: progress(now_s, seconds),
    )
    if options.json:
        write_json(found, options.json)
    if options.graph:
        from .faults import Fault

        title = f"{scene.title or scene.name}: {options.minutes:g} min, {len(found['faults'])} faults"
        draw(
            found["rows"],
            [Fault(**fault) for fault in found["faults"]],
            title,
            options.graph,
            overwrite=options.overwrite,
        )
    if options.json != "-":
        print(report(found))
    return int(bool(found["wrong"]))


def progress(now_s: float, seconds: float) -> None:
    """The time on a line that is written again and again, where somebody watches."""
    if is_terminal():
        print(f"\r{now_s:6.0f} of {seconds:.0f} s", end="", file=sys.stderr, flush=True)


def report(found: dict[str, Any]) -> str:
    """The table of faults, the figures, and what was wrong."""
    from .faults import KINDS

    rows = [["at", "for", "named", "back after", "fault"]]
    for fault in found["faults"]:
        back = "never" if fault["back_s"] is None else f"{fault['back_s']:.1f} s"
        named = str(fault["named"]) if KINDS[fault["kind"]][1] else "-"
        what = f"{fault['kind']}: {KINDS[fault['kind']][0]}"
        rows.append([f"{fault['at_s']:.0f} s", f"{fault['seconds']:g} s", named, back, what])
    figures = found["summary"]
    memory = figures["memory_mb"]
    lines = [
        table(rows),
        f"{figures['drawn']} frames in {figures['seconds']:.0f} s: {figures['fps']:.1f} fps, "
        f"{figures['slates']} slates, longest gap {figures['longest_gap_s']:.1f} s",
        f"memory {memory['first']:.0f} MiB at first, {memory['last']:.0f} at last, {memory['most']:.0f} at most; "
        f"threads {figures['threads'].get('first', 0):.0f} and {figures['threads'].get('last', 0):.0f}",
    ]
    if figures["stood_still_s"]:
        lines.append(
            f"the machine stood still for {figures['stood_still_s']:.0f} s: faults near that time are not judged"
        )
    if figures["room_seen"] is not None:
        lines.append(f"the room was seen in {figures['room_seen']} frames")
    return "\n".join([*lines, *([f"WRONG: {text}" for text in found["wrong"]] or ["nothing was wrong"])])
