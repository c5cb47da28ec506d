"""The one protocol of everything that looks at frames."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Protocol, Self

from engine.data import Frame


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
