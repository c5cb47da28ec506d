"""The same over a Ray cluster; files and models must be where every worker finds them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...core.errors import UsageError
from .one import Task

Row = dict[str, Any]
IN_FLIGHT_PER_CPU = 4  # tasks handed out ahead, so that a folder of thousands does not fill the scheduler


def spread_on_ray(work: Callable[[Task], Row], tasks: Sequence[Task]) -> Iterator[tuple[int, Row]]:
    """(number, row) of each task as it is done, on the cluster of $RAY_ADDRESS, else on this machine.

    Raises UsageError where Ray is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray would report to its makers; nothing leaves this machine
    try:
        import ray
    except ImportError:
        raise UsageError("--on ray needs Ray", hint="pip install 'phosphene[ray]'") from None
    begun = not ray.is_initialized()
    if begun:
        ray.init(log_to_driver=False, include_dashboard=False)
    try:
        remote = ray.remote(num_cpus=1, max_retries=1)(work)
        ahead = max(2, int(IN_FLIGHT_PER_CPU * ray.cluster_resources().get("CPU", 1)))
        waiting = iter(range(len(tasks)))
        running: dict[Any, int] = {}
        for number in waiting:
            running[remote.remote(tasks[number])] = number
            if len(running) >= ahead:
                break
        while running:
            (done,), _ = ray.wait(list(running), num_returns=1)
            number = running.pop(done)
            try:
                row = ray.get(done)
            except ray.exceptions.RayError as error:
                first = str(error).strip().splitlines()[0]
                row = {"file": tasks[number].name, "status": "error", "reason": f"the worker died: {first}"}
            yield number, row
            following = next(waiting, None)
            if following is not None:
                running[remote.remote(tasks[following])] = following
    finally:
        if begun:
            ray.shutdown()
