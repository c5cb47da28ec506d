"""The signals of sound: how loud it is, where a note begins, and the beat."""

from __future__ import annotations

from ...core.results import AudioFeatures
from .signal import Signal

TABLE = (
    Signal("audio.level", "how loud it is"),
    Signal("audio.bass", "how loud the bass is, below 250 Hz"),
    Signal("audio.mid", "how loud the middle is, 250 to 2000 Hz"),
    Signal("audio.treble", "how loud the treble is, above 2000 Hz"),
    Signal("audio.onset", "1 where a note or beat begins, falling to 0 within a third of a second"),
    Signal("audio.beat", "1 on each beat of the music, falling to 0 within a third of a second"),
    Signal("audio.tempo", "beats per minute; 0 while no beat is found", 60.0, 180.0, unit="bpm"),
    Signal("audio.bar_phase", "how much of a bar of four beats has passed, 0 on the first"),
)
PARTS = tuple(signal.name.removeprefix("audio.") for signal in TABLE)


def signals_of(heard: AudioFeatures | None) -> dict[str, float]:
    """Every `audio.*` signal; none where nobody listens."""
    return {} if heard is None else {f"audio.{part}": getattr(heard, part) for part in PARTS}
