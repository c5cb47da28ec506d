"""From what the picture shows to body measurements: a Gaussian model of adult bodies, conditioned on what is known.

The logarithms of 14 measurements are taken as jointly normal within each sex (means and covariances of ANSUR II, see
`refit.py`). Whatever is seen (breadths relative to the height, later also depths), and whatever the user tells (height,
weight, sex) conditions it, each with its own noise; the rest of the spread is the interval. An unknown sex is the
mixture of both, weighted by how well each explains what is seen; an unknown height stays as uncertain as in the
population, which is what widens every interval when no height is given.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MODEL_FILE = Path(__file__).with_name("model.json")
GIRTHS = ("chest", "waist", "hips")
MEASURES = ("shoulders", *GIRTHS, "inseam")
LEVEL = 0.90  # every interval shown holds the truth with this probability, as far as the model goes

HEIGHT_SD = 0.010  # log; people know their height to about 1.7 cm
WEIGHT_SD = 0.020  # log; scales, clothes, time of day
SCALE_SD = 0.010  # log; head top and sole in the picture, camera pitch: common to everything that is measured


@dataclass(frozen=True, slots=True)
class Clothing:
    """What clothes add to the silhouette, as fractions: `wider` of a breadth, `taller` (shoes, hair) of the height, and
    `lower` by which trousers hang under the crotch, of the inseam."""

    wider: float
    wider_sd: float
    taller: float
    taller_sd: float
    lower: float
    lower_sd: float


# Judgement, not measurement: no table of clothed and unclothed silhouettes is at hand. See docs/clothing-size.md.
CLOTHING = {
    "tight": Clothing(0.00, 0.010, 0.000, 0.006, 0.00, 0.015),
    "everyday": Clothing(0.03, 0.025, 0.012, 0.010, 0.03, 0.030),
    "loose": Clothing(0.09, 0.060, 0.012, 0.010, 0.08, 0.080),
}

# What the picture shows against what ANSUR's calipers took: log-bias and its spread, by sex. The chest caliper rests
# on the ribs under the arms while a silhouette shows the muscle over them; the shoulder landmarks lie in the joints,
# inside the acromia; the waist is seen at its natural level, while ANSUR's lies at the navel.
SEEN = {
    "female": {
        "chest_breadth": (math.log(1.11), 0.05),
        "waist_breadth": (0.0, 0.04),
        "hip_breadth": (0.0, 0.025),
        "shoulders": (math.log(1 / 1.22), 0.05),
        "hip_joint_height": (0.0, 0.02),
    },
    "male": {
        "chest_breadth": (math.log(1.20), 0.05),
        "waist_breadth": (0.0, 0.04),
        "hip_breadth": (0.0, 0.025),
        "shoulders": (math.log(1 / 1.22), 0.05),
        "hip_joint_height": (0.0, 0.02),
    },
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is known of one measurement in centimetres: a mixture of log-normals (weights, log means, log spreads)."""

    weights: tuple[float, ...]
    means: tuple[float, ...]
    sds: tuple[float, ...]

    def below(self, cm: float) -> float:
        """Probability that the truth is below `cm`."""
        if cm <= 0.0:
            return 0.0
        x = math.log(cm)
        parts = zip(self.weights, self.means, self.sds, strict=True)
        return sum(w * 0.5 * (1.0 + math.erf((x - m) / (s * math.sqrt(2.0)))) for w, m, s in parts)

    def quantile(self, p: float) -> float:
        """The centimetres below which the truth lies with probability `p`."""
        low = math.exp(min(m - 8 * s for m, s in zip(self.means, self.sds, strict=True)))
        high = math.exp(max(m + 8 * s for m, s in zip(self.means, self.sds, strict=True)))
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.below(middle) < p else (low, middle)
        return 0.5 * (low + high)

    @property
    def middle(self) -> float:
        """The median in centimetres."""
        return self.quantile(0.5)

    @property
    def interval(self) -> tuple[float, float]:
        """The central interval that holds the truth with probability `LEVEL`, in centimetres."""
        return self.quantile((1 - LEVEL) / 2), self.quantile((1 + LEVEL) / 2)


@dataclass(frozen=True, slots=True)
class Body:
    """What the user tells: 0 and "unspecified" stand for not told."""

    height_cm: float = 0.0
    weight_kg: float = 0.0
    sex: str = "unspecified"
    clothing: str = "everyday"


@dataclass(frozen=True, slots=True)
class Seen:
    """One measured ratio to the height in the picture and the relative deviation of that reading."""

    ratio: float
    sd: float


@cache
def model() -> dict[str, Any]:
    """The fitted model: `variables`, and for each sex `mean` and `covariance` of the logarithms."""
    return dict(json.loads(MODEL_FILE.read_text(encoding="utf-8")))


def estimate(seen: Mapping[str, Seen], body: Body) -> dict[str, Estimate]:
    """The measurements (`MEASURES`, and `height`) given ratios to the height by variable, and what the user tells."""
    sexes = ("female", "male") if body.sex == "unspecified" else (body.sex,)
    parts = [_condition(sex, seen, body) for sex in sexes]
    evidence = np.array([p[2] for p in parts])
    weights = np.exp(evidence - evidence.max())
    weights /= weights.sum()
    names: list[str] = model()["variables"]
    found = {}
    for name in ("height", *MEASURES):
        i = names.index(name)
        found[name] = Estimate(
            tuple(float(w) for w in weights),
            tuple(float(p[0][i]) for p in parts),
            tuple(math.sqrt(max(float(p[1][i, i]), 1e-8)) for p in parts),
        )
    return found


def _condition(
    sex: str, seen: Mapping[str, Seen], body: Body
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Mean, covariance and log evidence of one sex's Gaussian after all observations (one Kalman update)."""
    names: list[str] = model()["variables"]
    mean = np.array(model()[sex]["mean"])
    cov = np.array(model()[sex]["covariance"])
    clothes = CLOTHING[body.clothing]
    rows, values, noise, scaled = [], [], [], []

    def observe(parts: Mapping[str, float], value: float, variance: float, by_scale: bool) -> None:
        row = np.zeros(len(names))
        for name, factor in parts.items():
            row[names.index(name)] = factor
        rows.append(row)
        values.append(value)
        noise.append(variance)
        scaled.append(1.0 if by_scale else 0.0)

    for name, reading in seen.items():
        bias, sd = SEEN[sex].get(name, (0.0, 0.02))
        wider, wider_sd = (clothes.wider, clothes.wider_sd) if name.endswith(("breadth", "depth")) else (0.0, 0.0)
        if name == "inseam":
            wider, wider_sd = -clothes.lower, clothes.lower_sd
        value = math.log(reading.ratio) - bias - math.log1p(wider) + math.log1p(clothes.taller)
        observe({name: 1.0, "height": -1.0}, value, reading.sd**2 + sd**2 + wider_sd**2, True)
    if body.height_cm > 0.0:
        observe({"height": 1.0}, math.log(body.height_cm), HEIGHT_SD**2, False)
    if body.weight_kg > 0.0:
        observe({"weight": 1.0}, math.log(body.weight_kg), WEIGHT_SD**2, False)
    if not rows:
        return mean, cov, 0.0
    a, shared = np.array(rows), np.array(scaled)
    r = np.diag(noise) + (SCALE_SD**2 + clothes.taller_sd**2) * np.outer(shared, shared)
    s = a @ cov @ a.T + r
    miss = np.array(values) - a @ mean
    gain = np.linalg.solve(s, a @ cov).T
    squared = float(miss @ np.linalg.solve(s, miss))
    evidence = -0.5 * (squared + float(np.linalg.slogdet(s)[1]))
    # Where what is seen and told fits no body of the tables, the model is trusted less (Birge 1932).
    doubt = max(1.0, squared / len(rows))
    return mean + gain @ miss, doubt * (cov - gain @ (a @ cov)), evidence
