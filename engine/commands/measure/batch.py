"""Many tasks, one after another or on several workers: results as they come, written down so that a stop loses none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ...core.errors import SinkError, UsageError
from ...core.files.stamp import stamp
from ...core.paths import is_file, named
from .one import Task, measure

Row = dict[str, Any]
PLACES = ("here", "ray")


class Journal:
    """Rows as JSON lines in a file beside the table, each written when it is known; read back after a stop."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, tasks: Sequence[Task]) -> dict[str, Row]:
        """The rows of tasks with the same values, by key; those that failed are left out and tried again."""
        found: dict[str, Row] = {}
        if not is_file(self.path):
            return found
        wanted = {key(task) for task in tasks}
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # the line that was being written when it was stopped
            if isinstance(entry, dict) and entry.get("key") in wanted and entry["row"].get("status") != "error":
                found[entry["key"]] = entry["row"]
        return found

    def add(self, task: Task, row: Row) -> None:
        """Writes one row down. Raises SinkError."""
        try:
            with self.path.open("a", encoding="utf-8") as file:
                # In ASCII: a file's name may hold halves of characters, which UTF-8 may not.
                file.write(json.dumps({"key": key(task), "row": row}) + "\n")
        except OSError as error:
            raise SinkError(f"cannot be written: {error.strerror}", where=str(self.path)) from None

    def clear(self) -> None:
        """Forgets it, as the table is whole."""
        self.path.unlink(missing_ok=True)


def key(task: Task) -> str:
    """What distinguishes a task from another: its files with their age, and every value that was given."""
    stamps = []
    for file in task.files:
        stamps.append(_age(named(file)))
    return json.dumps([asdict(replace(task, values=dict(task.values))), stamps], sort_keys=True, default=str)


def _age(path: Path) -> int:
    """When a file was saved; 0 for one that is not there or may not be looked at, which its row says."""
    found = stamp(path)
    return found.saved_ns if found is not None and path.is_file() else 0


def run(
    tasks: Sequence[Task],
    *,
    journal: Journal | None = None,
    on: str = "here",
    workers: int = 1,
    progress: Callable[[int, int, Row], None] | None = None,
    work: Callable[[Task], Row] = measure,
) -> list[Row]:
    """The rows of `tasks` in their order; those in the journal are not measured again. Raises UsageError, SinkError."""
    known: Mapping[str, Row] = journal.read(tasks) if journal else {}
    rows: dict[int, Row] = {i: known[k] for i, task in enumerate(tasks) if (k := key(task)) in known}
    left = [i for i in range(len(tasks)) if i not in rows]
    for number, row in spread(work, [tasks[i] for i in left], on, workers):
        at = left[number]
        rows[at] = row
        if journal:
            journal.add(tasks[at], row)
        if progress is not None:
            progress(len(rows), len(tasks), row)
    return [rows[i] for i in range(len(tasks))]


def spread(work: Callable[[Task], Row], tasks: Sequence[Task], on: str, workers: int) -> Iterator[tuple[int, Row]]:
    """(number, row) of each task as it is done."""
    if on == "ray":
        from .on_ray import spread_on_ray

        yield from spread_on_ray(work, tasks)
    elif on != "here":
        raise UsageError(f"unknown place '{on}'", hint="--on takes: " + ", ".join(PLACES))
    elif workers <= 1 or len(tasks) <= 1:
        for number, task in enumerate(tasks):
            yield number, work(task)
    else:
        yield from on_processes(work, tasks, workers)


def on_processes(work: Callable[[Task], Row], tasks: Sequence[Task], workers: int) -> Iterator[tuple[int, Row]]:
    """The same on several processes of this machine; what a process dies of becomes its tasks' reason."""
    import multiprocessing
    from concurrent.futures import Future, ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool

    # Fresh processes: a copy of one that has opened a model or a GL context does not work.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(tasks)), context, initializer=leave_with_parent) as pool:
        numbers: dict[Future[Row], int] = {pool.submit(work, task): i for i, task in enumerate(tasks)}
        for future in as_completed(numbers):
            number = numbers[future]
            try:
                yield number, future.result()
            except BrokenProcessPool:
                yield number, failed(tasks[number], "the process that measured it died; try --workers 1")


def leave_with_parent() -> None:
    """Ends this process when the one that began it is gone, however it went: a killed one cannot tell its workers."""
    import multiprocessing
    import os
    import threading

    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def failed(task: Task, why: str) -> Row:
    """The row of a task that could not be measured."""
    return {"file": task.name, "status": "error", "reason": why}


def counts(rows: Iterable[Row]) -> dict[str, int]:
    """How many rows have each status."""
    found = {"ok": 0, "refused": 0, "error": 0}
    for row in rows:
        found[str(row["status"])] += 1
    return found
