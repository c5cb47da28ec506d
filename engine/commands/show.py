"""Shows an effect's or a scene's parameters with range, default and doc."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from ..core.errors import unknown_name
from ..core.params import Param, Parametrized
from .options import add_effects
from .output import emit, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("name", help="an effect, scene or tracker, as `phosphene list` names it, or a scene's path")
    add_effects(parser, "look in a folder of your own too")
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE", help="as JSON, to FILE or standard output")


def param_row(address: str, param: Param[Any], value: Any) -> dict[str, Any]:
    """One parameter for people and programs."""
    return {
        "address": address,
        "kind": param.kind,
        "value": param.format(value),
        "default": param.format(param.default),
        "range": param.range_text(),
        "doc": param.doc,
    }


def params_of(
    params: Mapping[str, Param[Any]], held: Parametrized | None = None, prefix: str = ""
) -> list[dict[str, Any]]:
    """Every parameter, with the value that it has in `held`, else its default."""
    return [param_row(prefix + n, p, p.default if held is None else getattr(held, n)) for n, p in params.items()]


def run(options: argparse.Namespace) -> int:
    """Prints what the name stands for."""
    from ..scene.registry import registry_with
    from ..scene.toml_read import load_scene
    from ..show.catalogue import list_trackers
    from ..trackers import is_tracker, tracker_names
    from ..trackers import params_of as tracker_params

    registry = registry_with(options.effects)
    name = options.name
    effects, scenes = registry.effects(), registry.scenes()
    blocks: list[str] = []
    shown: dict[str, Any] = {"name": name}
    if name in scenes or name.endswith(".toml"):
        scene = load_scene(name, registry)
        rows = [row for prefix, owner in scene.owners() for row in params_of(owner.params(), owner, prefix)]
        for row in rows:
            binding = scene.bindings.get(row["address"])
            row["bound"] = "" if binding is None else f"follows {binding.source}"
        shown["scene"] = {"title": scene.title, "doc": scene.doc, "needs": sorted(scene.needs()), "params": rows}
        head = f"scene {name}: {scene.doc or scene.title}\n  trackers: {', '.join(sorted(scene.needs())) or 'none'}"
        blocks.append(
            f"{head}\n\n{lines(rows)}\n\n  set one with  --set {rows[0]['address'] if rows else 'name'}=value"
        )
    if name in effects:
        effect = registry.effect(name)
        rows = params_of(effect.params())
        doc = effects[name].doc
        shown["effect"] = {"doc": doc, "file": str(effects[name].path), "params": rows}
        blocks.append(f"effect {name}: {doc}\n  file: {effects[name].path}\n\n{lines(rows)}")
    if is_tracker(name):
        rows = params_of(tracker_params(name))
        doc = next(tracker.doc for tracker in list_trackers() if tracker.name == name)
        shown["tracker"] = {"doc": doc, "params": rows}
        blocks.append(f"tracker {name}: {doc}\n\n{lines(rows)}\n\n  set them in a scene: [trackers.{name}]")
    if not blocks:
        raise unknown_name("effect, scene or tracker", name, {*effects, *scenes, *tracker_names()})
    emit(shown, options.json, "\n\n".join(blocks))
    return 0


def lines(rows: list[dict[str, Any]]) -> str:
    """Parameters as a table."""
    if not rows:
        return "  no parameters"
    return table(
        [
            ["parameter", "value", "range", "what it does"],
            *([r["address"], r.get("bound") or r["value"], r["range"], r["doc"]] for r in rows),
        ]
    )
