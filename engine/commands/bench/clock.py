"""Clocks: wall time and CPU time of blocks, of single threads, and the machine's own words for what it is."""

from __future__ import annotations

import os
import platform
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Cost:
    """What one frame of something costs: `wall_ms`, and `cpu_ms` of all threads of this process together."""

    wall_ms: float
    cpu_ms: float


def cost(step: Callable[[], object], count: int, warm: int = 3) -> Cost:
    """The mean cost of `step` over `count` calls, after `warm` calls that are not counted."""
    for _ in range(warm):
        step()
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        step()
    return Cost((time.perf_counter() - wall) * 1e3 / count, (time.process_time() - cpu) * 1e3 / count)


def thread_cpu() -> dict[str, float]:
    """CPU seconds so far of each Python thread by its name; empty where the system does not say."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return {}
    seconds: dict[str, float] = {}
    for thread in threading.enumerate():
        if thread.ident is not None and thread.is_alive():
            clock = time.pthread_getcpuclockid(thread.ident)
            seconds[thread.name] = seconds.get(thread.name, 0.0) + time.clock_gettime(clock)
    return seconds


def machine_busy_s() -> float | None:
    """Seconds that the machine's cores have worked so far, for whomever; None where the system does not say."""
    try:
        words = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()
    except OSError:
        return None
    user, nice, system, _idle, _waiting, irq, soft, *rest = (int(w) for w in words[1:])
    return (user + nice + system + irq + soft + sum(rest[:1])) / float(os.sysconf("SC_CLK_TCK"))


class Others:
    """How many cores other programs kept busy since this was made: the noise in a measurement."""

    def __init__(self) -> None:
        self._begin = time.perf_counter(), time.process_time(), machine_busy_s()

    def cores(self) -> float | None:
        """Cores, on average; None where the system does not say."""
        wall, own, busy = self._begin
        now = machine_busy_s()
        if now is None or busy is None:
            return None
        return max(0.0, (now - busy - (time.process_time() - own)) / max(time.perf_counter() - wall, 1e-6))


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine(gl_renderer: str) -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "cpu": cpu_name(),
        "cores": cores(),
        "gl": gl_renderer,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "mediapipe": installed("mediapipe"),
        "opencv": installed("opencv-contrib-python"),
    }


def cpu_name() -> str:
    """The processor's name as it gives it itself."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        return platform.processor() or platform.machine()
    return platform.processor() or platform.machine()


def installed(package: str) -> str:
    """The installed version of a package, or `-`."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"
