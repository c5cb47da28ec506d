"""How a fetch shows itself: a bar on a terminal, one plain line a model elsewhere; on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .downloads import Progress


@contextmanager
def console_progress() -> Iterator[Progress]:
    """Shows progress on standard error while the block runs; yields `progress(what, done_bytes, total_bytes)`."""
    if sys.stderr.isatty():
        with _bars() as progress:
            yield progress
    else:
        yield _lines()


def _lines() -> Progress:
    seen: set[str] = set()

    def progress(what: str, done: int, total: int) -> None:  # noqa: ARG001 (only the start is reported)
        if what not in seen:
            seen.add(what)
            size = f" ({total / 1e6:.1f} MB)" if total else ""
            print(f"fetching {what}{size}", file=sys.stderr, flush=True)

    return progress


@contextmanager
def _bars() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True)) as bars:
        tasks = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(f"fetching {what}", total=total or None)
            bars.update(tasks[what], completed=done, total=total or None)

        yield progress
