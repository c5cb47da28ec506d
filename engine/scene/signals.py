"""Signals: named numbers over time, of what is seen and heard, of keys and of the clock, which parameters follow."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..core.errors import UsageError, unknown_name
from ..core.maths import head_angles, ramp
from ..core.observation import Observation
from ..core.results import Face
from ..trackers.custom.signals import GROUPS, normal, signals_of, tracker_for


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal: `low` to `high` is its natural range, `absent` its value where what it measures is not there."""

    name: str
    doc: str
    low: float = 0.0
    high: float = 1.0
    absent: float = 0.0
    unit: str = ""


TABLE: dict[str, Signal] = {
    signal.name: signal
    for signal in (
        Signal("face.present", "1 while there is a face"),
        Signal("face.count", "how many faces there are", 0.0, 4.0),
        Signal("face.mouth_open", "0 mouth shut, 1 wide open"),
        Signal("face.smile", "0 neutral, 1 broad smile"),
        Signal("face.blink_left", "1 while the person's own left eye is shut"),
        Signal("face.blink_right", "1 while the person's own right eye is shut"),
        Signal("face.brow_up", "0 neutral, 1 eyebrows raised"),
        Signal("face.yaw", "positive: turned toward the picture's right (the person's own left)", -45, 45, unit="°"),
        Signal("face.pitch", "positive: looks up", -30, 30, unit="°"),
        Signal("face.roll", "positive: tilted clockwise as seen in the picture", -30, 30, unit="°"),
        Signal("face.x", "middle of the face, 0 left … 1 right", absent=0.5),
        Signal("face.y", "middle of the face, 0 top … 1 bottom", absent=0.5),
        Signal("face.size", "height of the face, 1 = the picture's height"),
        Signal("pose.present", "1 while there is a body"),
        Signal("pose.count", "how many bodies there are", 0.0, 4.0),
        Signal("hands.count", "how many hands there are", 0.0, 2.0),
        Signal("person.present", "1 while the person mask holds somebody"),
        Signal("person.area", "how much of the picture is person"),
        Signal("audio.level", "how loud it is"),
        Signal("audio.bass", "how loud the bass is, below 250 Hz"),
        Signal("audio.mid", "how loud the middle is, 250 to 2000 Hz"),
        Signal("audio.treble", "how loud the treble is, above 2000 Hz"),
        Signal("audio.onset", "1 where a note or beat begins, falling to 0 within a third of a second"),
        Signal("time", "seconds since the start; not held to its range", unit="s"),
        Signal("key.NAME", "1 while that key is held, e.g. key.space"),
        Signal("lfo.SECONDS", "a wave from 0 to 1 and back in so many seconds, e.g. lfo.4"),
        *(Signal(pattern, doc) for pattern, doc in GROUPS.values()),
    )
}
# What stands for many signals: the part in capitals is the user's to fill in.
PATTERNS = {"key": "key.NAME", "lfo": "lfo.SECONDS", **{group: pattern for group, (pattern, _) in GROUPS.items()}}
# What `list` shows: every signal with its doc.
SIGNALS: dict[str, str] = {name: signal.doc for name, signal in TABLE.items()}

# What the 52 expressions read at rest and at full: rest lies above what neutral faces show while they talk little, full
# below what people reach without effort (measured on eight portrait and desk clips).
MOUTH_OPEN = 0.15, 0.65
SMILE = 0.1, 0.8
BLINK = 0.25, 0.55
BROW_UP = 0.45, 0.9
# Another face must be this much larger before it takes over as the one that `face.*` speaks of.
TAKE_OVER = 1.25


def check_name(name: str) -> str:
    """`name` where it is a signal's. Raises UsageError, which suggests the nearest."""
    group, _, rest = name.partition(".")
    if group == "key" and rest:
        return name
    if group == "lfo" and rest:
        if lfo_period(name) is None:
            raise UsageError(f"signal '{name}': expected a period in seconds above 0", hint="write e.g. lfo.4")
        return name
    if group in GROUPS and rest:
        return normal(name)
    if name not in TABLE or name in PATTERNS.values():
        raise unknown_name("signal", name, TABLE)
    return name


def lfo_period(name: str) -> float | None:
    """The period in seconds that `lfo.SECONDS` names, or None where it names none."""
    try:
        period = float(name.removeprefix("lfo."))
    except ValueError:
        return None
    return period if math.isfinite(period) and period >= 1e-3 else None


def natural(name: str) -> Signal:
    """The description of the signal called `name`, those of keys and waves included. Raises UsageError."""
    check_name(name)
    group = name.partition(".")[0]
    return TABLE[PATTERNS.get(group, name)]


def tracker_of(name: str) -> str:
    """The tracker that gives the signal called `name`; empty where none does."""
    group = name.partition(".")[0]
    return group if group in ("face", "pose", "person") else tracker_for(name)


def per_face(face: Face) -> dict[str, float]:
    """The `face.*` signals of one face (without `face.count`), for effects that treat each person for themselves."""
    shape = face.blendshapes
    yaw, pitch, roll = head_angles(face)
    low, high = face.points[:468, :2].min(axis=0), face.points[:468, :2].max(axis=0)
    smile = (shape.get("mouthSmileLeft", 0.0) + shape.get("mouthSmileRight", 0.0)) / 2.0
    brow = (
        shape.get("browInnerUp", 0.0) + shape.get("browOuterUpLeft", 0.0) + shape.get("browOuterUpRight", 0.0)
    ) / 3.0
    return {
        "face.present": 1.0,
        "face.mouth_open": ramp(shape.get("jawOpen", 0.0) - shape.get("mouthClose", 0.0), *MOUTH_OPEN),
        "face.smile": ramp(smile, *SMILE),
        "face.blink_left": ramp(shape.get("eyeBlinkLeft", 0.0), *BLINK),
        "face.blink_right": ramp(shape.get("eyeBlinkRight", 0.0), *BLINK),
        "face.brow_up": ramp(brow, *BROW_UP),
        "face.yaw": yaw,
        "face.pitch": pitch,
        "face.roll": roll,
        "face.x": float(low[0] + high[0]) / 2.0,
        "face.y": float(low[1] + high[1]) / 2.0,
        "face.size": float(high[1] - low[1]),
    }


class Readings(Mapping[str, float]):
    """The signals of one frame by name. Waves and keys of any name are answered too, though not listed."""

    def __init__(self, values: Mapping[str, float], held: Collection[str] = ()) -> None:
        self._values = dict(values)
        self._held = frozenset(held)

    def __getitem__(self, name: str) -> float:
        if name in self._values:
            return self._values[name]
        group, _, rest = name.partition(".")
        if group == "key" and rest:
            return 1.0 if rest in self._held else 0.0
        period = lfo_period(name) if group == "lfo" else None
        if period is None:
            raise KeyError(name)
        # From 0 at the start, so that a scene does not begin with a jump.
        return 0.5 - 0.5 * math.cos(2.0 * math.pi * math.fmod(self._values.get("time", 0.0), period) / period)

    def __iter__(self) -> Iterator[str]:
        return iter([*self._values, *(f"key.{name}" for name in sorted(self._held))])

    def __len__(self) -> int:
        return len(self._values) + len(self._held)


class Signals:
    """Takes the signals of each frame. `face.*` speaks of one person until another is clearly larger."""

    def __init__(self) -> None:
        self._identity: int | None = None

    def observe(self, observation: Observation, held: Collection[str] = ()) -> Observation:
        """`observation` with its signals filled in; `held` are the names of the keys that are down."""
        return replace(observation, signals=self.readings(observation, held))

    def readings(self, observation: Observation, held: Collection[str] = ()) -> Readings:
        """The signals of this frame. What is not there reads as its `absent` value."""
        values = {n: s.absent for n, s in TABLE.items() if n not in PATTERNS.values()}
        values["time"] = observation.frame.time_s
        face = self._main_face(observation.faces)
        if face is not None:
            values.update(per_face(face))
        values["face.count"] = float(len(observation.faces))
        values["pose.count"] = float(len(observation.poses))
        values["pose.present"] = 1.0 if observation.poses else 0.0
        mask = observation.mask
        if mask is not None and mask.present:
            values["person.present"] = 1.0
            values["person.area"] = float(np.mean(mask.confidence))
        if (heard := observation.audio) is not None:
            for part in ("level", "bass", "mid", "treble", "onset"):
                values[f"audio.{part}"] = getattr(heard, part)
        values.update(signals_of(observation.results))
        return Readings(values, held)

    def _main_face(self, faces: tuple[Face, ...]) -> Face | None:
        if not faces:
            return None
        before = next((f for f in faces if f.identity == self._identity), None)
        keep = before is not None and _extent(faces[0]) < TAKE_OVER * _extent(before)
        chosen = before if before is not None and keep else faces[0]
        self._identity = chosen.identity
        return chosen


def _extent(face: Face) -> float:
    return float(np.prod(np.ptp(face.points[:, :2], axis=0)))
