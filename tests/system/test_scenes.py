"""Every scene on every kind of input, and the laws of the small ones."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from phosphene.engine.scene.registry import Registry

from phosphene import Label, Line
from tests.helpers_system import Run, difference, linear, playable_scenes, run

pytestmark = [pytest.mark.gl, pytest.mark.models, pytest.mark.usefixtures("models_ready"), pytest.mark.slow]

SCENES = sorted(Registry().scenes())
# Name, what is opened, the size it is brought to.
INPUTS = {
    "tiny": ("portrait/hopper_128.jpg", (32, 24)),
    "huge": ("portrait/wh_obama_1080p.jpg", (1920, 1080)),
    "upright": ("fullbody/tfjs_squats.mp4", (720, 1280)),
    "nobody": ("empty/room_empty_warehouse_01_1k_0.jpg", (640, 360)),
    "dark": ("hard/human_dark_b2.jpg", (512, 640)),
    "crowd": ("multi/solvay1927.jpg", (1024, 461)),
    "odd": ("hostile/generated/odd_641x359_yuv444.mp4", None),
    "grey": ("hostile/generated/gray16.png", None),
}


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.slow
def test_every_scene_on_every_input(data_dir: Path, scene: str, kind: str) -> None:
    """Each frame comes out once, in its size, with its own time; no effect fails and nothing is left behind."""
    if scene not in playable_scenes():
        pytest.skip(f"a model of {scene} is not on this machine: `phosphene models` says which")
    name, size = INPUTS[kind]
    done = run(scene, data_dir / name, count=3, size=size)
    assert not done.problems
    assert done.live_objects == 0
    assert len(done.images) == len(done.frames) == 3
    assert done.times == [frame.time_s for frame in done.frames]
    for frame, image in zip(done.frames, done.images, strict=True):
        assert image.shape == (frame.size[1], frame.size[0], 4)
        assert (image[..., 3] == 255).all() or scene == "cutout"


@pytest.mark.parametrize("scene", SCENES)
def test_every_scene_has_words(scene: str) -> None:
    """A title, a sentence, and at least one layer."""
    from phosphene.engine.show.options import run_options
    from phosphene.engine.show.session import open_scene

    words = open_scene(run_options(scene))
    assert words.title
    assert words.doc.endswith(".")
    assert words.layers


@pytest.mark.parametrize("mode", ["flip", "left", "right", "top", "bottom"])
def test_mirror(mode: str) -> None:
    """Flipped is the picture read from right to left; halves are mirrored onto each other."""
    done = run("mirror", "testcard:320x180", count=2, settings=[("mode", mode)])
    for frame, image, _ in done:
        wanted = frame.pixels.copy()
        if mode == "flip":
            wanted = wanted[:, ::-1]
        elif mode == "left":
            wanted[:, 160:] = wanted[:, :160][:, ::-1]
        elif mode == "right":
            wanted[:, :160] = wanted[:, 160:][:, ::-1]
        elif mode == "top":
            wanted[90:] = wanted[:90][::-1]
        else:
            wanted[:90] = wanted[90:][::-1]
        assert difference(image, wanted).max() <= 1


def test_duotone_is_two_inks() -> None:
    """At full strength every colour lies on the line between ink and paper, brighter where the picture is."""
    settings = [("amount", 1.0), ("ink", "#000080"), ("paper", "#ffff80")]
    done = run("duotone", "testcard:320x180", count=1, settings=settings)
    (image,) = done.images
    light = linear(image[..., :3])
    assert np.abs(light[..., 0] - light[..., 1]).max() < 0.02
    assert np.abs(light[..., 2] - light[..., 2].mean()).max() < 0.02
    luma = linear(done.frames[0].pixels) @ np.array([0.2126, 0.7152, 0.0722])
    order = np.argsort(luma.ravel())[:: luma.size // 200]
    assert (np.diff(light[..., 0].ravel()[order]) > -0.02).all()


def test_duotone_off_changes_nothing() -> None:
    """At strength 0 the picture is the camera's."""
    done = run("duotone", "testcard:320x180", count=2, settings=[("amount", 0.0)])
    for frame, image, _ in done:
        assert difference(image, frame.pixels).max() <= 1


def measured(data: Path, name: str, **values: object) -> tuple[Run, list[list[str]], list[int]]:
    """The run, the labels of each frame and the number of lines of each frame."""
    settings = [(key, value) for key, value in {"hold_s": 0.3, **values}.items()]
    done = run("clothing-size", data / name, count=14, settings=settings, keep="camera/clothing-size.shapes")
    texts = [[shape.text for shape in shapes if isinstance(shape, Label)] for shapes in done.kept]
    return done, texts, [sum(isinstance(shape, Line) for shape in shapes) for shapes in done.kept]


@pytest.mark.parametrize("photo", ["fullbody/fb_arsalan2.jpeg", "measurement/synthetic/body00_front.jpg"])
def test_clothing_size_measures_whole_bodies(data_dir: Path, photo: str) -> None:
    """Lines on the body, an interval at each, and in the end likely sizes that are called an estimate."""
    done, texts, lines = measured(data_dir, photo, height_cm=178)
    assert max(lines) >= 4
    assert sum(bool(re.search(r"\d+–\d+ cm", text)) for text in texts[-1]) >= 4
    assert any("estimate" in text for text in texts[-1])
    assert any(re.search(r"\b(XS|S|M|L|XL|XXL|3XL)\b", text) for text in texts[-1])
    for text in (text for frame in texts for text in frame):
        assert _no_bare_number(text), f"a bare number: {text!r}"
    # What is drawn is seen in the picture.
    assert (difference(done.images[-1], done.frames[-1].pixels) > 30).mean() > 0.01


def test_clothing_size_without_height_is_wider(data_dir: Path) -> None:
    """Without a height every interval is far wider than with one."""
    widths = []
    for height in (0, 178):
        texts = measured(data_dir, "fullbody/fb_arsalan2.jpeg", height_cm=height)[1][-1]
        spans = [re.search(r"(\d+)–(\d+) cm", text) for text in texts]
        widths.append(np.mean([int(m[2]) - int(m[1]) for m in spans if m]))
    assert widths[0] > 1.2 * widths[1]


@pytest.mark.parametrize(
    ("clip", "advice"),
    [
        ("desk/asl_yes.mkv", "Step back"),
        ("desk/pixabay_doctor_desk.mp4", "Step back"),
        ("empty/onebyone_empty_5s9.mp4", "Step into the picture"),
        ("multi/tfjs_three_people.jpg", "Only one person"),
    ],
)
def test_clothing_size_guides(data_dir: Path, clip: str, advice: str) -> None:
    """Where nothing can be measured it says what to do, and shows no number."""
    _, texts, _ = measured(data_dir, clip, height_cm=178)
    assert any(advice in text for text in texts[-1]), texts[-1]
    assert not any(char.isdigit() for frame in texts for text in frame for char in text)


def _no_bare_number(text: str) -> bool:
    left = re.sub(r"\d+–\d+ cm|\d+ %|\b[2-9]XL\b", "", text)
    return not any(char.isdigit() for char in left)


def test_clothing_size_keeps_the_picture(data_dir: Path) -> None:
    """Hidden, it changes nothing."""
    done = run(
        "clothing-size",
        data_dir / "fullbody/tfjs_squats.mp4",
        count=3,
        settings=[("camera/clothing-size.visible", False)],
    )
    for frame, image, _ in done:
        assert difference(image, frame.pixels).max() <= 2
