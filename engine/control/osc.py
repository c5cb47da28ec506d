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
from ..core.param_types import File
from ..core.params import Param
from . import osc_format
from .desk import Desk, Parameter
from .osc_answers import OscAnswers
from .osc_format import Message, NotOsc
from .osc_socket import Datagrams, Sender, endpoint, is_loopback
from .osc_values import to_address, to_path, to_value

log = logging.getLogger("phosphene")

OPTION, ORIGIN = "--osc", "osc"
MOST_ADDRESSES = 4096  # that wait at once
MOST_STRANGE, STRANGE_A_FRAME = 256, 8  # addresses that the scene which is on does not know: each costs who draws time
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
        answer_at = endpoint(reply, f"{OPTION} {place}?reply=")[1] if option else None
        self._datagrams = Datagrams(*endpoint(place, OPTION), OPTION)
        self.port = self._datagrams.port
        self._public = not is_loopback(self._datagrams.host)
        self.counts = OscCounts()
        self._desk = desk
        self._told: set[str] = set()  # what was said once
        self._lock = threading.RLock()  # of what waits, and of the counts
        self._closing = False
        self._waiting: dict[str, Message] = {}
        self._strange: dict[str, tuple[Any, ...]] = {}  # arguments by addresses that another scene may know
        self._strange_at = 0
        self._elsewhere: set[str] = set()  # addresses that another scene does know
        self._answers = OscAnswers(desk, self._datagrams, answer_at, self.take)
        self._thread = threading.Thread(target=self._listen, name="osc", daemon=True)
        self._thread.start()
        log.info("OSC: listening at %s:%d", self._datagrams.host, self.port)

    def close(self) -> None:
        """Ends it, and says what was not understood."""
        if self._closing:
            return
        self._closing = True
        self._datagrams.ring()
        self._thread.join(_END_S)
        self._answers.close()
        self._datagrams.close()
        if self.counts.garbage:
            log.warning("OSC: %d datagrams were no OSC and were left out", self.counts.garbage)

    # The thread that listens

    def _listen(self) -> None:
        while (datagrams := self._datagrams.wait(self._patience_s)) is not None:
            with self._lock:
                for data, sender in datagrams:
                    self._take(data, sender)
            self._pass_on()
            if len(datagrams) >= MANY:
                self._datagrams.rest(REST_S)

    @property
    def _patience_s(self) -> float | None:
        return BEFORE_S if self._waiting or self._strange else None

    def take(self, data: bytes) -> None:
        """Does as if a datagram had come whose sender wants no answer; for any thread."""
        with self._lock:
            self._take(data, None)
        self._datagrams.wake()

    def _take(self, data: bytes, sender: Sender | None) -> None:
        try:
            messages = osc_format.read(data)
        except NotOsc as error:
            self.counts.garbage += 1
            who = "a program at a WebSocket" if sender is None else f"{sender[0]}:{sender[1]}"
            self._tell("garbage", f"OSC: what {who} sends is no OSC ({error}); this is said once")
            return
        if sender is not None:
            self._answers.hear(sender)
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
                self._refused(to_address(message.address), ControlError(f"more than {MOST_ADDRESSES} addresses wait"))

    def _action(self, message: Message, sender: Sender | None) -> Callable[[], None] | None:
        """What a message does that sets no parameter; None where it sets one."""
        path, arguments = message
        if path == "/refresh":
            return _nothing if sender is None else partial(self._answers.refresh, sender)
        if path == "/scene" and len(arguments) == 1:
            return partial(self._go, arguments[0])
        if path.startswith("/scene/") and (name := path.removeprefix("/scene/")) in self._desk.snapshot.scenes:
            return partial(self._go, name) if pressed(arguments) else _nothing
        if path == "/tap":
            return self._tap if pressed(arguments) else _nothing
        if path in ("/next", "/previous"):
            return partial(self._step, 1 if path == "/next" else -1) if pressed(arguments) else _nothing
        return None

    def _go(self, scene: Any) -> None:
        names = self._desk.snapshot.scenes
        if isinstance(scene, float | int) and 1 <= scene <= len(names):
            scene = names[round(scene) - 1]
        self._desk.go(str(scene)).add_done_callback(self._scene_done)

    def _step(self, count: int) -> None:
        self._desk.step(count).add_done_callback(self._scene_done)

    def _tap(self) -> None:
        self._desk.tap()

    def _pass_on(self) -> None:
        """Puts what waits into the queue; nothing before the first frame, whose parameters say what fits them."""
        snapshot = self._desk.snapshot
        if not snapshot.number:
            return
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        for path, (_, arguments) in waiting.items():
            address = self._full(to_address(path), snapshot.parameters)
            if address in snapshot.parameters:
                self._set(address, snapshot.parameters[address].param, arguments)
            elif address in self._elsewhere and not self._public:
                self._set(address, None, arguments)
            elif self._strange.pop(address, None) is not None or len(self._strange) < MOST_STRANGE:
                self._strange[address] = arguments
            else:
                self._refused(address, ControlError(f"more than {MOST_STRANGE} unknown addresses wait"))
        if snapshot.number > self._strange_at:
            self._strange_at = snapshot.number
            for address in list(self._strange)[:STRANGE_A_FRAME]:
                self._set(address, None, self._strange.pop(address))

    def _full(self, address: str, known: Mapping[str, Parameter]) -> str:
        """The full address where a shortened one fits one parameter of the scene that is on."""
        if address in known:
            return address
        fits = [one for one in known if one.endswith((f"/{address}", f".{address}"))]
        return fits[0] if len(fits) == 1 else address

    def _set(self, address: str, param: Param[Any] | None, arguments: tuple[Any, ...]) -> None:
        if self._public and isinstance(param, File | None):
            problem = "is a file" if param else "is unknown in the scene that is on"
            self._refused(address, ControlError(f"{address} {problem}: others on the network may not set it"))
            return
        result = self._desk.set(address, to_value(param, arguments), ORIGIN)
        result.add_done_callback(partial(self._set_done, address, param is None))

    # What any thread may call

    def _done(self, address: str, result: Future[Any]) -> bool:
        """Called once a change is made or refused, by the thread that draws; returns whether it is made."""
        try:
            result.result()
        except CancelledError:
            return False  # a newer one of the same address came before
        except PhospheneError as error:
            self._refused(address, error)
            return False
        return True

    def _scene_done(self, result: Future[None]) -> None:
        self._done("/scene", result)

    def _set_done(self, address: str, elsewhere: bool, result: Future[str]) -> None:
        if self._done(address, result) and elsewhere:
            self._elsewhere.add(address)

    def _refused(self, address: str, error: PhospheneError) -> None:
        with self._lock:
            self.counts.refused += 1
        if self._desk.ended:
            return
        self._answers.repeat("/scene" if address == "/scene" else to_path(address))
        self._tell(address, f"OSC: {error}")

    def _tell(self, what: str, text: str) -> None:
        """Warns, once for each `what`; of a flood of unknown names the first are enough."""
        if what not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(what)
            log.warning("%s", text)


def pressed(arguments: tuple[Any, ...]) -> bool:
    """Whether a button went down: without an argument, or with one that is not zero or false."""
    return not arguments or arguments[0] is None or bool(arguments[0])


def _nothing() -> None:
    """A button that comes up, or nobody to answer."""
