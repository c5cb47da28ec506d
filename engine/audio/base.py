"""What sound is to the engine: the protocols and the rates. The room's files build on this one.

Sound shares the frames' clock: second 0 is the first frame. It is mono, 48000 samples a second, float32 from -1 to 1.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

from ..core.closing import Closing

if TYPE_CHECKING:
    from ..core.frame import Floats


KEPT_S = 20.0  # how far back `block` may reach at least, in every kind of sound


class Sound(Protocol):
    """Gives sound for moments of the frames' clock; `live` says that it arrives by the wall clock.

    Used by one thread at a time.
    """

    live: bool

    def block(self, time_s: float, seconds: float) -> Floats:
        """The `seconds` of sound that end at `time_s`: float32 mono, round(seconds · RATE) samples, silence where there
        is none. Blocks one after another join without a gap. A file gives the same for the same times."""

    def close(self) -> None:
        """Releases the file or device; harmless when called twice."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Shared(Closing):
    """One sound for several threads: they take turns."""

    def __init__(self, sound: Sound) -> None:
        self._sound, self._turn = sound, threading.Lock()
        self.live = sound.live

    def block(self, time_s: float, seconds: float) -> Floats:
        """See Sound."""
        with self._turn:
            return self._sound.block(time_s, seconds)

    def close(self) -> None:
        """Closes the sound itself."""
        with self._turn:
            self._sound.close()


@runtime_checkable
class Recordable(Protocol):
    """A sound that arrives by the wall clock, as a recording takes it along; its samples are counted from the first."""

    rate: int  # samples a second, as the device claims

    def frame_drawn(self, time_s: float, moment_s: float) -> None:
        """The image at `time_s` of the frames' clock was taken at `moment_s` of time.perf_counter."""

    @property
    def newest_s(self) -> float | None:
        """How far the sound has come, on the frames' clock; None before the first sample or image."""

    def place(self, time_s: float) -> float | None:
        """The number of the sample that belongs to `time_s`, with fractions; None before any sample or image."""

    def between(self, begin: float, end: float, count: int) -> Floats:
        """`count` samples, float32 mono, evenly from sample `begin` up to `end`; silence where there are none."""
