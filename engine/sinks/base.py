"""The one protocol of everything that takes finished frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from ..core.frame import Pixels


class Sink(Protocol):
    """Takes finished frames.

    `alpha` says whether the image's alpha is kept (then `write` gets straight, not premultiplied, alpha).
    """

    alpha: bool

    def write(self, image: Pixels, time_s: float) -> None:
        """Takes one image: H×W×4 uint8 sRGB in RGBA order, top row first, shown at `time_s` (rising).

        `image` belongs to the caller and may be overwritten after the call. Raises SinkError where it cannot be taken.
        """

    def close(self) -> None:
        """Finishes the output so that it can be used; harmless when called twice."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@runtime_checkable
class KeepsEnd(Protocol):
    """A sink that keeps how long the last image is shown."""

    def end(self, time_s: float) -> None:
        """The last image that was written ends at `time_s`; called at most once, after it and before `close`."""


@runtime_checkable
class ReportsWatched(Protocol):
    """A sink that knows whether somebody looks at its images."""

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
