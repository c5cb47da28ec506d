"""Hands and gestures: found in clips of signing people, and what their signals say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from phosphene.engine.core.errors import TrackerError
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Hand, Hands
from phosphene.engine.models import store as models
from phosphene.engine.scene.signals import Signals, check_name, tracker_of
from phosphene.engine.sources import open_source
from phosphene.engine.trackers import open_tracker

needs_hands = pytest.mark.skipif(
    not models.state("gesture_recognizer").ready, reason="phosphene models --fetch gesture_recognizer"
)


def test_the_signals_of_hands() -> None:
    assert tracker_of("gesture.thumb_up") == tracker_of("hands.count") == "hands"
    assert check_name("gesture.thumb_up") == check_name("gesture.Thumb-Up") == "gesture.thumb-up"
    hand = Hand(np.zeros((21, 3), np.float32), np.zeros((21, 3), np.float32), "left", "thumb_up", 0.8)
    frame = Frame(0, 0.0, np.zeros((8, 8, 3), np.uint8))
    found = Signals().observe(Observation(frame, {"hands": Hands(0, (hand,), {"thumb_up": 0.8})}))
    assert found.signal("gesture.thumb-up") == pytest.approx(0.8)
    assert found.signal("hands.count") == 1.0
    assert found.hands == (hand,)
    assert Signals().observe(Observation(frame)).signal("hands.count") == 0.0


@needs_hands
def test_a_fist_is_seen_where_yes_is_signed(data_dir: Path) -> None:
    """The American sign for "yes" is a nodding fist, made here with the signer's right hand."""
    values, layer_inputs = [], []
    with open_source(str(data_dir / "desk" / "asl_yes.mkv")) as source, open_tracker("hands") as tracker:
        while (frame := source.read()) is not None:
            found = tracker.track(frame)
            values.append(found.gestures["closed_fist"])
            layer_inputs += [hand.side for hand in found.items if hand.gesture == "closed_fist"]
            assert all(hand.points.shape == hand.world.shape == (21, 3) for hand in found.items)
    assert max(values) > 0.55
    assert values[0] < 0.5
    assert set(layer_inputs) == {"right"}


@needs_hands
def test_noise_shows_no_hands_and_a_closed_tracker_says_so() -> None:
    tracker = open_tracker("hands")
    noise = np.random.default_rng(7).integers(0, 255, (240, 320, 3), np.uint8)
    assert tracker.track(Frame(0, 0.0, noise)).items == ()
    tracker.close()
    tracker.close()
    with pytest.raises(TrackerError, match="closed"):
        tracker.track(Frame(1, 0.1, noise))
