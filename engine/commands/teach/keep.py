"""A taught model as one folder: the model, its labels, how it was made; the examples only where asked for."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import UsageError
from ...core.paths import entries, in_words, is_file, is_folder, is_there
from ...core.version import __version__
from ...scene.registry import first_user_folder
from ...trackers.custom.find import OWN
from .examples import Examples, Recording
from .learn import Learnt

METADATA, LABELS, EXAMPLES = "metadata.json", "labels.txt", "examples.npz"
MADE = {
    METADATA,
    LABELS,
    EXAMPLES,
    OWN,
    "nearest.npz",
    "model.tflite",
    "model.keras",
    "tfjs",
}  # all that is ever written


@dataclass(frozen=True, slots=True)
class About:
    """What was taught: the model's name, the kind of features (engine/trackers/custom/features.py)."""

    name: str
    features: str


def home(name: str, into: Path | None) -> Path:
    """The folder of the model called `name`: in the one that is named, else among the user's own models."""
    if not name or not all(c.isalnum() or c in "-_" for c in name):
        raise UsageError(f"'{name}' cannot be a model's name", hint="use letters, digits, - and _")
    return (into or first_user_folder("models")) / name


def check_place(folder: Path, read: Iterable[Path], *, overwrite: bool) -> None:
    """Raises UsageError where a model may not be put into `folder`; before anything is recorded or learnt.

    A folder that was taught before is replaced only where that is asked for, and never one that holds anything else, or
    something that is learnt from.
    """
    if not is_there(folder):
        return
    there = entries(folder) if is_folder(folder) else []
    other = "" if is_folder(folder) else folder.name
    if there and not is_file(folder / METADATA):
        other = there[0].name
    elif not other:
        other = next((entry.name for entry in there if entry.name not in MADE), "")
    if other:
        hint = "choose another name"
        raise UsageError(f"the folder holds other files ('{other}')", where=str(folder), hint=hint)
    inside = folder.resolve()
    if any(path.resolve().is_relative_to(inside) or inside.is_relative_to(path.resolve()) for path in read):
        raise UsageError(
            "the examples are in this folder", where=str(folder), hint="choose another name, or --into DIR"
        )
    if there and not overwrite:
        raise UsageError(
            "a model of that name already exists",
            where=str(folder),
            hint="say --overwrite to replace it, or choose another name",
        )


def scratch(folder: Path) -> Path:
    """An empty folder beside the one to be, so that a model is there whole or not at all. Raises UsageError."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise in_words(error, folder.parent) from error


def describe(part: Path, about: About, learnt: Learnt, examples: Examples, recordings: Sequence[Recording]) -> None:
    """Writes everything but the model itself into `part`."""
    file = "nearest.npz" if learnt.method == "nearest" else "model.tflite"
    (part / LABELS).write_text("".join(f"{n} {label}\n" for n, label in enumerate(examples.labels)), encoding="utf-8")
    (part / OWN).write_text(
        f'file   = "{file}"\nlabels = "{LABELS}"\ndoc    = "taught here: {", ".join(map(plain, examples.labels))}"\n\n'
        f'[input]\nof = "{about.features}"\n',
        encoding="utf-8",
    )
    said: dict[str, Any] = {
        "name": about.name,
        "made_by": f"phosphene {__version__}",
        "features": about.features,
        "method": learnt.method,
        "labels": list(examples.labels),
        "examples": {label: examples.of_class(n) for n, label in enumerate(examples.labels)},
        "recordings": [{"class": r.label, "name": r.name, "frames": r.frames, "used": len(r.rows)} for r in recordings],
        "held_out": {
            "accuracy": learnt.accuracy,
            "confusion": None if learnt.table is None else learnt.table.tolist(),
            "parts_of_one_recording": list(learnt.alone),
        },
    }
    (part / METADATA).write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def plain(label: str) -> str:
    """A label as it may stand in a TOML string."""
    return "".join(c for c in label if c.isprintable() and c not in '"\\')


def keep_examples(part: Path, examples: Examples) -> None:
    """Writes the rows of numbers down too; they are not images, but they are of whoever was recorded."""
    np.savez_compressed(
        part / EXAMPLES,
        rows=examples.rows,
        classes=examples.classes,
        recordings=examples.recordings,
        labels=np.array(examples.labels),
        names=np.array(examples.names),
    )


def put(part: Path, folder: Path, read: Iterable[Path] = (), *, overwrite: bool = False) -> None:
    """Moves a finished model to its place. Raises UsageError where `check_place` does."""
    check_place(folder, read, overwrite=overwrite)
    part.chmod(0o755)
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if is_there(folder):
        folder.replace(old)
    part.replace(folder)
    shutil.rmtree(old, ignore_errors=True)
