"""The `with` statement of every sink."""

from __future__ import annotations

from types import TracebackType
from typing import Self


class Closing:
    """`with` for whatever has `close()`."""

    def close(self) -> None:
        """Finishes the output; harmless when called twice."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
