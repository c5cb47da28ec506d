"""The scenes on faces over real clips: they touch faces alone, and leave nothing behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers_system import difference, run

pytestmark = [pytest.mark.gl, pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("models_ready")]

CLIPS = [
    "portrait/intel_headpose_female.gif",  # profile to front
    "portrait/liveportrait_d18.mp4",  # mouth wide open
    "multi/tfjs_three_people.jpg",
    "hard/human_dark_b5.jpg",
    "portrait/carphone_qcif.mp4",  # a small picture
]
SETTINGS = {"makeup": (("hands", False),), "face-paint": (("hands", False),), "glasses": ()}


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize("scene", SETTINGS)
def test_faces_alone_are_touched(data_dir: Path, scene: str, clip: str) -> None:
    done = run(scene, data_dir / clip, count=8, every=2, settings=SETTINGS[scene])
    assert done.problems == {}
    assert done.live_objects == 0
    touched = 0
    for frame, image, results in done:
        change = difference(frame.pixels, image)
        faces = results["face"].items if "face" in results else ()
        allowed = np.zeros(change.shape, bool)
        for face in faces:
            points = face.points[:, :2] * frame.size
            low, high = points.min(axis=0), points.max(axis=0)
            margin = (high - low).max() * (0.3 if scene == "glasses" else 0.02) + 2.0
            left, top = np.maximum(low - margin, 0).astype(int)
            right, bottom = (high + margin).astype(int)
            allowed[top:bottom, left:right] = True
        assert change[~allowed].max(initial=0) == 0
        touched += bool((change > 10).sum() > 10 and faces)
    assert touched >= len(done.images) // 2


@pytest.mark.parametrize("scene", SETTINGS)
def test_where_there_is_no_face_the_picture_is_the_cameras(data_dir: Path, scene: str) -> None:
    done = run(scene, data_dir / "hard/dogs_not_people.jpg", count=3, settings=SETTINGS[scene])
    assert all(difference(frame.pixels, image).max() == 0 for frame, image, _ in done)


def test_a_hand_at_the_mouth_stays_clean(data_dir: Path) -> None:
    """In `asl_eat` a hand comes to the mouth: lip colour is there before, and gone while it covers the lips."""
    done = run("makeup", data_dir / "desk/asl_eat.mkv", count=36, settings=(("eyes_amount", 0), ("blush_amount", 0)))
    painted = [int((difference(f.pixels, image) > 25).sum()) for f, image, _ in done]
    assert min(painted[5:12]) > 40
    assert min(painted[18:32]) < 0.2 * np.median(painted[5:12])
