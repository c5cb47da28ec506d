from pathlib import Path

from engine.check.verdict import Verdict as Verdict
from engine.core.fakes import fake_face as fake_face
from engine.core.fakes import fake_frame as fake_frame
from engine.core.fakes import fake_mask as fake_mask
from engine.core.fakes import fake_observation as fake_observation
from engine.core.fakes import fake_pose as fake_pose
from engine.sinks.fake import FakeSink as FakeSink
from engine.sources.fake import FakeSource as FakeSource
from engine.trackers.fake import FakeTracker as FakeTracker

def check(path: str | Path, *, size: tuple[int, int] = ..., limit_s: float = ...) -> Verdict: ...
