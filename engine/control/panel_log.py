"""The last lines of the log, for those who see no terminal."""

from __future__ import annotations

import logging
from collections import deque
from typing import Any

LINES, LINE = 60, 600  # how many are kept, and how many letters of each


class LastLines(logging.Handler):
    """Keeps the last lines of the log of the engine until `close`. `number` rises with each line."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.number = 0
        self._lines: deque[dict[str, Any]] = deque(maxlen=LINES)
        logging.getLogger("phosphene").addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Takes one line; from the log, in any thread."""
        self._lines.append(
            {"level": record.levelname.lower(), "text": record.getMessage()[:LINE], "at": round(record.created, 1)}
        )
        self.number += 1

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines, the oldest first: `level`, `text`, and `at`, in seconds since 1970."""
        return list(self._lines)

    def close(self) -> None:
        """Takes no more."""
        logging.getLogger("phosphene").removeHandler(self)
        super().close()
