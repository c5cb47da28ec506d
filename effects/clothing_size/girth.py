"""From what the picture shows to body measurements: a Gaussian model of adult bodies, conditioned on what is known.

The logarithms of the measurements are taken as jointly normal within each sex of each population (see `bodies.py`).
Whatever is seen (breadths relative to the height, later also depths), and whatever the user tells (height, weight, sex)
conditions it, each with its own noise; the rest of the spread is the interval. What is not known, the sex and the
population, is a mixture, weighted by how well each explains what is seen; an unknown height stays as uncertain as in
the population, which is what widens every interval when no height is given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from . import bodies
from .bodies import Array, Population, Sex
from .scale import Length

GIRTHS = ("chest", "waist", "hips")
MEASURES = ("shoulders", *GIRTHS, "inseam", "neck", "arm")
DOUBTED = 2.5  # a depth or weight off by more standard deviations than this, by what is seen, is doubted
LEAST_SHARE = 1e-9  # of the bodies that come into question: what fewer have is not given
LEVEL = 0.90  # every interval shown holds the truth with this probability, as far as the model goes
WITHIN = 1.645  # standard deviations on each side that hold this share of a Gaussian


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


BARE = "tight"  # clothing that does not stand off the body
# Judgement, not measurement: no table of clothed and unclothed silhouettes is at hand. See docs/clothing-size.md.
CLOTHING = {
    "tight": Clothing(0.00, 0.010, 0.000, 0.006, 0.00, 0.015),
    "everyday": Clothing(0.03, 0.025, 0.012, 0.010, 0.03, 0.030),
    "loose": Clothing(0.09, 0.060, 0.012, 0.010, 0.08, 0.080),
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

    def wider(self, factor: float) -> Estimate:
        """The same, less sure."""
        return Estimate(self.weights, self.means, tuple(factor * sd for sd in self.sds))

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
    """What the user gives: 0 and "unspecified" stand for not given."""

    height_cm: float = 0.0
    weight_kg: float = 0.0
    sex: str = "unspecified"
    clothing: str = "everyday"
    lengths: tuple[Length, ...] = ()  # what the camera's distance or a thing of known size says


@dataclass(frozen=True, slots=True)
class Seen:
    """One measured ratio to the height in the picture and the relative deviation of that reading."""

    ratio: float
    sd: float


@dataclass(frozen=True, slots=True)
class Found:
    """The measurements by name, and by how much all their spreads were widened as nothing fits (1: it fits)."""

    measures: Mapping[str, Estimate]
    doubt: float


def estimate(seen: Mapping[str, Seen], body: Body, populations: Sequence[Population] | None = None) -> Found:
    """The measurements (`MEASURES` as far as a population has them, and `height`) given ratios to the height by
    variable, and what the user tells. `populations`: who comes into question (default: everybody)."""
    everybody = tuple(bodies.everybody().values()) if populations is None else populations
    likely = [of for of in everybody if body.clothing == BARE or not of.bare]
    parts = [(of, *_condition(of, of.sexes[sex], seen, body)) for of in likely for sex in sexes_of(body)]
    evidence = np.array([evidence + math.log(of.share) for of, _, _, evidence, _ in parts])
    weights = np.exp(evidence - evidence.max())
    weights /= weights.sum()
    found = {}
    for name in ("height", *MEASURES):
        having = [(w, *part) for w, part in zip(weights.tolist(), parts, strict=True) if name in part[0].measures]
        whole = sum(part[0] for part in having)
        if whole > LEAST_SHARE:
            at = [(w, mean, cov, of.variables.index(name)) for w, of, mean, cov, _, _ in having]
            found[name] = Estimate(
                tuple(w / whole for w, *_ in at),
                tuple(float(mean[i]) for _, mean, _, i in at),
                tuple(math.sqrt(max(float(cov[i, i]), 1e-8)) for _, _, cov, i in at),
            )
    return Found(found, math.sqrt(float(weights @ np.array([doubt for *_, doubt in parts]))))


def sexes_of(body: Body) -> tuple[str, ...]:
    """The sexes that come into question."""
    return ("female", "male") if body.sex == "unspecified" else (body.sex,)


def _condition(of: Population, sex: Sex, seen: Mapping[str, Seen], body: Body) -> tuple[Array, Array, float, float]:
    """Mean, covariance, log evidence and doubt of one sex's Gaussian after all observations (Kalman updates).

    The front view and the height come first, together, as the scale errs alike in them. Depths and the weight follow
    one by one and are doubted where they contradict the rest: an arm may have been taken for the trunk, a weight be
    old.
    """
    clothes = CLOTHING[body.clothing]
    scale = of.scale_sd**2 + clothes.taller_sd**2
    first = [_given(of, "height", body.height_cm, of.height_sd)] if body.height_cm > 0.0 else []
    for length in body.lengths:
        if length.name in of.variables:
            bias, sd = sex.link(length.name) if length.name != "height" else (math.log1p(clothes.taller), 0.0)
            first.append(_given(of, length.name, length.cm * math.exp(-bias), math.hypot(length.sd, sd, of.scale_sd)))
    later: list[_Fact] = []
    for name, reading in seen.items():
        if name in of.variables:
            fact = _seen(of, sex, name, reading, clothes)
            (later if name.endswith("depth") else first).append(fact)
    mean, cov, evidence, squared = sex.mean, sex.covariance, 0.0, 0.0
    if first:
        a = np.array([fact.row for fact in first])
        shared = np.array([fact.by_scale for fact in first])
        s = a @ cov @ a.T + np.diag([fact.variance for fact in first]) + scale * np.outer(shared, shared)
        miss = np.array([fact.value for fact in first]) - a @ mean
        gain = np.linalg.solve(s, a @ cov).T
        squared = float(miss @ np.linalg.solve(s, miss))
        evidence = -0.5 * (squared + float(np.linalg.slogdet(s)[1]))
        mean, cov = mean + gain @ miss, cov - gain @ (a @ cov)
    if body.weight_kg > 0.0:
        later.append(_given(of, "weight", body.weight_kg, of.weight_sd))
    for fact in later:
        s1 = float(fact.row @ cov @ fact.row) + fact.variance + scale * fact.by_scale
        miss1 = fact.value - float(fact.row @ mean)
        if seen:
            # As unsure as it must be for the miss to be no more than that (adaptive filtering after Mehra 1972).
            s1 = max(s1, (miss1 / DOUBTED) ** 2)
        squared += miss1**2 / s1
        evidence -= 0.5 * (miss1**2 / s1 + math.log(s1))
        gain1 = cov @ fact.row / s1
        mean, cov = mean + gain1 * miss1, cov - np.outer(gain1, fact.row @ cov)
    # Where what is seen and given fits no body of the tables, the model is trusted less (Birge 1932).
    doubt = max(1.0, squared / max(len(first) + len(later), 1))
    return mean, doubt * cov, evidence, doubt


@dataclass(frozen=True, slots=True)
class _Fact:
    """One linear observation of the logarithms: `row` · x = `value`, up to `variance` and, by `by_scale`, the scale."""

    row: Array
    value: float
    variance: float
    by_scale: float


def _given(of: Population, name: str, value: float, sd: float) -> _Fact:
    row = np.zeros(len(of.variables))
    row[of.variables.index(name)] = 1.0
    return _Fact(row, math.log(value), sd**2, 0.0)


def _seen(of: Population, sex: Sex, name: str, reading: Seen, clothes: Clothing) -> _Fact:
    bias, sd = sex.link(name)
    wider, wider_sd = (clothes.wider, clothes.wider_sd) if name.endswith(("breadth", "depth")) else (0.0, 0.0)
    if name == "inseam":
        wider, wider_sd = -clothes.lower, clothes.lower_sd
    row = np.zeros(len(of.variables))
    row[of.variables.index(name)], row[of.variables.index("height")] = 1.0, -1.0
    value = math.log(reading.ratio) - bias - math.log1p(wider) + math.log1p(clothes.taller)
    return _Fact(row, value, reading.sd**2 + of.line_sd**2 + sd**2 + wider_sd**2, 1.0)
