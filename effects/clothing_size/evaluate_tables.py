"""How far the girth model is off on tape-measured people: cross-validated by person, beside what needs no picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import bodies, girth
from .bodies import Array, Sex
from .evaluate import miss
from .tables import COLUMNS, FILES, table

FOLDS = 5
NOISE_CM = 1.0  # what a picture adds to a caliper's breadth or depth
GIVEN_SD = 0.001  # height and weight were measured
FRONT = ("chest_breadth", "waist_breadth", "hip_breadth")
SIDE = ("chest_depth", "waist_depth", "hip_depth")
BY_PEOPLE_ALONE = ("height+sex", "height+weight+sex", "front+weight, people alone")
VIEWS = {
    "height+sex": ("height",),
    "height+weight+sex": ("height", "weight"),
    "front": ("height", *FRONT),
    "front+side": ("height", *FRONT, *SIDE),
    "front+weight": ("height", "weight", *FRONT),
    "front+weight, people alone": ("height", "weight", *FRONT),
}
JSON_NAMES = {"chest": "chest", "waist": "waist", "hips": "hip"}
BUILDS = ((0.0, 25.0, "bmi_under_25"), (25.0, 30.0, "bmi_25_to_30"), (30.0, 99.0, "bmi_over_30"))


def judge_tables(folder: Path) -> dict[str, Any]:
    """By view, over women and men: mean absolute error of each girth, coverage of the 90 % interval, and the errors by
    build. Each person is predicted by a model fitted to the others. Raises ValueError where a table is missing."""
    found: dict[str, dict[str, list[Array]]] = {view: {} for view in VIEWS}
    for sex, file in FILES.items():
        if not (folder / file).is_file():
            raise ValueError(f"no {file} in {folder.name}/")
        people = table(folder / file)
        for view, known in VIEWS.items():
            for name, values in predict(people, known, sex, view in BY_PEOPLE_ALONE).items():
                found[view].setdefault(name, []).append(values)
            found[view].setdefault("sex", []).append(np.full(len(people), sex == "male"))
    return {view: report({k: np.concatenate(v) for k, v in parts.items()}) for view, parts in found.items()}


def predict(people: Array, known: tuple[str, ...], sex: str, alone: bool = False) -> dict[str, Array]:
    """Errors in centimetres by girth, whether each lies in its interval (`in_…`), and the body-mass index.

    What is estimated with is what a user in tight clothes gets, with the figures made by a computer among everybody;
    people `alone` are what one in other clothes gets, and the baselines. Calipers stand in for silhouettes, so the
    spread of the link between them is left out; its bias is applied, for those figures have silhouettes alone.
    """
    names = list(COLUMNS)
    at = {name: names.index(name) for name in names}
    rng = np.random.default_rng(0)
    fold = rng.permutation(len(people)) % FOLDS
    cm = np.exp(people)
    shown = {n: np.maximum(cm[:, at[n]] + rng.normal(0.0, NOISE_CM, len(people)), 1.0) for n in (*FRONT, *SIDE)}
    height = cm[:, at["height"]]
    everybody = bodies.everybody()
    links = everybody["people"].sexes[sex].links
    bias = {n: links.get(n, bodies.UNLINKED)[0] for n in shown}
    out = {name: np.zeros(len(people)) for girth_name in girth.GIRTHS for name in (girth_name, f"in_{girth_name}")}
    for k in range(FOLDS):
        rest = people[fold != k]
        fit = Sex(rest.mean(axis=0), np.cov(rest.T), {n: (b, 0.0) for n, b in bias.items()})
        fitted = replace(
            everybody["people"], sexes={sex: fit}, scale_sd=0.0, line_sd=0.0, height_sd=GIVEN_SD, weight_sd=GIVEN_SD
        )
        of = (fitted,) if alone else (fitted, everybody["rendered"])
        for person in np.flatnonzero(fold == k):
            seen = {
                n: girth.Seen(shown[n][person] * np.exp(bias[n]) / height[person], NOISE_CM / shown[n][person])
                for n in known
                if n in shown
            }
            weight = cm[person, at["weight"]] if "weight" in known else 0.0
            found = girth.estimate(seen, girth.Body(height[person], weight, sex, "tight"), of).measures
            for name in girth.GIRTHS:
                out[name][person], out[f"in_{name}"][person] = miss(found[name], cm[person, at[name]])
    return out | {"bmi": cm[:, at["weight"]] / (height / 100) ** 2}


def report(parts: Mapping[str, Array]) -> dict[str, Any]:
    """The figures of one view."""

    def errors(where: NDArray[np.bool_]) -> dict[str, float]:
        return {
            f"{ours}_mae_cm": round(float(np.abs(parts[name][where]).mean()), 3) for name, ours in JSON_NAMES.items()
        }

    everyone = np.ones(len(parts["bmi"]), bool)
    inside = np.mean([parts[f"in_{name}"].mean() for name in girth.GIRTHS])
    by_build = {}
    for low, high, label in BUILDS:
        where = (parts["bmi"] >= low) & (parts["bmi"] < high)
        by_build[label] = errors(where) | {"people": int(where.sum())}
    by_sex = {"female": errors(parts["sex"] == 0), "male": errors(parts["sex"] == 1)}
    return {**errors(everyone), "coverage_90": round(float(inside), 3), "people": len(everyone), **by_sex, **by_build}
