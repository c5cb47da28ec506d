"""Face paint: the designs, pictures of one's own, and the skin's light."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from helpers import draw, drawings, far, head, noise, observe, plain, scene, to_linear
from phosphene.effects.face_paint import FacePaint
from phosphene.effects.face_paint.designs import DESIGNS
from phosphene.engine.core.frame import Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Face, Faces
from phosphene.engine.effect.face_mesh import face_mesh
from phosphene.engine.renderer.gpu import Gpu

pytestmark = pytest.mark.gl

SIZE = (256, 192)
GREY = (155, 155, 155)  # of this skin the light is about what paint is made for


def made(gpu: Gpu, face: Face, pixels: Pixels | None = None, **values: Any) -> Pixels:
    frame = observe(plain(SIZE, GREY) if pixels is None else pixels).frame
    effect = FacePaint(hands=False, **values)
    return draw(gpu, scene(effect), Observation(frame, {"face": Faces(0, (face,))}))


@pytest.fixture
def quarters(tmp_path: Path) -> str:
    """A picture of four colours: red, green above, blue and nothing below."""
    picture = np.zeros((64, 64, 4), np.uint8)
    picture[:32, :32] = 255, 0, 0, 255
    picture[:32, 32:] = 0, 255, 0, 255
    picture[32:, :32] = 0, 0, 255, 255
    cv2.imwrite(str(tmp_path / "quarters.png"), picture[..., [2, 1, 0, 3]])
    return str(tmp_path / "quarters.png")


@pytest.mark.parametrize("name", DESIGNS)
def test_designs(name: str) -> None:
    texture = DESIGNS[name]()
    assert texture.shape == (1024, 1024, 4)
    assert (texture[..., :3].max(axis=2) <= 255 * (texture[..., 3] / 255.0) ** (1 / 2.4) + 12).all()  # premultiplied
    inside = (face_mesh().uv[[1, 50, 280, 9]] * 1023).astype(int)
    assert min(texture[y - 12 : y + 13, x - 12 : x + 13, 3].max() for x, y in inside) > 180
    assert texture[:40, :40, 3].max() == 0


def test_the_tiger_is_the_same_on_both_sides() -> None:
    texture = DESIGNS["tiger"]().astype(int)
    assert np.abs(texture - texture[:, ::-1]).mean() < 1.0


@pytest.mark.parametrize("yaw", [0, 50])
def test_no_paint_changes_nothing(gpu: Gpu, yaw: float) -> None:
    assert far(made(gpu, head(SIZE, yaw), noise(SIZE), amount=0.0)[..., :3], noise(SIZE)) == 0


def test_a_picture_lies_where_its_layout_says(gpu: Gpu, quarters: str) -> None:
    face = head(SIZE)
    picture = made(gpu, face, picture=quarters, amount=1.0)

    def at(u: float, v: float) -> tuple[int, ...]:
        nearest = int(np.argmin(np.linalg.norm(face_mesh().uv - [u, v], axis=1)))
        x, y = (face.points[nearest, :2] * SIZE).astype(int)
        return tuple(int(c) for c in picture[y, x, :3])

    assert at(0.35, 0.25)[0] > 200 > 60 > at(0.35, 0.25)[1]
    assert at(0.65, 0.25)[1] > 200 > 60 > at(0.65, 0.25)[0]
    assert at(0.30, 0.65)[2] > 200 > 60 > at(0.30, 0.65)[0]
    assert at(0.70, 0.65) == GREY


def test_paint_takes_the_skins_light(gpu: Gpu, quarters: str) -> None:
    face = head(SIZE)
    x, y = (face.points[109, :2] * SIZE).astype(int)
    shades = [plain(SIZE, (grey,) * 3) for grey in (80, 113)]
    lit = [to_linear(made(gpu, face, p, picture=quarters, amount=1.0)[y + 5, x, 0]) for p in shades]
    assert lit[1] / lit[0] == pytest.approx(to_linear(np.array(113.0)) / to_linear(np.array(80.0)), rel=0.03)
    flat = [made(gpu, face, p, picture=quarters, amount=1.0, light=0.0)[y + 5, x, 0] for p in shades]
    assert flat == [255, 255]


@pytest.mark.parametrize("yaw", [0, 60, 85, -85])
def test_paint_stays_on_the_face(gpu: Gpu, yaw: float) -> None:
    face = head(SIZE, yaw)
    hull = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.round(face.points[:468, :2] * SIZE).astype(np.int32)), 1)
    outside = cv2.dilate(hull, np.ones((3, 3))) == 0
    assert far(made(gpu, face)[outside][:, :3], np.array(GREY)) == 0


def test_another_design_or_picture_while_it_runs(gpu: Gpu, quarters: str) -> None:
    class Changes(FacePaint):
        def update(self, observation: Observation, dt: float) -> None:
            number = observation.frame.id
            self.design = "facets" if number == 1 else "tiger"
            self.picture = quarters if number in (2, 3) else ""
            super().update(observation, dt)

    frames = [Observation(observe(plain(SIZE), n).frame, {"face": Faces(n, (head(SIZE),))}) for n in range(6)]
    pictures = list(drawings(gpu, scene(Changes(hands=False)), frames))
    assert far(pictures[0], pictures[1]) > 50
    assert far(pictures[0], pictures[3]) > 50  # a picture is there one frame later
    assert far(pictures[0], pictures[5]) == 0
