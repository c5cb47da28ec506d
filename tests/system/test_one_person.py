"""One person of two, on composites of a green-screen clip whose truth is known: a large one, and a smaller one."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from phosphene.engine.core.frame import Floats, Frame, Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.matte.subject import SubjectSelector
from phosphene.engine.sources import open_source
from phosphene.engine.trackers import open_tracker

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("models_ready")]

SIZE = (640, 360)
COUNT = 24


def keyed(pixels: Pixels) -> Floats:
    """The person's alpha before the green."""
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    green = cv2.inRange(hsv, np.array([24, 110, 60]), np.array([42, 255, 255]))
    person = cv2.morphologyEx(255 - green, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(person)
    largest = (labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(largest, (3, 3), 0))


def put(pixels: Pixels, x: float, tall: float) -> tuple[Floats, Floats]:
    """The person at `x` (uv of the middle), `tall` of the picture's height: picture and alpha."""
    height = int(SIZE[1] * tall)
    width = pixels.shape[1] * height // pixels.shape[0]
    scale = width / pixels.shape[1]
    matrix = np.array([[scale, 0.0, x * SIZE[0] - width / 2], [0.0, scale, SIZE[1] - height]])
    picture = cv2.warpAffine(pixels.astype(np.float32), matrix, SIZE)
    return np.asarray(picture), np.asarray(cv2.warpAffine(keyed(pixels), matrix, SIZE))


def clip(data: Path, places: list[tuple[float, float]]) -> list[tuple[Pixels, Floats, Floats]]:
    """For each frame the picture, and what is seen of the one in front and of the other."""
    with open_source(str(data / "desk/mdn_greenscreen.mp4")) as source:
        frames = [frame.pixels for _ in range(2 * len(places) + 120) if (frame := source.read()) is not None]
    with open_source(str(data / "empty/room_st_fagans_interior_1k_0.jpg"), size=SIZE) as room:
        empty = room.read()
        assert empty is not None
    made = []
    for number, (mine, other) in enumerate(places):
        behind, other_alpha = put(np.ascontiguousarray(frames[2 * number + 120][:, ::-1]), other, 0.65)
        front, alpha = put(frames[2 * number], mine, 0.9)
        picture = empty.pixels * (1 - other_alpha[..., None]) + behind * other_alpha[..., None]
        picture = picture * (1 - alpha[..., None]) + front * alpha[..., None]
        made.append((picture.astype(np.uint8), alpha, other_alpha * (1 - alpha)))
    return made


PLACES = {
    "beside": [(0.36, 0.86)] * COUNT,
    "crossing": [(0.6 - 0.2 * n / COUNT, 0.05 + 0.9 * n / COUNT) for n in range(COUNT)],
}


@pytest.mark.parametrize("kind", PLACES)
def test_the_one_who_was_in_the_middle_is_cut_out_alone(data_dir: Path, kind: str) -> None:
    chooser = SubjectSelector("same")
    unions, leaks = [], []
    with open_tracker("person") as everybody, open_tracker("pose", masks=True) as bodies:
        for number, (picture, mine, other) in enumerate(clip(data_dir, PLACES[kind])):
            frame = Frame(number, number / 30, np.ascontiguousarray(picture))
            found = {"person": everybody.track(frame), "pose": bodies.track(frame)}
            mask = chooser.mask(Observation(frame, found))
            assert mask is not None
            shown = cv2.resize(mask.confidence, SIZE) > 0.5
            wanted = mine > 0.5
            unions.append((shown & wanted).sum() / (shown | wanted).sum())
            seen = other > 0.5
            leaks.append((shown & seen).sum() / max(int(seen.sum()), 500))
            assert (shown & seen).sum() < (shown & wanted).sum(), "it flipped"
    assert np.mean(unions) > 0.9
    assert min(unions) > 0.65
    assert np.mean(leaks) < 0.3
