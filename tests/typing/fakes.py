"""A user's test: the fakes that `phosphene.testing` ships."""

from __future__ import annotations

from typing import assert_type

import numpy as np
from numpy.typing import NDArray

from phosphene import Effect, Frame, Observation
from phosphene.testing import (
    FakeSink,
    FakeSource,
    FakeTracker,
    fake_face,
    fake_frame,
    fake_mask,
    fake_observation,
    fake_pose,
)


def try_effect(effect: Effect) -> None:
    """Calls the hooks as a show does."""
    effect.prepare((320, 180))
    frame = fake_frame((320, 180), 1, fps=25.0)
    seen = fake_observation(
        frame, faces=[fake_face(frame.size, at=(0.3, 0.4))], poses=[fake_pose()], mask=fake_mask(), signals={"a": 1.0}
    )
    assert_type(seen, Observation)
    effect.update(seen, 0.04)


def try_parts() -> list[NDArray[np.uint8]]:
    """From a source by a tracker to a sink."""
    with FakeSource([np.zeros((18, 32, 3), np.uint8)]) as source, FakeSink() as sink:
        with FakeTracker(lambda frame: fake_mask(frame.id)) as tracker:
            frame = source.read()
            assert_type(frame, Frame | None)
            if frame is not None:
                tracker.track(frame)
                sink.write(np.zeros((18, 32, 4), np.uint8), frame.time_s)
        assert_type(tracker.seen, list[int])
        return sink.images
