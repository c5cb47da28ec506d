"""Fits the models of bodies and writes `model.json`:

    python -m effects.clothing_size.refit TABLES tests/measurement/rendered.csv

TABLES holds `ANSUR_II_FEMALE_Public.csv` and `ANSUR_II_MALE_Public.csv` (Gordon et al. 2014, NATICK/TR-15/007: 6068
adults, measured by tape and caliper). RENDERED.csv has one rendered body a row: its true lengths in centimetres and
kilograms, and what this effect read in its pictures, as ratios to the height (`seen_…`), as written by
`tests/measurement/render_bodies.py`. Only means and covariances are kept.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from . import bodies, girth
from .bodies import Array
from .tables import COLUMNS, FILES, table

# Judgement: what people know of their own height (about 1.7 cm) and weight (scales, clothes, time of day); crown, soles
# and the camera's pitch in the picture; where on the body a line lies. See docs/clothing-size.md.
PEOPLE_SDS = {"scale_sd": 0.010, "line_sd": 0.010, "height_sd": 0.010, "weight_sd": 0.020}
# Of rendered bodies height and mass are known, and what errs in their pictures is in the spread of what was seen.
RENDERED_SDS = {"scale_sd": 0.0, "line_sd": 0.0, "height_sd": 0.0, "weight_sd": 0.0}
# How many of those who are measured are figures made by a computer. A choice: with more of them, such figures
# are known sooner, and slim, light people are taken for them more often (docs/clothing-size.md has the price).
SHARES = {"people": 0.9, "rendered": 0.1}
LEAST_LINK_SD = 0.035  # judgement: no link is trusted more than this, as rendered bodies are not people

# Judgement: an arm is seen from the shoulder joint to the wrist and foreshortened, but measured from the acromion.
ARM_LINK = (-0.19, 0.06)

RENDERED_TRUE = ("height", "weight", "chest", "waist", "hips", "inseam")
RENDERED_SEEN = (
    "chest_breadth", "waist_breadth", "hip_breadth", "chest_depth", "hip_depth", "hip_joint_height", "shoulders",
)  # fmt: skip
GIVEN = ("height", "chest", "waist", "hips")  # a rendered body's lengths, from which the caliper's breadth is expected


def rendered(path: Path, sex: str) -> dict[str, Array]:
    """The rendered bodies of one sex: logarithms of centimetres and kilograms by name (`seen_…` too), not a number
    where something was not seen."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["sex"] == sex]
    height = np.array([float(row["height"]) for row in rows])
    found = {name: np.log([float(row[name]) for row in rows]) for name in RENDERED_TRUE}
    for name in (*RENDERED_SEEN, "inseam"):
        ratio = np.array([float(row[f"seen_{name}"] or "nan") for row in rows])
        found[f"seen_{name}"] = np.log(ratio * height)
    return found


def gaussian(samples: Array, rounds: int = 30) -> tuple[Array, Array]:
    """Mean and covariance of (n, k) samples with gaps (not a number), by expectation maximisation."""
    mean = np.nanmean(samples, axis=0)
    cov = np.diag(np.nanvar(samples, axis=0))
    gaps = ~np.isfinite(samples)
    for _ in range(rounds if gaps.any() else 1):
        filled, extra = np.where(gaps, 0.0, samples), np.zeros_like(cov)
        for row, gap in zip(filled, gaps, strict=True):
            if gap.any():
                gain = np.linalg.solve(cov[np.ix_(~gap, ~gap)], cov[np.ix_(~gap, gap)])
                row[gap] = mean[gap] + (row[~gap] - mean[~gap]) @ gain
                extra[np.ix_(gap, gap)] += cov[np.ix_(gap, gap)] - cov[np.ix_(gap, ~gap)] @ gain
        mean = filled.mean(axis=0)
        cov = ((filled - mean).T @ (filled - mean) + extra) / (len(samples) - 1)
    return mean, cov


def links(people: tuple[Array, Array], made: Mapping[str, Array]) -> dict[str, tuple[float, float]]:
    """How what is seen on rendered bodies stands to the caliper of people of the same girths: log-bias and spread."""
    names = list(COLUMNS)
    mean, cov = people
    given = [names.index(n) for n in GIVEN]
    known = np.stack([made[n] for n in GIVEN], axis=1) - mean[given]
    found = {}
    for name in RENDERED_SEEN:
        i = names.index(name)
        expected = mean[i] + known @ np.linalg.solve(cov[np.ix_(given, given)], cov[given, i])
        miss = made[f"seen_{name}"] - expected
        # The median and its spread: an arm that was taken for the trunk is no matter of the body's shape.
        middle = float(np.nanmedian(miss))
        found[name] = (middle, max(1.4826 * float(np.nanmedian(np.abs(miss - middle))), LEAST_LINK_SD))
    middle, spread = gap(made)
    return found | {"inseam": (middle, max(spread, 0.5 * LEAST_LINK_SD)), "arm": ARM_LINK}


def gap(made: Mapping[str, Array]) -> tuple[float, float]:
    """The same of the inseam, which rendered bodies have themselves."""
    miss = made["seen_inseam"] - made["inseam"]
    middle = float(np.nanmedian(miss))
    return middle, 1.4826 * float(np.nanmedian(np.abs(miss - middle)))


def entry(fit: tuple[Array, Array], linked: Mapping[str, tuple[float, float]]) -> dict[str, object]:
    """One sex as the file holds it."""
    mean, cov = fit
    return {
        "mean": [round(float(v), 6) for v in mean],
        "covariance": [[round(float(v), 8) for v in row] for row in cov],
        "links": {name: [round(bias, 4), round(sd, 4)] for name, (bias, sd) in linked.items()},
    }


def fit_people(tables: Mapping[str, Array], made: Mapping[str, Mapping[str, Array]]) -> dict[str, object]:
    """The people's entry."""
    fits = {sex: (people.mean(axis=0), np.cov(people.T)) for sex, people in tables.items()}
    return {
        "share": SHARES["people"],
        "bare": False,
        "variables": list(COLUMNS),
        "measures": ["height", *girth.MEASURES],
        **PEOPLE_SDS,
        **{sex: entry(fit, links(fit, made[sex])) for sex, fit in fits.items()},
    }


def fit_rendered(made: Mapping[str, Mapping[str, Array]]) -> dict[str, object]:
    """The rendered bodies' entry: what is seen of them is a variable itself."""
    names = [*RENDERED_TRUE, *RENDERED_SEEN]
    own = [name for name in RENDERED_TRUE if name != "weight"]
    out: dict[str, object] = {"share": SHARES["rendered"], "bare": True, "variables": names, "measures": own}
    out |= RENDERED_SDS
    for sex, known in made.items():
        samples = np.stack([known[n] if n in RENDERED_TRUE else known[f"seen_{n}"] for n in names], axis=1)
        out[sex] = entry(gaussian(samples), dict.fromkeys(RENDERED_SEEN, (0.0, 0.0)) | {"inseam": gap(known)})
    return out


def fit(folder: Path, made_file: Path) -> str:
    """The text of `model.json`, from the folder of the tables and the file of the rendered bodies."""
    tables = {sex: table(folder / file) for sex, file in FILES.items()}
    made = {sex: rendered(made_file, sex) for sex in FILES}
    model = {"people": fit_people(tables, made), "rendered": fit_rendered(made)}
    return json.dumps(model, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m effects.clothing_size.refit TABLES RENDERED.csv")
    bodies.MODEL_FILE.write_text(fit(Path(sys.argv[1]), Path(sys.argv[2])), encoding="utf-8")
