"""Glasses: where they sit, what the head hides, the light, and models that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import draw, drawings, far, head, noise, observe, plain, scene
from phosphene.effects.glasses import Glasses, make
from phosphene.effects.glasses.fit import fitted, placed, worn
from phosphene.effects.glasses.light import Light
from phosphene.engine.core.frame import Floats, Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Face, Faces
from phosphene.engine.effect.face_mesh import face_mesh
from phosphene.engine.effect.gltf import read_model
from phosphene.engine.effect.mesh import FOCAL
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.renderer.renderer import Renderer

pytestmark = pytest.mark.gl

SIZE = (320, 240)
SKIN = (190, 140, 120)


def seen(*faces: Face, pixels: Pixels | None = None, number: int = 0) -> Observation:
    frame = observe(plain(SIZE, SKIN) if pixels is None else pixels, number).frame
    return Observation(frame, {"face": Faces(number, faces)})


def made(gpu: Gpu, *faces: Face, pixels: Pixels | None = None, **values: Any) -> Pixels:
    return draw(gpu, scene(Glasses(**values)), seen(*faces, pixels=pixels))


def change(picture: Pixels) -> np.ndarray:
    return np.abs(picture[..., :3].astype(int) - SKIN).max(axis=2)


def pixel(points: Floats, face: Face) -> np.ndarray:
    """Where points of the face at rest lie in the picture (N, 2)."""
    space = points @ face.transform[:3, :3].T + face.transform[:3, 3]
    x = 0.5 + 0.5 * FOCAL * SIZE[1] / SIZE[0] * space[:, 0] / -space[:, 2]
    y = 0.5 - 0.5 * FOCAL * space[:, 1] / -space[:, 2]
    return np.stack([x * SIZE[0], y * SIZE[1]], axis=1)


def arm(model: Path, side: float) -> Floats:
    """Points of an arm beside the head, between the temple and the ear; `side` 1 is the picture's right."""
    points = worn(read_model(model))
    part = points[(points[:, 2] < -0.5) & (points[:, 2] > -2.2) & (points[:, 0] * side > 0)]
    assert len(part) >= 10
    return part


def test_glasses_sit_before_the_eyes(gpu: Gpu) -> None:
    face = head(SIZE, distance_cm=40.0)
    touched = np.argwhere(change(made(gpu, face, shadow=0.0)) > 20)
    low, high = touched.min(axis=0)[::-1], touched.max(axis=0)[::-1]
    eyes = face.points[[33, 263], :2] * SIZE
    assert low[0] < eyes[0, 0] < eyes[1, 0] < high[0]
    assert low[1] < eyes[:, 1].mean() < high[1]
    nose, brow = face.points[2, 1] * SIZE[1], face.points[10, 1] * SIZE[1]
    assert brow < low[1] < high[1] < nose
    assert abs((low[0] + high[0]) / 2 - SIZE[0] / 2) < 2.0


@pytest.mark.parametrize("yaw", [40, 50, 60, 75])
@pytest.mark.parametrize("side", [1, -1])
def test_the_arm_behind_the_head_is_not_drawn(gpu: Gpu, tmp_path: Path, yaw: float, side: int) -> None:
    """Turned to one side, the arm of that side lies behind the head: its pixels stay the camera's, bit for bit."""
    arms = tmp_path / "arms.glb"
    arms.write_bytes(make.glb([(make.FRAME, make.temples())]))
    face = head(SIZE, yaw * side, distance_cm=45.0)
    picture = change(made(gpu, face, shadow=0.0, model=str(arms)))
    near, far_side = (pixel(arm(arms, s), face) for s in (-side, side))
    apart = np.array([np.linalg.norm(near - p, axis=1).min() > 6.0 for p in far_side])
    assert apart.sum() >= 5
    for places, drawn in ((near, True), (far_side[apart], False)):
        values = picture[np.clip(places[:, 1], 0, 239).astype(int), np.clip(places[:, 0], 0, 319).astype(int)]
        assert (values > 20).mean() > 0.6 if drawn else (values == 0).all()


@pytest.mark.parametrize("yaw", [0, 50])
def test_what_is_not_worn_changes_nothing(gpu: Gpu, yaw: float) -> None:
    picture = made(gpu, head(SIZE, yaw), pixels=noise(SIZE), visible=False)
    assert far(picture[..., :3], noise(SIZE)) == 0


def test_the_head_itself_is_not_seen(gpu: Gpu) -> None:
    """The forehead, the mouth and what is beside the head stay as they are, bit for bit."""
    face = head(SIZE, distance_cm=40.0)
    picture = made(gpu, face, pixels=noise(SIZE))
    for index in (10, 17, 152):
        x, y = (face.points[index, :2] * SIZE).astype(int)
        assert far(picture[y - 2 : y + 3, x - 2 : x + 3, :3], noise(SIZE)[y - 2 : y + 3, x - 2 : x + 3]) == 0
    assert far(picture[:, :60, :3], noise(SIZE)[:, :60]) == 0


def test_the_shadow_darkens_the_skin_below(gpu: Gpu) -> None:
    face = head(SIZE, distance_cm=35.0)
    with_shadow, without = (made(gpu, face, shadow=s)[..., :3].astype(int) for s in (1.0, 0.0))
    darker = without - with_shadow
    assert darker.min() >= -1
    assert darker.max() > 15
    assert (darker.max(axis=2) > 3).sum() > 300


def test_several_heads_and_none(gpu: Gpu) -> None:
    faces = [head(SIZE, distance_cm=70.0, at_cm=(x, 0)) for x in (-22, 22)]
    faces = [Face(f.points, f.blendshapes, f.transform, n) for n, f in enumerate(faces)]
    touched = change(made(gpu, *faces)) > 20
    assert touched[:, :160].any()
    assert touched[:, 160:].any()
    assert change(made(gpu)).max() == 0


def test_darker_lenses(gpu: Gpu) -> None:
    face = head(SIZE, distance_cm=40.0)
    x, y = (face.points[145, :2] * SIZE + [0, 3]).astype(int)
    clear, dark = (int(made(gpu, face, tint=t)[y, x, :3].max()) for t in (0.0, 1.0))
    assert dark < 90 < clear


@pytest.mark.parametrize(("key", "axis", "sign"), [("up_cm", 0, -1), ("scale", 1, 1)])
def test_it_may_be_moved_and_scaled(gpu: Gpu, key: str, axis: int, sign: int) -> None:
    def extent(**values: Any) -> float:
        places = np.argwhere(change(made(gpu, head(SIZE, distance_cm=50.0), shadow=0.0, **values)) > 20)[:, axis]
        return float(places.mean() if axis == 0 else np.ptp(places))

    assert sign * (extent(**{key: 2.0 if key == "up_cm" else 1.3}) - extent()) > 5


def test_in_the_dark_it_is_dark(gpu: Gpu) -> None:
    face = head(SIZE, distance_cm=40.0)
    bright, dark = (
        made(gpu, face, pixels=plain(SIZE, rgb), tint=1.0)[..., :3].max(axis=2) for rgb in (SKIN, (24, 18, 15))
    )
    worn_at = change(made(gpu, face, tint=1.0, shadow=0.0)) > 60
    assert dark[worn_at].mean() < 0.45 * bright[worn_at].mean()


@pytest.mark.parametrize("content", [b"", b"glTF not really", b"<html>"])
def test_a_model_that_cannot_be_read_is_told_and_the_show_goes_on(gpu: Gpu, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.glb").write_bytes(content)
    renderer = Renderer(gpu, scene(Glasses(model=str(tmp_path / "bad.glb"))), SIZE)
    try:
        renderer.render(seen(head(SIZE)), 0.0)
        assert "bad.glb" in str(renderer.problems["camera/e0"])
        assert renderer.read()[0, 0, :3].tolist() == list(SKIN)
    finally:
        renderer.release()


def test_another_model_while_it_runs(gpu: Gpu, tmp_path: Path) -> None:
    import trimesh

    (tmp_path / "box.glb").write_bytes(trimesh.Scene([trimesh.creation.box((0.1, 0.02, 0.05))]).export(file_type="glb"))

    class Changes(Glasses):
        def update(self, observation: Observation, dt: float) -> None:
            self.model = str(tmp_path / "box.glb") if observation.frame.id == 1 else ""
            super().update(observation, dt)

    pictures = list(drawings(gpu, scene(Changes()), [seen(head(SIZE), number=n) for n in range(3)]))
    assert far(pictures[0], pictures[1]) > 50
    assert (np.abs(pictures[0].astype(int) - pictures[2]).max(axis=2) > 2).mean() < 0.001


def test_a_head_at_rest_does_not_tremble(gpu: Gpu) -> None:
    pictures = list(drawings(gpu, scene(Glasses()), [seen(head(SIZE), number=n) for n in range(6)]))
    assert all(np.array_equal(pictures[1], p) for p in pictures[2:])


# The fit


@pytest.mark.parametrize("yaw", [0, 30, -60])
def test_the_face_at_rest_fits_itself(yaw: float) -> None:
    scale, shift = fitted(head(SIZE, yaw), SIZE)
    assert scale == pytest.approx(1.0, abs=0.02)
    assert np.abs(shift).max() < 0.15


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_a_larger_head_wears_larger_glasses_in_its_own_place(factor: float) -> None:
    face = head(SIZE, distance_cm=40.0)
    middle = np.array([0.55, 0.45, 0.0])
    larger = Face(((face.points - [0.5, 0.5, 0.0]) * factor + middle).astype(np.float32), {}, face.transform, 1)
    scale, shift = fitted(larger, SIZE)
    assert scale == pytest.approx(factor, abs=0.03)
    transform = placed(larger, scale, shift)
    moved = Face(larger.points, {}, transform, 1)
    wanted = larger.points[[33, 263, 168], :2] * SIZE
    assert pixel(face_mesh().positions[[33, 263, 168]], moved) == pytest.approx(wanted, abs=2.5)


@pytest.mark.parametrize("direction", [(0.8, 0.2, 0.5), (-0.8, 0.2, 0.5), (0.0, 0.9, 0.4)])
def test_the_light_is_found_on_the_skin(direction: tuple[float, float, float]) -> None:
    face, pixels = head(SIZE, distance_cm=25.0), plain(SIZE, (0, 0, 0))
    toward = np.array(direction) / np.linalg.norm(direction)
    light = 0.25 + 0.75 * np.clip(face_mesh().normals @ toward, 0, None)
    for point, bright in zip(face.points[:468, :2] * SIZE, light, strict=True):
        x, y = point.astype(int)
        pixels[y, x] = 255 * (0.35 * bright) ** (1 / 2.2)
    found = Light()
    found.follow(face, pixels, 0.0)
    assert float(found.direction @ toward) / np.linalg.norm(found.direction) > 0.85
    assert 0.2 < np.linalg.norm(found.direction) <= 1.0
