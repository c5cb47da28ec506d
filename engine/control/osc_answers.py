"""What OSC says back: each parameter that changes, to everybody who was heard, so that faders move."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from ..core.closing import Closing
from ..core.errors import ControlError
from . import osc_format
from .desk import Desk, Snapshot
from .osc_socket import Datagrams, Sender
from .osc_values import to_arguments, to_path
from .oscquery import OscQueryServer

log = logging.getLogger("phosphene")

MOST_LISTENERS = 16
LOOK_S = 0.1  # until it is seen that the show has ended
_END_S = 5.0


class OscAnswers(Closing):
    """Answers at the port that a message came from, or at `reply` of the same host. OSCQuery hears of it all too.

    `take` gets the packets that come by OSCQuery's WebSocket.

    Every method may be called by any thread.
    """

    def __init__(self, desk: Desk, datagrams: Datagrams, reply: int | None, take: Callable[[bytes], None]) -> None:
        self._desk, self._datagrams, self._reply = desk, datagrams, reply
        self._lock = threading.Lock()
        self._listeners: dict[Sender, None] = {}  # who was heard last comes last
        self._asked: set[Sender] = set()  # who wants everything
        self._again: set[str] = set()  # OSC addresses that are said again though nothing has changed
        self._sent: dict[str, tuple[Any, ...]] = {}
        self._end = threading.Event()
        self._query = self._open_query(take)
        self._thread = threading.Thread(target=self._run, name="osc answers", daemon=True)
        self._thread.start()

    def _open_query(self, take: Callable[[bytes], None]) -> OscQueryServer | None:
        """OSCQuery, where it can be had: OSC goes without."""
        try:
            return OscQueryServer(self._desk, self._datagrams.host, self._datagrams.port, take)
        except ControlError as error:
            log.warning("OSC without OSCQuery: %s", error)
            return None

    def hear(self, sender: Sender) -> None:
        """Answers `sender` from now on; who was heard longest ago gives way where there are many."""
        with self._lock:
            known = self._place(sender)
            self._listeners.pop(known, None)
            self._listeners[known] = None
            if len(self._listeners) > MOST_LISTENERS:
                del self._listeners[next(iter(self._listeners))]

    def refresh(self, sender: Sender) -> None:
        """Says everything to `sender`."""
        with self._lock:
            self._asked.add(self._place(sender))

    def repeat(self, path: str) -> None:
        """Says the value at an OSC address again: a fader that was moved where it may not go moves back."""
        with self._lock:
            self._again.add(path)

    def _place(self, sender: Sender) -> Sender:
        return sender if self._reply is None else (sender[0], self._reply)

    def _run(self) -> None:
        seen = 0
        while not (self._end.is_set() or self._desk.ended):
            snapshot = self._desk.look(seen, LOOK_S)
            if snapshot.number > seen:
                seen = snapshot.number
                self._say(snapshot)

    def _say(self, snapshot: Snapshot) -> None:
        """Sends what changed to everybody, and everything to who asked for it."""
        with self._lock:
            listeners, asked, again = list(self._listeners), self._asked, self._again
            self._asked, self._again = set(), set()
        now = {to_path(one.address): to_arguments(one.param, one.value) for one in snapshot.parameters.values()}
        now["/scene"] = (snapshot.scene,)
        changed = [path for path, value in now.items() if path in again or self._sent.get(path) != value]
        self._sent = now
        messages = {path: osc_format.message(path, *now[path]) for path in (now if asked else changed)}
        for to in listeners:
            for packet in osc_format.bundles(messages[path] for path in (now if to in asked else changed)):
                self._datagrams.send(packet, to)
        if self._query is not None:
            self._query.publish(now, {path: messages[path] for path in changed})

    def close(self) -> None:
        """Ends it; the port stays open."""
        self._end.set()
        self._thread.join(_END_S)
        if self._query is not None:
            self._query.close()
