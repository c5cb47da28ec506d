"""The one protocol of everything that looks at frames."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable

from ..core.frame import Frame


class Tracker(Protocol):
    """Looks at frames in rising order of time and says what it sees. Used from one thread."""

    def track(self, frame: Frame) -> Any:
        """What is known of `frame` (Faces, Poses, Mask…); the result carries the frame's id. Raises TrackerError."""

    def close(self) -> None:
        """Releases the model; harmless when called twice."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@runtime_checkable
class DetectsAhead(Protocol):
    """A tracker that can begin with a frame while it is still at work on the one before."""

    def detect_ahead(self, frame: Frame) -> Any:
        """What can be found in `frame` whatever was seen before it. Used from one thread, but not that of `track`."""

    def track_after(self, frame: Frame, detected: Any) -> Any:
        """As `track`, where `detected` is what `detect_ahead` found in `frame`, or None."""


@runtime_checkable
class TakesUpstream(Protocol):
    """A tracker that another one's results suffice for."""

    def follow(self, frame: Frame, found: Any) -> Any:
        """As `track`, from what the other one found in `frame`; None where that is nothing."""
