"""Fits the body model to ANSUR II and writes `model.json`: `python -m effects.clothing_size.refit FOLDER_OF_TABLES`.

The folder holds `ANSUR_II_FEMALE_Public.csv` and `ANSUR_II_MALE_Public.csv` (Gordon et al. 2014, NATICK/TR-15/007: 6068
adults, measured by tape and caliper). Only means and covariances are kept. It also prints the error of each girth,
cross-validated by person, with breadths known to 1 cm and beside two baselines that see no picture.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from effects.clothing_size import girth

# Our name of each variable -> column (millimetres; the mass in tenths of a kilogram).
COLUMNS = {
    "height": "stature",
    "weight": "weightkg",
    "chest_breadth": "chestbreadth",
    "waist_breadth": "waistbreadth",
    "hip_breadth": "hipbreadth",
    "chest_depth": "chestdepth",
    "waist_depth": "waistdepth",
    "hip_depth": "buttockdepth",
    "hip_joint_height": "trochanterionheight",
    "shoulders": "biacromialbreadth",
    "chest": "chestcircumference",
    "waist": "waistcircumference",
    "hips": "buttockcircumference",
    "inseam": "crotchheight",
}
FILES = {"female": "ANSUR_II_FEMALE_Public.csv", "male": "ANSUR_II_MALE_Public.csv"}


def table(path: Path) -> NDArray[np.float64]:
    """The people of one file: (people, variables), natural logarithms of centimetres and kilograms."""
    with path.open(encoding="latin-1", newline="") as file:
        rows = list(csv.DictReader(file))
    return np.log([[float(row[column]) / 10 for column in COLUMNS.values()] for row in rows])


def fit(people: NDArray[np.float64]) -> dict[str, list[object]]:
    """Mean and covariance of the logarithms."""
    return {
        "mean": [round(float(v), 6) for v in people.mean(axis=0)],
        "covariance": [[round(float(v), 8) for v in row] for row in np.cov(people.T)],
    }


def validate(name: str, people: NDArray[np.float64], folds: int = 5, noise_cm: float = 1.0) -> None:
    """Prints mean absolute error and coverage of the 90 % interval per girth, each person predicted by the others."""
    names = list(COLUMNS)
    at = {n: names.index(n) for n in names}
    rng = np.random.default_rng(0)
    fold = rng.permutation(len(people)) % folds
    views = {
        "height": ("height",),
        "height + weight": ("height", "weight"),
        "height + front": ("height", "chest_breadth", "waist_breadth", "hip_breadth"),
        "height + weight + front": ("height", "weight", "chest_breadth", "waist_breadth", "hip_breadth"),
    }
    noisy = people.copy()
    for part in ("chest_breadth", "waist_breadth", "hip_breadth"):
        noisy[:, at[part]] = np.log(np.exp(people[:, at[part]]) + rng.normal(0, noise_cm, len(people)))
    for view, known in views.items():
        text = f"{name:7s} {view:24s}"
        for target in girth.GIRTHS:
            errors, inside = [], []
            for k in range(folds):
                train, test = people[fold != k], fold == k
                mean, cov = train.mean(axis=0), np.cov(train.T)
                columns = [at[n] for n in known]
                spread = [noise_cm / np.exp(mean[at[n]]) if n.endswith("breadth") else 0.0 for n in known]
                gain = np.linalg.solve(cov[np.ix_(columns, columns)] + np.diag(np.square(spread)), cov[columns])
                t = at[target]
                guess = mean[t] + (noisy[test][:, columns] - mean[columns]) @ gain[:, t]
                sd = np.sqrt(cov[t, t] - cov[t, columns] @ gain[:, t])
                errors.append(np.abs(np.exp(guess) - np.exp(people[test, t])))
                inside.append(np.abs(guess - people[test, t]) <= 1.645 * sd)
            coverage = np.concatenate(inside).mean()
            text += f"  {target} {np.concatenate(errors).mean():.1f} cm, {coverage:.0%} inside"
        sys.stdout.write(text + "\n")


def main(folder: Path) -> None:
    """Fits both sexes, prints the cross-validation and writes the model."""
    model: dict[str, object] = {"variables": list(COLUMNS)}
    for sex, file in FILES.items():
        people = table(folder / file)
        validate(sex, people)
        model[sex] = fit(people)
    girth.MODEL_FILE.write_text(json.dumps(model, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m effects.clothing_size.refit FOLDER_OF_TABLES")
    main(Path(sys.argv[1]))
