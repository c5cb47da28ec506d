"""All controls of one device: which link a message is for, and what is being learned. It knows no MIDI port."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from ..desk import Desk, Snapshot
from .link import Link
from .map_file import Entry
from .moves import ControlName, Move, guessed_encoding, move_of

LOOKED_AT = 3  # messages of a control just learned, from which its kind is guessed


class Board:
    """Takes messages from the thread of the device, and snapshots from another; both may come at any time."""

    def __init__(self, entries: Iterable[Entry], desk: Desk) -> None:
        self._desk = desk
        self._lock = threading.RLock()
        self._links = {entry.control: Link(entry, desk) for entry in entries}
        self._learned: dict[ControlName, Entry] = {}  # to be written down
        self._newest: tuple[ControlName, list[int]] | None = None

    def heard(self, message: Sequence[int]) -> None:
        """The bytes of a message have come; what no control sends is passed over."""
        move = move_of(message)
        if move is None:
            return
        with self._lock:
            if not self._refined(move):
                self._learn(move)
            link, low_half = self._links.get(move.control), False
            if move.control.kind == "cc" and 32 <= move.control.number < 64:
                pair = self._links.get(replace(move.control, number=move.control.number - 32))
                if pair is not None and pair.entry.fine:
                    link, low_half = pair, True
            if link is not None:
                link.moved(move, low_half=low_half)

    def _learn(self, move: Move) -> None:
        if not self._desk.learning.waiting or (move.control.kind == "note" and not move.value):
            return
        target = self._desk.learning.take(str(move.control))
        if target is not None:
            self._newest = move.control, [move.value]
            self._set(Entry(move.control, target))

    def _refined(self, move: Move) -> bool:
        """Finds out by its next messages what kind of control was learned; returns whether this is one of them."""
        if self._newest is None:
            return False
        control, values = self._newest
        entry = self._links[control].entry
        if move.control == control:
            values.append(move.value)
            plain = control.kind == "cc" and entry.to.turns and not entry.fine
            if plain and not entry.relative and (encoding := guessed_encoding(values)):
                self._set(replace(entry, relative=encoding))
            if len(values) >= LOOKED_AT:
                self._newest = None
            return True
        if (
            control.kind == "cc"
            and control.number < 32
            and move.control == replace(control, number=control.number + 32)
        ):
            if not entry.fine:
                self._set(replace(entry, fine=True, relative=""))
            return True
        self._newest = None
        return False

    def _set(self, entry: Entry) -> None:
        link = Link(entry, self._desk)
        if self._desk.snapshot.number:
            link.refresh(self._desk.snapshot, None)
        self._links[entry.control] = link
        self._learned[entry.control] = entry

    def learned(self) -> list[Entry]:
        """What was learned since the last call."""
        with self._lock:
            found, self._learned = list(self._learned.values()), {}
            return found

    def settled(self) -> set[Future[Any]]:
        """What was asked of the show and is done: a snapshot that is made from now on shows it."""
        with self._lock:
            return {link.asked for link in self._links.values() if link.asked is not None and link.asked.done()}

    def refresh(self, snapshot: Snapshot, settled: set[Future[Any]]) -> None:
        """Every link sees what the show has become; `settled` is from before the snapshot was made."""
        with self._lock:
            for link in self._links.values():
                link.refresh(snapshot, link.asked if link.asked in settled else None)

    def lights(self, snapshot: Snapshot) -> list[tuple[int, ...]]:
        """The messages that let the device show what is."""
        with self._lock:
            return [message for link in self._links.values() for message in link.lights(snapshot)]

    def forget_lights(self) -> None:
        """The device was plugged in again: everything is shown anew."""
        with self._lock:
            for link in self._links.values():
                link.forget_lights()
