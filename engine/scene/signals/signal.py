"""What a signal is, as lists show it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal: `low` to `high` is its natural range, `absent` its value where what it measures is not there."""

    name: str
    doc: str
    low: float = 0.0
    high: float = 1.0
    absent: float = 0.0
    unit: str = ""
