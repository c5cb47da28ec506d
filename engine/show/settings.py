"""What a show is made with, beside its scene, its source and its sinks: plain values, and the parts it may have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .observing import ObservedInputs
from .stats import Stats
from .timeouts import Timeouts

if TYPE_CHECKING:
    from ..effect.effect import Effect
    from .frame_hooks import FrameHook
    from .governor import Governor
    from .hud import Hud
    from .takes.recorder import TakeRecorder
    from .takes.take import Take


@dataclass(frozen=True, slots=True)
class ShowSettings:
    """The plain values of a show.

    `live`: late frames are dropped; otherwise every frame is drawn in order. `until_s`: where the input is cut, in
    seconds of its own time. `upstream` maps a tracker to the tracker whose results it takes instead of the image.
    """

    live: bool
    until_s: float | None = None
    seed: int = 0
    upstream: Mapping[str, str] = field(default_factory=dict)
    timeouts: Timeouts = field(default_factory=Timeouts)


@dataclass(frozen=True, slots=True)
class ShowParts:
    """The parts that a show may have, and that its caller may look at.

    `take` is drawn again where given, `recorder` records one. `transition` leads from one scene into the next, None
    cuts; `transitions` are further ones by name. `hud` gives the numbers over the image in a window. `hooks` are
    called after each frame, in this order.
    """

    stats: Stats = field(default_factory=Stats)
    governor: Governor | None = None
    take: Take | None = None
    recorder: TakeRecorder | None = None
    transition: Effect | None = None
    transitions: Mapping[str, Effect] = field(default_factory=dict)
    inputs: ObservedInputs = field(default_factory=ObservedInputs)
    hud: Hud | None = None
    hooks: Sequence[FrameHook] = ()
