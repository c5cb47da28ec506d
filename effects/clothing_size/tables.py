"""The tables of ANSUR II: tape-measured people, one a row."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from .bodies import Array

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
    "neck": "neckcircumference",
    "arm": "sleeveoutseam",
}
FILES = {"female": "ANSUR_II_FEMALE_Public.csv", "male": "ANSUR_II_MALE_Public.csv"}


def table(path: Path) -> Array:
    """The people of one file: (people, variables), natural logarithms of centimetres and kilograms."""
    with path.open(encoding="latin-1", newline="") as file:
        rows = list(csv.DictReader(file))
    return np.log([[float(row[column]) / 10 for column in COLUMNS.values()] for row in rows])
