"""OSC 1.0 packets from bytes and into bytes: messages, and bundles of them. It knows no network.

Source of the format: The Open Sound Control 1.0 Specification, with the types that 1.1 adds.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

BUNDLE = b"#bundle\0"
IMMEDIATELY = BUNDLE + struct.pack(">Q", 1)
DEEPEST = 8  # bundles within bundles
MTU_BYTES = 1400  # of a datagram that no network takes apart


class Message(NamedTuple):
    """One message: the `address`, and its arguments as Python has them.

    Numbers, texts, bytes, True, False and None stand for themselves. A colour is `#rrggbbaa`; an array is a list.
    """

    address: str
    arguments: tuple[Any, ...]


class NotOsc(Exception):  # noqa: N818 (reads as what it is)
    """Bytes that are no OSC packet."""


def read(packet: bytes) -> list[Message]:
    """The messages of one packet in their order, those of nested bundles included. Time tags are not heeded.

    Raises NotOsc.
    """
    try:
        return list(_packet(packet, 0))
    except (struct.error, UnicodeDecodeError, ValueError, IndexError) as error:
        raise NotOsc(str(error)) from None


def _packet(packet: bytes, depth: int) -> Iterator[Message]:
    if packet.startswith(b"/"):
        yield _message(packet)
    elif packet.startswith(BUNDLE) and depth < DEEPEST:
        at = len(IMMEDIATELY)
        if len(packet) < at:
            raise NotOsc("a bundle without a time tag")
        while at < len(packet):
            (size,) = struct.unpack_from(">I", packet, at)
            part = packet[at + 4 : at + 4 + size]
            if len(part) != size or not size:
                raise NotOsc("a bundle that is cut off")
            yield from _packet(part, depth + 1)
            at += 4 + size
    else:
        raise NotOsc("it begins neither as a message nor as a bundle")


def _text(packet: bytes, at: int) -> tuple[str, int]:
    end = packet.index(b"\0", at)
    return packet[at:end].decode("utf-8"), (end & ~3) + 4


def _blob(packet: bytes, at: int) -> tuple[bytes, int]:
    (size,) = struct.unpack_from(">I", packet, at)
    found = packet[at + 4 : at + 4 + size]
    if len(found) != size:
        raise NotOsc("a blob that is cut off")
    return found, at + 4 + ((size + 3) & ~3)


def _number(layout: str) -> Callable[[bytes, int], tuple[Any, int]]:
    packed = struct.Struct(layout)

    def take(packet: bytes, at: int) -> tuple[Any, int]:
        return packed.unpack_from(packet, at)[0], at + packed.size

    return take


def _colour(packet: bytes, at: int) -> tuple[str, int]:
    if len(packet) < at + 4:
        raise NotOsc("a colour that is cut off")
    return f"#{packet[at : at + 4].hex()}", at + 4


def _letter(packet: bytes, at: int) -> tuple[str, int]:
    return chr(packet[at + 3]), at + 4


_TYPES: dict[str, Callable[[bytes, int], tuple[Any, int]]] = {
    "f": _number(">f"), "i": _number(">i"), "d": _number(">d"), "h": _number(">q"), "t": _number(">Q"),
    "s": _text, "S": _text, "b": _blob, "r": _colour, "c": _letter, "m": _number(">I"),
}  # fmt: skip
_WORDS = {"T": True, "F": False, "N": None, "I": None}  # these have no bytes of their own


def _message(packet: bytes) -> Message:
    address, at = _text(packet, 0)
    if at >= len(packet):
        return Message(address, ())  # some old senders leave the type tags out where there are no arguments
    tags, at = _text(packet, at)
    if not tags.startswith(","):
        raise NotOsc("the type tags do not begin with a comma")
    stack: list[list[Any]] = [[]]
    for tag in tags[1:]:
        if tag in _TYPES:
            value, at = _TYPES[tag](packet, at)
            stack[-1].append(value)
        elif tag in _WORDS:
            stack[-1].append(_WORDS[tag])
        elif tag == "[" and len(stack) < DEEPEST:
            stack.append([])
        elif tag == "]" and len(stack) > 1:
            whole = stack.pop()
            stack[-1].append(whole)
        else:
            raise NotOsc(f"the type tag '{tag}' is not known here")
    if len(stack) > 1:
        raise NotOsc("an array without its end")
    if at > len(packet):
        raise NotOsc("a message that is cut off")
    return Message(address, tuple(stack[0]))


# Into bytes


def padded(text: str) -> bytes:
    """`text` as OSC writes it: ended by a zero byte, and filled up to a multiple of four."""
    data = text.encode("utf-8").replace(b"\0", b"")
    return data + b"\0" * (4 - len(data) % 4)


def message(address: str, *arguments: Any) -> bytes:
    """One message. `arguments`: bool (T, F), int (i, or h where it is large), float (f), str (s), bytes (b), None (N).

    Raises TypeError for another kind.
    """
    tags, data = ",", b""
    for value in arguments:
        tag, part = _written(value)
        tags += tag
        data += part
    return padded(address) + padded(tags) + data


def _written(value: Any) -> tuple[str, bytes]:
    if value is None:
        return "N", b""
    if isinstance(value, bool):
        return "T" if value else "F", b""
    if isinstance(value, int):
        return ("i", struct.pack(">i", value)) if -(2**31) <= value < 2**31 else ("h", struct.pack(">q", value))
    if isinstance(value, float):
        return "f", struct.pack(">f", min(max(value, -3.4e38), 3.4e38))
    if isinstance(value, str):
        return "s", padded(value)
    if isinstance(value, bytes):
        return "b", struct.pack(">I", len(value)) + value + b"\0" * (-len(value) % 4)
    raise TypeError(f"OSC has no type for {type(value).__name__}")


def floats(address: str, values: NDArray[Any] | Sequence[float]) -> bytes:
    """One message of many numbers, such as points one after another."""
    flat = np.ascontiguousarray(values, ">f4").ravel()
    return padded(address) + padded("," + "f" * flat.size) + flat.tobytes()


def bundles(messages: Iterable[bytes], most_bytes: int = MTU_BYTES) -> Iterator[bytes]:
    """The messages in as few bundles as fit `most_bytes` each, in order; a larger message has one of its own."""
    parts, size = [IMMEDIATELY], len(IMMEDIATELY)
    for one in messages:
        if len(parts) > 1 and size + 4 + len(one) > most_bytes:
            yield b"".join(parts)
            parts, size = [IMMEDIATELY], len(IMMEDIATELY)
        parts += (len(one).to_bytes(4, "big"), one)
        size += 4 + len(one)
    if len(parts) > 1:
        yield b"".join(parts)
