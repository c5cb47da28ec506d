"""The one protocol of everything that gives frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from ..core.frame import Frame


class Source(Protocol):
    """Gives frames, one after another.

    `size`: (width, height) of the frames; `fps`: nominal rate, or None where unknown; `frame_count`: how many frames
    will come, or None where unknown; `endless`: they never end by themselves; `live`: frames arrive by the wall clock
    (a camera), so late ones may be dropped. One whose images last unevenly also has `end_s`: when the last of them
    ends, None while that is not known.
    """

    size: tuple[int, int]
    fps: float | None
    frame_count: int | None
    endless: bool
    live: bool

    def read(self) -> Frame | None:
        """The next frame, or None at the end. Blocks until it is there. Raises SourceError where it cannot be read."""

    def close(self) -> None:
        """Releases the device or file; harmless when called twice."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@runtime_checkable
class ReadsFiles(Protocol):
    """A source that reads files, from the begin or later: `files`, none of which an output may touch."""

    files: Sequence[Path]
