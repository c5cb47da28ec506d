"""Watches a soak: samples memory, threads, files, rate and lag once a second, reads the log, judges at the end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...show.stats import Stats, memory_mb
from .faults import KINDS, Clock, Fault
from .judge import Judge

EVERY_S = 1.0
BACK_S = 5.0  # within which frames must come again after a fault
STOOD_S = 5.0  # without a breath, and without using the processor: a sleeping laptop, a virtual machine that was held
SLACK_MB = 24.0  # that the last third may lie above the first: caches that fill, the allocator's rest
SLACK_PART = 0.06
# What the log says of a fault that raises nothing by itself.
WORDS = {
    "source.stalls": "no frame for",
    "source.resizes": "changed its size",
    "tracker.hangs": "hangs on frame",
    "gpu.lost": "graphics context was lost",
}


class LogWatcher(logging.Handler):
    """Counts for each fault how often the log named it, and keeps every message that belongs to none.

    What names no number belongs to the newest fault, or to the one before it where that has not been named yet: a busy
    machine may be late.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(logging.WARNING)
        self._clock = clock
        self.others: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Files one message."""
        text = record.getMessage()
        fault = next((f for f in self._clock.faults if f"fault {f.number}:" in text), None)
        if fault is None:
            begun = [f for f in self._clock.faults if f.at_s <= self._clock.now_s]
            may = [*begun[-1:], *(f for f in begun[-2:-1] if not f.named)]
            fault = next((f for f in may if WORDS.get(f.kind, "\0") in text), None)
        if fault is None:
            self.others.append(text)
        else:
            fault.named += 1


class Watch:
    """Samples once a second in a thread of its own until `stop`."""

    def __init__(self, clock: Clock, stats: Stats) -> None:
        self._clock, self._stats = clock, stats
        self.rows: list[dict[str, float]] = []
        self.stood: list[tuple[float, float]] = []  # from when to when the machine did
        self._thread = threading.Thread(target=self._run, name="soak watch", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Ends."""
        self._clock.ended.set()
        self._thread.join()

    def _run(self) -> None:
        frames, before, sampled_s = 0, time.perf_counter(), 0.0
        waiting, marks = list(self._clock.faults), dict[int, int]()
        woke, used_s = before, time.process_time()
        while not self._clock.ended.wait(EVERY_S / 10):
            now_s, now = self._clock.now_s, time.perf_counter()
            if now - woke > STOOD_S and time.process_time() - used_s < 0.1 * (now - woke):
                self.stood.append((now_s - (now - woke), now_s))
            woke, used_s = now, time.process_time()
            drawn = self._stats.frames_out
            for fault in [f for f in waiting if f.end_s <= now_s]:
                # a fault is over when the second frame after its end is there: the first may have been on its way
                mark = marks.setdefault(fault.number, drawn)
                if drawn >= mark + 2:
                    fault.back_s = now_s - fault.end_s
                    waiting.remove(fault)
            if now_s - sampled_s < EVERY_S:
                continue
            lag = self._stats.recent_ms("lag", max(1, drawn - frames))
            self.rows.append(
                {
                    "time_s": round(now_s, 2),
                    "memory_mb": memory_mb() or 0.0,
                    "threads": threading.active_count(),
                    "files": open_files(),
                    "fps": round((drawn - frames) / (now - before), 2),
                    "lag_ms": round(float(np.median(lag)), 2) if lag.size and drawn > frames else 0.0,
                }
            )
            frames, before, sampled_s = drawn, now, now_s


def open_files() -> int:
    """How many descriptors this process has open; 0 where the system does not say."""
    try:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())
    except OSError:
        return 0


def verdict(
    rows: list[dict[str, float]],
    faults: list[Fault],
    judge: Judge,
    error: str,
    stood: Sequence[tuple[float, float]] = (),
) -> list[str]:
    """What was wrong, each in a line; nothing where all is well. Faults about when the machine `stood` are left out."""
    wrong = [f"the show ended: {error}"] if error else []
    for fault in faults:
        if any(begin < fault.end_s + BACK_S and fault.at_s < end + BACK_S for begin, end in stood):
            continue
        name = f"fault {fault.number} ({fault.kind}, {fault.at_s:.0f} s)"
        if not fault.met:
            wrong.append(f"{name} had no effect")
        if KINDS[fault.kind][1] and fault.named != 1:
            wrong.append(f"{name} was named {fault.named} times, expected once")
        if fault.back_s is None or fault.back_s > BACK_S:
            wrong.append(f"{name}: no frames within {BACK_S:.0f} s of its end")
    if judge.leaks:
        wrong.append(f"the room was seen in {judge.leaks} frames")
    if not judge.pictures:
        wrong.append("no frame was drawn")
    return wrong + growth(rows)


def growth(rows: list[dict[str, float]]) -> list[str]:
    """What grew from the first third (after a sixth for warming up) to the last: memory, threads, open files."""
    if len(rows) < 12:
        return []
    warm = rows[len(rows) // 6 :]
    part = len(warm) // 3
    wrong = []
    for key, unit, slack, share in (
        ("memory_mb", "MiB", SLACK_MB, SLACK_PART),
        ("threads", "threads", 1.0, 0.0),
        ("files", "open files", 2.0, 0.0),
    ):
        first, last = (float(np.median([row[key] for row in rows])) for rows in (warm[:part], warm[-part:]))
        if last > first + slack + share * first:
            wrong.append(f"{unit} grew from {first:.0f} to {last:.0f}")
    return wrong


def summary(watch: Watch, stats: Stats, judge: Judge) -> dict[str, Any]:
    """The soak in a few figures."""
    rows = watch.rows
    memory = [row["memory_mb"] for row in rows] or [0.0]
    return {
        "seconds": rows[-1]["time_s"] if rows else 0.0,
        "drawn": stats.frames_out,
        "fps": round(stats.fps, 2),
        "dropped": stats.dropped,
        "pictures": judge.pictures,
        "slates": judge.slates,
        "room_seen": judge.leaks if judge.hides_room else None,
        "room_beside_percent": round(100 * judge.worst_beside, 3),
        "stood_still_s": round(sum(end - begin for begin, end in watch.stood), 1),
        "longest_gap_s": round(judge.longest_gap_s, 2),
        "memory_mb": {"first": memory[0], "last": memory[-1], "most": max(memory)},
        "threads": {"first": rows[0]["threads"], "last": rows[-1]["threads"]} if rows else {},
    }
