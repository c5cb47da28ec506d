"""The one protocol of everything that gives frames."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from ..core.frame import Frame


class Source(Protocol):
    """Gives frames, one after another. A class of one's own derives from it, or has the same attributes and methods.

    `size`: (width, height) of the frames, known from the beginning; `fps`: nominal rate, None where unknown;
    `frame_count`: how many frames will come, None where unknown; `endless`: they never end by themselves; `live`: they
    arrive by the wall clock (a camera), so that late ones may be dropped. One whose images last unevenly also has
    `end_s`: when the last of them ends, None while that is not known. One with sound has `audio_path`, its file.

    A show opens a source in its main thread and reads it in the thread `capture`, one call at a time. `close` comes
    from the main thread when no `read` is at work any more, except where one hangs. What `read` raises ends a show, but
    for that of a `live` source, which is asked again 0.3 s later while a slate is shown.
    """

    size: tuple[int, int]
    fps: float | None = None
    frame_count: int | None = None
    endless: bool = False
    live: bool = False

    @abstractmethod
    def read(self) -> Frame | None:
        """The next frame, or None at the end. Blocks until it is there. Raises SourceError where it cannot be read.

        Ids count from 0 without gaps, times rise in seconds from the first frame on; pixels are never written to again.
        A frame of another size is scaled to fill `size`.
        """

    def close(self) -> None:
        """Releases the device or file; harmless when called twice."""
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@runtime_checkable
class ReadsFiles(Protocol):
    """A source that reads files, from the begin or later: `files`, none of which an output may touch."""

    files: Sequence[Path]
