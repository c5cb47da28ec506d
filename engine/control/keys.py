"""What the keys of a window do that are pressed: some of them change the scene. Held keys are signals."""

from __future__ import annotations

from typing import Protocol

from .desk import Desk


class Steps(Protocol):
    """What keys step through: the scenes of a playlist, or the cues of a set list."""

    @property
    def count(self) -> int:
        """How many there are."""

    def step_by(self, count: int) -> None:
        """Asks for the next one, or with -1 for the one before."""

    def go(self, number: int) -> None:
        """Asks for number `number`, counted from 0; there may be none."""


def press(key: str, steps: Steps, desk: Desk) -> None:
    """N and P ask for the next one and the one before, 1 to 9 for one by its place in the list.

    T taps the beat, 0 goes back to that of the sound.
    """
    if key == "t":
        desk.tap()
    elif key == "0":
        desk.clear_taps()
    if steps.count < 2:
        return
    if key in ("n", "p"):
        steps.step_by(1 if key == "n" else -1)
    elif len(key) == 1 and key in "123456789":
        steps.go(int(key) - 1)
