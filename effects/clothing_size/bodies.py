"""The fitted models of bodies: a Gaussian for each sex, and how what a picture shows relates to it.

`model.json` holds two populations that together are everybody: whom a picture shows is found out by how well each
explains it. "people" is ANSUR II (tape and caliper); its links say how a silhouette's breadth stands to the caliper's.
"rendered" are bodies made by a computer, as figures in pictures are: lighter and with a slimmer waist than people of
the same chest. `refit.py` writes the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
MODEL_FILE = Path(__file__).with_name("model.json")
UNLINKED = (0.0, 0.02)  # log-bias and spread of what has no link


@dataclass(frozen=True, slots=True)
class Sex:
    """One sex of a population: `mean` and `covariance` of the logarithms (cm, kg) of its variables; `links`: by the
    name of what is seen, the log-bias against the variable of that name and its spread."""

    mean: Array
    covariance: Array
    links: Mapping[str, tuple[float, float]]

    def link(self, name: str) -> tuple[float, float]:
        """Log-bias and spread of what is seen as `name`."""
        return self.links.get(name, UNLINKED)


@dataclass(frozen=True, slots=True)
class Population:
    """`share`: how many of all bodies it has, before anything is seen; `bare`: whether nothing they wear stands off
    the body; `variables`: their names, of which `measures`
    are a body's own and the others what is seen of it; `sexes`: female and male; `scale_sd`: log spread of the
    picture's scale, which is common to everything seen; `line_sd`: of where on the body a line lies; `height_sd`,
    `weight_sd`: of what is given."""

    share: float
    bare: bool
    variables: tuple[str, ...]
    measures: frozenset[str]
    sexes: Mapping[str, Sex]
    scale_sd: float
    line_sd: float
    height_sd: float
    weight_sd: float


def read(table: Mapping[str, Any]) -> Population:
    """A population from its entry in the file."""
    sexes = {
        sex: Sex(
            np.array(table[sex]["mean"]),
            np.array(table[sex]["covariance"]),
            {name: (float(bias), float(sd)) for name, (bias, sd) in table[sex].get("links", {}).items()},
        )
        for sex in ("female", "male")
    }
    sds = (float(table[f"{name}_sd"]) for name in ("scale", "line", "height", "weight"))
    variables, measures = tuple(table["variables"]), frozenset(table["measures"])
    return Population(float(table["share"]), bool(table["bare"]), variables, measures, sexes, *sds)


@cache
def everybody() -> Mapping[str, Population]:
    """All populations by their names."""
    return {name: read(table) for name, table in json.loads(MODEL_FILE.read_text(encoding="utf-8")).items()}
