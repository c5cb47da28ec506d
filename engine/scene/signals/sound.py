"""The signals of sound: how loud it is, and where a note begins."""

from __future__ import annotations

from ...core.results import AudioFeatures
from .signal import Signal

TABLE = (
    Signal("audio.level", "how loud it is"),
    Signal("audio.bass", "how loud the bass is, below 250 Hz"),
    Signal("audio.mid", "how loud the middle is, 250 to 2000 Hz"),
    Signal("audio.treble", "how loud the treble is, above 2000 Hz"),
    Signal("audio.onset", "1 where a note or beat begins, falling to 0 within a third of a second"),
)
PARTS = tuple(signal.name.removeprefix("audio.") for signal in TABLE)


def signals_of(heard: AudioFeatures | None) -> dict[str, float]:
    """Every `audio.*` signal; none where nobody listens."""
    return {} if heard is None else {f"audio.{part}": getattr(heard, part) for part in PARTS}
