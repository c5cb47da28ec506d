"""For the tests of an effect: judges its file as `phosphene check` does."""

from __future__ import annotations

from pathlib import Path

from .engine.check.verdict import Verdict
from .engine.check.watch import judge_files

__all__ = ["Verdict", "check"]


def check(path: str | Path, *, size: tuple[int, int] = (320, 180), limit_s: float = 60.0) -> Verdict:
    """The verdict on one effect file, drawn in a process of its own. Raises GpuError where nothing can be drawn."""
    (verdict,) = judge_files([Path(path)], size=size, limit_s=limit_s)
    return verdict
