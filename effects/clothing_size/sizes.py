"""Sizes as a set with probabilities, from a chart and what is known of the deciding measurement."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .girth import MEASURES, Estimate

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

    def rounded(self, known: Estimate, digits: int = 3) -> list[tuple[str, float]]:
        """The letters that come into question, likeliest first, with probabilities of `digits` that sum to 1."""
        found = [(letter, round(p, digits)) for letter, p in self.odds(known)]
        others = [(letter, p) for letter, p in found[1:] if p > 0.0]
        return [(found[0][0], round(1.0 - sum(p for _, p in others), digits)), *others]

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
    """The charts of a TOML file: chart -> garment -> scale.

    Raises ValueError where it does not say what it must, with the place and what was expected; OSError.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} is no TOML: {error}") from None
    charts: dict[str, dict[str, Scale]] = {}
    for chart, garments in content.items():
        if not isinstance(garments, dict) or not all(isinstance(entry, dict) for entry in garments.values()):
            raise ValueError(f"{path.name}: [{chart}] holds no garments; expected tables such as [{chart}.top]")
        charts[chart] = {name: _scale(f"{path.name}: [{chart}.{name}]", entry) for name, entry in garments.items()}
    return {chart: garments for chart, garments in charts.items() if garments}


def _scale(where: str, entry: Mapping[str, object]) -> Scale:
    """One garment's scale. Raises ValueError."""
    missing = {"measure", "letters", "from_cm", "to_cm"} - set(entry)
    if missing:
        raise ValueError(f"{where} lacks {', '.join(sorted(missing))}")
    measure, letters, first, last = (entry[key] for key in ("measure", "letters", "from_cm", "to_cm"))
    if measure not in MEASURES:
        raise ValueError(f"{where} measure: expected one of {', '.join(MEASURES)}, got {measure!r}")
    if not isinstance(letters, list) or not letters or not all(isinstance(letter, str) for letter in letters):
        raise ValueError(f'{where} letters: expected a list such as ["S", "M", "L"], got {letters!r}')
    given = [*first, last] if isinstance(first, list) else []
    bounds = tuple(float(n) for n in given if isinstance(n, int | float) and not isinstance(n, bool))
    if not given or len(bounds) != len(given):
        raise ValueError(f"{where} from_cm, to_cm: expected [86, 94, 102] and 110, got {first!r} and {last!r}")
    if len(bounds) != len(letters) + 1 or list(bounds) != sorted(set(bounds)):
        raise ValueError(f"{where} from_cm must rise, one number a letter, and end below to_cm")
    return Scale(str(measure), tuple(letters), bounds)


def garments(chart: str, own: str = "") -> Mapping[str, Scale]:
    """The garments of a chart, of the shop's `own` file where one is named: one without that chart gives its first.

    Raises ValueError where the file cannot be read or does not say what it must.
    """
    if not own:
        return load()[chart]
    charts = own_charts(own)
    return charts.get(chart) or next(iter(charts.values()))


def own_charts(own: str) -> Mapping[str, Mapping[str, Scale]]:
    """The charts of a shop's own file. Raises ValueError where it cannot be read or does not say what it must."""
    try:
        charts = load(Path(own).expanduser())
    except (OSError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or error
        raise ValueError(f"chart_file {own} cannot be read: {why}") from None
    if not charts:
        raise ValueError(f"chart_file {own} has no chart in it; expected tables such as [women.top]")
    return charts


def chart_for(chart: str, sex: str) -> str:
    """The chart to use: the one asked for, or with "auto" the one of the sex."""
    return {"female": "women", "male": "men"}.get(sex, "unisex") if chart == "auto" else chart
