"""Lists scenes, effects, transitions, sources and sinks."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from .options import add_effects
from .output import emit, table

HELP = "scenes, effects, transitions, sources and sinks"
KINDS = ("scenes", "effects", "transitions", "sources", "sinks", "signals", "models")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("kind", nargs="?", choices=KINDS, help="only these (signals and models only when asked for)")
    add_effects(parser, "look in a folder of your own too")
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE", help="as JSON, to FILE or standard output")


def signals() -> list[dict[str, Any]]:
    """The signals that parameters may follow."""
    from ..scene.signals import SIGNALS

    return [{"name": n, "doc": d} for n, d in SIGNALS.items()]


def named_models() -> list[dict[str, Any]]:
    """The models whose answers scenes can name: those that come with the engine, and the user's own."""
    from ..trackers.custom.find import own_models, shipped, summary

    ready = [{"name": n, "doc": summary(p), "origin": "built-in"} for n, p in shipped().items()]
    return ready + [{"name": n, "doc": summary(p), "origin": "user"} for n, p in own_models().items()]


def gather(folders: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Everything that can be named on the command line or in a scene."""
    from ..scene.registry import registry_with
    from ..sinks import SINKS
    from ..sources import SOURCES

    registry = registry_with(folders)
    return {
        "scenes": [
            {"name": e.name, "doc": e.doc, "origin": e.origin, "problem": e.problem} for e in registry.scenes().values()
        ],
        **{
            kind: [
                {"name": e.name, "doc": e.doc, "origin": e.origin, "params": list(e.params), "problem": e.problem}
                for e in entries.values()
            ]
            for kind, entries in (("effects", registry.effects()), ("transitions", registry.transitions()))
        },
        "sources": [{"name": k.name, "doc": k.doc, "example": k.example} for k in SOURCES.values()],
        "sinks": [{"name": k.name, "doc": k.doc, "example": k.example} for k in SINKS.values()],
    }


def run(options: argparse.Namespace) -> int:
    """Prints the table."""
    asked = {"signals": signals, "models": named_models}
    found = {options.kind: asked[options.kind]()} if options.kind in asked else gather(options.effects)
    kinds = [options.kind] if options.kind else list(found)
    blocks = []
    for kind in kinds:
        rows = []
        for item in found[kind]:
            origin = item.get("origin", "built-in")
            mark = "" if origin == "built-in" else f" ({origin})"
            doc = f"BROKEN: {item['problem']}" if item.get("problem") else item["doc"]
            example = item.get("example")
            rows.append([item["name"] + mark, *([example or ""] if kind in ("sources", "sinks") else []), doc])
        blocks.append(f"{kind}\n{table(rows)}")
    emit({k: found[k] for k in kinds}, options.json, "\n\n".join(blocks))
    return 0
