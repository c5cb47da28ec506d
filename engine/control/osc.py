"""OSC by UDP: every parameter at its one address, scenes, and answers, so that faders move."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..core.closing import Closing
from ..core.errors import ControlError, PhospheneError
from . import osc_format
from .desk import Desk, Parameter, Snapshot
from .osc_format import Message, NotOsc
from .osc_socket import Datagrams, Sender, endpoint
from .osc_values import to_address, to_arguments, to_path, to_value
from .oscquery import OscQueryServer

log = logging.getLogger("phosphene")

OPTION, ORIGIN = "--osc", "osc"
MOST_LISTENERS = 16
MOST_ADDRESSES = 4096  # that wait at once
MOST_TOLD = 16  # different mistakes that are named
MANY, REST_S = 8, 0.004  # in a flood more is read at once: each waking takes time from who draws
BEFORE_S = 0.05  # until it is seen whether the first frame is drawn
_END_S = 5.0


@dataclass(slots=True)
class OscCounts:
    """What came so far: `messages` that were read, of them `overtaken` by newer ones of their address before they were
    passed on; `garbage` datagrams that are no OSC; `refused` changes, by the parameter or for its name."""

    messages: int = 0
    overtaken: int = 0
    garbage: int = 0
    refused: int = 0


class OscControl(Closing):
    """Listens for OSC at `PORT` of this machine alone, or at `HOST:PORT`, and changes the show of `desk`.

    Of several messages that wait for one parameter the newest counts. Whoever sends a message is answered from then on:
    each parameter that changes, whatever changed it, at the port that it sent from, or with `PORT?reply=PORT` at that
    one. `/refresh` asks for all of them. OSCQuery answers at the same port by TCP. Raises ControlError.
    """

    def __init__(self, wanted: str, desk: Desk) -> None:
        place, _, option = wanted.partition("?")
        key, _, reply = option.partition("=")
        if option and key != "reply":
            raise ControlError(f"{OPTION} {wanted}: unknown option '{key}'", hint=f"write {OPTION} 9000?reply=9001")
        self._reply = endpoint(reply, f"{OPTION} {place}?reply=")[1] if option else None
        self._datagrams = Datagrams(*endpoint(place, OPTION), OPTION)
        self.port = self._datagrams.port
        self.counts = OscCounts()
        self._desk = desk
        self._listeners: dict[Sender, None] = {}  # the one that was heard last comes last
        self._asked: set[Sender] = set()  # who wants everything
        self._again: set[str] = set()  # addresses that were refused: their faders go back
        self._told: set[str] = set()  # what was said once
        self._sent: dict[str, tuple[Any, ...]] = {}
        self._lock = threading.Lock()
        self._closing = False
        self._waiting: dict[str, Message] = {}
        self._query = self._open_query()
        self._threads = (
            threading.Thread(target=self._listen, name="osc", daemon=True),
            threading.Thread(target=self._answer, name="osc answers", daemon=True),
        )
        for thread in self._threads:
            thread.start()
        log.info("OSC: listening at %s:%d", self._datagrams.host, self.port)

    def _open_query(self) -> OscQueryServer | None:
        """OSCQuery, where it can be had: OSC goes without."""
        try:
            return OscQueryServer(self._desk, self._datagrams.host, self.port)
        except ControlError as error:
            log.warning("OSC without OSCQuery: %s", error)
            return None

    def close(self) -> None:
        """Ends both threads, and says what was not understood."""
        if self._closing:
            return
        self._closing = True
        self._datagrams.ring()
        for thread in self._threads:
            thread.join(_END_S)
        self._datagrams.close()
        if self._query is not None:
            self._query.close()
        if self.counts.garbage:
            log.warning("OSC: %d datagrams were no OSC and were left out", self.counts.garbage)

    # The thread that listens

    def _listen(self) -> None:
        while (datagrams := self._datagrams.wait(BEFORE_S if self._waiting else None)) is not None:
            for data, sender in datagrams:
                self._take(data, sender)
            self._pass_on()
            if len(datagrams) >= MANY:
                self._datagrams.rest(REST_S)

    def _take(self, data: bytes, sender: Sender) -> None:
        try:
            messages = osc_format.read(data)
        except NotOsc as error:
            self.counts.garbage += 1
            self._tell("garbage", f"OSC: what {sender[0]}:{sender[1]} sends is no OSC ({error}); this is said once")
            return
        self._listen_to(sender)
        for message in messages:
            self.counts.messages += 1
            if (action := self._action(message, sender)) is not None:
                action()
            elif self._waiting.pop(message.address, None) is not None:  # so that the newest comes last
                self.counts.overtaken += 1
                self._waiting[message.address] = message
            elif len(self._waiting) < MOST_ADDRESSES:
                self._waiting[message.address] = message
            else:
                self._refused(message.address, ControlError(f"more than {MOST_ADDRESSES} addresses wait"))

    def _listen_to(self, sender: Sender) -> None:
        known = sender if self._reply is None else (sender[0], self._reply)
        with self._lock:
            self._listeners.pop(known, None)
            self._listeners[known] = None
            if len(self._listeners) > MOST_LISTENERS:
                del self._listeners[next(iter(self._listeners))]

    def _action(self, message: Message, sender: Sender) -> Callable[[], None] | None:
        """What a message does that sets no parameter; None where it sets one."""
        path, arguments = message
        if path == "/refresh":
            return partial(self._refresh, sender)
        if path == "/scene" and len(arguments) == 1:
            return partial(self._go, arguments[0])
        if path.startswith("/scene/") and (name := path.removeprefix("/scene/")) in self._desk.snapshot.scenes:
            return partial(self._go, name) if pressed(arguments) else _nothing
        if path in ("/next", "/previous"):
            return partial(self._step, 1 if path == "/next" else -1) if pressed(arguments) else _nothing
        return None

    def _refresh(self, sender: Sender) -> None:
        with self._lock:
            self._asked.add(sender if self._reply is None else (sender[0], self._reply))

    def _go(self, scene: Any) -> None:
        names = self._desk.snapshot.scenes
        if isinstance(scene, float | int) and 1 <= round(scene) <= len(names):
            scene = names[round(scene) - 1]
        self._desk.go(str(scene)).add_done_callback(partial(self._done, "/scene"))

    def _step(self, count: int) -> None:
        self._desk.step(count).add_done_callback(partial(self._done, "/next"))

    def _pass_on(self) -> None:
        """Puts what waits into the queue; nothing before the first frame, whose parameters say what fits them."""
        known: Mapping[str, Parameter] = self._desk.snapshot.parameters
        if not known:
            return
        waiting, self._waiting = self._waiting, {}
        for path, (_, arguments) in waiting.items():
            address = to_address(path)
            if address not in known:  # a shortened one, perhaps
                fits = [one for one in known if one.endswith((f"/{address}", f".{address}"))]
                address = fits[0] if len(fits) == 1 else address
            param = known[address].param if address in known else None
            result = self._desk.set(address, to_value(param, arguments), ORIGIN)
            result.add_done_callback(partial(self._done, address))

    # What any thread may call

    def _done(self, address: str, result: Future[Any]) -> None:
        """Called once a change is made or refused, by the thread that draws."""
        try:
            result.result()
        except CancelledError:
            return  # a newer one of the same address came before
        except PhospheneError as error:
            self._refused(address, error)

    def _refused(self, address: str, error: PhospheneError) -> None:
        self.counts.refused += 1
        if self._desk.ended:
            return
        with self._lock:
            self._again.add(address)
        self._tell(address, f"OSC: {error}")

    def _tell(self, what: str, text: str) -> None:
        """Warns, once for each `what`; of a flood of unknown names the first are enough."""
        if what not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(what)
            log.warning("%s", text)

    # The thread that answers

    def _answer(self) -> None:
        seen = 0
        while not (self._closing or self._desk.ended):
            snapshot = self._desk.look(seen, 0.1)
            if snapshot.number > seen:
                seen = snapshot.number
                self._send(snapshot)

    def _send(self, snapshot: Snapshot) -> None:
        """Sends what changed to everybody, and everything to who asked for it."""
        with self._lock:
            listeners, asked, again = list(self._listeners), self._asked, self._again
            self._asked, self._again = set(), set()
        now = {to_path(one.address): to_arguments(one.param, one.value) for one in snapshot.parameters.values()}
        now["/scene"] = (snapshot.scene,)
        back = {to_path(address) for address in again}
        changed = [path for path, value in now.items() if path in back or self._sent.get(path) != value]
        self._sent = now
        messages = {path: osc_format.message(path, *now[path]) for path in (now if asked else changed)}
        for to in listeners:
            for packet in osc_format.bundles(messages[path] for path in (now if to in asked else changed)):
                self._datagrams.send(packet, to)
        if self._query is not None:
            self._query.publish(now, {path: messages[path] for path in changed})


def pressed(arguments: tuple[Any, ...]) -> bool:
    """Whether a button went down: without an argument, or with one that is not zero or false."""
    return not arguments or arguments[0] is None or bool(arguments[0])


def _nothing() -> None:
    """A button that comes up."""
