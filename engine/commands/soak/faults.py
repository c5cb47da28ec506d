"""What goes wrong and when: a schedule from a seed, and the clock that says which fault is on."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

# What can go wrong, in words, and whether the log must name it. What is only slow is no error: it costs frames.
KINDS: dict[str, tuple[str, bool]] = {
    "source.stalls": ("the camera gives nothing and does not say so", True),
    "source.dies": ("the camera is unplugged and comes back", True),
    "source.resizes": ("the camera delivers another size", True),
    "source.slows": ("the camera delivers a third of its frames", False),
    "tracker.raises": ("every tracker raises", True),
    "tracker.hangs": ("every tracker hangs", True),
    "tracker.slows": ("every tracker takes a quarter of a second longer", False),
    "effect.raises": ("an effect raises, and is mended afterwards", True),
    "gpu.lost": ("the graphics card is reset", True),
    "sink.blocks": ("an output takes nothing", False),
    "sink.dies": ("an output fails for good", True),
}
ONCE = ("sink.dies",)  # what is dead does not die again


@dataclass(slots=True)
class Fault:
    """One fault, `seconds` long from `at_s` on; `number` stands in the message of what it raises."""

    number: int
    kind: str
    at_s: float
    seconds: float
    met: bool = False  # something ran into it
    named: int = 0  # how often the log did
    back_s: float | None = None  # how long after its end the next frame was drawn

    @property
    def message(self) -> str:
        """What is raised where it makes something fail."""
        return f"fault {self.number}: {KINDS[self.kind][0]}"

    @property
    def end_s(self) -> float:
        """When it is over."""
        return self.at_s + self.seconds


@dataclass(slots=True)
class Clock:
    """The time since the first frame, and which faults are on. Used from every thread of the show."""

    faults: Sequence[Fault]
    ended: threading.Event = field(default_factory=threading.Event)
    _begin_s: float | None = None

    def begin(self) -> None:
        """The show has drawn its first frame: time runs."""
        if self._begin_s is None:
            self._begin_s = time.perf_counter()

    @property
    def now_s(self) -> float:
        """Seconds since `begin`; 0 before it."""
        return 0.0 if self._begin_s is None else time.perf_counter() - self._begin_s

    def on(self, kind: str) -> Fault | None:
        """The fault of this kind that is on, which counts as met from now on."""
        now = self.now_s
        for fault in self.faults:
            if fault.kind == kind and fault.at_s <= now < fault.end_s:
                fault.met = True
                return fault
        return None

    def wait_out(self, fault: Fault) -> None:
        """Blocks until the fault, or the whole show, is over. One that is reported only after some time goes on
        until it is, for as long again at most: a busy machine may be late to begin it, and to see it."""
        self.ended.wait(max(0.0, fault.end_s - self.now_s))
        while KINDS[fault.kind][1] and not fault.named and self.now_s < fault.end_s + fault.seconds:
            if self.ended.wait(0.02):
                return


def schedule(
    seconds: float, seed: int, *, kinds: Sequence[str] = tuple(KINDS), fault_s: float = 3.0, calm_s: float = 3.0
) -> list[Fault]:
    """One fault after another, each `fault_s` long with `calm_s` before it, until `seconds` are full; ends calm.

    Every kind comes once before any comes again, each time in another order; the same seed gives the same faults.
    """
    order = random.Random(seed)
    faults: list[Fault] = []
    hat: list[str] = []
    begin_s = calm_s
    while begin_s + fault_s + calm_s <= seconds:
        if not hat:
            gone = {fault.kind for fault in faults if fault.kind in ONCE}
            hat = order.sample(kinds, len(kinds))
            hat = [kind for kind in hat if kind not in gone]
            if not hat:
                break
            if faults and hat[-1] == faults[-1].kind:
                hat.reverse()  # twice in a row would be one fault to those who name it
        faults.append(Fault(len(faults) + 1, hat.pop(), round(begin_s, 3), fault_s))
        begin_s += fault_s + calm_s
    return faults
