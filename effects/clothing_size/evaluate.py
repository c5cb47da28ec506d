"""How far the measurements are off: on rendered bodies of known size, through pictures and trackers."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phosphene import Observation

from . import bodies, girth

if TYPE_CHECKING:
    from . import ClothingSize

Look = Callable[[Path | NDArray[np.uint8]], Sequence[Observation]]  # of a file, or of pixels
TRUTHS = {"chest": "chest_cm", "waist": "waist_cm", "hip": "hip_cm"}
Misses = Mapping[str, tuple[float, bool]]  # centimetres, and whether the interval holds the truth
OURS = {"chest": "chest", "waist": "waist", "hip": "hips"}
# name -> (pictures, whether the weight is given)
VIEWS = {
    "front": (("front",), False),
    "front+side": (("front", "side"), False),
    "front+weight": (("front",), True),
    "front+side+weight": (("front", "side"), True),
}


def people_in(folder: Path) -> list[dict[str, str]]:
    """The rows of the truth beside the pictures: `truth*.csv`, or the `bodies` of `truth*.json`. Raises ValueError."""
    for path in sorted(folder.glob("truth*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    for path in sorted(folder.glob("truth*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        found = content["bodies"] if isinstance(content, dict) else content
        return [{k: str(v) for k, v in body.items()} for body in found]
    raise ValueError(f"no truth*.csv in {folder.name}/")


def picture(folder: Path, name: str, view: str) -> Path | None:
    """The picture of one body, `NAME_front.jpg`; None where there is none."""
    return next((p for p in sorted(folder.glob(f"{name}_{view}.*")) if p.suffix.lower() != ".csv"), None)


def judge(
    kind: type[ClothingSize], folder: Path, look: Look, report: Callable[[str], None]
) -> dict[str, dict[str, Any]]:
    """By view: mean absolute error and coverage of the 90 % interval, with the height given and the sex not.

    `synthetic`: of what a user gets; `synthetic_by_people_alone`: of the same without the model's figures made by a
    computer, which shows how such differ from people.
    """
    misses: dict[str, list[Misses]] = {view: [] for view in VIEWS}
    by_people: dict[str, list[Misses]] = {view: [] for view in VIEWS}
    refused = dict.fromkeys(VIEWS, 0)
    known = people_in(folder)
    for number, row in enumerate(known):
        report(f"{folder.name}: {number + 1} of {len(known)}")
        seen = {
            view: list(look(path))
            for view in ("front", "side")
            if (path := picture(folder, row["id"], view)) is not None
        }
        for view, (pictures, weighed) in VIEWS.items():
            if not all(name in seen for name in pictures):
                continue
            effect = kind(height_cm=float(row["height_cm"]), clothing="tight", hold_s=0.0)
            if weighed:
                effect.weight_kg = float(row["mass_kg"])
            for name in pictures:
                effect.prepare(seen[name][0].frame.size)
                effect.update(seen[name][0], 0.0)
            effect.report()
            if not set(girth.GIRTHS) <= set(effect.found):
                refused[view] += 1
                continue
            misses[view].append(compared(effect.found, row))
            alone = girth.estimate(effect.fusion.result(), effect.given_body(), (bodies.everybody()["people"],))
            by_people[view].append(compared(alone.measures, row))
    return {
        part: {view: summary(found) | {"refused": refused[view]} for view, found in views.items()}
        for part, views in (("synthetic", misses), ("synthetic_by_people_alone", by_people))
    }


def compared(found: Mapping[str, girth.Estimate], row: Mapping[str, str]) -> Misses:
    """The misses of one body, by the names of its truth."""
    return {name: miss(found[OURS[name]], float(row[TRUTHS[name]])) for name in TRUTHS}


def miss(known: girth.Estimate, truth: float) -> tuple[float, bool]:
    """By how many centimetres an estimate is off, signed, and whether its interval holds the truth."""
    low, high = known.interval
    return known.middle - truth, low <= truth <= high


def summary(found: Sequence[Misses]) -> dict[str, Any]:
    """The figures of one view."""
    out: dict[str, Any] = {}
    if not found:
        return {"bodies": 0}
    for name in TRUTHS:
        out[f"{name}_mae_cm"] = round(sum(abs(f[name][0]) for f in found) / len(found), 3)
    inside = [f[name][1] for f in found for name in TRUTHS]
    out["coverage_90"] = round(sum(inside) / len(inside), 3)
    for name in TRUTHS:
        out[f"{name}_bias_cm"] = round(sum(f[name][0] for f in found) / len(found), 3)
        out[f"{name}_coverage_90"] = round(sum(f[name][1] for f in found) / len(found), 3)
    return out | {"bodies": len(found)}
