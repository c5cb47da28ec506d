"""Meshes in pictures: which pixels they touch, depth, what they read, and layers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from helpers import (
    draw,
    drawings,
    far,
    flat,
    glsl,
    layer,
    noise,
    observe,
    placed,
    plain,
    scene,
    shader,
    stack,
    to_codes,
    to_linear,
)
from phosphene.engine.core.frame import Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.effect.effect import Effect, Pass, Sprites
from phosphene.engine.effect.mesh import Mesh, Texture, Triangles
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.renderer.renderer import Renderer

pytestmark = pytest.mark.gl

SIZE = (64, 36)
GREY = observe(plain(SIZE, (100, 100, 100)))
CORNERS = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
UV = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
RED = (1.0, 0.0, 0.0, 1.0)
GREEN = (0.0, 1.0, 0.0, 1.0)


def rectangle(left: float, top: float, right: float, bottom: float, z: float = 0.0, **fields: Any) -> Triangles:
    """A rectangle in the picture, uv."""
    ends = [[left, top, z], [right, top, z], [right, bottom, z], [left, bottom, z]]
    return Triangles(np.array(ends, np.float32), CORNERS, uv=UV, **fields)


def colored(color: Any) -> Any:
    return np.tile(np.float32(color), (4, 1))


def effect(
    *meshes: Triangles, body: str = "mesh_color", blend: str = "over", depth: bool = False, **more: Any
) -> Effect:
    """An effect that draws `meshes`."""
    passes = (Pass(glsl(body), mesh="sheet", blend=blend, depth=depth),)  # type: ignore[arg-type]
    sheet = Mesh()
    made = type("Made", (Effect,), {"sheet": sheet, "passes": passes, **more})
    sheet.__set_name__(made, "sheet")
    drawn = made()
    drawn.sheet = list(meshes)
    return drawn  # type: ignore[no-any-return]


def lit(picture: Pixels, channel: int = 0) -> tuple[list[int], list[int]]:
    """First and last row and column of the pixels that are fully of one colour."""
    found = np.argwhere(picture[..., channel] == 255)
    return found.min(axis=0).tolist(), found.max(axis=0).tolist()


both = pytest.mark.parametrize("depth", [False, True])


@both
def test_a_mesh_covers_its_pixels_and_no_others(gpu: Gpu, depth: bool) -> None:
    made = effect(rectangle(0.25, 0.25, 0.5, 0.75, colors=colored(RED)), depth=depth)
    picture = draw(gpu, scene(made), GREY)
    assert lit(picture) == ([9, 16], [26, 31])
    untouched = np.ones(picture.shape[:2], bool)
    untouched[9:27, 16:32] = False
    assert (picture[untouched][:, :3] == 100).all()


@both
def test_either_winding_is_drawn(gpu: Gpu, depth: bool) -> None:
    mesh = rectangle(0.25, 0.25, 0.5, 0.75, colors=colored(RED))
    turned = Triangles(mesh.positions, np.ascontiguousarray(CORNERS[:, ::-1]), colors=mesh.colors)
    pictures = [draw(gpu, scene(effect(m, depth=depth)), GREY) for m in (mesh, turned)]
    assert far(*pictures) == 0


@both
def test_no_mesh_changes_nothing(gpu: Gpu, depth: bool) -> None:
    seen = observe(noise(SIZE))
    outside = rectangle(2.0, 2.0, 3.0, 3.0)
    for meshes in ((), (outside,)):
        assert far(draw(gpu, scene(effect(*meshes, depth=depth)), seen)[..., :3], noise(SIZE)) == 0


@both
def test_a_transparent_mesh_changes_nothing(gpu: Gpu, depth: bool) -> None:
    mesh = rectangle(0.1, 0.1, 0.9, 0.9, colors=colored((0, 0, 0, 0)))
    assert far(draw(gpu, scene(effect(mesh, depth=depth)), observe(noise(SIZE)))[..., :3], noise(SIZE)) == 0


def test_uv_runs_over_the_mesh_and_the_picture(gpu: Gpu) -> None:
    mesh = rectangle(0.25, 0.0, 0.75, 1.0)
    drawn = draw(gpu, scene(effect(mesh, body="vec4(to_linear(vec3(mesh_uv, uv.x)), 1.0)")), GREY)
    assert drawn[18, 17, :2] == pytest.approx([255 * 1.5 / 32, 255 * 18.5 / 36], abs=1.1)
    assert drawn[3, 47, :2] == pytest.approx([255 * 31.5 / 32, 255 * 3.5 / 36], abs=1.1)
    assert drawn[18, 40, 2] == pytest.approx(255 * 40.5 / 64, abs=1.1)


def test_light_is_added(gpu: Gpu) -> None:
    mesh = rectangle(0.0, 0.0, 1.0, 1.0, colors=colored((0.2, 0.0, 0.0, 0.0)))
    picture = draw(gpu, scene(effect(mesh, blend="add")), GREY)
    assert picture[5, 5, 0] == pytest.approx(float(to_codes(to_linear(np.array(100)) + 0.2)), abs=1)
    assert picture[5, 5, 1] == 100


# Depth


@pytest.mark.parametrize("order", [1, -1])
def test_the_nearer_one_hides_the_other_in_any_order(gpu: Gpu, order: int) -> None:
    near = rectangle(0.25, 0.25, 0.75, 0.75, z=-0.1, colors=colored(RED))
    behind = rectangle(0.0, 0.0, 1.0, 1.0, z=0.1, colors=colored(GREEN))
    picture = draw(gpu, scene(effect(*(near, behind)[::order], depth=True)), GREY)
    assert tuple(picture[18, 32, :3]) == (255, 0, 0)
    assert tuple(picture[2, 2, :3]) == (0, 255, 0)


def test_without_depth_the_later_one_hides(gpu: Gpu) -> None:
    near = rectangle(0.25, 0.25, 0.75, 0.75, z=-0.1, colors=colored(RED))
    behind = rectangle(0.0, 0.0, 1.0, 1.0, z=0.1, colors=colored(GREEN))
    assert tuple(draw(gpu, scene(effect(near, behind)), GREY)[18, 32, :3]) == (0, 255, 0)


def test_what_draws_nothing_hides_what_is_behind_it(gpu: Gpu) -> None:
    """An occluder is a mesh that gives vec4(0.0) and comes first."""
    occluder = rectangle(0.0, 0.0, 0.5, 1.0, z=-0.1, colors=colored((0, 0, 0, 0)))
    behind = rectangle(0.0, 0.0, 1.0, 1.0, z=0.1, colors=colored(RED))
    picture = draw(gpu, scene(effect(occluder, behind, depth=True)), GREY)
    assert tuple(picture[18, 10, :3]) == (100, 100, 100)
    assert tuple(picture[18, 50, :3]) == (255, 0, 0)


def test_the_first_triangles_may_only_hide(gpu: Gpu) -> None:
    cover, behind = rectangle(0.0, 0.0, 0.5, 1.0, z=-0.1), rectangle(0.25, 0.0, 0.75, 1.0, z=0.1)
    positions = np.concatenate([cover.positions, behind.positions])
    mesh = Triangles(
        positions, np.concatenate([CORNERS, CORNERS + 4]), colors=np.tile(np.float32(RED), (8, 1)), hides=2
    )
    picture = draw(gpu, scene(effect(mesh, depth=True)), GREY)
    assert tuple(picture[18, 20, :3]) == tuple(picture[18, 60, :3]) == (100, 100, 100)
    assert tuple(picture[18, 40, :3]) == (255, 0, 0)
    assert tuple(picture[18, 40]) == (255, 0, 0, 255)  # the mask of colours is open again


def test_depth_begins_anew_in_every_frame(gpu: Gpu) -> None:
    class Moves(Effect):
        sheet = Mesh()
        passes = (Pass(glsl("mesh_color"), mesh="sheet", blend="over", depth=True),)

        def update(self, observation: Observation, dt: float) -> None:
            z = 0.1 * observation.frame.id
            self.sheet = rectangle(0.0, 0.0, 1.0, 1.0, z=z, colors=colored(RED if z else GREEN))

    pictures = drawings(gpu, scene(Moves()), [observe(plain(SIZE), n) for n in range(3)])
    assert [tuple(p[5, 5, :3]) for p in pictures] == [(0, 255, 0), (255, 0, 0), (255, 0, 0)]


def test_edges_with_depth_are_smooth(gpu: Gpu) -> None:
    ends = np.array([[0.1, 0.1, 0], [0.9, 0.2, 0], [0.5, 0.9, 0]], np.float32)
    mesh = Triangles(ends, np.array([[0, 1, 2]], np.int32), colors=np.tile(np.float32(RED), (3, 1)))
    hard, soft = (draw(gpu, scene(effect(mesh, depth=d)), observe(plain(SIZE, (0, 0, 0))))[..., 0] for d in (0, 1))
    assert set(np.unique(hard)) == {0, 255}
    between = (soft > 0) & (soft < 255)
    assert between.sum() > 40
    assert to_linear(soft).mean() == pytest.approx(to_linear(hard).mean(), rel=0.02)


# In space


def test_the_camera_is_63_degrees_high(gpu: Gpu) -> None:
    half = 40.0 * math.tan(math.radians(63.0) / 2)
    mesh = rectangle(-half, half, 0.0, 0.0, transform=placed(), colors=colored(RED))
    assert lit(draw(gpu, scene(effect(mesh, depth=True)), GREY)) == ([0, 14], [17, 31])


def test_what_is_behind_the_camera_is_not_drawn(gpu: Gpu) -> None:
    mesh = rectangle(-50, -50, 50, 50, transform=placed(z=5.0), colors=colored(RED))
    assert far(draw(gpu, scene(effect(mesh, depth=True)), GREY)[..., :3], GREY.frame.pixels) == 0


def test_what_reaches_behind_the_camera_is_cut_off(gpu: Gpu) -> None:
    floor = np.array([[-20, -5, 30], [20, -5, 30], [20, -5, -90], [-20, -5, -90]], np.float32)
    mesh = Triangles(floor, CORNERS, transform=placed(z=0.0), colors=colored(RED))
    picture = draw(gpu, scene(effect(mesh, body="vec4(uv.y > 0.5 ? 1.0 : 0.0, 0.0, 0.0, 1.0)", depth=True)), GREY)
    assert tuple(picture[35, 32, :3]) == (255, 0, 0)
    assert tuple(picture[10, 32, :3]) == (100, 100, 100)
    assert (picture[..., :3].reshape(-1, 3) != [0, 0, 0]).any(axis=1).all()


@pytest.mark.parametrize("nearer", [0, 1])
def test_depth_in_space(gpu: Gpu, nearer: int) -> None:
    distances = [-30.0, -60.0] if nearer == 0 else [-60.0, -30.0]
    meshes = [
        rectangle(-20, -20, 20, 20, transform=placed(z=z), colors=colored(c))
        for z, c in zip(distances, (RED, GREEN), strict=True)
    ]
    picture = draw(gpu, scene(effect(*meshes, depth=True)), GREY)
    assert tuple(picture[18, 32, :3]) == ((255, 0, 0), (0, 255, 0))[nearer]


def test_normals_turn_with_the_model_and_positions_are_the_cameras(gpu: Gpu) -> None:
    turn = placed()
    turn[:3, :3] = [[0, 0, 1], [0, 1, 0], [-1, 0, 0]]  # its z axis points to the right
    side = np.array([[0, -50, -50], [0, 50, -50], [0, 50, 50], [0, -50, 50]], np.float32)
    turn[:3, :3] = np.eye(3)[[2, 1, 0]]
    mesh = Triangles(side, CORNERS, normals=colored((1, 0, 0, 0))[:, :3], transform=turn)
    body = "vec4(abs(mesh_normal.z - 1.0) < 1e-5 && abs(mesh_position.z + 40.0) < 1e-3 ? 1.0 : 0.0, 0.0, 0.0, 1.0)"
    assert tuple(draw(gpu, scene(effect(mesh, body=body, depth=True)), GREY)[18, 32, :3]) == (255, 0, 0)


# What it may read


def test_each_has_numbers_of_its_own(gpu: Gpu) -> None:
    meshes = [rectangle(0.5 * i, 0.0, 0.5 * i + 0.5, 1.0, values=[0, 0, 0, i, 0, 0, 0, 1 - i]) for i in (0, 1)]
    picture = draw(gpu, scene(effect(*meshes, body="vec4(data0.w, data1.w, 0.0, 1.0)")), GREY)
    assert tuple(picture[18, 10, :3]) == (0, 255, 0)
    assert tuple(picture[18, 50, :3]) == (255, 0, 0)


def test_numbers_that_are_not_given_are_zero(gpu: Gpu) -> None:
    meshes = [rectangle(0.5 * i, 0.0, 0.5 * i + 0.5, 1.0, values=[1.0] * 8 * (1 - i)) for i in (0, 1)]
    assert draw(gpu, scene(effect(*meshes, body="vec4(data1.xyz, 1.0)")), GREY)[18, 50, :3].max() == 0


def test_it_may_look_at_the_picture(gpu: Gpu) -> None:
    made = effect(rectangle(0.0, 0.0, 0.5, 1.0), body="vec4(frame_here().gbr, 1.0)")
    picture = draw(gpu, scene(made), observe(noise(SIZE)))
    assert far(picture[:, :32, :3], noise(SIZE)[:, :32, [1, 2, 0]]) <= 1
    assert far(picture[:, 32:, :3], noise(SIZE)[:, 32:]) <= 1


def test_what_is_given_again_is_not_lost(gpu: Gpu) -> None:
    """The same corners with other positions, then fewer corners, then more: nothing of the last frame remains."""

    class Changes(Effect):
        sheet = Mesh()
        passes = (Pass(glsl("mesh_color"), mesh="sheet", blend="over"),)

        def update(self, observation: Observation, dt: float) -> None:
            number = observation.frame.id
            mesh = rectangle(0.0, 0.0, (0.5, 1.0, 1.0, 1.0)[number], 1.0, colors=colored(RED))
            corners = CORNERS[:1] if number == 2 else np.tile(CORNERS, (9, 1)) if number == 3 else CORNERS
            self.sheet = Triangles(mesh.positions, corners, colors=mesh.colors)

    red = [
        int((p[..., 0] == 255).sum())
        for p in drawings(gpu, scene(Changes()), [observe(plain(SIZE), n) for n in range(4)])
    ]
    assert red[0] == 32 * 36
    assert red[1] == red[3] == 64 * 36
    assert red[2] == pytest.approx(32 * 36, abs=40)


def test_a_texture_of_the_effects_own(gpu: Gpu) -> None:
    class Shows(Effect):
        ink = Texture()
        plain_ink = Texture(srgb=False)
        glsl = glsl("uv.x < 0.5 ? ink(uv) : vec4(to_linear(plain_ink(uv).rgb), 1.0)")

        def update(self, observation: Observation, dt: float) -> None:
            code = 40 * (observation.frame.id + 1)
            if observation.frame.id != 1:
                self.ink = self.plain_ink = np.full((3, 5, 4), [code, 0, 255 - code, 255], np.uint8)

    pictures = list(drawings(gpu, scene(Shows()), [observe(plain(SIZE), n) for n in range(3)]))
    for picture, code in zip(pictures, (40, 40, 120), strict=True):
        assert far(picture[18, [5, 60], :3], np.tile([code, 0, 255 - code], (2, 1))) <= 1


def test_a_texture_that_was_never_set_is_transparent(gpu: Gpu) -> None:
    made = effect(rectangle(0, 0, 1, 1), body="ink(mesh_uv)", ink=Texture())
    type(made).ink.name = "ink"  # type: ignore[attr-defined]
    assert far(draw(gpu, scene(made), GREY)[..., :3], GREY.frame.pixels) == 0


# In layers

REPAINT = "frame_here() * vec4(0.5, 0.5, 0.5, 1.0)"


def repaint(depth: bool = False) -> Effect:
    return effect(rectangle(0.25, 0.25, 0.75, 0.75), body=REPAINT, blend="replace", depth=depth)


def halved(body: str) -> str:
    """GLSL that does to `body` what `repaint` does."""
    inside = "uv.x > 0.25 && uv.x < 0.75 && uv.y > 0.25 && uv.y < 0.75"
    return f"{body} * ({inside} ? vec4(vec3(0.5), 1.0) : vec4(1.0))"


@both
@pytest.mark.parametrize(
    "values",
    [{}, {"opacity": 0.5}, {"cut": "person"}, {"cut": "not-person"}, {"blend": "add"}, {"blend": "multiply"}],
    ids=str,
)
def test_a_mesh_that_repaints_belongs_to_its_layer(gpu: Gpu, values: dict[str, Any], depth: bool) -> None:
    seen = observe(noise(SIZE) // 2, mask=flat(0.75))

    def over(made: Effect) -> Pixels:
        return draw(gpu, stack(layer(shader("vec4(0.0, 0.1, 0.2, 1.0)"), name="under"), layer(made, **values)), seen)

    assert far(over(repaint(depth)), over(shader(halved("frame(uv)")))) <= 2


@both
def test_a_mesh_repaints_what_the_effects_before_it_made(gpu: Gpu, depth: bool) -> None:
    seen = observe(noise(SIZE))
    swap = "vec4(frame_here().bgr, 1.0)"
    drawn = draw(gpu, scene(shader(swap), repaint(depth)), seen)
    assert far(drawn, draw(gpu, scene(shader(halved(swap))), seen)) <= 1


@both
def test_two_meshes_repaint_one_after_the_other(gpu: Gpu, depth: bool) -> None:
    drawn = draw(gpu, scene(repaint(depth), repaint(depth)), observe(plain(SIZE, (200, 150, 100))))
    assert far(drawn[18, 32, :3], to_codes(to_linear(np.array([200, 150, 100])) / 4)) <= 2


def test_a_mesh_repaints_sprites_that_came_before(gpu: Gpu) -> None:
    class Dot(Effect):
        dots = Sprites()
        passes = (Pass(glsl("vec4(1.0)"), sprites="dots", blend="over"),)

    dot = Dot()
    dot.dots = [[32, 18, 4, 4, *[0] * 9]]
    assert far(draw(gpu, scene(dot, repaint()), GREY)[18, 32, :3], to_codes([0.5] * 3)) <= 1


@both
def test_a_mesh_over_an_effect_that_keeps_its_past(gpu: Gpu, depth: bool) -> None:
    """What is drawn over such a picture is seen, and is not in what the effect sees of it in the next frame."""
    more = shader("vec4(past(uv).rgb + 0.1, 1.0)")
    pictures = list(drawings(gpu, scene(more, repaint(depth)), [observe(plain(SIZE), n) for n in range(4)]))
    inside = [round(float(to_linear(p[18, 32, 0])) * 20) for p in pictures]
    outside = [round(float(to_linear(p[2, 2, 0])) * 20) for p in pictures]
    assert inside == [1, 2, 3, 4]
    assert outside == [2, 4, 6, 8]


def test_a_mesh_that_repaints_shows_nothing_of_what_was_cut_away(gpu: Gpu) -> None:
    seen = observe(plain(SIZE, (250, 10, 10)), mask=flat(0.0))
    picture = draw(gpu, stack(layer(repaint(), cut="person")), seen)
    assert picture.max() == 0


@both
def test_a_mesh_into_a_target(gpu: Gpu, depth: bool) -> None:
    class Into(Effect):
        sheet = Mesh()
        passes = (
            Pass(glsl("vec4(0.0)"), "aside", floats=True),
            Pass(glsl("vec4(4.0)"), "aside", mesh="sheet", depth=depth, floats=True),
            Pass(glsl("vec4(aside(uv).rgb / 8.0, 1.0)")),
        )

    made = Into()
    made.sheet = rectangle(0.0, 0.0, 0.5, 1.0)
    picture = draw(gpu, scene(made), GREY)
    assert far(picture[18, 10, :3], to_codes([0.5] * 3)) <= 1
    assert picture[18, 50, :3].max() == 0


def test_a_mistake_in_a_mesh_names_the_effect_and_the_show_goes_on(gpu: Gpu) -> None:
    class Wrong(Effect):
        sheet = Mesh()
        passes = (Pass(glsl("mesh_color"), mesh="sheet"),)

        def update(self, observation: Observation, dt: float) -> None:
            self.sheet = Triangles(np.zeros((2, 3), np.float32), CORNERS)

    renderer = Renderer(gpu, scene(Wrong()), SIZE)
    try:
        renderer.render(GREY, 0.0)
        assert "corners: numbers of positions from 0 to 1" in str(renderer.problems["camera/e0"])
    finally:
        renderer.release()


def test_another_size_draws_the_same_place(gpu: Gpu) -> None:
    made = scene(effect(rectangle(0.25, 0.25, 0.5, 0.75, colors=colored(RED)), depth=True))
    for size in ((64, 36), (32, 20), (128, 72)):
        first, last = lit(draw(gpu, made, observe(plain(size))))
        assert [*first, *last] == [size[1] // 4, size[0] // 4, size[1] * 3 // 4 - 1, size[0] // 2 - 1]
