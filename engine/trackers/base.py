"""The one protocol of everything that looks at frames."""

from __future__ import annotations

from abc import abstractmethod
from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable

from ..core.frame import Frame


class Tracker(Protocol):
    """Looks at frames and says what it sees. A class of one's own derives from it, or has the same methods.

    It is made with its parameters as keyword arguments, those that were set; one that has some derives from
    Parametrized too. A show makes, uses and closes it in one thread of its own (`tracker NAME`), where it may wait:
    only what is drawn with its results waits for it.
    """

    @abstractmethod
    def track(self, frame: Frame) -> Any:
        """What is known of `frame`: a result with its `frame_id` (Faces, Landmarks, Detections …), None for nothing.

        Frames come in rising order of time; some may be left out. What it raises (TrackerError) is logged, and counts
        as "unknown" for this frame.
        """

    def close(self) -> None:
        """Releases the model; harmless when called twice."""
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


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
