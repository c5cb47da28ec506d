"""`phosphene.render`: the command line's pictures bit for bit, none far ahead, and nothing left behind."""

from __future__ import annotations

import _thread
import ctypes
import gc
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from helpers import noise
from helpers_waiting import show_threads
from phosphene.engine.commands.cli import main
from phosphene.engine.core.errors import EffectFailed, UsageError
from phosphene.engine.core.frame import Frame, Pixels
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.renderer.renderer import Renderer
from phosphene.engine.show import loop

import phosphene
from phosphene.testing import FakeSource

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("gpu")]
ROOT = Path(__file__).resolve().parents[2]
CARD = "testcard:64x48@30x8"
ENDLESS = "testcard:64x48@30"
HALF = '[[layer]]\nsource = "camera"\nopacity = 0.4\n'


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Gpu]]:
    """The contexts that were made; at the end each must be empty, and no thread be left."""
    contexts: list[Gpu] = []
    headless = Gpu.headless

    def kept() -> Gpu:
        contexts.append(headless())
        return contexts[-1]

    monkeypatch.setattr(Gpu, "headless", kept)
    yield contexts
    assert [context.live_objects for context in contexts] == [0] * len(contexts)
    assert show_threads() == []


def read(folder: Path) -> list[np.ndarray]:
    """Every picture of a folder, in RGB or RGBA order."""
    files = sorted(folder.glob("*.png"))
    pictures = [cv2.imread(str(file), cv2.IMREAD_UNCHANGED) for file in files]
    return [cv2.cvtColor(p, cv2.COLOR_BGRA2RGBA if p.shape[2] == 4 else cv2.COLOR_BGR2RGB) for p in pictures]


def same(these: Any, those: Any) -> bool:
    """Whether two runs of pictures are as long as each other, and bit for bit the same."""
    return all(np.array_equal(a, b) for a, b in zip(these, those, strict=True))


@pytest.mark.parametrize(
    ("scene", "typed", "given"),
    [
        ("duotone", ["--set", "amount=0.5", "--set", "ink=orange"], {"parameters": {"amount": 0.5, "ink": "orange"}}),
        (
            "mirror",
            ["--size", "50x40", "--seconds", "0.2", "--seed", "3"],
            {"size": (50, 40), "seconds": 0.2, "seed": 3},
        ),
        ("mirror", ["--rotate", "90", "--quality", "picture-50"], {"rotate": 90, "quality": "picture-50"}),
        ("half", [], {}),
    ],
)
def test_pictures_are_those_of_the_command_line(
    scene: str, typed: list[str], given: dict[str, Any], tmp_path: Path, made: list[Gpu]
) -> None:
    (tmp_path / "half.toml").write_text(HALF)
    outputs = ["--output", f"{tmp_path}/flat/", "--output", f"{tmp_path}/clear/?alpha=1"]
    folder = ["--effects", str(tmp_path)]
    assert main(["run", scene, "--input", CARD, *outputs, *folder, *typed, "--quiet"]) == 0
    pictures = list(phosphene.render(scene, CARD, effects=tmp_path, **given))
    assert len(pictures) == (6 if "seconds" in given else 8)
    assert same([p.rgb for p in pictures], read(tmp_path / "flat"))
    assert same([p.pixels for p in pictures], read(tmp_path / "clear"))
    assert [p.time_s for p in pictures] == [p.observation.frame.time_s for p in pictures]
    assert [p.observation.frame.id for p in pictures] == list(range(len(pictures)))
    assert (pictures[0].pixels[..., 3].max() < 255) == (scene == "half")


def test_arrays_are_drawn_like_the_same_pictures_in_a_folder(tmp_path: Path, made: list[Gpu]) -> None:
    pictures = [noise((64, 48), seed) for seed in range(5)]
    for number, picture in enumerate(pictures):
        cv2.imwrite(str(tmp_path / f"{number}.png"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    from_files = list(phosphene.render("duotone", tmp_path, fps=25))
    from_arrays = list(phosphene.render("duotone", (p for p in pictures), fps=25))
    assert same([p.premultiplied for p in from_arrays], [p.premultiplied for p in from_files])
    assert [p.time_s for p in from_arrays] == [p.time_s for p in from_files] == [n / 25 for n in range(5)]
    assert same([p.observation.frame.pixels for p in from_arrays], pictures)


def test_what_was_rendered_can_be_rendered_again(made: list[Gpu]) -> None:
    first = [p.rgb for p in phosphene.render("mirror", CARD)]
    chained = phosphene.render("duotone", (p.rgb for p in phosphene.render("mirror", CARD)))
    assert same([p.rgb for p in chained], [p.rgb for p in phosphene.render("duotone", first)])


def test_two_at_once_do_not_disturb_each_other(made: list[Gpu]) -> None:
    alone = [[p.pixels for p in phosphene.render(scene, CARD)] for scene in ("mirror", "duotone")]
    both = [phosphene.render(scene, CARD) for scene in ("mirror", "duotone")]
    together = list(zip(*both, strict=True))
    assert same([p.pixels for p, _ in together], alone[0])
    assert same([p.pixels for _, p in together], alone[1])


def test_another_thread_may_render(made: list[Gpu]) -> None:
    pictures: list[Pixels] = []
    thread = threading.Thread(target=lambda: pictures.extend(p.pixels for p in phosphene.render("mirror", CARD)))
    thread.start()
    thread.join(120)
    assert same(pictures, [p.pixels for p in phosphene.render("mirror", CARD)])


def test_the_callers_own_context_stays_the_current_one(gpu: Gpu, made: list[Gpu]) -> None:
    texture = gpu.texture((2, 2), 4, bytes(range(16)))
    for _ in phosphene.render("mirror", CARD):
        assert texture.read() == bytes(range(16))
    gpu.release(texture)


# Leaving early


def test_a_loop_may_be_left(made: list[Gpu]) -> None:
    for picture in phosphene.render("duotone", ENDLESS, seconds=900):
        if picture.observation.frame.id == 3:
            break
    assert show_threads() == []


def test_an_error_in_the_loop_ends_it_too(made: list[Gpu]) -> None:
    def failing() -> None:
        for _ in phosphene.render("duotone", ENDLESS, seconds=900):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    gc.collect()
    assert show_threads() == []


def test_it_can_be_closed_at_any_time(made: list[Gpu]) -> None:
    pictures = phosphene.render("duotone", ENDLESS, seconds=900)
    pictures.close()
    assert made == []
    pictures = phosphene.render("duotone", ENDLESS, seconds=900)
    next(pictures)
    pictures.close()
    pictures.close()
    assert show_threads() == []


def test_ctrl_c_ends_it(made: list[Gpu]) -> None:
    def interrupting() -> Iterator[Pixels]:
        yield noise((64, 48))
        _thread.interrupt_main()
        while True:
            yield noise((64, 48))

    pictures = phosphene.render("mirror", interrupting())
    with pytest.raises(KeyboardInterrupt):
        for _ in pictures:
            pass
    pictures.close()
    assert show_threads() == []


@pytest.mark.slow
def test_a_program_may_end_in_the_midst_of_it() -> None:
    code = (
        "import phosphene\n"
        f"drawn = phosphene.render('duotone', '{ENDLESS}', seconds=900)\n"
        "print(next(drawn).rgb.shape)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (0, "(48, 64, 3)\n", "")


@pytest.mark.parametrize("most", [3, 99])
def test_a_show_that_was_drawn_is_gone_at_once(
    most: int, uncollected: None, shows: list[weakref.ref[loop.Show]]
) -> None:
    """Without Python's cyclic collector, whether its loop was left or ran to the end."""
    for picture in phosphene.render("mirror", CARD):
        if picture.observation.frame.id == most:
            break
    assert [show() for show in shows] == [None]


@pytest.mark.skipif(sys.platform != "linux", reason="asks EGL")
def test_a_closed_context_is_current_no_more() -> None:
    """Else EGL keeps it for ever, where the thread ends that it was current in."""
    egl = ctypes.CDLL("libEGL.so.1")
    egl.eglGetCurrentContext.restype = ctypes.c_void_p
    found: list[int | None] = []

    def draw() -> None:
        made = Gpu.headless()
        found.append(egl.eglGetCurrentContext())
        made.close()
        found.append(egl.eglGetCurrentContext())

    thread = threading.Thread(target=draw)
    thread.start()
    thread.join(60)
    assert found[0] is not None
    assert found[1] is None


# Not far ahead


def test_no_more_than_two_pictures_are_drawn_ahead(made: list[Gpu], monkeypatch: pytest.MonkeyPatch) -> None:
    taken, drawn = [0], [0]
    reads = Renderer.read

    def counted(renderer: Renderer, out: Pixels | None = None) -> Pixels:
        drawn[0] += 1
        return reads(renderer, out)

    def endless() -> Iterator[Pixels]:
        while True:
            taken[0] += 1
            yield noise((64, 48))

    monkeypatch.setattr(Renderer, "read", counted)
    pictures = phosphene.render("mirror", endless())
    for number, _ in enumerate(pictures, 1):
        assert drawn[0] <= number + 2
        assert taken[0] <= number + 10
        if number == 40:
            break
    pictures.close()


def test_what_was_taken_is_not_kept(made: list[Gpu]) -> None:
    seen = []
    for picture in phosphene.render("mirror", ENDLESS, seconds=2):
        seen.append(weakref.ref(picture))
        assert sum(kept() is not None for kept in seen) <= 2
    assert len(seen) == 60


# What fails


def test_an_effect_that_does_not_compile_is_raised(tmp_path: Path, made: list[Gpu]) -> None:
    (tmp_path / "wrong.frag").write_text("vec4 effect(vec2 uv) {\n    return fraem(uv);\n}\n")
    (tmp_path / "s.toml").write_text('[[layer]]\nname = "me"\nsource = "camera"\neffects = [{ use = "wrong" }]\n')
    with pytest.raises(EffectFailed, match=r"wrong\.frag") as told:
        list(phosphene.render("s", CARD, effects=[tmp_path]))
    assert told.value.where == "me/wrong"
    assert "fraem" in str(told.value)


def test_pictures_come_until_the_first_in_which_an_effect_fails(tmp_path: Path, made: list[Gpu]) -> None:
    (tmp_path / "tires.py").write_text(
        "from phosphene import Effect\n\n\n"
        "class Tires(Effect):\n"
        "    glsl = 'vec4 effect(vec2 uv) { return frame(uv); }'\n\n"
        "    def update(self, observation, dt):\n"
        "        if observation.frame.id == 40:\n"
        "            raise RuntimeError('no more')\n"
    )
    (tmp_path / "s.toml").write_text('[[layer]]\nname = "me"\nsource = "camera"\neffects = [{ use = "tires" }]\n')
    numbers: list[int] = []
    pictures = phosphene.render(tmp_path / "s.toml", ENDLESS, seconds=9, effects=tmp_path)
    with pytest.raises(EffectFailed, match=r"me/tires: .*tires\.py:9: RuntimeError: no more"):
        numbers.extend(picture.observation.frame.id for picture in pictures)
    assert numbers == list(range(40))


def test_what_the_callers_own_frames_raise_is_raised(made: list[Gpu]) -> None:
    class Mine(Exception):  # noqa: N818 (no error of ours)
        pass

    def failing(error: Exception) -> Iterator[Pixels]:
        yield noise((64, 48))
        raise error

    with pytest.raises(Mine):
        list(phosphene.render("mirror", failing(Mine())))
    with pytest.raises(UsageError, match="image 1"):
        list(phosphene.render("mirror", [noise((64, 48)), noise((64, 48))[..., 0]]))


# Live


def test_a_camera_drops_what_its_caller_is_too_slow_for_and_goes_on_without_a_failing_effect(
    tmp_path: Path, made: list[Gpu], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wrong.frag").write_text("vec4 effect(vec2 uv) {\n    return fraem(uv);\n}\n")
    (tmp_path / "s.toml").write_text('[[layer]]\nsource = "camera"\neffects = [{ use = "wrong" }]\n')
    camera = FakeSource([noise((64, 48), seed) for seed in range(60)], live=True)
    held = threading.Event()
    reads = camera.read

    def read_all_but_one() -> Frame | None:
        """The last frame comes when the rest have had their time."""
        if camera._next == 59:
            held.wait(60)
        return reads()

    monkeypatch.setattr(camera, "read", read_all_but_one)
    monkeypatch.setattr("phosphene.engine.sources.open_source", lambda *_, **__: camera)
    pictures = phosphene.render("s", "camera", effects=tmp_path)
    numbers = [next(pictures).observation.frame.id]
    while camera._next < 59:
        time.sleep(0.01)
    held.set()
    numbers += [picture.observation.frame.id for picture in pictures]
    assert numbers == sorted(numbers)
    assert len(numbers) < 30
    assert camera.closed


# With trackers


@pytest.mark.models
@pytest.mark.usefixtures("models_ready")
def test_what_is_known_of_a_picture_is_what_tracking_alone_finds(made: list[Gpu]) -> None:
    drawn = list(phosphene.render("laser-eyes", "demo", size=(320, 240), seconds=0.2, parameters={"trigger": "always"}))
    seen = list(phosphene.track("face", "demo", size=(320, 240), seconds=0.2))
    assert len(drawn) == len(seen) == 6
    for picture, alone in zip(drawn, seen, strict=True):
        found = picture.observation
        assert found.results["face"].frame_id == found.frame.id == alone.frame.id
        assert len(found.faces) == 1
        assert np.array_equal(found.faces[0].points, alone.faces[0].points)
        assert found.signal("face.mouth_open") == alone.signal("face.mouth_open")
