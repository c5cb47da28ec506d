"""The `with` statement of everything that has `close`: sources, sinks, trackers, players."""

from __future__ import annotations

from types import TracebackType
from typing import Self


class Closing:
    """`with` for whatever has `close()`."""

    def close(self) -> None:
        """Finishes and releases what is held; harmless when called twice."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
