"""One control with a position: picked up where the parameter stands, fine in a pair, or endless."""

from __future__ import annotations

from .moves import Move, turned

TOUCH = 1.5 / 127  # so near a knob must come to be picked up, in parts of its way
SAME = 1e-6


class Fader:
    """Where a control stands (`hand`), and where its `parameter` does; positions are 0 to 1, None while unknown.

    `relative` is the encoding of an endless knob, and `step` the part of the way that one of its steps goes. `fine`
    says that it is one of a pair with 14 bits. Without `pickup` the parameter jumps to a knob with a position.
    """

    def __init__(self, *, relative: str = "", step: float = 1 / 127, fine: bool = False, pickup: bool = True) -> None:
        self.relative, self.step, self.fine, self._pickup = relative, step, fine, pickup
        self.parameter: float | None = None
        self.hand: float | None = None
        self.picked = not pickup or bool(relative)
        self._exact = 0.0  # of an endless knob: between two whole numbers, too
        self._high = 0

    def stands(self, position: float) -> bool:
        """The parameter stands at `position`; returns whether that is news, because somebody else has moved it."""
        if self.parameter is not None and abs(position - self.parameter) < SAME:
            return False
        self.parameter = self._exact = position
        if self._pickup and not self.relative:
            self.picked = self.hand is not None and abs(self.hand - position) <= TOUCH
        return True

    def moved(self, move: Move, *, low_half: bool = False) -> float | None:
        """Where the parameter is to go, None where it is to stay: the control is not picked up yet, or half is to come.

        `low_half`: this is the second, finer one of a pair.
        """
        if self.relative:
            if self.parameter is None:
                return None
            self._exact = min(max(self._exact + turned(move.value, self.relative) * self.step, 0.0), 1.0)
            return self._exact
        if self.fine and not low_half:
            self._high = move.value  # the finer half follows, by the standard
            return None
        hand = (self._high << 7 | move.value) / 16383 if low_half else move.value / move.most
        before, self.hand = self.hand, hand
        if self.picked:
            return hand
        if self.parameter is None:
            return None
        passed = before is not None and min(before, hand) <= self.parameter <= max(before, hand)
        self.picked = passed or abs(hand - self.parameter) <= TOUCH
        return hand if self.picked else None

    def went(self, position: float) -> None:
        """What was asked for last put the parameter at `position`: a whole number is rounded, say."""
        self.parameter = position
