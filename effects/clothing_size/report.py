"""What was found, in words and as plain data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from . import girth, sizes

DOUBTFUL = 1.35  # spreads widened by more than this are worth a word
HINTS = {
    "arms": "arms near the body: chest taken lower",
    "legs": "no gap between the legs: inseam from the joints",
    "tilt": "camera tilted: intervals widened",
}
NOT_FITTING = "this fits no body well: loose clothes?"
SCALES = {
    "height": "scale from the height you gave",
    "distance": "scale from the camera's distance",
    "reference": "scale from what you held up",
}
NO_SCALE = "no height given: scale is assumed"


@dataclass(frozen=True, slots=True)
class Basis:
    """What the numbers rest on: `scales` by name, the chart and garments' scales, clothing, hints and doubt."""

    scales: tuple[str, ...]
    chart: str
    garments: Mapping[str, sizes.Scale]
    clothing: str
    sides: tuple[str, ...] = ("front",)
    hints: tuple[str, ...] = ()
    doubt: float = 1.0


def notes(basis: Basis) -> list[str]:
    """What the numbers rest on and what lowers trust in them, one line each."""
    whose = {"men": "men's", "women": "women's"}.get(basis.chart, basis.chart)
    worn = "skin-tight clothes taken as none" if basis.clothing == "tight" else f"{basis.clothing} clothes allowed for"
    lines = [f"90 % intervals, {whose} sizes", *([SCALES[s] for s in basis.scales] or [NO_SCALE]), worn]
    lines.append("front and side seen" if "side" in basis.sides else "front alone seen: the side would narrow these")
    return [*lines, *warnings(basis)]


def warnings(basis: Basis) -> list[str]:
    """What lowers trust."""
    return [*([NOT_FITTING] if basis.doubt > DOUBTFUL else []), *(HINTS[h] for h in basis.hints)]


def rows(basis: Basis, found: Mapping[str, girth.Estimate]) -> list[tuple[str, list[str]]]:
    """The garments with their likely sizes, for people."""
    return [
        (garment.capitalize(), [f"{letter} {percent(p)} %" for letter, p in scale.likely(found[scale.measure])])
        for garment, scale in basis.garments.items()
    ]


def as_data(basis: Basis, found: Mapping[str, girth.Estimate], frames: int) -> dict[str, Any]:
    """Everything measured, with its interval, as plain data."""
    return {
        "measured": True,
        "frames": frames,
        "interval": girth.LEVEL,
        **{name: centimetres(known) for name, known in found.items()},
        "sizes": {
            garment: [{"size": letter, "probability": p} for letter, p in scale.rounded(found[scale.measure])]
            for garment, scale in basis.garments.items()
            if scale.measure in found
        },
        "views": list(basis.sides),
        "notes": notes(basis),
        "warnings": warnings(basis),
    }


def centimetres(known: girth.Estimate) -> dict[str, float]:
    """A measurement as plain numbers."""
    low, high = known.interval
    return {"cm": round(known.middle, 1), "low_cm": round(low, 1), "high_cm": round(high, 1)}


def interval_text(known: girth.Estimate) -> str:
    """The interval in whole centimetres, rounded outward."""
    low, high = known.interval
    return f"{math.floor(low)}–{math.ceil(high)} cm"


def texts(found: Mapping[str, girth.Estimate], names: Iterable[str]) -> dict[str, str]:
    """The intervals of `names` as far as they are known."""
    return {name: interval_text(found[name]) for name in names if name in found}


def percent(p: float) -> int:
    """A probability for people: never certain, never impossible."""
    return min(max(round(100 * p), 1), 99)
