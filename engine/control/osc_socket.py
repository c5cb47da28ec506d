"""A UDP port whose datagrams are read many at once.

Each read of a socket gives the interpreter's lock away and has to wait for it again, which is long beside a show that
draws. Linux hands out hundreds of datagrams in one call (recvmmsg); elsewhere the system keeps more of them waiting.
"""

from __future__ import annotations

import ctypes
import ipaddress
import mmap
import select
import socket
import struct
import sys
from contextlib import suppress

from ..core.closing import Closing
from ..core.errors import ControlError

Sender = tuple[str, int]
Datagram = tuple[bytes, Sender]
AT_ONCE, LARGEST = 256, 65536
KEPT_BYTES = 4 << 20  # that the system is asked to keep while nobody reads
LOOPBACK = "127.0.0.1"


def endpoint(text: str, option: str, host: str = LOOPBACK) -> tuple[str, int]:
    """The host and the port that `PORT` or `HOST:PORT` name. Raises ControlError, which names `option`."""
    name, colon, port = text.strip().rpartition(":")
    name = name.removeprefix("[").removesuffix("]")
    if not (port.isascii() and port.isdecimal() and int(port) < 65536) or (colon and not name):
        raise ControlError(f"{option} {text}: expected a port", hint=f"write {option} 9000, or {option} HOST:9000")
    return name or host, int(port)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens at `host`."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def open_port(host: str, port: int, option: str) -> socket.socket:
    """A UDP socket that listens there. Raises ControlError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE
        )[0]
        made = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ControlError(
            f"{option}: '{host}' is no address of this machine ({error.strerror})", hint=f"write {option} {port}"
        ) from error
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KEPT_BYTES)
        made.bind(address)
        made.setblocking(False)
    except OSError as error:
        made.close()
        raise ControlError(
            f"{option}: port {port} of {host} cannot be used ({error.strerror})",
            hint=f"another program may have it: use another port, {option} {min(port + 1, 65535)}",
        ) from error
    return made


class Datagrams(Closing):
    """The datagrams that come to a UDP port. `port` is its number, also where 0 asked for a free one.

    `wait` and `send` belong to one thread each. Raises ControlError.
    """

    def __init__(self, host: str, port: int, option: str) -> None:
        self._socket = open_port(host, port, option)
        self.host, self.port = host, int(self._socket.getsockname()[1])
        self._bell, self._ringer = socket.socketpair()
        self._ringer.setblocking(False)
        self._ended = False
        self._many = _Many(self._socket) if _Many.works_for(self._socket) else None

    def wait(self, timeout_s: float | None = None) -> list[Datagram] | None:
        """Waits until something comes, `timeout_s` seconds at most; returns all that is there, up to a few hundred.

        None once `ring` was called.
        """
        ready, _, _ = select.select([self._socket, self._bell], [], [], timeout_s)
        if self._ended:
            return None
        if self._bell in ready:
            self._bell.recv(LARGEST)
        return self._read()

    def rest(self, time_s: float) -> None:
        """Lets datagrams gather for `time_s` seconds, or until `ring` is called."""
        select.select([self._bell], [], [], time_s)

    def _read(self) -> list[Datagram]:
        if self._many is not None:
            return self._many.read()
        found: list[Datagram] = []
        while len(found) < AT_ONCE:
            try:
                data, sender = self._socket.recvfrom(LARGEST)
            except BlockingIOError:
                break
            except ConnectionError:  # Windows: somebody to whom we answered has gone
                continue
            found.append((data, sender[:2]))
        return found

    def send(self, data: bytes, to: Sender) -> None:
        """Sends one datagram; what the network does not take is lost, as it is with UDP."""
        try:
            self._socket.sendto(data, to)
        except OSError:
            return  # the receiver has gone, or too much waits: a newer value follows

    def wake(self) -> None:
        """Lets `wait` return at once; for any thread."""
        with suppress(BlockingIOError):  # it rings already
            self._ringer.send(b"x")

    def ring(self) -> None:
        """Lets `wait` return None from now on; for any thread."""
        self._ended = True
        self.wake()

    def close(self) -> None:
        """Releases the port, once nobody waits any more."""
        for one in (self._socket, self._bell, self._ringer):
            one.close()


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Header(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.POINTER(_Vector)),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Received(ctypes.Structure):
    _fields_ = (("header", _Header), ("length", ctypes.c_uint))


class _Many:
    """recvmmsg of Linux, for IPv4."""

    NAME = 16  # bytes of a sender's address: family, port, IPv4 address, and nothing more

    @staticmethod
    def works_for(port: socket.socket) -> bool:
        return sys.platform.startswith("linux") and port.family == socket.AF_INET

    def __init__(self, port: socket.socket) -> None:
        self._descriptor = port.fileno()
        self._call = ctypes.CDLL(None, use_errno=True).recvmmsg
        self._memory = mmap.mmap(-1, AT_ONCE * LARGEST)  # pages are taken when they are first written to
        self._names = ctypes.create_string_buffer(AT_ONCE * self.NAME)
        begin = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        self._vectors = (_Vector * AT_ONCE)()
        self._received = (_Received * AT_ONCE)()
        for number, (vector, received) in enumerate(zip(self._vectors, self._received, strict=True)):
            vector.base, vector.length = begin + number * LARGEST, LARGEST
            received.header.name = ctypes.addressof(self._names) + number * self.NAME
            received.header.name_length = self.NAME
            received.header.vectors, received.header.vector_count = ctypes.pointer(vector), 1

    def read(self) -> list[Datagram]:
        count = self._call(self._descriptor, self._received, AT_ONCE, socket.MSG_DONTWAIT, None)
        found: list[Datagram] = []
        for number in range(max(count, 0)):  # below 0: nothing is there after all
            begin = number * LARGEST
            port, address = struct.unpack_from("!2xH4s", self._names, number * self.NAME)
            received = self._received[number]
            received.header.name_length = self.NAME
            data = self._memory[begin : begin + received.length]
            found.append((data, (socket.inet_ntoa(address), port)))
        return found
