"""The window, on a screen of its own: what it shows, that it can be resized, its keys, and how it closes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from phosphene.engine.core.frame import Pixels
from phosphene.engine.sources.testcard import TestCardSource, read_number

from tests.helpers_system import difference, run

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.gl,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("Xvfb") is None, reason="no Xvfb (apt install xvfb)"),
]
SIZE = (480, 270)
SCENE = """
title = "Tinted"
doc = "A duotone that needs no tracker."

[[layer]]
source = "camera"
effects = [{ use = "duotone", amount = 0.4 }]
"""


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A screen of 1000×700, without a window manager."""
    read, write = os.pipe()
    words = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1000x700x24", "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(words, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        os.close(write)
        with os.fdopen(read) as told:
            number = told.readline().strip()
        if not number:
            pytest.skip("Xvfb does not start here")
        yield f":{number}"
        server.terminate()


@pytest.fixture
def scene(tmp_path: Path) -> str:
    """A scene that needs no tracker, so that the window opens at once."""
    path = tmp_path / "tinted.toml"
    path.write_text(SCENE, encoding="utf-8")
    return str(path)


@pytest.fixture
def window(display: str, scene: str) -> Iterator[subprocess.Popen[str]]:
    """The program with its window."""
    card = f"testcard:{SIZE[0]}x{SIZE[1]}"
    words = [sys.executable, "main.py", "run", scene, "--input", card, "--seconds", "900", "--output", "window"]
    env = {k: v for k, v in os.environ.items() if k != "WAYLAND_DISPLAY"} | {"DISPLAY": display}
    with subprocess.Popen(
        words, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def grab(display: str) -> Pixels:
    """The whole screen."""
    from PIL import ImageGrab

    return np.asarray(ImageGrab.grab(xdisplay=display).convert("RGB"))


def picture_on(screen: Pixels) -> Pixels | None:
    """The part of the screen that is not black."""
    rows, columns = np.flatnonzero(screen.max(axis=(1, 2))), np.flatnonzero(screen.max(axis=(0, 2)))
    if rows.size == 0:
        return None
    return np.ascontiguousarray(screen[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def wait_for(process: subprocess.Popen[str], look: Callable[[], Pixels | None], what: str) -> Pixels:
    """Looks again and again until there is something to see."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        if process.poll() is not None:
            assert process.stderr is not None
            pytest.fail(f"the program ended while waiting for {what}: {process.stderr.read()}")
        if (seen := look()) is not None:
            return seen
        time.sleep(0.1)
    pytest.fail(f"never seen: {what}")


def card_on(display: str) -> Pixels | None:
    """The picture on the screen, once it is a whole test card with a number."""
    picture = picture_on(grab(display))
    return picture if picture is not None and read_number(picture) is not None else None


def keys(display: str, *words: str) -> str:
    """Lets xdotool do something."""
    if shutil.which("xdotool") is None:
        pytest.skip("no xdotool (apt install xdotool)")
    env = {**os.environ, "DISPLAY": display}
    done = subprocess.run(["xdotool", *words], env=env, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def find(display: str) -> str:
    """The window's number, focused."""
    number = keys(display, "search", "--sync", "--name", "Phosphene").split()[0]
    keys(display, "windowfocus", "--sync", number)
    return number


def expected(scene: str, number: int) -> Pixels:
    """Frame `number` as it is rendered without a window."""
    card = f"testcard:{SIZE[0]}x{SIZE[1]}"
    return run(scene, card, count=1, skip=number).images[0][..., :3]


def test_window_shows_the_picture(display: str, scene: str, window: subprocess.Popen[str]) -> None:
    """Pixel for pixel what is rendered without a window: the right way up, not mirrored, in the right colours."""

    def whole() -> Pixels | None:
        """A screenshot may catch a picture that is half there."""
        found = card_on(display)
        return found if found is not None and found.shape[:2] == (SIZE[1], SIZE[0]) else None

    picture = wait_for(window, whole, "the whole test card, pixel for pixel")
    number = read_number(picture)
    assert number is not None
    wanted = expected(scene, number)
    # Half of a screenshot may be of the next frame: all but the moving hand and the number must agree.
    still = difference(wanted, expected(scene, number + 1)) == 0
    assert still.mean() > 0.8
    assert difference(picture, wanted)[still].max() <= 2
    for turned in (wanted[::-1], wanted[:, ::-1]):
        assert difference(picture, turned).mean() > 10, "this card would not tell"


def test_window_resized_keeps_the_shape(display: str, scene: str, window: subprocess.Popen[str]) -> None:
    """In a window of another shape the picture fills what it can, in the middle, with black beside it."""
    wait_for(window, lambda: card_on(display), "the test card")
    keys(display, "windowsize", "--sync", find(display), "800", "600")

    def resized() -> Pixels | None:
        picture = card_on(display)
        there = picture is not None and np.abs(np.subtract(picture.shape[:2], (450, 800))).max() <= 1
        return picture if there else None

    picture = wait_for(window, resized, "the larger picture")
    number = read_number(picture)
    assert number is not None
    wanted = cv2.resize(expected(scene, number), (picture.shape[1], picture.shape[0]), interpolation=cv2.INTER_LINEAR)
    assert difference(picture, wanted).mean() < 8


def test_window_keys(display: str, window: subprocess.Popen[str]) -> None:
    """`?` shows the list of keys and hides it again; Esc ends the program with exit code 0."""
    wait_for(window, lambda: card_on(display), "the test card")
    find(display)
    plain = grab(display)
    keys(display, "key", "question")

    def changed() -> Pixels | None:
        screen = grab(display)
        return screen if (difference(screen, plain) > 40).sum() > 0.2 * SIZE[0] * SIZE[1] else None

    def back() -> Pixels | None:
        screen = grab(display)
        return screen if (difference(screen, plain) > 40).sum() < 0.1 * SIZE[0] * SIZE[1] else None

    wait_for(window, changed, "the list of keys")
    keys(display, "key", "question")
    wait_for(window, back, "the picture without the list")
    keys(display, "key", "Escape")
    _, told = window.communicate(timeout=120)
    assert window.returncode == 0, told
    assert "Traceback" not in told


WRITES = """
import sys, time
import numpy as np
from phosphene.engine.core.errors import SinkError
from phosphene.engine.sinks import open_sink
from phosphene.engine.sources.testcard import TestCardSource
size = {size}
card = TestCardSource(size, 30.0, 8)
image = np.full((size[1], size[0], 4), 255, np.uint8)
image[..., :3] = list(iter(card.read, None))[7].pixels
with open_sink("window", size=size, fps=30.0) as window:
    while True:
        try:
            window.write(image, 0.0)
        except SinkError as closed:
            sys.exit(str(closed))
"""


def test_a_window_shows_pixels_that_were_drawn_elsewhere(display: str) -> None:
    """Opened by its name as any other sink, and written to as any other."""
    env = {k: v for k, v in os.environ.items() if k != "WAYLAND_DISPLAY"} | {"DISPLAY": display}
    words = [sys.executable, "-c", WRITES.format(size=SIZE)]
    with subprocess.Popen(
        words, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            picture = wait_for(process, lambda: card_on(display), "the test card")
            card = list(iter(TestCardSource(SIZE, 30.0, 8).read, None))[7].pixels
            assert difference(picture, card).max() <= 2
            find(display)
            keys(display, "key", "Escape")
            _, told = process.communicate(timeout=120)
        finally:
            process.kill()
    assert told.strip() == "window: the window was closed"


TELLS = """
import numpy as np
from phosphene.engine.core.errors import SinkError
from phosphene.engine.sinks import open_sink
image, before = np.full(({size[1]}, {size[0]}, 4), 200, np.uint8), None
with open_sink("window", size={size}, fps=30.0) as window:
    while True:
        try:
            window.write(image, 0.0)
        except SinkError:
            break
        if window.mouse != before:
            before = window.mouse
            print(*(round(value, 3) for value in before.values()), flush=True)
"""


def test_the_mouse_is_read_over_the_image(display: str) -> None:
    env = {k: v for k, v in os.environ.items() if k != "WAYLAND_DISPLAY"} | {"DISPLAY": display}
    words = [sys.executable, "-c", TELLS.format(size=SIZE)]
    with subprocess.Popen(words, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            number = find(display)
            for command, wanted in (
                (("mousemove", "--window", number, "120", "54"), "0.25 0.2 0.0 0.0 0.0"),
                (("mousedown", "1"), "0.25 0.2 1.0 0.0 0.0"),
                (("mouseup", "1", "mousedown", "3"), "0.25 0.2 0.0 0.0 1.0"),
                (("mouseup", "3", "mousemove", "0", "699"), "0.0 1.0 0.0 0.0 0.0"),
            ):
                keys(display, *command)
                while process.stdout.readline().strip() != wanted:
                    assert process.poll() is None, f"never told: {wanted}"
            keys(display, "key", "Escape")
        finally:
            process.kill()
