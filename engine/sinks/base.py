"""The one protocol of everything that takes finished frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from ..core.frame import Pixels


class Sink(Protocol):
    """Takes finished frames. A class of one's own derives from it, or has the same attributes and methods.

    `alpha` says whether the image's alpha is kept: then `write` gets straight alpha, else the colours over black.

    A show opens a sink in its main thread. `write` and then `close` come from the sink's own thread (`sink NAME`), one
    call at a time. What `write` raises ends the show; a live one goes on with its other outputs. It is not
    written to after it has failed, and is closed all the same. Images that a slow sink leaves waiting are dropped in a
    live show; else the show waits for it.
    """

    alpha: bool = False

    def write(self, image: Pixels, time_s: float) -> None:
        """Takes one image: H×W×4 uint8 sRGB in RGBA order, top row first, shown at `time_s` (seconds, rising).

        `image` belongs to the caller and may be written over after the call. Raises SinkError where it cannot be taken.
        """

    def close(self) -> None:
        """Finishes the output so that it can be used; harmless when called twice. Raises SinkError."""
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@runtime_checkable
class KeepsEnd(Protocol):
    """A sink that keeps how long the last picture is shown."""

    def end(self, time_s: float) -> None:
        """The last picture that was written ends at `time_s`; called at most once, after it and before `close`."""


@runtime_checkable
class TellsWatched(Protocol):
    """A sink that knows whether somebody looks at its pictures."""

    @property
    def watched(self) -> bool:
        """Whether somebody does at the moment."""


@runtime_checkable
class WritesFiles(Protocol):
    """A sink that writes files."""

    @property
    def files(self) -> Sequence[Path]:
        """The files that it has written, where they are now; of numbered ones the pattern."""

    def cut_short(self) -> None:
        """Says, before `close`, that there would have been more: what is not whole replaces no older file."""
