"""Sizes as a set with probabilities, from a chart and what is known of the deciding measurement."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from effects.clothing_size.girth import MEASURES, Estimate

CHART_FILE = Path(__file__).with_name("sizes.toml")
CHARTS = ("men", "women", "unisex")
SHOWN = 0.90  # the letters shown hold at least this probability together


@dataclass(frozen=True, slots=True)
class Scale:
    """The letters of one garment: `letters[i]` holds from `bounds[i]` up to `bounds[i + 1]` cm of `measure`."""

    measure: str
    letters: tuple[str, ...]
    bounds: tuple[float, ...]

    def odds(self, known: Estimate) -> list[tuple[str, float]]:
        """Every letter with its probability, likeliest first; beyond the chart's ends "<" and ">" its last letters."""
        below = [known.below(b) for b in self.bounds]
        found = [(letter, below[i + 1] - below[i]) for i, letter in enumerate(self.letters)]
        found += [(f"< {self.letters[0]}", below[0]), (f"> {self.letters[-1]}", 1.0 - below[-1])]
        return sorted(found, key=lambda item: -item[1])

    def likely(self, known: Estimate, most: int = 3) -> list[tuple[str, float]]:
        """The fewest letters that hold `SHOWN` of the probability together, at most `most`, likeliest first."""
        found: list[tuple[str, float]] = []
        for letter, p in self.odds(known):
            if found and (len(found) == most or sum(q for _, q in found) >= SHOWN):
                break
            found.append((letter, p))
        return found


@cache
def load(path: Path = CHART_FILE) -> Mapping[str, Mapping[str, Scale]]:
    """The charts of a TOML file: chart -> garment -> scale; raises ValueError where it does not say what it must."""
    charts: dict[str, dict[str, Scale]] = {}
    for chart, garments in tomllib.loads(path.read_text(encoding="utf-8")).items():
        for garment, entry in garments.items():
            where = f"{path.name}: [{chart}.{garment}]"
            if not isinstance(entry, dict):
                raise ValueError(f"{where} is no table")
            missing = {"measure", "letters", "from_cm", "to_cm"} - set(entry)
            if missing:
                raise ValueError(f"{where} lacks {', '.join(sorted(missing))}")
            bounds = (*map(float, entry["from_cm"]), float(entry["to_cm"]))
            if len(bounds) != len(entry["letters"]) + 1 or list(bounds) != sorted(set(bounds)):
                raise ValueError(f"{where} from_cm must rise, one number a letter, and end below to_cm")
            if entry["measure"] not in MEASURES:
                raise ValueError(f"{where} measure: expected one of {', '.join(MEASURES)}, got {entry['measure']!r}")
            charts.setdefault(chart, {})[garment] = Scale(entry["measure"], tuple(entry["letters"]), bounds)
    return charts


def garments(chart: str, own: str = "") -> Mapping[str, Scale]:
    """The garments of a chart, of the shop's `own` file where one is named: one without that chart gives its first.

    Raises ValueError where the file cannot be read or does not say what it must.
    """
    if not own:
        return load()[chart]
    try:
        charts = load(Path(own).expanduser())
    except OSError as error:
        raise ValueError(f"chart_file {own} cannot be read: {error.strerror}") from None
    if not charts:
        raise ValueError(f"chart_file {own} has no chart in it")
    return charts.get(chart) or next(iter(charts.values()))


def chart_for(chart: str, sex: str) -> str:
    """The chart to use: the one asked for, or with "auto" the one of the sex."""
    return {"female": "women", "male": "men"}.get(sex, "unisex") if chart == "auto" else chart
