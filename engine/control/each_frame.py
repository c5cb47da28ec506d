"""A thread that is told of each frame of a show, for what hands tracks to other programs; and the port it sends to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable

from ..core.closing import Closing
from ..core.errors import ControlError
from ..core.observation import Observation
from .desk import Desk

LOOK_S = 0.1  # until it is seen that the show has ended
_END_S = 5.0


class EachFrame(Closing):
    """Calls `send` in a thread called `name` with what is known of each frame, as far as the thread keeps up.

    A frame is never sent twice, nor an old one after a newer one.
    """

    def __init__(self, name: str, desk: Desk, send: Callable[[Observation], None]) -> None:
        self._desk, self._send = desk, send
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        number, last = 0, None
        while not (self._end.is_set() or self._desk.ended):
            snapshot = self._desk.look(number, LOOK_S)
            if snapshot.number == number:
                continue
            number, observation = snapshot.number, snapshot.observation
            if observation is not None and observation is not last:
                last = observation
                self._send(observation)

    def close(self) -> None:
        """Ends the thread after what it sends."""
        self._end.set()
        self._thread.join(_END_S)


class UdpSender(Closing):
    """Sends datagrams to `HOST:PORT`. What the network does not take is lost. Raises ControlError."""

    def __init__(self, host: str, port: int, option: str) -> None:
        try:
            family, kind, protocol, _, to = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        except OSError as error:
            raise ControlError(
                f"{option}: '{host}' is not found ({error.strerror})", hint=f"write {option} 127.0.0.1:{port}"
            ) from error
        self._to = to
        self._socket = socket.socket(family, kind, protocol)
        self._socket.setblocking(False)

    def send(self, packets: Iterable[bytes]) -> None:
        """Sends them in order."""
        for packet in packets:
            try:
                self._socket.sendto(packet, self._to)
            except OSError:
                return  # nobody listens there yet, or too much waits: the next frame follows

    def close(self) -> None:
        """Releases the port that it sent from."""
        self._socket.close()
