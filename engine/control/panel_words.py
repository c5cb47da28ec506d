"""A running show as JSON: parameters, signals, scenes and problems as the page and the HTTP interface give them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from ..core.errors import PhospheneError
from ..core.param_types import Float, Int
from ..core.params import Param
from ..core.problem import Problem
from ..scene.signals import PATTERNS, TABLE, natural, tracker_of
from .desk import Parameter, Snapshot

WAVES = ("lfo.1", "lfo.2", "lfo.4", "lfo.8")  # offered in the list of signals; any other period may be typed
UNBOUND = -(2**31), 2**31 - 1  # what a whole number without a range of its own may be


def dumped(value: Any) -> str:
    """`value` as JSON in one line."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def plain_value(value: Any) -> Any:
    """A parameter's or a signal's value as JSON has it; null for a number that JSON cannot say."""
    if isinstance(value, tuple):
        return [plain_value(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def described(parameter: Parameter) -> dict[str, Any]:
    """One parameter: what it is, what it may be, and what it is now."""
    param = parameter.param
    layer, _, rest = parameter.address.partition("/")
    part, _, name = rest.rpartition(".")
    return {
        "address": parameter.address,
        "layer": layer,
        "part": part,
        "name": name,
        "type": param.kind,
        "doc": param.doc,
        "unit": param.unit,
        "range": bounds(param),
        "options": list(getattr(param, "options", ())),
        "expected": param.range_text(),
        "bindable": hasattr(param, "clamp"),
        "default": plain_value(param.default),
        **now(parameter),
    }


def now(parameter: Parameter) -> dict[str, Any]:
    """What of a parameter changes while the show runs: its `value`, and the table of the signal that it follows."""
    binding = parameter.binding
    return {"value": plain_value(parameter.value), "bound": None if binding is None else binding.table()}


def bounds(param: Param[Any]) -> list[float] | None:
    """The least and the largest value of a number; None where it has no range."""
    if not isinstance(param, Float | Int) or not (math.isfinite(param.low) and math.isfinite(param.high)):
        return None
    return None if (param.low, param.high) == UNBOUND else [param.low, param.high]


def parameters(snapshot: Snapshot) -> dict[str, Any]:
    """Every parameter of the scene that is on, by its address."""
    return {address: described(parameter) for address, parameter in snapshot.parameters.items()}


def signal_values(snapshot: Snapshot) -> dict[str, float | None]:
    """Every signal that has a value now, and those that a parameter follows."""
    followed = [p.binding.source for p in snapshot.parameters.values() if p.binding is not None]
    return {
        name: rounded(snapshot.signals[name])
        for name in dict.fromkeys((*snapshot.signals, *WAVES, *followed))
        if name in snapshot.signals
    }


def rounded(value: float) -> float | None:
    """A signal's value to four places, so that noise below them is not sent."""
    return round(value, 4) if math.isfinite(value) else None


def signals(snapshot: Snapshot) -> dict[str, Any]:
    """Every signal by name, with its value, its natural range and the tracker that it needs."""
    values = signal_values(snapshot)
    patterns = set(PATTERNS.values())
    names = dict.fromkeys((*(name for name in TABLE if name not in patterns), *values))
    return {
        name: {
            "doc": found.doc,
            "range": [found.low, found.high],
            "unit": found.unit,
            "tracker": tracker_of(name),
            "value": values.get(name),
        }
        for name, found in ((name, natural(name)) for name in names)
    }


def numbers(snapshot: Snapshot) -> dict[str, float | None]:
    """The run's numbers, rounded as people read them."""
    return {name: round(value, 1) if math.isfinite(value) else None for name, value in snapshot.numbers.items()}


def problems(snapshot: Snapshot) -> list[dict[str, str]]:
    """What does not work in the show, in words."""
    return [explained(problem) for problem in snapshot.problems.values()]


def explained(problem: Problem | PhospheneError) -> dict[str, str]:
    """What was wrong and what to do next."""
    found = {"error": problem.message, "hint": problem.hint, "where": problem.where}
    return {"address": problem.address, **found} if isinstance(problem, Problem) else found


def state(snapshot: Snapshot, titles: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """The whole show at one moment."""
    return {
        "scene": snapshot.scene,
        "scenes": scenes(snapshot, titles)["scenes"],
        "parameters": parameters(snapshot),
        "signals": signals(snapshot),
        "numbers": numbers(snapshot),
        "problems": problems(snapshot),
    }


def scenes(snapshot: Snapshot, titles: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """The scenes of the show, and which of them is on."""
    found = []
    for name in snapshot.scenes:
        title, doc = titles.get(name, ("", ""))
        found.append({"name": name, "title": title or name, "doc": doc})
    return {"scene": snapshot.scene, "scenes": found}


def changed(before: Snapshot, after: Snapshot) -> Iterator[dict[str, Any]]:
    """What must be told to who knows `before`, where both are of the same scene: one message an address."""
    for address, parameter in after.parameters.items():
        old = before.parameters.get(address)
        if old is None or old.value != parameter.value or old.binding is not parameter.binding:
            found = now(parameter)
            yield {"a": address, "v": found["value"], "bound": found["bound"]}
    if (told := problems(after)) != problems(before):
        yield {"problems": told}
