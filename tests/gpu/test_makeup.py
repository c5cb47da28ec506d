"""Make-up: what it touches, what it leaves alone, and the colour that comes out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from helpers import draw, far, head, noise, observe, plain, scene, to_linear
from phosphene.effects.makeup import Makeup
from phosphene.effects.makeup.masks import draw_masks
from phosphene.engine.core.frame import Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Face, Faces
from phosphene.engine.effect.face_mesh import RINGS, face_mesh
from phosphene.engine.renderer.gpu import Gpu

pytestmark = pytest.mark.gl

SIZE = (256, 192)
SKIN = (190, 140, 120)
ONLY = {
    "lips": {"eyes_amount": 0.0, "blush_amount": 0.0, "lips_amount": 1.0},
    "eyes": {"eyes_amount": 1.0, "blush_amount": 0.0, "lips_amount": 0.0},
    "blush": {"eyes_amount": 0.0, "blush_amount": 1.0, "lips_amount": 0.0},
}


def seen(face: Face, pixels: Pixels | None = None) -> Observation:
    frame = observe(plain(SIZE, SKIN) if pixels is None else pixels).frame
    return Observation(frame, {"face": Faces(0, (face,))})


def made(gpu: Gpu, face: Face, pixels: Pixels | None = None, **values: Any) -> Pixels:
    return draw(gpu, scene(Makeup(hands=False, **values)), seen(face, pixels))


def area(face: Face, ring: str, grow_px: int = 0) -> np.ndarray:
    """The pixels within a ring of the mesh."""
    inside = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    outline = np.round(face.points[list(RINGS[ring]), :2] * SIZE * 16 - 8).astype(np.int32)
    cv2.fillPoly(inside, [outline], 1, shift=4)
    if grow_px:
        kernel = np.ones((2 * abs(grow_px) + 1,) * 2, np.uint8)
        inside = (cv2.dilate if grow_px > 0 else cv2.erode)(inside, kernel)
    return inside.astype(bool)


def lip(face: Face) -> np.ndarray:
    """The pixels that are lips and nothing else."""
    return area(face, "lips", -2) & ~area(face, "mouth", 2)


def chroma(rgb: Any) -> np.ndarray:
    light = to_linear(np.asarray(rgb, np.float64))
    return light / light.sum(axis=-1, keepdims=True)


def test_masks() -> None:
    masks, uv = draw_masks(), face_mesh().uv
    at = {
        name: masks[int(uv[i, 1] * 512), int(uv[i, 0] * 512)] for name, i in (("lip", 16), ("nose", 1), ("cheek", 280))
    }
    assert at["lip"][0] > 200
    assert at["cheek"][2] > 140
    assert at["nose"][:3].max() == 0
    assert np.abs(masks.astype(int) - masks[:, ::-1]).mean() < 0.5  # the same on both sides


@pytest.mark.parametrize("yaw", [0, 45, 80])
def test_nothing_asked_for_changes_nothing(gpu: Gpu, yaw: float) -> None:
    zero = {"lips_amount": 0.0, "eyes_amount": 0.0, "blush_amount": 0.0}
    assert far(made(gpu, head(SIZE, yaw), noise(SIZE), **zero)[..., :3], noise(SIZE)) == 0


@pytest.mark.parametrize("part", ONLY)
def test_only_what_is_asked_for_is_painted(gpu: Gpu, part: str) -> None:
    face = head(SIZE)
    changed = np.abs(made(gpu, face, **ONLY[part])[..., :3].astype(int) - SKIN).max(axis=2) > 3
    lips, oval = area(face, "lips", 2), area(face, "oval", 1)
    assert changed.any()
    assert not changed[~oval].any()
    assert changed[lips].any() == (part == "lips")
    if part == "lips":
        assert not changed[~lips].any()
    for eye in ("left_eye", "right_eye"):
        assert not changed[area(face, eye, -1)].any()


@pytest.mark.parametrize("color", ["#b3203a", "#2030c0", "#e8a0b0", "#301020"])
@pytest.mark.parametrize("finish", ["matte", "satin", "gloss"])
def test_lips_take_the_colour(gpu: Gpu, color: str, finish: str) -> None:
    face = head(SIZE)
    picture = made(gpu, face, lips=color, finish=finish, **ONLY["lips"])
    middle = picture[lip(face)][:, :3].mean(axis=0)
    wanted = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    assert np.abs(chroma(middle) - chroma(wanted)).max() < 0.03


def test_the_skins_own_light_is_kept(gpu: Gpu) -> None:
    """Twice the light on the lips, twice the light of the paint."""
    face = head(SIZE)
    lips = lip(face)
    dark, bright = (
        made(gpu, face, plain(SIZE, rgb), **ONLY["lips"])[lips].mean(axis=0) for rgb in ((90,) * 3, (126,) * 3)
    )
    ratio = to_linear(np.array(126.0)) / to_linear(np.array(90.0))
    assert to_linear(bright[0]) / to_linear(dark[0]) == pytest.approx(ratio, rel=0.05)


def test_texture_stays(gpu: Gpu) -> None:
    face, grain = head(SIZE), np.random.default_rng(0).integers(-25, 26, (SIZE[1], SIZE[0], 1))
    pixels = np.clip(plain(SIZE, (150, 100, 95)) + grain, 0, 255).astype(np.uint8)
    lips = lip(face)
    after = made(gpu, face, pixels, finish="satin", **ONLY["lips"])[lips][:, 0].astype(float)
    assert np.corrcoef(after, pixels[lips][:, 0].astype(float))[0, 1] > 0.8


@pytest.mark.parametrize("yaw", [0, 30, -30])
def test_an_open_mouth_stays_as_it_is(gpu: Gpu, yaw: float) -> None:
    face = head(SIZE, yaw, jaw_cm=3.5)
    inside = area(face, "mouth", -2)
    pixels = plain(SIZE, SKIN)
    pixels[area(face, "mouth")] = 235, 230, 220  # teeth
    assert inside.sum() > 100
    assert far(made(gpu, face, pixels, **ONLY["lips"])[inside][:, :3], pixels[inside]) == 0


@pytest.mark.parametrize("yaw", [60, 75, 90])
def test_in_profile_nothing_leaves_the_face(gpu: Gpu, yaw: float) -> None:
    for side in (yaw, -yaw):
        face = head(SIZE, side)
        hull = np.zeros((SIZE[1], SIZE[0]), np.uint8)
        cv2.fillConvexPoly(hull, cv2.convexHull(np.round(face.points[:468, :2] * SIZE).astype(np.int32)), 1)
        changed = np.abs(made(gpu, face, lips_amount=1.0, blush_amount=1.0)[..., :3].astype(int) - SKIN).max(axis=2) > 3
        assert changed.any()
        assert not changed[cv2.dilate(hull, np.ones((3, 3))) == 0].any()


def test_the_cheek_that_turns_away_fades(gpu: Gpu) -> None:
    def painted(yaw: float) -> tuple[float, float]:
        face = head(SIZE, yaw)
        change = np.abs(made(gpu, face, **ONLY["blush"])[..., 1].astype(int) - SKIN[1])
        x = face.points[1, 0] * SIZE[0]  # the tip of the nose
        return float(change[:, : int(x)].sum()), float(change[:, int(x) + 1 :].sum())

    left, right = painted(0)
    assert left == pytest.approx(right, rel=0.1)
    assert min(painted(70)) < 0.12 * max(painted(70))


def test_several_faces(gpu: Gpu) -> None:
    faces = tuple(head(SIZE, distance_cm=60.0, at_cm=(x, 0)) for x in (-20, 20))
    faces = tuple(Face(f.points, f.blendshapes, f.transform, n) for n, f in enumerate(faces))
    frame = observe(plain(SIZE, SKIN)).frame
    picture = draw(gpu, scene(Makeup(hands=False)), Observation(frame, {"face": Faces(0, faces)}))
    for face in faces:
        assert abs(int(picture[area(face, "lips", -1)][:, 1].mean()) - SKIN[1]) > 20


def test_which_trackers_it_asks_for() -> None:
    assert tuple(Makeup().wants()) == ("face", "pose")
    assert tuple(Makeup(hands=False).wants()) == ("face",)


PHOTOS = [
    "portrait/tfjs_portrait.jpg",
    "portrait/pixabay_girl_1280.jpg",
    "portrait/astronaut.png",
    "portrait/wh_obama2.jpg",
]


@pytest.mark.models
@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("color", ["#b3203a", "#7030a0"])
def test_lips_in_photos_move_toward_the_colour(
    gpu: Gpu,
    data_dir: Path,
    models_ready: None,
    photo: str,
    color: str,
) -> None:
    """The middle of the lips moves toward the colour asked for; what is not the face stays bit for bit."""
    from phosphene.engine.sources.read_image import read_image
    from phosphene.engine.trackers import open_tracker

    frame = observe(read_image(data_dir / photo)).frame
    tracker = open_tracker("face")
    try:
        faces = tracker.track(frame)
    finally:
        tracker.close()
    picture = draw(gpu, scene(Makeup(hands=False, lips=color)), Observation(frame, {"face": faces}))
    lips = (faces.items[0].points[[17, 16, 315, 85], :2] * frame.size).astype(int)
    before, after = (
        np.mean([p[y - 1 : y + 2, x - 1 : x + 2, :3].mean(axis=(0, 1)) for x, y in lips], axis=0)
        for p in (frame.pixels, picture)
    )
    wanted = chroma([int(color[i : i + 2], 16) for i in (1, 3, 5)])
    assert np.linalg.norm(chroma(after) - wanted) < 0.65 * np.linalg.norm(chroma(before) - wanted)
    points = np.concatenate([f.points[:, :2] for f in faces.items]) * frame.size
    outside = np.ones(frame.pixels.shape[:2], bool)
    low, high = points.min(axis=0).astype(int) - 2, points.max(axis=0).astype(int) + 3
    outside[max(0, low[1]) : high[1], max(0, low[0]) : high[0]] = False
    assert far(picture[outside][:, :3], frame.pixels[outside]) == 0
