"""Measures how long the GPU takes, by queries that are read frames later."""

from __future__ import annotations

from typing import Any

from .gpu import Gpu


class GlTime:
    """Measures what a graphics card takes for what is drawn within it. In software nothing is measured: there the timer
    counts only the handing-in, and the time of the whole draw says more."""

    def __init__(self, gpu: Gpu) -> None:
        self._gpu = gpu
        self._context: Any = None
        self._query: Any = None
        self.seconds: float | None = None

    def __enter__(self) -> None:
        if self._context is not self._gpu.context:
            self._context = self._gpu.context
            self._query = None if self._gpu.software else self._context.query(time=True)
        if self._query is not None:
            self._query.__enter__()

    def __exit__(self, *error: object) -> None:
        if self._query is not None:
            self._query.__exit__(*error)
            self.seconds = self._query.elapsed * 1e-9
