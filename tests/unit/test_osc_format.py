"""OSC packets: what python-osc writes is read, what we write python-osc reads, and garbage is refused."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest
from phosphene.engine.control import osc_format
from phosphene.engine.control.osc_format import BUNDLE, IMMEDIATELY, Message, NotOsc
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket


def built(address: str, *arguments: object, kind: str | None = None) -> OscMessageBuilder:
    """A message of python-osc."""
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument, kind)
    return builder


def reread(packet: bytes) -> list[tuple[str, list[object]]]:
    """What python-osc reads."""
    return [(timed.message.address, timed.message.params) for timed in OscPacket(packet).messages]


def test_messages_of_another_library_are_read() -> None:
    arguments = (1, 0.5, "word", True, False, b"blob!", [1, "two"])
    packet = built("/a/b", *arguments).build().dgram
    assert osc_format.read(packet) == [Message("/a/b", arguments)]
    assert osc_format.read(built("/d", 0.1, kind="d").build().dgram) == [Message("/d", (0.1,))]
    assert osc_format.read(built("/r", 0x12345678, kind="r").build().dgram) == [Message("/r", ("#12345678",))]
    assert osc_format.read(b"/press\0\0") == [Message("/press", ())]
    assert osc_format.read(b"/press\0\0,I\0\0") == [Message("/press", (None,))]


def test_bundles_within_bundles_are_read_in_order() -> None:
    inner, outer = OscBundleBuilder(0), OscBundleBuilder(0)
    inner.add_content(built("/second", 2).build())
    outer.add_content(built("/first", 1).build())
    outer.add_content(inner.build())
    outer.add_content(built("/third", 3).build())
    assert [m.address for m in osc_format.read(outer.build().dgram)] == ["/first", "/second", "/third"]


def test_what_we_write_another_library_reads() -> None:
    written = osc_format.message("/x/y", 7, 0.25, "Grün", True, False, None, b"\x01\x02\x03\x04\x05", 2**40)
    assert reread(written) == [("/x/y", [7, 0.25, "Grün", True, False, None, b"\x01\x02\x03\x04\x05", 2**40])]
    points = np.arange(6, dtype=np.float32).reshape(2, 3)
    packets = list(osc_format.bundles([written, osc_format.floats("/points", points)]))
    assert len(packets) == 1
    assert reread(packets[0])[1] == ("/points", [0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    with pytest.raises(TypeError):
        osc_format.message("/x", object())


def test_bundles_stay_below_their_size_and_lose_nothing() -> None:
    messages = [osc_format.message(f"/number/{n}", n) for n in range(200)]
    packets = list(osc_format.bundles(messages, 500))
    assert max(map(len, packets)) <= 500
    assert [found for packet in packets for found in reread(packet)] == [(f"/number/{n}", [n]) for n in range(200)]
    large = osc_format.floats("/large", np.zeros(1000))
    assert [len(osc_format.read(p)) for p in osc_format.bundles([messages[0], large, messages[1]], 500)] == [1, 1, 1]


@pytest.mark.parametrize(
    "garbage",
    [
        b"", b"/", b"/abc", b"hello", b"\0" * 16, b"/a\0\0,f\0\0", b"/a\0\0,s\0\0abcd", b"/a\0\0,b\0\0\0\0\xff\xff",
        b"/a\0\0,[i\0\0\0\0\1", b"/a\0\0,]\0\0", b"/a\0\0,Q\0\0", b"/a\0\0nope", b"/\xff\xff\0,\0\0\0", BUNDLE,
        IMMEDIATELY + b"\0\0\1\0/a\0\0", IMMEDIATELY + b"\0\0\0\0", b"/a\0\0,[[[[[[[[[[[[\0\0\0",
    ],
)  # fmt: skip
def test_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises(NotOsc):
        osc_format.read(garbage)


def test_bundles_without_an_end_are_refused() -> None:
    packet = b"/a\0\0,\0\0\0"
    for _ in range(2000):
        packet = IMMEDIATELY + struct.pack(">I", len(packet)) + packet
        if len(packet) > 60000:
            break
    with pytest.raises(NotOsc):
        osc_format.read(packet)


def test_any_damage_is_read_or_refused() -> None:
    chance = random.Random(1)
    good = osc_format.message("/person/duotone/amount", 0.5, "word", 3, True)
    bundle = next(osc_format.bundles([good, good]))
    for _ in range(3000):
        data = bytearray(chance.choice((good, bundle)))
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            osc_format.read(bytes(data[: chance.randint(0, len(data))]))
        except NotOsc:
            continue
