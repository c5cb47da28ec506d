"""Every signal by name: what there is, what a name means, and which tracker gives it."""

from __future__ import annotations

from ...core.errors import unknown_name
from ...trackers.custom.signals import GROUPS, normal, tracker_for
from . import face, motion, mouse, pose, sound, waves
from .signal import Signal

TABLE: dict[str, Signal] = {
    signal.name: signal
    for signal in (
        *face.TABLE,
        *pose.TABLE,
        Signal("hands.count", "how many hands there are", 0.0, 2.0),
        Signal("person.present", "1 while the person mask holds somebody"),
        Signal("person.area", "how much of the picture is person"),
        *motion.TABLE,
        *sound.TABLE,
        Signal("time", "seconds since the start; not held to its range", unit="s"),
        *mouse.TABLE,
        Signal("key.NAME", "1 while that key is held, e.g. key.space"),
        *waves.TABLE,
        *(Signal(pattern, doc) for pattern, doc in GROUPS.values()),
    )
}
# What stands for many signals: the part in capitals is the user's to fill in.
PATTERNS = {
    "key": "key.NAME",
    "lfo": "lfo.SECONDS",
    "lfo.SHAPE": "lfo.SHAPE.SECONDS@PHASE",
    "random": "random.SECONDS",
    "random.smooth": "random.smooth.SECONDS@PHASE",
    **{group: pattern for group, (pattern, _) in GROUPS.items()},
}
# What `list` shows: every signal with its doc.
SIGNALS: dict[str, str] = {name: signal.doc for name, signal in TABLE.items()}


def check_name(name: str) -> str:
    """`name` where it is a signal's. Raises UsageError, which suggests the nearest."""
    group, _, rest = name.partition(".")
    if group == "key" and rest:
        return name
    if group in waves.KINDS and rest:
        waves.wave(name)
        return name
    if group in GROUPS and rest:
        return normal(name)
    if name not in TABLE or name in PATTERNS.values():
        raise unknown_name("signal", name, TABLE)
    return name


def natural(name: str) -> Signal:
    """The description of the signal called `name`, those of keys and waves included. Raises UsageError."""
    check_name(name)
    group = name.partition(".")[0]
    return TABLE[PATTERNS.get(group, name)]


def tracker_of(name: str) -> str:
    """The tracker that gives the signal called `name`; empty where none does."""
    group = name.partition(".")[0]
    return group if group in ("face", "pose", "person") else tracker_for(name)
