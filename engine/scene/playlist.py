"""Which scene is on, and how far the change into the next one has come. It knows no clock and draws nothing."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

from ..core.errors import unknown_name
from .scene import Scene

TRANSITION_S = 1.0
AHEAD_S = 1.5  # so long before a timed change the trackers of the next scene look on
PATIENCE_S = (
    3.0  # how long a change waits for what the next scene needs to know; after it, a private one shows its slate
)


class Playlist:
    """One scene, or several that follow one another: when they are asked for, and every `every_s` seconds.

    A change takes `transition_s` seconds. It begins when the trackers of the next scene have answered, so that a scene
    that hides the room comes with its person and not with a slate. `also` are trackers that run whatever scenes need.
    """

    def __init__(
        self,
        scenes: Sequence[Scene],
        *,
        every_s: float | None = None,
        transition_s: float = TRANSITION_S,
        also: Collection[str] = (),
    ) -> None:
        self.scenes = list(scenes)
        self.every_s = every_s if len(self.scenes) > 1 else None
        self.transition_s = transition_s
        self._also = frozenset(also)
        self.at = 0  # the scene that is on
        self.into: int | None = None  # the scene that it changes into
        self.progress = 0.0
        self.transition = ""  # the name of that which is asked for by name; empty for the show's own
        self._takes_s = transition_s
        self._next_way: tuple[str, float | None] = ("", None)
        self._asked: int | None = None
        self._asked_s = 0.0  # since when `into` is wanted
        self._begun_s: float | None = None  # when the change began to be seen
        self._slot = 0  # how many timed changes there were
        self._by_hand = False

    @property
    def scene(self) -> Scene:
        """The scene that is on; during a change the one that goes."""
        return self.scenes[self.at]

    @property
    def count(self) -> int:
        """How many scenes there are."""
        return len(self.scenes)

    @property
    def wanted(self) -> int:
        """The number of the scene that was asked for last; where none was, of the one that is on."""
        return next(n for n in (self._asked, self.into, self.at) if n is not None)

    @property
    def shown(self) -> tuple[int, ...]:
        """The numbers of the scenes that are drawn: one, or during a change the one that goes and that which comes."""
        return (self.at,) if self.into is None or self._begun_s is None else (self.at, self.into)

    @property
    def near(self) -> tuple[Scene, ...]:
        """The scenes that are drawn or are to be, as soon as their trackers have answered."""
        numbers = dict.fromkeys(n for n in (self.at, self.into, self._asked) if n is not None)
        return tuple(self.scenes[n] for n in numbers)

    def number(self, name: str) -> int:
        """The number of the scene called `name`. Raises UsageError, which suggests the nearest."""
        names = [scene.name for scene in self.scenes]
        if name not in names:
            raise unknown_name("scene of this show", name, names)
        return names.index(name)

    def go(self, number: int, transition: str = "", transition_s: float | None = None) -> None:
        """Asks for scene `number`, counted from 0; there may be none. A change that is being seen is finished first.

        `transition` names another than the show's own, and `transition_s` is how long it takes; None as always.
        """
        if 0 <= number < len(self.scenes):
            self._asked, self._next_way = number, (transition, transition_s)

    def step_by(self, count: int) -> None:
        """Asks for the next scene, or with -1 for the one before."""
        self.go((self.wanted + count) % len(self.scenes))

    def move(self, time_s: float, known: Collection[str]) -> None:
        """Goes on to the frame at `time_s`, of which the trackers in `known` have told what they see."""
        if self.every_s is not None and self._slot_at(time_s) > self._slot:
            self._slot = self._slot_at(time_s)
            if self._asked is None:
                self.step_by(1)
        elif self._asked is not None:
            self._by_hand = True
        if self._asked is not None and self._begun_s is None:
            self.into = None if self._asked == self.at else self._asked
            self._asked, self._asked_s = None, time_s
            self.transition, takes_s = self._next_way
            self._takes_s = self.transition_s if takes_s is None else takes_s
        if self.into is None:
            return
        if self._begun_s is None:
            late = time_s - self._asked_s >= PATIENCE_S or time_s < self._asked_s
            if not late and not self.scenes[self.into].needs() <= set(known):
                return
            self._begun_s = time_s
        passed_s = time_s - self._begun_s
        self.progress = passed_s / self._takes_s if self._takes_s > 0.0 else 1.0
        if not 0.0 <= self.progress < 1.0:
            self.at, self.into, self._begun_s, self.progress = self.into, None, None, 0.0

    def needs(self, time_s: float | None = None) -> frozenset[str]:
        """The trackers that the frame at `time_s` is for; without a time all that the show will ever need.

        As long as only the clock changes scenes this depends on the time alone, whenever it is asked.
        """
        numbers = set(range(len(self.scenes)))
        if time_s is not None:
            numbers = set()
            if self.every_s is None or self._by_hand:
                numbers |= {n for n in (self.at, self.into, self._asked) if n is not None}
            if self.every_s is not None:
                slots = {self._slot_at(time_s), self._slot_at(time_s + AHEAD_S)}
                slots.add(max(0, self._slot_at(time_s - self.transition_s - AHEAD_S)))
                numbers |= {slot % len(self.scenes) for slot in slots}
        return self._also.union(*(self.scenes[n].needs() for n in numbers))

    def _slot_at(self, time_s: float) -> int:
        assert self.every_s is not None
        return math.floor(time_s / self.every_s + 1e-6)

    def uses_audio(self) -> bool:
        """Whether a scene that is shown follows sound."""
        return any(self.scenes[n].uses_audio() for n in self.shown)

    def tracker_params(self, name: str) -> dict[str, Any]:
        """The parameters of one tracker; where scenes differ, the first that says something is heeded."""
        found: dict[str, Any] = {}
        for scene in reversed(self.scenes):
            found.update(scene.tracker_params(name))
        return found

    def whole(self) -> Scene:
        """All scenes' layers in one, for who judges what the show may cost."""
        if len(self.scenes) == 1:
            return self.scene
        return Scene("playlist", layers=[layer for scene in self.scenes for layer in scene.layers])
