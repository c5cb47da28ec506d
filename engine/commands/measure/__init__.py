"""Measures people in photos and clips, each measurement as an interval, into a table.

What is known (height, weight, sex) narrows the intervals; --people gives it file by file. A file that cannot be
measured keeps its row, with the reason in words. A stopped run goes on where it was when it is started again.
docs/clothing-size.md says how it is done and how far it can be trusted; --evaluate measures that."""

from __future__ import annotations

import argparse
import csv
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from ...core.errors import UsageError
from ...core.files.guard import Guard
from ...core.files.put import alone, check_free
from ...core.files.target import Target
from ...core.paths import check_place, checked, is_folder, named, within
from ...show.options import parse_setting
from ...show.reading import tree
from ..options import add_effects, add_option, add_overwrite
from ..output import check_json, table, write_json
from .batch import PLACES

GIVEN = ("height_cm", "weight_kg", "sex", "clothing", "chart", "distance_m", "fov_deg", "reference")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("files", nargs="*", metavar="FILE", help="photos, clips, or folders of them")
    parser.add_argument("--height-cm", metavar="N", help="the person's height without shoes")
    parser.add_argument("--weight-kg", metavar="N", help="the person's weight")
    parser.add_argument("--sex", help="female or male")
    parser.add_argument("--clothing", help="tight, everyday or loose")
    parser.add_argument("--chart", help="size chart: men, women, unisex, or the path of a TOML file")
    parser.add_argument("--distance-m", metavar="N", help="how far the person stood from the camera")
    parser.add_argument("--fov-deg", metavar="N", help="horizontal field of view (default: a photo's own EXIF data)")
    parser.add_argument("--reference", help="what is held up: a4, card or marker")
    add_option(parser, "parameters", metavar="NAME=VALUE", help="another parameter")
    parser.add_argument(
        "--people", metavar="CSV", help="what is known of each: columns file, height_cm, weight_kg, sex ..."
    )
    parser.add_argument("--one-person", action="store_true", help="all FILES show the same person: front, side …")
    parser.add_argument(
        "--output", "-o", metavar="TABLE", help="write a table: .csv, .parquet or .json (default: print one)"
    )
    parser.add_argument("--json", metavar="FILE", help="write everything as JSON to FILE (- for stdout)")
    add_overwrite(parser)
    parser.add_argument("--frames", type=int, metavar="N", help="look at no more than N frames of a clip")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes on this machine (default 1)")
    parser.add_argument(
        "--on", choices=PLACES, default="here", help="here: this machine; ray: a Ray cluster ($RAY_ADDRESS)"
    )
    parser.add_argument("--again", action="store_true", help="start again instead of continuing a stopped run")
    parser.add_argument("--effect", default="clothing-size", metavar="NAME", help="the effect that measures")
    add_effects(parser, "a folder with your own effects")
    parser.add_argument("--evaluate", action="store_true", help="compare with the known truth in --data instead")
    parser.add_argument("--data", metavar="DIR", help="for --evaluate: a folder with synthetic/ and tables/ in it")
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress and no summary")


def run(options: argparse.Namespace) -> int:
    """Measures, or evaluates."""
    from ...models import store as models
    from ...trackers import models_of
    from .one import measuring_effect

    effect = measuring_effect(options.effect, options.effects)
    wanted = sorted({model for name in effect.needs for model in models_of(name)})
    models.fetch([name for name in wanted if not models.state(name).ready])
    return evaluate(options) if options.evaluate else measure_files(options)


def measure_files(options: argparse.Namespace) -> int:
    """Measures the files and writes the table; the exit code is 1 where a file could not be read."""
    from . import batch, tables

    tasks = tasks_of(options)
    where = named(options.output) if options.output else None
    journal = None
    guard = Guard([*(file for task in tasks for file in task.files), *known_files(options)])
    check_json(options.json)
    guard.writes(Target(named(name)) for name in (options.json,) if name not in (None, "-"))
    if where is not None:
        tables.kind_of(where)
        check_place(options.output)
        journal = batch.Journal(where.with_name(where.name + ".part"))
        guard.writes([Target(where), Target(journal.path)])
        check_free(where, overwrite=options.overwrite)

    def progress(done: int, total: int, row: dict[str, Any]) -> None:
        if not options.quiet and sys.stderr.isatty():
            print(f"\r\x1b[K{done} of {total}: {row['file']} {row['status']}", end="", file=sys.stderr, flush=True)

    with nullcontext() if journal is None else alone(journal.path):
        if journal is not None and options.again:
            journal.clear()
        rows = batch.run(tasks, journal=journal, on=options.on, workers=options.workers, progress=progress)
        if not options.quiet and sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        if where is not None:
            tables.write(rows, where, overwrite=options.overwrite)
        if journal is not None:
            journal.clear()
    if options.json:
        write_json(rows, options.json)
    if where is None and options.json != "-":
        print(shown(rows))
    found = batch.counts(rows)
    if not options.quiet:
        summary = f"{found['ok']} measured, {found['refused']} refused, {found['error']} failed"
        print(summary + (f", wrote {options.output}" if where else ""), file=sys.stderr)
    return 1 if found["error"] else 0


def tasks_of(options: argparse.Namespace) -> list[Any]:
    """The tasks that the options ask for. Raises UsageError."""
    from .one import Task, measuring_effect

    params = measuring_effect(options.effect, options.effects).params()

    def parsed(values: dict[str, str]) -> dict[str, Any]:
        from ...core.errors import unknown_name

        for name in values:
            if name not in params:
                raise unknown_name("parameter", name, params)
        return {name: params[name].parse(value) for name, value in values.items()}

    every = {name: str(value) for name in GIVEN if (value := getattr(options, name)) is not None}
    if every.get("chart", "").lower().endswith(".toml"):
        every["chart_file"] = every.pop("chart")
    every |= dict(map(parse_setting, options.parameters))
    each = people(named(options.people)) if options.people else {}
    files = [str(path) for name in options.files or list(each) for path in pictures(named(name))]
    if not files:
        raise UsageError("no FILE to measure", hint="phosphene measure photo.jpg --height-cm 178")
    common = {
        "effect": options.effect,
        "effect_folders": tuple(options.effects),
        "most": options.frames,
    }
    if options.one_person:
        return [Task(tuple(files), values=parsed(every), **common)]
    return [Task((f,), values=parsed(every | each.get(f, each.get(Path(f).name, {}))), **common) for f in files]


def known_files(options: argparse.Namespace) -> list[str]:
    """The files with facts on the people, beside their images."""
    values = [value for _, value in map(parse_setting, options.parameters)]
    return [name for name in (options.people, options.chart, *values) if name]


def pictures(path: Path) -> list[Path]:
    """The file itself, or every photo and clip in a folder. A file that is not there is kept: it gets its row."""
    from ...sources import IMAGE_SUFFIXES

    if not is_folder(path):
        return [path]
    clips = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v"}
    found = [p for p in within(path, IMAGE_SUFFIXES | clips) if not p.name.startswith(".")]
    if not found:
        raise UsageError(f"no photo or clip in '{path}'")
    return found


def people(path: Path) -> dict[str, dict[str, str]]:
    """What a CSV gives for each file: file -> parameter -> value; empty cells give nothing. Raises UsageError."""
    try:
        with checked(path, "table").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"--people cannot be read: {error}", where=str(path)) from None
    if rows and "file" not in rows[0]:
        raise UsageError(
            "--people has no column 'file'", where=str(path), hint="use a header such as file,height_cm,sex"
        )
    return {
        row["file"]: {k: v.strip() for k, v in row.items() if k and k != "file" and v and v.strip()} for row in rows
    }


def shown(rows: list[dict[str, Any]]) -> str:
    """The rows for people: a line for each measurement, or the reason why there is none."""
    lines = []
    for row in rows:
        lines.append(f"{row['file']}: {row['status']}" + (f" ({row['reason']})" if row["reason"] else ""))
        cells = [
            [name, f"{value['low_cm']:.1f} to {value['high_cm']:.1f} cm", f"middle {value['cm']:.1f}"]
            for name, value in row.items()
            if isinstance(value, dict) and "low_cm" in value
        ]
        cells += [
            [name, ", ".join(f"{s['size']} {100 * s['probability']:.0f} %" for s in odds), ""]
            for name, odds in row.get("sizes", {}).items()
        ]
        if cells:
            lines.append(table(cells))
        lines += [f"  {note}" for note in row.get("notes", [])]
    return "\n".join(lines)


def evaluate(options: argparse.Namespace) -> int:
    """Compares with the truth in --data. Raises UsageError where the effect cannot, or the folder is not there."""
    from .look import observe
    from .one import measuring_effect

    effect = measuring_effect(options.effect, options.effects)
    judge = getattr(effect, "evaluate", None)
    if judge is None:
        raise UsageError(f"effect '{options.effect}' has no evaluate()")
    if not options.data or not is_folder(named(options.data)):
        raise UsageError("--evaluate needs --data DIR", hint="name a folder that holds synthetic/ and tables/")
    check_json(options.json, read=tree(named(options.data)))

    def progress(text: str) -> None:
        if sys.stderr.isatty() and not options.quiet:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    try:
        result = judge(
            named(options.data),
            lambda path: list(observe(path, ("pose",) if "pose" in effect.needs else effect.needs)),
            progress,
        )
    except ValueError as error:
        raise UsageError(str(error), where=options.data) from None
    progress("")
    if options.json:
        write_json(result, options.json)
    if options.json != "-":
        print(judged(result))
    return 0


def judged(result: dict[str, Any]) -> str:
    """Each part of an evaluation as a table; what is nested in a row gets rows of its own."""
    lines = []
    for part, views in result.items():
        figures: dict[str, dict[str, Any]] = {}
        for view, found in views.items():
            figures[view] = {k: v for k, v in found.items() if not isinstance(v, dict)}
            figures |= {f"{view}, {k}": v for k, v in found.items() if isinstance(v, dict)}
        names = list(dict.fromkeys(name for found in figures.values() for name in found))
        rows = [["", *(name.removesuffix("_cm").replace("_", " ") for name in names)]]
        rows += [[view, *(figure(found.get(name)) for name in names)] for view, found in figures.items()]
        lines += [part, table(rows), ""]
    return "\n".join(lines)


def figure(value: Any) -> str:
    """A figure of an evaluation."""
    return "-" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)
