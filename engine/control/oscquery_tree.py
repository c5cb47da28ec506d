"""What OSC can set in a show, as OSCQuery's tree of nodes.

Source: the OSC Query Proposal, https://github.com/Vidvox/OSCQueryProposal.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ..core.param_types import Choice, Color, Float, Int, Point
from .desk import Parameter, Snapshot
from .osc_values import tags, to_arguments, to_path

NONE, READ, WRITE, BOTH = 0, 1, 2, 3  # ACCESS
# The attributes that nodes may have.
ATTRIBUTES = ("FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION")
BUTTONS = {
    "/next": "changes into the next scene",
    "/previous": "changes into the scene before",
    "/tap": "taps the beat that the scene follows",
    "/refresh": "answers every parameter and the scene that is on",
}


def tree(snapshot: Snapshot) -> dict[str, Any]:
    """The root node, with all others in it."""
    root = _container("/")
    for leaf in leaves(snapshot):
        *folders, name = leaf["FULL_PATH"][1:].split("/")
        node, path = root, ""
        for folder in folders:
            path += f"/{folder}"
            node = node.setdefault("CONTENTS", {}).setdefault(folder, _container(path))
        known = node.setdefault("CONTENTS", {})
        known[name] = {**leaf, **({"CONTENTS": known[name]["CONTENTS"]} if name in known else {})}
    return root


def _container(path: str) -> dict[str, Any]:
    return {"FULL_PATH": path, "ACCESS": NONE, "CONTENTS": {}}


def leaves(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    """A node for each parameter, and those for scenes."""
    for parameter in snapshot.parameters.values():
        yield _leaf(parameter)
    yield {
        "FULL_PATH": "/scene",
        "TYPE": "s",
        "ACCESS": BOTH,
        "VALUE": [snapshot.scene],
        "RANGE": [{"VALS": list(snapshot.scenes)}],
        "DESCRIPTION": "the scene that is on",
    }
    for path, doc in BUTTONS.items():
        yield {"FULL_PATH": path, "TYPE": "I", "ACCESS": WRITE, "DESCRIPTION": doc}


def _leaf(parameter: Parameter) -> dict[str, Any]:
    param, value = parameter.param, list(to_arguments(parameter.param, parameter.value))
    switched = isinstance(value[0], bool)
    found = {
        "FULL_PATH": to_path(parameter.address),
        "TYPE": ("T" if value[0] else "F") if switched else tags(param),
        "ACCESS": BOTH,
        "VALUE": value,
        "DESCRIPTION": param.doc,
    }
    limits = _range(parameter)
    return {**found, "RANGE": limits} if limits else found


def _range(parameter: Parameter) -> list[dict[str, Any]]:
    """What each argument may be; nothing where that is not said."""
    param = parameter.param
    if isinstance(param, Choice):
        return [{"VALS": list(param.options)}]
    if isinstance(param, Color | Point):
        return [{"MIN": 0.0, "MAX": 1.0} for _ in tags(param)]
    if isinstance(param, Float | Int):
        ends = {name: end for name, end in (("MIN", param.low), ("MAX", param.high)) if math.isfinite(end)}
        return [ends] if ends else []
    return []


def find(root: dict[str, Any], path: str) -> dict[str, Any] | None:
    """The node at `path`; None where there is none."""
    node = root
    for name in filter(None, path.split("/")):
        inner = node.get("CONTENTS", {})
        if name not in inner:
            return None
        node = inner[name]
    return node
