"""Signals: named numbers over time, of what is seen and heard, of keys, mouse and clock, which parameters follow."""

from .face import per_face
from .names import PATTERNS, SIGNALS, TABLE, check_name, natural, tracker_of
from .readings import Readings, Signals
from .signal import Signal

__all__ = [
    "PATTERNS", "SIGNALS", "TABLE", "Readings", "Signal", "Signals", "check_name", "natural", "per_face", "tracker_of",
]  # fmt: skip
