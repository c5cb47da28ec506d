"""What a show is made with, beside its scene, its source and its sinks: plain values, and the parts it may have."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..audio.tapped import TappedBeat
from .stats import Stats
from .timeouts import Timeouts

if TYPE_CHECKING:
    from ..audio.base import Recordable, Sound
    from ..effect.effect import Effect
    from ..sources.layer_input import LayerInputSource
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
class ObservedInputs:
    """What is observed beside the frames and the trackers.

    `sound` is what the scenes follow. `recorded_sound` is what a written video gets; it learns when each frame was
    captured. `layer_inputs` are the inputs of single layers by name. `held_keys` says which keys are down, and `mouse`
    where the mouse is. `control` applies the changes of parameters that wait. `tapped` is the beat by hand, which
    counts instead of the sound's.
    """

    sound: Sound | None = None
    recorded_sound: Recordable | None = None
    layer_inputs: Mapping[str, LayerInputSource] = field(default_factory=dict)
    held_keys: Callable[[], Collection[str]] = frozenset
    mouse: Callable[[], Mapping[str, float]] = dict
    control: Callable[[], None] | None = None
    tapped: TappedBeat = field(default_factory=TappedBeat)


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
