"""The fitted models of bodies: a Gaussian for each sex, and how what a picture shows relates to it.

`model.json` holds two populations. "people" is ANSUR II (tape and caliper); its links say how a silhouette's breadth
stands to the caliper's. "rendered" is a population of rendered bodies, measured by this very effect, so that a picture
of such a body is compared with its like: it serves `measure --evaluate` alone. `refit.py` writes the file.
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
PEOPLE, RENDERED = "people", "rendered"
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
    """`variables`: their names; `sexes`: female and male; `scale_sd`: log spread of the picture's scale, which is
    common to everything seen; `line_sd`: of where on the body a line lies; `height_sd`, `weight_sd`: of what is told;
    `frame_sd`: of what is seen, from frame to frame, where there are too few of them to tell."""

    variables: tuple[str, ...]
    sexes: Mapping[str, Sex]
    scale_sd: float
    line_sd: float
    height_sd: float
    weight_sd: float
    frame_sd: float


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
    sds = (float(table[f"{name}_sd"]) for name in ("scale", "line", "height", "weight", "frame"))
    return Population(tuple(table["variables"]), sexes, *sds)


@cache
def population(name: str = PEOPLE) -> Population:
    """The population called `name`."""
    return read(json.loads(MODEL_FILE.read_text(encoding="utf-8"))[name])
