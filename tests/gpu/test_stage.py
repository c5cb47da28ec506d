"""One scene changes into another: the law at both ends, privacy on the way, and transitions that fail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import draw, far, flat, layer, leaks, noise, observe, plain, scene, shader, stack
from phosphene.effects.place import Place
from phosphene.engine.core.frame import Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Mask
from phosphene.engine.effect.effect import Effect
from phosphene.engine.glsl.dialects import load
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.renderer.quality import FULL
from phosphene.engine.renderer.stage import Stage
from phosphene.engine.scene.playlist import Playlist
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.scene import Scene

pytestmark = pytest.mark.gl

SIZE = (96, 54)
ROOM = (3, 250, 7)
BUILT_IN = Registry([], [])
NAMES = sorted(BUILT_IN.transitions())


def private() -> Scene:
    """A person before a plain colour."""
    return stack(layer(Place(kind="color"), name="place", source="none"), layer(name="person", cut="person"))


def played(
    gpu: Gpu,
    scenes: list[Scene],
    seen: Iterable[Observation],
    transition: str | Effect | None = "fade",
    **options: float,
) -> list[Pixels]:
    """The pictures of a playlist that goes to the second scene at once; a change takes a second."""
    playlist = Playlist(scenes, **options)
    effect = BUILT_IN.transition(transition)() if isinstance(transition, str) else transition
    stage = Stage(gpu, playlist, SIZE, transition=effect)
    playlist.step_by(1)
    pictures = []
    try:
        for observation in seen:
            playlist.move(observation.frame.time_s, observation.results)
            pictures.append(stage.render(observation, 0.1).read())
    finally:
        stage.release()
    return pictures


def frames(pixels: Pixels, count: int = 14, mask: Mask | None = None) -> list[Observation]:
    """Ten a second."""
    return [observe(pixels, n, mask=mask, time_s=n / 10) for n in range(count)]


def test_some_are_built_in() -> None:
    assert {"fade", "wipe", "iris"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_begins_with_the_first_scene_and_ends_with_the_second(gpu: Gpu, name: str) -> None:
    seen = frames(noise(SIZE))
    one, two = scene(shader("frame(uv)")), scene(shader("vec4(1.0 - frame(uv).rgb, 1.0)"))
    first, second = (draw(gpu, made, seen[0]) for made in (one, two))
    pictures = played(gpu, [one, two], seen, name)
    assert far(pictures[0], first) == 0
    assert far(pictures[10], second) == 0
    middle = pictures[5]
    assert min(far(middle, first), far(middle, second)) > 20
    assert all(len(np.unique(p[..., 3])) == 1 for p in pictures), "opaque pictures stay opaque"


@pytest.mark.parametrize("name", NAMES)
def test_at_progress_0_and_1_it_is_exactly_one_of_the_pictures(gpu: Gpu, name: str) -> None:
    from phosphene.engine.renderer.targets import Target
    from phosphene.engine.renderer.transition import Transition

    textures = [
        gpu.texture(SIZE, 4, np.dstack([noise(SIZE, s), np.full(SIZE[::-1], 255, np.uint8)]), srgb=True) for s in (1, 2)
    ]
    transition, canvas = Transition(gpu, BUILT_IN.transition(name)(), SIZE), Target(gpu, SIZE)
    for progress, seed in ((0.0, 1), (1.0, 2)):
        transition.draw(*textures, progress, canvas.framebuffer)
        found = np.frombuffer(canvas.framebuffer.read(components=4), np.uint8).reshape(SIZE[1], SIZE[0], 4)
        assert far(found[..., :3], noise(SIZE, seed)) == 0
    transition.release()
    canvas.release()
    gpu.release(*textures)


def test_no_transition_is_a_cut(gpu: Gpu) -> None:
    one, two = scene(shader("vec4(1.0, 0.0, 0.0, 1.0)")), scene(shader("vec4(0.0, 0.0, 1.0, 1.0)"))
    pictures = played(gpu, [one, two], frames(noise(SIZE), 3), None, transition_s=0.0)
    assert [tuple(p[0, 0]) for p in pictures] == [(0, 0, 255, 255)] * 3


# The room


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mask", [None, flat(0.0)], ids=["not known", "nobody"])
def test_between_private_scenes_no_room_is_seen(gpu: Gpu, name: str, mask: Mask | None) -> None:
    seen = [replace(o, results={**o.results, "other": 1}) for o in frames(plain(SIZE, ROOM), 50, mask)]
    assert not any(leaks(p) for p in played(gpu, [private(), private()], seen, name))


@pytest.mark.parametrize("name", NAMES)
def test_a_private_scene_comes_as_a_slate_where_the_mask_is_lost(gpu: Gpu, name: str) -> None:
    """The mask is there when the change begins and gone from then on."""
    black = scene(shader("vec4(0.0, 0.0, 0.0, 1.0)"))
    seen = [observe(plain(SIZE, ROOM), n, mask=flat(1.0) if n == 0 else None, time_s=n / 10) for n in range(14)]
    pictures = played(gpu, [black, private()], seen, name)
    assert not any(leaks(p) for p in pictures[1:])


def test_the_flash_guard_does_not_bring_the_room_back(gpu: Gpu) -> None:
    """An open scene of a bright room and a private one take turns, fast enough for the guard to damp."""
    bright = plain(SIZE, (20, 255, 30))
    playlist = Playlist([scene(shader("frame(uv)")), private()], every_s=0.1, transition_s=0.0)
    stage = Stage(gpu, playlist, SIZE)
    try:
        for n in range(40):
            playlist.move(n / 10, {"person": 1})
            picture = stage.render(observe(bright, n, mask=flat(0.0), time_s=n / 10), 0.1).read()
            if playlist.shown == (1,):
                assert not leaks(picture), f"frame {n}"
    finally:
        stage.release()


# What goes wrong


def test_a_transition_that_does_not_compile_is_told_before_the_show(gpu: Gpu, tmp_path: Path) -> None:
    from phosphene.engine.core.errors import ShaderError

    (tmp_path / "bad.glsl").write_text("vec4 transition(vec2 uv) {\n    return nothing;\n}\n")
    effect = load(tmp_path / "bad.glsl")()
    with pytest.raises(ShaderError, match="nothing") as caught:
        Stage(gpu, Playlist([scene(), scene()]), SIZE, transition=effect)
    assert "bad.glsl:2" in str(caught.value)


def test_a_transition_that_fails_becomes_a_cut(gpu: Gpu, caplog: pytest.LogCaptureFixture) -> None:
    effect = BUILT_IN.transition("fade")()

    def moment(time_s: float, dt: float) -> None:
        raise ZeroDivisionError("halfway")

    effect.advance_to = moment  # type: ignore[attr-defined]
    one, two = scene(shader("vec4(1.0, 0.0, 0.0, 1.0)")), scene(shader("vec4(0.0, 0.0, 1.0, 1.0)"))
    pictures = played(gpu, [one, two], frames(noise(SIZE)), effect)
    assert [tuple(p[0, 0]) for p in pictures] == [(0, 0, 255, 255)] * 14
    assert "transition switched off: ZeroDivisionError: halfway" in caplog.text


def test_a_smaller_picture_in_the_middle_of_a_change(gpu: Gpu) -> None:
    playlist = Playlist([scene(shader("vec4(1.0, 0.0, 0.0, 1.0)")), scene(shader("vec4(0.0, 0.0, 1.0, 1.0)"))])
    stage = Stage(gpu, playlist, SIZE, transition=BUILT_IN.transition("wipe")())
    playlist.go(1)
    try:
        for n, observation in enumerate(frames(noise(SIZE), 12)):
            if n in (3, 6):
                stage.set_quality(replace(FULL, picture_scale=0.5 if n == 3 else 1.0))
            playlist.move(observation.frame.time_s, ())
            picture = stage.render(observation, 0.1).read()
            assert picture.shape == (SIZE[1], SIZE[0], 4)
            if n in (5, 8):
                assert tuple(picture[27, 1, :3]) == (0, 0, 255)
                assert tuple(picture[27, -2, :3]) == (255, 0, 0)
    finally:
        stage.release()


def test_what_a_transition_kept_does_not_come_into_the_next(gpu: Gpu, tmp_path: Path) -> None:
    """A transition with a buffer that only ever gets brighter."""
    (tmp_path / "keeps.fs").write_text(
        """/*{ "INPUTS": [ {"NAME": "startImage", "TYPE": "image"}, {"NAME": "endImage", "TYPE": "image"},
        {"NAME": "progress", "TYPE": "float", "MIN": 0, "MAX": 1, "DEFAULT": 0} ],
        "PASSES": [ {"TARGET": "kept", "PERSISTENT": true}, {} ] }*/
        void main() {
            vec4 c = max(IMG_THIS_PIXEL(kept), IMG_THIS_PIXEL(startImage));
            gl_FragColor = PASSINDEX == 0 ? vec4(c.rgb, 1.0) : IMG_THIS_PIXEL(kept);
        }"""
    )
    red, green = scene(shader("vec4(1.0, 0.0, 0.0, 1.0)")), scene(shader("vec4(0.0, 1.0, 0.0, 1.0)"))
    playlist = Playlist([red, green])
    stage = Stage(gpu, playlist, SIZE, transition=load(tmp_path / "keeps.fs")())
    found = {}
    try:
        for n, observation in enumerate(frames(noise(SIZE), 34)):
            if n in (0, 20):
                playlist.step_by(1)
            playlist.move(observation.frame.time_s, ())
            found[n] = tuple(int(v) for v in stage.render(observation, 0.1).read()[5, 5, :3])
    finally:
        stage.release()
    assert found[5] == (255, 0, 0)
    assert found[25] == (0, 255, 0), "red was kept from the change before"


def test_a_change_may_ask_for_another_transition(gpu: Gpu) -> None:
    """At its middle the one mixes both colours, and the other shows each on its side."""
    red, blue = scene(shader("vec4(1.0, 0.0, 0.0, 1.0)")), scene(shader("vec4(0.0, 0.0, 1.0, 1.0)"))
    playlist = Playlist([red, blue])
    named = {"sideways": BUILT_IN.transition("wipe")()}
    stage = Stage(gpu, playlist, SIZE, transition=BUILT_IN.transition("fade")(), named=named)
    playlist.go(1, "sideways", 2.0)
    found = {}
    try:
        for n, observation in enumerate(frames(noise(SIZE), 40)):
            if n == 25:
                playlist.go(0)
            playlist.move(observation.frame.time_s, ())
            found[n] = stage.render(observation, 0.1).read()[27, :, :3]
            if n == 15:
                assert playlist.into == 1, "it takes its own time"
    finally:
        stage.release()
    assert {tuple(pixel) for pixel in found[10][[1, -2]].tolist()} == {(255, 0, 0), (0, 0, 255)}
    assert playlist.at == 0
    assert all(0 < pixel[0] < 255 and 0 < pixel[2] < 255 for pixel in found[30][[1, -2]].tolist())
