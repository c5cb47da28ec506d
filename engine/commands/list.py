"""Lists scenes, effects, transitions, sources, sinks and trackers."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from ..show.catalogue import (
    Listed,
    list_effects,
    list_models,
    list_scenes,
    list_signals,
    list_sinks,
    list_sources,
    list_trackers,
    list_transitions,
)
from .options import add_effects
from .output import emit, table

# What of each kind JSON says; signals and models are many, and listed only when they are asked for.
FIELDS: dict[str, tuple[str, ...]] = {
    "scenes": ("name", "doc", "origin", "problem"),
    "effects": ("name", "doc", "origin", "params", "problem"),
    "transitions": ("name", "doc", "origin", "params", "problem"),
    "sources": ("name", "doc", "origin", "example", "problem"),
    "sinks": ("name", "doc", "origin", "example", "problem"),
    "trackers": ("name", "doc", "origin", "problem"),
    "signals": ("name", "doc"),
    "models": ("name", "doc", "origin"),
}
ONLY_ASKED = ("signals", "models")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    kinds = tuple(FIELDS)
    parser.add_argument("kind", nargs="?", choices=kinds, help="only these (signals and models only when asked for)")
    add_effects(parser, "look in a folder of your own too")
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE", help="as JSON, to FILE or standard output")


def run(options: argparse.Namespace) -> int:
    """Prints the table."""
    lists: dict[str, Callable[[], list[Listed]]] = {
        "scenes": lambda: list_scenes(effects=options.effects),
        "effects": lambda: list_effects(effects=options.effects),
        "transitions": lambda: list_transitions(effects=options.effects),
        "sources": list_sources,
        "sinks": list_sinks,
        "trackers": list_trackers,
        "signals": list_signals,
        "models": list_models,
    }
    kinds = [options.kind] if options.kind else [kind for kind in FIELDS if kind not in ONLY_ASKED]
    found = {kind: lists[kind]() for kind in kinds}
    blocks = [f"{kind}\n{table([row(kind, item) for item in items])}" for kind, items in found.items()]
    said = {kind: [as_json(kind, item) for item in items] for kind, items in found.items()}
    emit(said, options.json, "\n\n".join(blocks))
    return 0


def row(kind: str, item: Listed) -> list[str]:
    """One line of the table."""
    name = item.name if item.origin == "built-in" else f"{item.name} ({item.origin})"
    doc = f"BROKEN: {item.problem}" if item.problem else item.doc
    return [name, item.example, doc] if kind in ("sources", "sinks") else [name, doc]


def as_json(kind: str, item: Listed) -> dict[str, Any]:
    """What JSON says of it."""
    values = {field: getattr(item, field) for field in FIELDS[kind]}
    return {field: list(value) if isinstance(value, tuple) else value for field, value in values.items()}
