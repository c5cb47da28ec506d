"""One entry of a map at work: a move becomes a change of the show, and a change of the show a light or a motor."""

from __future__ import annotations

import logging
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any

from ...core.errors import UsageError
from ...core.param_types import Bool, Float, Int
from ..desk import Desk, Parameter, Snapshot
from .fader import Fader
from .map_file import Entry
from .moves import Move, bytes_for
from .values import position_of, span_of, turnable, value_at

if TYPE_CHECKING:
    from ...core.params import Param
    from .values import Span

log = logging.getLogger("phosphene")


class Link:
    """Joins one control of a device to what it does at the desk. Whoever holds it calls from one thread at a time."""

    def __init__(self, entry: Entry, desk: Desk) -> None:
        self.entry, self._desk = entry, desk
        self._fader = Fader(pickup=False, relative=entry.relative, step=entry.step, fine=entry.fine)
        self._found: tuple[str, Param[Any], Span] | None = None
        self._asked: Future[Any] | None = None
        self._wanted: float | None = None  # a position of a morph that waits until the last one is done
        self._down = False
        self._told: set[str] = set()  # what was said once
        self._shown: list[tuple[int, ...]] = []  # what the device shows, as far as that is known

    @property
    def asked(self) -> Future[Any] | None:
        """What was asked of the show last."""
        return self._asked

    def moved(self, move: Move, *, low_half: bool = False) -> None:
        """The control was moved. `low_half`: this is the finer half of a pair."""
        if not self.entry.to.turns:
            self._pressed(move)
            return
        if self.entry.to.kind == "morph":
            self._wanted = self._fader.moved(move, low_half=low_half)
            if self.entry.relative and self._wanted is None:
                self._fader.stands(0.0)
        else:
            self._turned(move, low_half)
        if not self.entry.relative and self._fader.hand is not None:
            self._shown = bytes_for(self.entry.control, self._fader.hand, fine=self.entry.fine)
        self.flush()

    def _pressed(self, move: Move) -> None:
        was, self._down = self._down, move.value > (0 if move.control.kind == "note" else 63)
        if self._down and (not was or move.control.kind != "cc"):
            self._ask(self.entry.to.trigger(self._desk, self.entry.over_s))
        self._shown = bytes_for(self.entry.control, float(self._down))

    def _turned(self, move: Move, low_half: bool) -> None:
        if self._found is None:
            return
        address, param, span = self._found
        if isinstance(param, Bool) and move.control.kind == "note":  # a button that springs back
            self._shown = []
            if not move.value:
                return
            position: float | None = 0.0 if (self._fader.parameter or 0.0) >= 0.5 else 1.0
        else:
            position = self._fader.moved(move, low_half=low_half)
        if position is None:
            return
        value = value_at(param, position, span)
        self._fader.went(position_of(param, value, span))
        self._ask(self._desk.set(address, value, f"MIDI {self.entry.control}"))

    def flush(self) -> None:
        """Asks for the newest position of a morph, where the one before is done."""
        if self._wanted is not None and (self._asked is None or self._asked.done()):
            first, second = self.entry.to.names
            wanted, self._wanted = self._wanted, None
            self._ask(self._desk.presets.morph(first, second, wanted))

    def refresh(self, snapshot: Snapshot, settled: Future[Any] | None) -> None:
        """Sees what the show has become. `settled` is what was asked for and done before the snapshot was made."""
        self.flush()
        if self.entry.to.kind != "parameter":
            return
        self._find(snapshot)
        if self._found is None or (self._asked is not None and self._asked is not settled):
            return  # a change of one's own is under way: the snapshot may be older
        address, param, span = self._found
        self._fader.stands(position_of(param, snapshot.parameters[address].value, span))

    def _find(self, snapshot: Snapshot) -> None:
        """Finds the parameter in the scene that is on; a scene that has none is named once."""
        parameter = find(snapshot, self.entry.to.names[0])
        if parameter is None:
            self._found = None
            self._tell(f"{snapshot.scene}: {self.entry.control} does nothing here: no parameter {self.entry.to} fits")
            return
        span = span_of(parameter.param, self.entry.span) if turnable(parameter.param) else None
        if span is None:
            self._found = None
            why = "it has no range: write range = [0, 1] in the map" if turnable(parameter.param) else "it is no number"
            self._tell(f"{self.entry.control} cannot move {parameter.address}: {why}")
            return
        if self._found is None or self._found[:2] != (parameter.address, parameter.param):
            entry, hand = self.entry, self._fader.hand
            pickup = entry.pickup and isinstance(parameter.param, Float | Int) and entry.control.kind != "note"
            self._fader = Fader(relative=entry.relative, step=entry.step, fine=entry.fine, pickup=pickup)
            self._fader.hand = hand
            self._found, self._asked = (parameter.address, parameter.param, span), None

    def lights(self, snapshot: Snapshot) -> list[tuple[int, ...]]:
        """The messages that let the device show what is; none where it shows that already."""
        if not self.entry.feedback:
            return []
        position: float | None = None
        if self.entry.to.kind == "parameter" and self._found is not None:
            position = self._fader.parameter
        elif self.entry.to.kind == "scene":
            position = float(snapshot.scene == self.entry.to.names[0])
        elif self.entry.to.kind == "cue" and self._desk.set_list is not None:
            position = float(self._desk.set_list.at == int(self.entry.to.names[0]) - 1)
        if position is None:
            return []
        messages = bytes_for(self.entry.control, position, fine=self.entry.fine)
        if messages == self._shown:
            return []
        self._shown = messages
        return messages

    def forget_lights(self) -> None:
        """The device is another one, or was without power: everything is shown anew, and picked up anew."""
        self._shown = []
        self._fader.hand = None

    def _ask(self, asked: Future[Any]) -> None:
        self._asked = asked
        asked.add_done_callback(self._report)

    def _report(self, done: Future[Any]) -> None:
        try:
            done.result()
        except CancelledError:
            pass  # overtaken by a newer change of the same parameter
        except UsageError as error:
            self._tell(f"MIDI {self.entry.control}: {error}")

    def _tell(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            log.warning("%s", text)


def find(snapshot: Snapshot, address: str) -> Parameter | None:
    """The parameter at `address`, in full or shortened, in the scene that is on; None where none or several fit."""
    if address in snapshot.parameters:
        return snapshot.parameters[address]
    fits = [p for full, p in snapshot.parameters.items() if full.endswith((f"/{address}", f".{address}"))]
    return fits[0] if len(fits) == 1 else None
