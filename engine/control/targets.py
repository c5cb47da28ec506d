"""What a control of a device does, in one text: a parameter's address, or a scene, a preset, a morph, a cue, a step."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.errors import UsageError

if TYPE_CHECKING:
    from .desk import Desk

EXPECTED = "a parameter's address, scene:NAME, preset:NAME, morph:FIRST,SECOND, cue:NUMBER, next, previous or tap"
PLAIN = ("next", "previous", "tap")
NAMED = ("scene", "preset", "morph", "cue")


@dataclass(frozen=True, slots=True)
class Target:
    """What is done: `kind` is one of those that EXPECTED lists, `names` are what it names."""

    kind: str
    names: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Target:
        """The target that `text` says; see EXPECTED. Raises UsageError."""
        text = text.strip()
        kind, colon, rest = text.partition(":")
        if text in PLAIN:
            return cls(text)
        if not colon:
            if not text:
                raise UsageError("nothing to do is named", hint=f"give {EXPECTED}")
            return cls("parameter", (text,))
        names = tuple(part.strip() for part in rest.split(",")) if kind == "morph" else (rest.strip(),)
        if kind not in NAMED or not all(names) or len(names) != (2 if kind == "morph" else 1):
            raise UsageError(f"'{text}' is nothing that a control can do", hint=f"give {EXPECTED}")
        if kind == "cue" and not (names[0].isascii() and names[0].isdigit() and int(names[0]) > 0):
            raise UsageError(f"'{text}': expected the number of a cue, from 1")
        return cls(kind, names)

    def __str__(self) -> str:
        if self.kind == "parameter":
            return self.names[0]
        return f"{self.kind}:{','.join(self.names)}" if self.names else self.kind

    @property
    def turns(self) -> bool:
        """Whether it takes a position, as of a fader; else it is done when a button goes down."""
        return self.kind in ("parameter", "morph")

    def trigger(self, desk: Desk, over_s: float = 0.0) -> Future[Any]:
        """Does at the desk what a button does; a preset is recalled over `over_s` seconds. Not for what turns."""
        if self.kind == "scene":
            return desk.go(self.names[0])
        if self.kind == "preset":
            return desk.presets.recall(self.names[0], over_s)
        if self.kind == "cue":
            return desk.go_to_cue(int(self.names[0]) - 1)
        if self.kind == "tap":
            return desk.tap()
        return desk.step(1 if self.kind == "next" else -1)
