"""`phosphene.run`: a show that runs by itself, controlled from Python, closed whatever happens."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers_waiting import show_threads
from phosphene.engine.core.errors import PhospheneError, SourceError, UsageError
from phosphene.engine.core.frame import Frame
from phosphene.engine.show.options import run_options
from phosphene.engine.show.session import play
from phosphene.engine.show.takes.take import Take

import phosphene
from phosphene.testing import FakeSink, FakeSource

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("gpu")]
ROOT = Path(__file__).resolve().parents[2]
ENDLESS = "testcard:64x48@30"
ENOUGH_S = 120.0  # only ever reached where something hangs


def live(scene: Any = "duotone", **more: Any) -> phosphene.LiveShow:
    return phosphene.run(scene, **{"input": ENDLESS, "outputs": ["null"], "pace": "live", **more})


def test_a_show_runs_and_is_controlled_while_it_runs() -> None:
    with live(parameters={"amount": 0.25}) as show:
        assert show.running
        assert (show.scene, show.scenes) == ("duotone", ("duotone",))
        assert show.get("amount") == 0.25
        assert show.set("amount", 0.5) == "camera/duotone.amount"
        assert show.get("camera/duotone.amount") == 0.5
        first = show.observation
        while show.observation is None or show.observation is first:
            first = first or show.observation
            assert show.running
        assert show.signals["time"] > 0.0
        assert show.stats.frames_out > 0
        assert not show.wait(0.01)
        assert show.submit("amount", {"from": "lfo.4"}).result(ENOUGH_S) == "camera/duotone.amount"
        for address, value in (("amuont", 1), ("amount", 7), ("trackers/face.max_faces", 2)):
            with pytest.raises(UsageError) as reported:
                show.set(address, value)
            assert reported.value.hint or "0 … 1" in reported.value.message
        assert show.running, "a change that is refused ends nothing"
    assert not show.running
    assert show_threads() == []
    with pytest.raises(UsageError, match="has ended"):
        show.set("amount", 0.5)
    show.stop()


def test_a_show_of_a_clip_ends_by_itself_and_its_files_are_whole(tmp_path: Path) -> None:
    from phosphene.engine.sources import open_source

    show = phosphene.run("mirror", input="testcard:64x48@30x12", outputs=str(tmp_path / "out.mp4"))
    assert show.wait(ENOUGH_S)
    assert show.stats.frames_out == 12
    with open_source(str(tmp_path / "out.mp4")) as source:
        assert source.frame_count == 12


def test_what_was_set_is_in_the_images(tmp_path: Path) -> None:
    """As soon as `set` has returned; seen in a take of the show, drawn again."""
    with live(parameters={"amount": 0.0}, flash_guard=False, record_take=tmp_path / "take") as show:
        while show.stats.frames_out == 0:
            assert show.running
        show.set("amount", 1.0)
        number = show.stats.frames_out
        while show.stats.frames_out < number + 3:
            assert show.running
    sink = FakeSink()
    play(run_options("duotone", outputs=["null"], take=tmp_path / "take", flash_guard=False), extra_sinks=[sink])
    with Take(tmp_path / "take") as take:
        frames = [frame.pixels for frame in iter(take.read, None)]
    assert len(frames) == len(sink.images) > 3
    for amount, number in ((0.0, 0), (1.0, -3), (1.0, -1)):
        (image,) = phosphene.render("duotone", [frames[number]], parameters={"amount": amount}, flash_guard=False)
        assert np.array_equal(image.premultiplied, sink.images[number])


def test_what_was_set_stays_when_the_scene_is_saved(tmp_path: Path) -> None:
    """The file's other values come in; the one that was set by hand does not change."""
    path = tmp_path / "mine.toml"
    text = '[[layer]]\nsource = "camera"\nopacity = {}\neffects = [{{ use = "duotone", amount = {} }}]\n'
    path.write_text(text.format(1.0, 0.1))
    with live(path) as show:
        assert show.get("amount") == 0.1
        show.set("amount", 0.5)
        path.write_text(text.format(0.75, 0.9))
        while show.get("camera/opacity") != 0.75:
            assert show.running
        assert show.get("amount") == 0.5


def test_scenes_are_changed_by_name() -> None:
    with live(["mirror", "duotone"], transition_s=0.0) as show:
        assert show.scene == "mirror"
        show.go("duotone")
        while show.scene != "duotone":
            assert show.running
        with pytest.raises(UsageError, match="duotoen"):
            show.go("duotoen")
        assert show.set("mode", "left") == "camera/mirror.mode", "a scene that is not on is set, too"
        assert show.get("mode") == "left"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"scene": "mirrorr"}, "unknown scene 'mirrorr'"),
        ({"input": "no-such.mp4"}, "file not found"),
        ({"outputs": ["no-such"]}, "no-such"),
        ({"outputs": ["null", "window"]}, "a window needs the main thread"),
        ({"outputs": [3]}, "outputs="),
        ({"outputs": ["web", "web:8765"]}, "is given twice"),
        ({"parameters": {"amuont": 1}}, "amuont"),
        ({"seconds": -1}, "seconds=-1"),
        ({"size": (8, 8)}, "size"),
    ],
    ids=str,
)
def test_what_cannot_begin_is_raised_at_once(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(PhospheneError, match=message):
        live(**wrong)
    assert show_threads() == []


def test_what_ends_the_show_is_raised_in_the_thread_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = threading.Event()

    class Breaks(FakeSource):
        def read(self) -> Any:
            if broken.is_set():
                raise SourceError("the cable was pulled")
            self._next += 1
            return Frame(self._next, self._next / 30, self.frames[0].pixels)

    image = np.zeros((48, 64, 3), np.uint8)
    monkeypatch.setattr("phosphene.engine.sources.open_source", lambda *_, **__: Breaks([image]))

    def waits(show: phosphene.LiveShow) -> None:
        show.wait(ENOUGH_S)

    def sets(show: phosphene.LiveShow) -> None:
        while True:
            show.set("amount", 0.5)

    def leaves(show: phosphene.LiveShow) -> None:
        while show.running:
            pass

    def play_on(then: Callable[[phosphene.LiveShow], None]) -> None:
        broken.clear()
        with live() as show:
            broken.set()
            then(show)

    for then in (waits, sets, leaves):
        with pytest.raises(SourceError, match="the cable was pulled"):
            play_on(then)
    assert show_threads() == []


def test_what_the_block_raises_is_raised_whatever_ended_the_show() -> None:
    def fail() -> None:
        with live(seconds=0.1) as show:
            show.wait(ENOUGH_S)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert show_threads() == []


def test_an_error_in_the_block_closes_the_show() -> None:
    with pytest.raises(ZeroDivisionError), live():
        raise ZeroDivisionError
    assert show_threads() == []


@pytest.mark.slow
def test_a_program_may_end_in_the_midst_of_it() -> None:
    code = (
        "import phosphene\n"
        f"show = phosphene.run('duotone', input='{ENDLESS}', outputs=['null'], pace='live')\n"
        "print(show.set('amount', 0.5))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (0, "camera/duotone.amount\n", "")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="asks for SIGINT")
def test_ctrl_c_ends_a_wait_and_the_show() -> None:
    code = (
        "import os, signal, threading, phosphene\n"
        f"with phosphene.run('duotone', input='{ENDLESS}', outputs=['null'], pace='live') as show:\n"
        "    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "    try:\n"
        "        show.wait()\n"
        "    except KeyboardInterrupt:\n"
        "        print('heard', show.running)\n"
        "print(show.running)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout) == (0, "heard True\nFalse\n"), done.stderr
