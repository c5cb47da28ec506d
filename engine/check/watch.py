"""Runs the judge in a child process: a shader that never ends, or brings the driver down, stops only its own file."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from ..core import awake
from ..core.errors import GpuError, PhospheneError
from ..core.places import import_root
from ..glsl.dialects import is_shader
from ..glsl.locate import loop_line
from .verdict import Verdict

MOST = 5.0  # times its limit has a file at most, however busy the machine is
START_S = 120.0  # it takes half a second, and a minute on a machine that is busy with ten other things


class Child:
    """One judging process, which has `limit_s` for each file. Raises GpuError where it cannot start."""

    def __init__(self, size: tuple[int, int], limit_s: float, preview: Path | None = None) -> None:
        self._limit_s = limit_s
        arguments = [f"{size[0]}x{size[1]}", str(limit_s), *([str(preview)] if preview else [])]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join([import_root(), os.environ.get("PYTHONPATH", "")])}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "phosphene.engine.check.worker", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            encoding="utf-8",
            errors="replace",
        )
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._complaints: list[str] = []
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = [
            threading.Thread(target=self._read, args=(self._process.stdout,), name="judge out", daemon=True),
            threading.Thread(target=self._listen, args=(self._process.stderr,), name="judge err", daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        if self._answer(START_S) is None:
            self.close()
            raise GpuError(
                "the judging process does not start", hint=self.last_words() or "`phosphene doctor` tells more"
            )

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self._answers.put(line)
        self._answers.put(None)

    def _listen(self, stream: IO[str]) -> None:
        for line in stream:
            self._complaints = [*self._complaints[-19:], line.rstrip()]

    def _answer(self, limit_s: float) -> dict[str, Any] | None:
        """Its next answer; None where it gives none in `limit_s`, which is longer on a machine that is busy."""
        try:
            line = awake.get(self._answers, limit_s * busy())
        except queue.Empty:
            return None
        try:
            answer: dict[str, Any] | None = None if line is None else json.loads(line)
        except ValueError:
            return None
        return answer

    def ask(self, wanted: Path | dict[str, Any]) -> dict[str, Any] | None:
        """The verdict on one file, or on what a try-out asks; None where there is none in time or the process died."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(wanted if isinstance(wanted, dict) else str(wanted)) + "\n")
            self._process.stdin.flush()
        except OSError:
            return None
        return self._answer(self._limit_s)

    @property
    def died(self) -> int | None:
        """How it ended; None while it lives."""
        ending = not self._readers[0].is_alive()  # it has closed its answers
        try:
            return self._process.wait(5.0 if ending else 0.2)
        except subprocess.TimeoutExpired:
            return None

    def last_words(self) -> str:
        """What it said last on standard error."""
        return "; ".join(self._complaints[-2:])

    def close(self) -> None:
        """Ends it: politely, then not."""
        if self._process.stdin is not None:
            try:
                self._process.stdin.close()
            except OSError:
                self._complaints.append("it was gone before it was told to end")
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for reader in self._readers:
            reader.join(2.0)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def kill(self) -> None:
        """Ends it at once."""
        self._process.kill()
        self.close()


def busy() -> float:
    """How many want each processor, from 1 to MOST: so many times longer does everything take."""
    try:
        load = os.getloadavg()[0]
    except (AttributeError, OSError):  # Windows does not say
        return 1.0
    return min(max(load / (os.cpu_count() or 1), 1.0), MOST)


def judge_files(
    paths: Iterable[Path], *, size: tuple[int, int] = (320, 180), limit_s: float = 60.0, preview: Path | None = None
) -> Iterator[Verdict]:
    """The verdict on each file, in order. Raises GpuError where nothing can be drawn on this machine."""
    child: Child | None = None
    try:
        for path in paths:
            child = child or Child(size, limit_s, preview)
            answer = child.ask(path)
            if answer is not None:
                yield Verdict(**{**answer, "size": tuple(answer["size"])})
                continue
            code = child.died
            yield stopped(path, code, limit_s, child.last_words())
            child.kill()
            child = None
    finally:
        if child is not None:
            child.close()


def stopped(path: Path, code: int | None, limit_s: float, said: str) -> Verdict:
    """The verdict on a file that did not come to an end."""
    verdict = Verdict(str(path), kind="py" if path.suffix == ".py" else path.suffix[1:])
    if is_shader(path):
        try:
            from ..glsl.dialects import kind_of

            verdict.kind = kind_of(path)
        except PhospheneError:
            verdict.kind = path.suffix[1:]
    if code is None:
        verdict.error = f"{loop_line(path)}: stopped after {limit_s:g} s: a loop without an end?"
    else:
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        verdict.error = f"{path}: brought the process down ({how}){': ' + said if said else ''}"
    return verdict
