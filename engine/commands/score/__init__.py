"""Scores the matte's quality levels, and the face's points, against what is known to be true.

Without --data everything is painted: the built-in portrait cut along a known outline before made rooms. With it, the
images with true masks in coco/, masks/ and greenscreen/ count too, and the 68-point faces in landmarks/.
docs/compositing.md explains every figure."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.paths import check_new_folder, named
from ...show.reading import tree
from ..options import add_overwrite
from ..output import check_json, table, write_json

if TYPE_CHECKING:
    from .quality_levels import Marks

COLUMNS = (("level", "name"), ("IoU", "iou"), ("boundary F", "boundary_f"), ("MAD ‰", "mad"), ("gradient ‰", "grad"),
           ("flicker still", "flicker_still"), ("moving", "flicker_moving"), ("ms", "ms"))  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "--data", metavar="DIR", help="a folder of ground truth: coco/, masks/, greenscreen/, landmarks/"
    )
    parser.add_argument("--json", metavar="FILE", help="write every figure to FILE (- for stdout)")
    parser.add_argument(
        "--half", choices=("even", "odd"), help="only every other image: tune on one half, verify on the other"
    )
    parser.add_argument(
        "--pictures", metavar="DIR", help="draw each quality level on the portrait into DIR instead, as JPEG"
    )
    add_overwrite(parser)


def run(options: argparse.Namespace) -> int:
    """Scores, and prints the table."""
    from ...models import store as models

    check_json(options.json, read=tree(named(options.data)) if options.data else ())
    check_new_folder(options.pictures)
    wanted = ("selfie_segmenter", "selfie_segmenter_landscape", "face_landmarker")
    models.fetch([name for name in wanted if not models.state(name).ready])
    if options.pictures:
        from .pictures import draw_pictures

        for path in draw_pictures(named(options.pictures), overwrite=options.overwrite):
            print(f"wrote {path}", file=sys.stderr)
        return 0
    result = measure(named(options.data) if options.data else None, options.half)
    if options.json != "-":
        print(report(result))
    if options.json:
        write_json(result, options.json)
    return 0


def measure(data: Path | None, half: str | None) -> dict[str, Any]:
    """Every figure, as the JSON file holds it."""
    from ...trackers.face import FaceTracker
    from .landmarks import score_landmarks
    from .quality_levels import score, segmenter
    from .synthetic import painted_clips, painted_stills
    from .truth import stills

    known = stills(data) if data is not None else []
    pictures, clips = [*known, *painted_stills()], painted_clips()
    if half:
        first = 0 if half == "even" else 1
        pictures, clips = pictures[first::2], clips[first::2]
    with segmenter() as segment:
        marks = score(pictures, clips, segment, progress)
    progress("landmarks")
    points = score_landmarks(data / "landmarks" if data is not None else None, FaceTracker)
    progress("")
    levels = [{"name": name, **made.summary(), "by_origin": made.by_group()} for name, made in marks.items()]
    return {"rungs": levels, "landmarks": points, "against_raw": against_raw(marks), "pictures": len(pictures)}


def against_raw(marks: dict[str, Marks]) -> dict[str, float | None]:
    """By how many percent `best` lowers the raw mask's boundary error and flicker."""
    raw, best = marks["raw"].summary(), marks["best"].summary()

    def less(before: float | None, after: float | None) -> float | None:
        return None if not before or after is None else round(100 * (1 - after / before), 1)

    errors = [None if m["boundary_f"] is None else 1 - m["boundary_f"] for m in (raw, best)]
    return {
        "boundary_error_less_percent": less(*errors),
        "flicker_still_less_percent": less(raw["flicker_still"], best["flicker_still"]),
        "flicker_moving_less_percent": less(raw["flicker_moving"], best["flicker_moving"]),
    }


def report(result: dict[str, Any]) -> str:
    """The tables."""
    rows = [[title for title, _ in COLUMNS]]
    rows += [[shown(level[key]) for _, key in COLUMNS] for level in result["rungs"]]
    lines = [f"{result['pictures']} images and their clips", table(rows), "", "boundary F by origin"]
    origins = list(result["rungs"][0]["by_origin"])
    rows = [["level", *origins]]
    rows += [[r["name"], *(shown(r["by_origin"][o]["boundary_f"]) for o in origins)] for r in result["rungs"]]
    lines += [table(rows), "", "best against raw"]
    lines += [f"  {key.replace('_', ' ')}: {shown(value)}" for key, value in result["against_raw"].items()]
    lines += ["", "landmarks"]
    lines += [f"  {key.replace('_', ' ')}: {shown(value)}" for key, value in result["landmarks"].items()]
    return "\n".join(lines)


def shown(value: Any) -> str:
    """A figure for the table."""
    return "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def progress(text: str) -> None:
    """What is being measured, on standard error where somebody watches."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
