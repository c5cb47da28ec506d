"""From MIDI messages to moves of controls, and from a control's position back to messages (MIDI 1.0, M1-PP, 1996).

A control is written as on its device: `cc 21`, `note 36`, `program 5`, `pitch`, `pressure`; on another channel than the
first with `channel 3` after it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ...core.errors import UsageError

NUMBERED = ("cc", "note", "program")
EXPECTED = "cc 21, note 36, program 5, pitch or pressure, and channel 3 after it where it is not on channel 1"
_WRITTEN = re.compile(r"(?:(cc|note|program)\s+(\d{1,3})|(pitch|pressure))(?:\s+channel\s+(\d{1,2}))?")


@dataclass(frozen=True, slots=True, order=True)
class ControlName:
    """One control: its `kind`, its `channel` from 0, and its `number`, 0 where the kind has none."""

    kind: str
    channel: int = 0
    number: int = 0

    @classmethod
    def parse(cls, text: str) -> ControlName:
        """The control that `text` names. Raises UsageError."""
        found = _WRITTEN.fullmatch(text.strip().lower())
        number, channel = (int(found[2] or 0), int(found[4] or 1)) if found else (-1, 0)
        if not found or not 0 <= number <= 127 or not 1 <= channel <= 16:
            raise UsageError(f"'{text}' is no control of MIDI", hint=f"write {EXPECTED}")
        return cls(found[1] or found[3], channel - 1, number)

    def __str__(self) -> str:
        name = f"{self.kind} {self.number}" if self.kind in NUMBERED else self.kind
        return f"{name} channel {self.channel + 1}" if self.channel else name


@dataclass(frozen=True, slots=True)
class Move:
    """A control has been moved to `value`, of 0 to `most`."""

    control: ControlName
    value: int
    most: int = 127


def move_of(message: Sequence[int]) -> Move | None:
    """What the bytes of one whole message say; None for clocks, system messages, and whatever no control sends."""
    if not message or not 0x80 <= message[0] < 0xF0:
        return None
    kind, channel, data = message[0] & 0xF0, message[0] & 0x0F, message[1:]
    if len(data) != (1 if kind in (0xC0, 0xD0) else 2) or max(data) > 127:
        return None
    if kind == 0xB0:  # 120 to 127 are channel mode messages, such as "all notes off"
        return Move(ControlName("cc", channel, data[0]), data[1]) if data[0] < 120 else None
    if kind in (0x80, 0x90):
        return Move(ControlName("note", channel, data[0]), data[1] if kind == 0x90 else 0)
    if kind == 0xE0:
        return Move(ControlName("pitch", channel), data[1] << 7 | data[0], 16383)
    if kind == 0xC0:
        return Move(ControlName("program", channel, data[0]), 127)
    return Move(ControlName("pressure", channel), data[0]) if kind == 0xD0 else None


def bytes_for(control: ControlName, position: float, *, fine: bool = False) -> list[tuple[int, ...]]:
    """The messages that show `position`, 0 to 1, at a control; `fine` for a pair of controllers with 14 bits.

    None for kinds that show nothing.
    """
    position = min(max(position, 0.0), 1.0)
    value, wide = round(position * 127), round(position * 16383)
    if control.kind == "cc" and fine:
        status = 0xB0 | control.channel
        return [(status, control.number, wide >> 7), (status, control.number + 32, wide & 127)]
    if control.kind == "cc":
        return [(0xB0 | control.channel, control.number, value)]
    if control.kind == "note":
        return [(0x90 | control.channel, control.number, value)]
    if control.kind == "pitch":
        return [(0xE0 | control.channel, wide & 127, wide >> 7)]
    return []


# How endless knobs say by how much they were turned (as makers call them: two's complement, binary offset, signed bit).
RELATIVE = ("twos-complement", "offset", "sign-bit")


def turned(value: int, encoding: str) -> int:
    """By how many steps an endless knob was turned, clockwise above 0; `encoding` is one of RELATIVE."""
    if encoding == "twos-complement":
        return value - 128 if value >= 64 else value
    if encoding == "offset":
        return value - 64
    return 64 - value if value >= 64 else value


def guessed_encoding(values: list[int]) -> str:
    """The encoding of a knob that was turned clockwise and sent `values`; empty for one that sends its position.

    A knob with a position never sends the same one twice, an endless one that is turned slowly does little else.
    """
    twice = {one for one, other in pairwise(values) if one == other}
    return "twos-complement" if 1 in twice else "offset" if 65 in twice else ""
