"""How far the girth model is off on tape-measured people: cross-validated by person, beside what needs no picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from effects.clothing_size import girth
from effects.clothing_size.bodies import Array
from effects.clothing_size.tables import COLUMNS, FILES, table

FOLDS = 5
NOISE_CM = 1.0  # what a picture adds to a caliper's breadth or depth
FRONT = ("chest_breadth", "waist_breadth", "hip_breadth")
SIDE = ("chest_depth", "waist_depth", "hip_depth")
VIEWS = {
    "height+sex": ("height",),
    "height+weight+sex": ("height", "weight"),
    "front": ("height", *FRONT),
    "front+side": ("height", *FRONT, *SIDE),
    "front+weight": ("height", "weight", *FRONT),
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
            for name, values in predict(people, known).items():
                found[view].setdefault(name, []).append(values)
            found[view].setdefault("sex", []).append(np.full(len(people), sex == "male"))
    return {view: report({k: np.concatenate(v) for k, v in parts.items()}) for view, parts in found.items()}


def predict(people: Array, known: tuple[str, ...]) -> dict[str, Array]:
    """Errors in centimetres by girth, whether each lies in its interval (`in_…`), and the body-mass index."""
    names = list(COLUMNS)
    columns = [names.index(n) for n in known]
    pictured = [n.endswith(("breadth", "depth")) for n in known]
    rng = np.random.default_rng(0)
    fold = rng.permutation(len(people)) % FOLDS
    shown = people[:, columns].copy()
    for i, by_picture in enumerate(pictured):
        if by_picture:
            shown[:, i] = np.log(np.exp(shown[:, i]) + rng.normal(0.0, NOISE_CM, len(people)))
    out = {name: np.zeros(len(people)) for girth_name in girth.GIRTHS for name in (girth_name, f"in_{girth_name}")}
    for k in range(FOLDS):
        test = fold == k
        mean, cov = people[~test].mean(axis=0), np.cov(people[~test].T)
        noise = [NOISE_CM / np.exp(mean[c]) if p else 0.0 for c, p in zip(columns, pictured, strict=True)]
        gain = np.linalg.solve(cov[np.ix_(columns, columns)] + np.diag(np.square(noise)), cov[columns])
        for name in girth.GIRTHS:
            t = names.index(name)
            guess = mean[t] + (shown[test] - mean[columns]) @ gain[:, t]
            sd = float(np.sqrt(cov[t, t] - cov[t, columns] @ gain[:, t]))
            out[name][test] = np.exp(guess) - np.exp(people[test, t])
            out[f"in_{name}"][test] = np.abs(guess - people[test, t]) <= girth.DOUBTED * sd
    height, weight = np.exp(people[:, names.index("height")]), np.exp(people[:, names.index("weight")])
    return out | {"bmi": weight / (height / 100) ** 2}


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
