"""A set list while its show runs: which cue is on, and the steps to the next one and the one before."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ..core.errors import UsageError

if TYPE_CHECKING:
    from ..scene.playlist import Playlist
    from ..scene.set_list import Cue, SetList
    from .presets import LivePresets

log = logging.getLogger("phosphene")


class LiveSet:
    """Goes through the cues of `set_list`. It belongs to the thread that draws; others ask at the desk.

    The first cue is on from the beginning. Before the first and after the last there is none: the show stays.
    """

    def __init__(self, set_list: SetList, playlist: Playlist, presets: LivePresets) -> None:
        self.title, self.cues = set_list.title, tuple(set_list.cues)
        self.at = 0
        self._playlist, self._presets = playlist, presets
        self._recall(self.cues[0], 0.0)

    @property
    def count(self) -> int:
        """How many cues there are."""
        return len(self.cues)

    @property
    def cue(self) -> Cue:
        """The cue that is on, or that the show is on its way into."""
        return self.cues[self.at]

    def step_by(self, count: int) -> None:
        """Goes to the next cue, or with -1 to the one before."""
        if 0 <= self.at + count < len(self.cues):
            self.go(self.at + count)
        else:
            log.info("the set list '%s' has no cue %s this one", self.title, "after" if count > 0 else "before")

    def go(self, number: int) -> None:
        """Goes to cue `number`, counted from 0; there may be none."""
        if not 0 <= number < len(self.cues):
            return
        self.at = number
        cue = self.cue
        log.info("cue %d of %d: %s", number + 1, len(self.cues), cue.name)
        if cue.number == self._playlist.wanted:
            over_s = self._playlist.transition_s if cue.transition_s is None else cue.transition_s
            self._recall(cue, over_s)
        else:
            self._recall(cue, 0.0)
            self._playlist.go(cue.number, cue.transition, cue.transition_s)

    def _recall(self, cue: Cue, over_s: float) -> None:
        if not cue.preset:
            return
        try:
            self._presets.begin(cue.preset, over_s, self._playlist.scenes[cue.number])
        except UsageError as error:  # its file was whole when the show began; the evening goes on without it
            log.error("%s", error)
