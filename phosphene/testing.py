"""For the tests of effects, sources, sinks and trackers: fakes of what a show is made of, and `check`.

Nothing here opens a device, asks a model or reads a clock, except `check`, which draws in a process of its own.
"""

from __future__ import annotations

from pathlib import Path

from .engine.check.verdict import Verdict
from .engine.check.watch import judge_files
from .engine.core.fakes import fake_face, fake_frame, fake_mask, fake_observation, fake_pose
from .engine.sinks.fake import FakeSink
from .engine.sources.fake import FakeSource
from .engine.trackers.fake import FakeTracker

__all__ = [
    "FakeSink",
    "FakeSource",
    "FakeTracker",
    "Verdict",
    "check",
    "fake_face",
    "fake_frame",
    "fake_mask",
    "fake_observation",
    "fake_pose",
]


def check(path: str | Path, *, size: tuple[int, int] = (320, 180), limit_s: float = 60.0) -> Verdict:
    """The verdict on one effect file, drawn in a process of its own. Raises GpuError where nothing can be drawn."""
    (verdict,) = judge_files([Path(path)], size=size, limit_s=limit_s)
    return verdict
