"""Teaches a model your own classes, which scenes then follow as class.NAME.LABEL.

Examples come from clips and folders of images (--class LABEL=PATH, as often as you like), or live: --live opens the
camera, and each class is recorded while its key is held. Everything stays on this machine."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import UsageError
from ...core.paths import check_new_folder, named
from ...show.reading import tree
from ..options import add_option, add_overwrite
from ..output import check_json, write_json

if TYPE_CHECKING:
    from .examples import Recording

FROM = {"image": "embedding", "face": "face", "pose": "pose", "hands": "hands", "sound": "sound"}
SEEN = {"image": "an image", "face": "a face", "pose": "a body", "hands": "a hand", "sound": "sound"}
METHODS = ("auto", "net", "nearest")
EXPORTS = ("keras", "tflite", "tfjs")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("name", help="what the model is called: scenes follow class.NAME.LABEL")
    parser.add_argument(
        "--from",
        dest="features",
        choices=tuple(FROM),
        default="image",
        help="what to learn from: image (what is in the middle), face (expressions, head), pose (body), hands, sound",
    )
    parser.add_argument(
        "--class",
        dest="classes",
        action="append",
        default=[],
        metavar="LABEL=PATH",
        help="a class and a clip or a folder that shows it; several for one class, by repeating it",
    )
    parser.add_argument("--live", metavar="LABEL,LABEL", help="record these classes from the camera: hold 1, 2, 3 …")
    add_option(parser, "input", help="what --live looks at (default: camera)")
    parser.add_argument(
        "--method",
        choices=METHODS,
        default="auto",
        help="net: a small net trained by TensorFlow; nearest: at once, by the nearest examples; auto: net if it can",
    )
    parser.add_argument("--into", metavar="DIR", help="where the model's folder is made (default: your own models)")
    add_overwrite(parser)
    parser.add_argument("--keep-examples", action="store_true", help="keep the examples (rows of numbers) too")
    parser.add_argument(
        "--export", action="append", choices=EXPORTS, default=[], help="write it in this form too; may be repeated"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the training")
    parser.add_argument("--json", metavar="FILE", help="write what came out as JSON, to FILE (- for stdout)")
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress")


def run(options: argparse.Namespace) -> int:
    """Records, learns, judges, saves."""
    from ...trackers.custom.labels import slugs
    from . import keep
    from .examples import classes_of, gather
    from .judge import table_text
    from .learn import learn

    check_new_folder(options.into)
    begin = time.perf_counter()
    folder = keep.home(options.name, named(options.into) if options.into else None)
    classes = classes_of(options.classes) if options.classes and not options.live else {}
    read = [path for paths in classes.values() for path in paths]
    check_json(options.json, read=(file for path in read for file in tree(path)))
    keep.check_place(folder, read, overwrite=options.overwrite)
    recordings = recorded(options)
    progress = ProgressLine(quiet=options.quiet)
    examples = gather(recordings, SEEN[options.features])
    part = keep.scratch(folder)
    try:
        learnt = learn(examples, part, options.method, options.seed, progress.training)
        keep.describe(part, keep.About(options.name, FROM[options.features]), learnt, examples, recordings)
        if options.keep_examples:
            keep.keep_examples(part, examples)
        exported(options.export, part, learnt.method)
        keep.put(part, folder, read, overwrite=options.overwrite)
    finally:
        progress.done()
        shutil.rmtree(part, ignore_errors=True)
    took_s = time.perf_counter() - begin
    if options.json:
        said = {
            "folder": str(folder),
            "method": learnt.method,
            "labels": list(examples.labels),
            "examples": [examples.of_class(n) for n in range(len(examples.labels))],
            "accuracy": learnt.accuracy,
            "confusion": None if learnt.table is None else learnt.table.tolist(),
            "parts_of_one_recording": list(learnt.alone),
            "seconds": round(took_s, 1),
        }
        write_json(said, options.json)
    if options.json != "-":
        print(f"taught {options.name} from {len(examples.rows)} examples in {took_s:.0f} s, in {folder}")
        if learnt.table is not None and learnt.accuracy is not None:
            print(f"\nheld out, {learnt.accuracy:.0%} right (row: what it was; column: what the model said)")
            print(table_text(learnt.table, examples.labels))
        if learnt.alone:
            print(
                f"\nonly one recording of {', '.join(learnt.alone)}: parts of it were held out, so the figure is too "
                "good; record each class several times"
            )
        first = slugs(examples.labels)[0]
        print(f'\nin a scene:  amount = {{ from = "class.{options.name}.{first}" }}')
    return 0


def recorded(options: argparse.Namespace) -> list[Recording]:
    """The recordings that the options ask for."""
    from ...trackers.custom.features import Extractor
    from .examples import classes_of, record

    kind = FROM[options.features]
    if options.live:
        if options.classes:
            raise UsageError("--live and --class cannot be used together", hint="record live, or use clips and folders")
        from .live import record_live

        labels = [label.strip() for label in options.live.split(",") if label.strip()]
        from ...audio.opening import open_sound

        ears = open_sound("mic") if kind == "sound" else None
        return record_live(options.input, labels, Extractor(kind, ears))
    if not options.classes:
        raise UsageError("no classes given", hint="use --class LABEL=PATH at least twice, or --live LABEL,LABEL")
    progress = ProgressLine(quiet=options.quiet)
    try:
        return record(classes_of(options.classes), kind, progress.recording)
    finally:
        progress.done()


def exported(forms: Sequence[str], part: Path, method: str) -> None:
    """Writes the other forms that were asked for; the Keras file stays only where it was. (TFLite is always there.)"""
    if not forms:
        (part / "model.keras").unlink(missing_ok=True)
        return
    if method == "nearest":
        raise UsageError("a model of nearest examples cannot be exported", hint="use --method net")
    if "tfjs" in forms:
        from ...models import tensorflow as tf_jobs

        tf_jobs.run("export_tfjs", keras=str(part / "model.keras"), out=str(part / "tfjs"))
    if "keras" not in forms:
        (part / "model.keras").unlink(missing_ok=True)


class ProgressLine:
    """Progress on one line of the terminal, where somebody watches."""

    def __init__(self, *, quiet: bool) -> None:
        self._shown = not quiet and sys.stderr.isatty()
        self._table = ""

    def recording(self, what: str, done: int, total: int) -> None:
        """A recording is looked at."""
        self._line(f"looking at {what} ({done + 1} of {total})")

    def training(self, said: Mapping[str, Any]) -> None:
        """How the training goes: where it is, and how much of what was held out so far was right."""
        if "table" in said:
            rows = said["table"]
            right, seen = sum(row[n] for n, row in enumerate(rows)), sum(map(sum, rows))
            self._table = f", {right} of {seen} held out right"
        elif "epoch" in said:
            self._line(f"learning {said['what']}: {said['epoch']} of {said['epochs']}{self._table}")

    def _line(self, text: str) -> None:
        if self._shown:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    def done(self) -> None:
        """Clears the line."""
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
