"""Judges effects as a reviewer would: Python, GLSL, ISF, gl-transitions and ShaderToy-style files.

Does it compile, and draw at its defaults and at the ends of every range? No NaN, not one colour, the same twice,
identity where that is declared, no unused parameters, no GL object left behind, and at what cost? A file that never
comes to an end is stopped and named."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import UsageError
from ..core.files.guard import Guard
from ..core.files.put import check_free
from ..core.files.target import Target
from ..core.paths import check_new_folder, check_place, is_there, named, resolved
from ..scene.describe import name_of
from .options import add_option, add_overwrite
from .output import check_json, table, write_json

if TYPE_CHECKING:
    from ..check.verdict import Verdict


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("path", nargs="+", metavar="PATH", help="effect files, or folders that are searched for them")
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE", help="as JSON, to FILE or standard output")
    parser.add_argument("--preview", metavar="DIR", help="draw an image of each effect into DIR")
    add_overwrite(parser)
    parser.add_argument("--report", metavar="FILE", help="write what is wrong as a table into FILE, in Markdown")
    add_option(parser, "size", default=(320, 180), help="what to draw at (default: 320x180)")
    parser.add_argument(
        "--limit", type=float, default=60.0, metavar="SECONDS", help="how long one file may take (default: 60)"
    )
    parser.add_argument("--quiet", action="store_true", help="show only what is wrong")


def run(options: argparse.Namespace) -> int:
    """Judges every file; 1 where one of them fails."""
    from ..check.verdict import effect_files
    from ..check.watch import judge_files

    for given in options.path:
        if not is_there(named(given)):
            raise UsageError(
                f"no file or folder '{given}'", hint="check the path: it must be an effect file or a folder"
            )
        if Path(given).suffix.lower() == ".toml":
            instead = f"phosphene run {given} --input demo --output null --seconds 1"
            raise UsageError(f"'{given}' is a scene; check takes effects", hint=f"to try a scene, run `{instead}`")
    files = list(effect_files(named(p) for p in options.path))
    check_place(options.report)
    check_new_folder(options.preview)
    if not files:
        raise UsageError("no effect files found", hint="effects end in .py, .fs, .frag or .glsl")
    check_outputs(options, files)
    preview = resolved(named(options.preview)) if options.preview else None
    verdicts: list[Verdict] = []
    try:
        for verdict in judge_files(files, size=options.size, limit_s=options.limit, preview=preview):
            verdicts.append(verdict)
            if options.json != "-" and not (options.quiet and verdict.good):
                print(line(verdict), flush=True)
    finally:
        if options.json is not None:
            write_json([v.table() for v in verdicts], options.json)
    if options.report is not None:
        from ..check.report import write_report

        write_report(named(options.report), verdicts, [named(p) for p in options.path])
    failed = sum(not v.good for v in verdicts)
    print(f"{len(verdicts)} judged, {failed} with errors", file=sys.stderr)
    return 1 if failed else 0


def check_outputs(options: argparse.Namespace, files: list[Path]) -> None:
    """Raises SinkError where what is to be written is there already, or is a file that is judged or that one needs."""
    guard = Guard(files)
    for folder in {file.parent for file in files}:
        said = "".join(f.read_text(encoding="utf-8", errors="replace") for f in files if f.parent == folder)
        guard.reads(path for path in folder.iterdir() if path.name in said)
    check_json(options.json)
    reports = [named(name) for name in (options.json, options.report) if name not in (None, "-")]
    guard.writes(Target(path) for path in reports)
    if options.preview:
        pictures = {named(options.preview) / f"{name_of(file)}.png" for file in files}
        guard.writes(Target(path) for path in sorted(pictures))
        for path in sorted(pictures):
            check_free(path, overwrite=options.overwrite)


def line(verdict: Verdict) -> str:
    """A verdict for people."""
    cost = "" if verdict.ms is None else f"{verdict.ms:g} ms at {verdict.size[0]}×{verdict.size[1]}"
    kind = " ".join(w for w in (verdict.kind, verdict.role) if w)
    head = f"{'good' if verdict.good else 'BAD '}  {verdict.file}  ({', '.join(w for w in (kind, cost) if w)})"
    more = [["", verdict.error]] if verdict.error else []
    more += [["", f"next: {verdict.hint}"]] if verdict.error and verdict.hint else []
    more += [["", note] for note in verdict.notes if note not in verdict.error]
    if verdict.unused:
        more.append(["", f"unused: {', '.join(verdict.unused)}"])
    return head + ("\n" + table(more) if more else "")
