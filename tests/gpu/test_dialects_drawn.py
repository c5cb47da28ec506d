"""Foreign shaders drawn by the renderer: identities to the code, every input and variable, passes, buffers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import draw, drawings, everything, far, flat, noise, observe, plain, ramp, scene, to_linear
from phosphene.engine.core.errors import ShaderError
from phosphene.engine.core.frame import Pixels
from phosphene.engine.core.results import Mask
from phosphene.engine.effect.effect import Effect
from phosphene.engine.glsl.dialects import load
from phosphene.engine.renderer.effect_runner import EffectRunner
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.renderer.renderer import Renderer
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.toml_read import load_scene
from phosphene.engine.show.reload import Reloader

from phosphene.testing import fake_mask

pytestmark = pytest.mark.gl

SAMPLES = Path(__file__).resolve().parent.parent / "dialects"
SIZE = (48, 32)
LARGE = (320, 180)  # room for a problem at the bottom
WAYS = ("this pixel", "this norm pixel", "norm pixel", "pixel", "frag coord", "fetch", "texture2D")


def sample(name: str, **values: Any) -> Effect:
    """An effect from our samples."""
    effect = load(SAMPLES / name)()
    for key, value in values.items():
        effect.set(key, value)
    return effect


def bars(picture: Pixels, count: int, row: int = 2) -> list[tuple[int, ...]]:
    """The colour in the middle of each of `count` bars from the left."""
    width = picture.shape[1]
    return [tuple(int(v) for v in picture[row, int((n + 0.5) * width / count), :3]) for n in range(count)]


def near(found: tuple[int, ...], *wanted: float) -> bool:
    """Whether codes are what 0..1 values become."""
    return all(abs(f - 255 * w) <= 1.01 for f, w in zip(found, wanted, strict=True))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("pixels", [noise(SIZE), ramp(SIZE)], ids=["noise", "ramp"])
def test_a_pass_through_is_the_identity(gpu: Gpu, way: str, pixels: Pixels) -> None:
    assert far(draw(gpu, scene(sample("isf_pass_through.fs", way=way)), observe(pixels))[..., :3], pixels) == 0


@pytest.mark.parametrize("cut", ["person", "not-person"])
def test_a_pass_through_is_the_identity_on_a_cut_out(gpu: Gpu, cut: str) -> None:
    """Where the picture is half transparent it goes through straight alpha and back: to one code.

    Straight alpha cannot say the faint light of a pixel whose 8-bit alpha is all but 0: less than 0.3 % of full light.
    """
    seen = observe(noise(SIZE), mask=fake_mask(size=SIZE))
    without = draw(gpu, scene(cut=cut), seen)
    through = draw(gpu, scene(sample("isf_pass_through.fs"), cut=cut), seen)
    faint = without[..., 3] < 4
    assert far(through[~faint], without[~faint]) <= 1
    assert np.abs(to_linear(through) - to_linear(without))[faint].max() < 0.003


def test_effects_follow_one_another(gpu: Gpu) -> None:
    pixels = noise(SIZE)
    several = [sample("isf_pass_through.fs"), sample("isf_pass_through.fs"), sample("wipe.glsl", progress=0.0)]
    assert far(draw(gpu, scene(*several), observe(pixels))[..., :3], pixels) <= 1


def test_opacity_and_cut_in_the_same_draw(gpu: Gpu, tmp_path: Path) -> None:
    """A generator that ends a cut-out layer is cut out as our own effects are."""
    seen = observe(plain(SIZE), mask=fake_mask(size=SIZE))
    ours = type("White", (Effect,), {"glsl": "vec4 effect(vec2 uv) { return vec4(1.0); }"})()
    (tmp_path / "white.fs").write_text("/*{}*/ void main() { gl_FragColor = vec4(1.0); }", encoding="utf-8")
    theirs = load(tmp_path / "white.fs")()
    for values in ({"cut": "person"}, {"cut": "not-person"}, {"opacity": 0.4}):
        wanted = draw(gpu, scene(ours, **values), seen)
        assert far(draw(gpu, scene(theirs, **values), seen), wanted) <= 1, values


def test_every_input_reaches_the_shader(gpu: Gpu, tmp_path: Path) -> None:
    found = bars(draw(gpu, scene(sample("isf_values.fs")), observe(plain((120, 20)))), 12)
    assert near(found[0], 0.2, 0.2, 0.2)
    assert near(found[1], 1.0, 1.0, 1.0)
    assert near(found[2], 20 / 255, 20 / 255, 20 / 255)
    assert near(found[3], 0.2, 0.2, 0.2)
    assert near(found[4], 0.2, 0.4, 0.6)
    assert near(found[5], 0.25, 0.75, 0.0)
    assert near(found[6], 0.5, 0.4, 0.0)
    assert near(found[7], 0.0, 0.0, 0.0)
    assert near(found[8], 0.5, 0.0, 0.0)  # silence
    assert near(found[9], 0.0, 0.0, 0.0)  # no picture
    assert near(found[10], 0.8, 0.8, 0.8)
    assert near(found[11], 1.0, 1.0, 1.0)  # the top of the picture is at y = 1


def test_changed_values_reach_the_shader(gpu: Gpu, tmp_path: Path) -> None:
    from PIL import Image

    picture = tmp_path / "other.png"
    Image.new("RGB", (4, 4), (10, 200, 30)).save(picture)
    values = {"a_float": 0.6, "a_bool": False, "a_long": "many", "a_number": 102, "a_color": "#ff000080"}
    points = {"a_point": (0.5, 0.0), "a_vector_x": 0.0, "a_vector_y": 100.0, "size_": 0.4, "other": str(picture)}
    effect = sample("isf_values.fs", **values, **points)
    found = bars(draw(gpu, scene(effect), observe(plain((120, 20)))), 12)
    assert near(found[0], 0.6, 0.6, 0.6)
    assert near(found[1], 0.0, 0.0, 0.0)
    assert near(found[2], 200 / 255, 200 / 255, 200 / 255)
    assert near(found[3], 0.4, 0.4, 0.4)
    assert near(found[4], 1.0, 0.0, 0.0)
    assert near(found[5], 0.5, 1.0, 0.0)  # our top is their y = 1
    assert near(found[6], 0.0, 1.0, 0.0)
    assert found[9] == (10, 200, 30)
    assert near(found[10], 0.4, 0.4, 0.4)


def test_an_event_fires_in_one_frame(gpu: Gpu) -> None:
    effect = sample("isf_values.fs")
    shown = []
    for number, picture in enumerate(drawings(gpu, scene(effect), [observe(plain((120, 20)), n) for n in range(4)])):
        shown.append(bars(picture, 12)[7][0])
        effect.set("an_event", number < 2)
    assert shown == [0, 255, 0, 0]


def test_the_variables_of_isf(gpu: Gpu) -> None:
    seen = [observe(plain((80, 40)), n, time_s=4.0 + 0.25 * n) for n in range(3)]
    picture = list(drawings(gpu, scene(sample("isf_builtins.fs")), seen))[-1]
    found = bars(picture, 8, row=0)
    assert near(found[0], 0.45, 0.45, 0.45)
    assert near(found[1], 0.25, 0.25, 0.25)
    assert near(found[2], 2 / 255, 2 / 255, 2 / 255)
    assert near(found[3], 80 / 255, 40 / 255, 0.0)
    assert near(found[4], 0.0, 1 / 255, 1 / 255)
    assert near(found[5], 0.45, 0.45, 0.45)
    assert near(found[6], 0.0, 0.0, 0.0)
    assert near(found[7], 39.5 / 40, 39.5 / 40, 0.0)


def test_passes_have_sizes_floats_and_memory(gpu: Gpu) -> None:
    effect = sample("isf_passes.fs")
    pictures = list(drawings(gpu, scene(effect), [observe(plain((80, 40)), n) for n in range(5)]))
    assert [int(p[20, 10, 0]) for p in pictures] == [1, 2, 3, 4, 5]  # 300, 600 … in a float buffer
    assert near(tuple(int(v) for v in pictures[-1][5, 70, :3]), 40 / 255, 10 / 255, 1.0)
    assert near(tuple(int(v) for v in pictures[-1][35, 70, :3]), 40 / 255, 10 / 255, 0.0)


def test_a_size_follows_a_parameter(gpu: Gpu) -> None:
    effect = sample("isf_passes.fs")
    widths = []
    for number, picture in enumerate(drawings(gpu, scene(effect), [observe(plain((80, 40)), n) for n in range(3)])):
        widths.append(int(picture[5, 70, 0]))
        effect.set("part", (0.25, 1.0, 1.0)[number])
    assert widths == [40, 20, 80]


def test_a_last_pass_with_a_target_is_the_picture(gpu: Gpu) -> None:
    seen = [observe(plain(SIZE, c), n) for n, c in enumerate([(200, 10, 10), (20, 180, 20), (30, 30, 30)])]
    last = list(drawings(gpu, scene(sample("isf_last_target.fs")), seen))[-1]
    assert far(last[..., :3], plain(SIZE, (200, 180, 30))) <= 1


def test_an_imported_picture_keeps_its_alpha_and_stands_upright(gpu: Gpu) -> None:
    picture = draw(gpu, scene(sample("isf_imported.fs")), observe(plain((64, 64))))
    corners = [tuple(int(v) for v in picture[y, x]) for y, x in ((8, 8), (8, 56), (56, 8), (56, 56))]
    assert corners == [(255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255), (0, 0, 0, 0)]


def test_a_vertex_shader_of_its_own(gpu: Gpu) -> None:
    pixels = noise(SIZE)
    picture = draw(gpu, scene(sample("isf_vertex.fs", shift=3.0)), observe(pixels))
    assert far(picture[:, 3:-3, :3], pixels[:, :-6]) <= 2


def test_the_person_the_face_and_the_body_as_images(gpu: Gpu) -> None:
    seen = everything((64, 36), 1)[0]
    whole = observe(seen.frame.pixels, mask=flat(1.0), people=True)
    mask = draw(gpu, scene(sample("isf_person.fs")), whole)
    assert mask[..., :3].min() >= 254
    (face,), (pose,) = whole.faces, whole.poses
    shown = draw(gpu, scene(sample("isf_person.fs", show="face")), whole)[10, 10, :3]
    iris = face.points[468]
    assert near(tuple(int(v) for v in shown), float(iris[0]), 1.0 - float(iris[1]), 0.0)  # there is no second face
    shown = draw(gpu, scene(sample("isf_person.fs", show="pose")), whole)[10, 10, :3]
    assert near(tuple(int(v) for v in shown), float(pose.points[0, 0]), 1.0 - float(pose.points[0, 1]), 1.0)
    nobody = [observe(whole.frame.pixels, n, mask=Mask(n, np.zeros((36, 64), np.float32), False)) for n in range(12)]
    assert far(draw(gpu, scene(sample("isf_person.fs", show="plate")), *nobody)[..., :3], whole.frame.pixels) <= 2
    assert scene(sample("isf_person.fs")).needs() == {"person", "face", "pose"}


def test_later_versions_of_glsl_are_tried(gpu: Gpu) -> None:
    picture = draw(gpu, scene(sample("isf_whole_numbers.fs")), observe(plain((64, 64))))
    assert int(picture[0, 0, 2]) == 7


def test_the_variables_and_buffers_of_shadertoy(gpu: Gpu) -> None:
    seen = [observe(ramp((80, 40)), n, time_s=2.0 + 0.1 * n) for n in range(4)]
    effect = sample("toy.frag", mouse=(0.25, 0.25), mouse_down=True, amount=0.6)
    picture = list(drawings(gpu, scene(effect), seen))[-1]
    found = bars(picture, 8, row=0)
    assert near(found[0], 0.23, 0.23, 0.23)
    assert near(found[1], 0.1, 10 / 255, 0.0)
    assert near(found[2], 3 / 255, 3 / 255, 3 / 255)
    assert near(found[3], 0.25, 0.75, 1.0)
    assert near(found[4], 0.0, 0.23, 0.0)
    assert found[5][:2] == (80, 40)  # four frames of 20 in buffer A, which reads the top row of buffer B
    assert near(found[6], 80 / 255, 40 / 255, 0.6)
    assert picture[6, 70, :3].tolist() == [0, 255, 0]
    assert far(picture[20:, :, :3], ramp((80, 40))[20:]) == 0
    assert picture[..., 3].min() == 255  # the alpha of mainImage means nothing


def test_authors_macros_do_no_harm(gpu: Gpu) -> None:
    for cut in ("none", "person"):
        picture = draw(gpu, scene(sample("toy_single.glsl"), cut=cut), observe(plain((64, 64)), mask=flat(1.0)))
        assert int(picture[32, 60, 1]) > 200
        assert int(picture[0, 32, 2]) == 255  # y runs upward, and so do its derivatives


def test_a_plain_file_draws_as_the_same_class_would(gpu: Gpu) -> None:
    effect = sample("plain.frag", amount=0.0)
    pixels = noise(SIZE)
    assert far(draw(gpu, scene(effect), observe(pixels))[..., :3], pixels) == 0
    effect.set("amount", 1.0)
    assert far(draw(gpu, scene(effect), observe(pixels))[..., :3], pixels) > 20


def test_a_scene_names_a_shader_file(gpu: Gpu, tmp_path: Path) -> None:
    (tmp_path / "glow.toml").write_text(
        'title = "t"\n[[layer]]\neffects = [{ use = "isf-pass-through", amount = 0.5 }, "plain"]\n', encoding="utf-8"
    )
    found = load_scene(str(tmp_path / "glow.toml"), Registry([SAMPLES], []))
    assert found.set("isf-pass-through.amount", 1.0) == "camera/isf-pass-through.amount"
    found.set("plain.amount", 0.0)
    assert draw(gpu, found, observe(plain(SIZE)))[..., :3].min() == 255


def test_resizing_keeps_what_is_remembered(gpu: Gpu) -> None:
    effect = sample("isf_passes.fs")
    renderer = Renderer(gpu, scene(effect), (80, 40))
    try:
        for number in range(3):
            renderer.render(observe(plain((80, 40)), number), 0.1)
        runner = renderer.effects["camera/e0"]
        runner.resize((40, 20), 1.0)
        assert runner.targets["reduced"].size == (20, 5)
        assert runner.targets["counter"].size == (1, 1)
        framebuffer = runner.targets["counter"].shown
        assert np.frombuffer(framebuffer.read(components=1, dtype="f4"), np.float32)[0] == 900.0
    finally:
        renderer.release()


BROKEN = {
    "syntax.fs": "syntax.fs:9",
    "syntax.frag": "syntax.frag:2",
    "syntax.glsl": "syntax.glsl:3",
    "syntax_vertex.fs": "syntax_vertex.vs:3",
    "bad_macro.fs": "bad_macro.fs:7",
    "open_if.fs": "open_if.fs:7",
}


@pytest.mark.parametrize("name", BROKEN)
def test_errors_name_the_authors_line(gpu: Gpu, name: str) -> None:
    with pytest.raises(ShaderError) as caught:
        EffectRunner(gpu, load(SAMPLES / "hostile" / name)(), SIZE)
    assert caught.value.where.endswith(BROKEN[name])


def test_a_saved_shader_file_is_in_the_picture(gpu: Gpu, tmp_path: Path) -> None:
    """Hot reload: parameters that are still there keep their values, and a mistake leaves the last version running."""
    shader, toml = tmp_path / "glow.fs", tmp_path / "s.toml"
    header = '/*{ "INPUTS": [ { "NAME": "level", "TYPE": "float" } ] }*/\n'
    shader.write_text(header + "void main() { gl_FragColor = vec4(level, 0.0, 0.0, 1.0); }\n", encoding="utf-8")
    toml.write_text('[[layer]]\neffects = [{ use = "glow", level = 1.0 }]\n', encoding="utf-8")
    registry = Registry([tmp_path], [])
    made = load_scene(str(toml), registry)
    renderer = Renderer(gpu, made, LARGE)
    reloader = Reloader(made, registry, lambda: load_scene(str(toml), registry))

    def saved(text: str) -> list[int]:
        shader.write_text(header + text, encoding="utf-8")
        reloader._looked_s = 0.0
        reloader.look(renderer)
        renderer.render(observe(plain(LARGE)), 0.1)
        return [int(v) for v in renderer.read()[0, 0, :3]]

    try:
        reloader.look(renderer)
        assert saved("void main() { gl_FragColor = vec4(0.0, level, 0.0, 1.0); } // green\n") == [0, 255, 0]
        assert renderer.problems == {}
        assert saved("void main() { gl_FragColor = vec4(0.0, level, 0.0, 1.0) } // a mistake\n")[1] == 255
        assert "glow.fs:2" in str(renderer.problems["camera/glow"])
        assert saved("void main() { gl_FragColor = vec4(0.0, 0.0, level, 1.0); } // it is blue now\n") == [0, 0, 255]
        assert renderer.problems == {}
    finally:
        renderer.release()
