"""The signals of each frame: found when somebody asks for them, so that those which nobody follows cost nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace

import numpy as np

from ...core.errors import UsageError
from ...core.observation import Observation
from ...core.results import Face, Mask, Pose
from ...trackers.custom import signals as models
from . import face, motion, pose, sound, waves
from .names import PATTERNS, TABLE
from .whom import Whom, face_extent, pose_extent

LISTED = tuple(name for name in TABLE if name not in PATTERNS.values())
MODELS = "hands"  # the part that holds what models say, with the signals of hands
Part = Callable[[], Mapping[str, float]]


class Readings(Mapping[str, float]):
    """The signals of one frame by name. Waves and keys of any name are answered too, though not listed.

    `parts` give the signals of each group, and are called once, when one of them is asked for. Any thread may read.
    """

    def __init__(self, time_s: float, seed: int, parts: Mapping[str, Part], held: Collection[str] = ()) -> None:
        self._time_s, self._seed = time_s, seed
        self._parts = dict(parts)
        self._found: dict[str, Mapping[str, float]] = {}
        self._held = frozenset(held)

    def _part(self, group: str) -> Mapping[str, float]:
        group = MODELS if group in models.GROUPS else group
        if group not in self._found:  # two threads at once find the same twice
            part = self._parts.get(group)
            self._found[group] = {} if part is None else part()
        return self._found[group]

    def __getitem__(self, name: str) -> float:
        group, _, rest = name.partition(".")
        if name == "time":
            return self._time_s
        if group == "key" and rest:
            return 1.0 if rest in self._held else 0.0
        if group in waves.KINDS:
            try:
                return waves.wave(name).value(self._time_s, self._seed)
            except UsageError:
                raise KeyError(name) from None
        value = self._part(group).get(name)
        if value is not None:
            return value
        if name in PATTERNS.values():
            raise KeyError(name)
        return TABLE[name].absent

    def __iter__(self) -> Iterator[str]:
        yield from LISTED
        yield from (name for name in self._part(MODELS) if name not in TABLE)
        yield from (f"key.{name}" for name in sorted(self._held))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Signals:
    """Takes the signals of each frame. `face.*` speaks of one person until another is clearly larger, and so does
    `pose.*`. Random ones follow from `seed`."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._face: Whom[Face] = Whom(face_extent)
        self._pose: Whom[Pose] = Whom(pose_extent)
        self._motion = motion.Motion()

    def observe(
        self, observation: Observation, held: Collection[str] = (), mouse: Mapping[str, float] | None = None
    ) -> Observation:
        """`observation` with its signals: `held` are the names of the keys that are down, `mouse` the signals of the
        mouse, None without one."""
        return replace(observation, signals=self.readings(observation, held, mouse))

    def readings(
        self, observation: Observation, held: Collection[str] = (), mouse: Mapping[str, float] | None = None
    ) -> Readings:
        """The signals of this frame. What is not there reads as its `absent` value."""
        frame, faces, poses = observation.frame, observation.faces, observation.poses
        a_face, a_pose = self._face.choose(faces), self._pose.choose(poses)
        images = self._motion.look(frame)
        aspect = frame.size[0] / frame.size[1]
        parts: dict[str, Part] = {
            "face": lambda: face.signals_of(a_face, len(faces)),
            "pose": lambda: pose.signals_of(a_pose, len(poses), aspect),
            "person": lambda: person(observation.mask),
            "motion": lambda: motion.signals_of(*images),
            "audio": lambda: sound.signals_of(observation.audio),
            "mouse": lambda: mouse or {},
            MODELS: lambda: models.signals_of(observation.results),
        }
        return Readings(frame.time_s, self._seed, parts, held)


def person(mask: Mask | None) -> dict[str, float]:
    """The `person.*` signals of a person mask."""
    if mask is None or not mask.present:
        return {}
    return {"person.present": 1.0, "person.area": float(np.mean(mask.confidence))}
