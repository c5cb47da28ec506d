"""From words to a show: settings, bindings, paces, and how a run ends. Whole runs need a GL context."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from phosphene.engine.core.errors import PhospheneError, UsageError
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.scene.playlist import Playlist
from phosphene.engine.show.interrupt import stopping
from phosphene.engine.show.opening import warn_of_black
from phosphene.engine.show.options import WINDOW, run_options
from phosphene.engine.show.session import frames_wanted, open_scene, play
from phosphene.engine.show.stats import Stats
from phosphene.engine.sinks import is_live

from phosphene.testing import FakeSink, FakeSource

# Opening


def test_settings_are_applied_in_order() -> None:
    settings = [("amount", "0.3"), ("duotone.amount", "0.6"), ("ink", "orange")]
    made = open_scene(run_options("duotone", parameters=settings))
    assert made.get("amount") == 0.6
    assert made.bindings == {}, "what is set by hand follows no signal any more"


def test_a_folder_of_effects_may_hold_scenes_too(tmp_path: Path) -> None:
    (tmp_path / "warm.frag").write_text("vec4 effect(vec2 uv) { return frame(uv) * vec4(1.0, 0.8, 0.5, 1.0); }")
    (tmp_path / "evening.toml").write_text('[[layer]]\nsource = "camera"\neffects = [{ use = "warm" }]\n')
    made = open_scene(run_options("evening", effects=[tmp_path]))
    assert [name for layer in made.layers for name in layer.effects] == ["warm"]


def test_black_where_a_scene_is_transparent_is_told(caplog: pytest.LogCaptureFixture) -> None:
    scenes = Playlist([open_scene(run_options(name)) for name in ("cutout", "teleport")])
    warn_of_black(scenes, ["out.mov", "kept.mov?alpha=1", "null"])
    assert caplog.messages == ["cutout is transparent, 'out.mov' shows black there: 'out.mov?alpha=1' keeps it"]


def test_bindings_and_sync_are_applied() -> None:
    made = open_scene(run_options("laser-eyes", bindings=[("laser-eyes.fire", {"from": "lfo.4"})], sync="latest"))
    assert made.bindings["camera/laser-eyes.fire"].source == "lfo.4"
    assert made.sync == "latest"


@pytest.mark.parametrize(("asked", "guarded"), [(None, True), (False, False), (True, True)])
def test_the_flash_guard_is_on_unless_it_is_switched_off(asked: bool | None, guarded: bool) -> None:
    assert open_scene(run_options("mirror", flash_guard=asked)).flash_guard is guarded


def test_an_effect_folder_is_searched_first(tmp_path: Path) -> None:
    (tmp_path / "mirror.py").write_text("from phosphene import Effect\n\n\nclass Mine(Effect):\n    glsl = ''\n")
    made = open_scene(run_options("mirror", effects=[tmp_path]))
    assert type(made.layers[0].effects["mirror"]).__name__ == "Mine"


def test_a_picture_given_by_hand_is_relative_to_the_working_folder(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "beach.jpg").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    assert open_scene(run_options("teleport", parameters=[("picture", "beach.jpg")])).get("picture") == str(
        tmp_path / "beach.jpg"
    )
    for text in ("", "none"):
        assert open_scene(run_options("teleport", parameters=[("picture", text)])).get("picture") == ""
    with pytest.raises(UsageError, match="no file"):
        open_scene(run_options("teleport", parameters=[("picture", "mountain.jpg")]))
    with pytest.raises(UsageError):
        open_scene(run_options("teleport", parameters=[("picture", "a" * 5000)]))


@pytest.mark.parametrize(
    ("spec", "live"),
    [("window", True), ("virtual-camera", True), ("virtual-camera:/dev/video9", True), ("/dev/video3", True),
     ("out.mp4", False), ("null", False), ("frames/", False)],
)  # fmt: skip
def test_which_outputs_show_what_happens_now(spec: str, live: bool) -> None:
    assert is_live(spec) is live


@pytest.mark.parametrize(
    ("count", "seconds", "wanted"),
    [(None, None, None), (None, 2.0, 60), (90, None, 90), (90, 2.0, 60), (30, 2.0, 30)],
)
def test_how_many_frames_there_will_be(count: int | None, seconds: float | None, wanted: int | None) -> None:
    import numpy as np

    source = FakeSource([np.zeros((16, 16, 3), np.uint8)])
    source.frame_count = count
    assert frames_wanted(source, seconds, 30.0) == wanted


# Signals of the system


ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@pytest.mark.parametrize("number", ENDING)
def test_ctrl_c_stops_once_and_then_for_good(number: int) -> None:
    stopped: list[int] = []
    stats = Stats()
    before = signal.getsignal(number)
    with stopping(lambda: stopped.append(1), stats):
        assert stats.stopped_by is None
        os.kill(os.getpid(), number)
        assert stopped == [1]
        assert stats.stopped_by == number
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows knows no such signal")
def test_a_hang_up_that_is_ignored_stays_ignored() -> None:
    """As under nohup, whose show must outlive its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopping(lambda: pytest.fail("stopped"), Stats()):
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_in_another_thread_signals_are_left_alone() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[Any] = []

    def work() -> None:
        with stopping(lambda: None, Stats()):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert seen == [before]


# Whole runs

CARD = "testcard:64x48@30x12"


@pytest.mark.gl
def test_a_run_from_end_to_end(gpu: Gpu) -> None:
    sink = FakeSink()
    told: list[tuple[int, int | None]] = []
    stats = play(run_options("mirror", CARD, ["null"]), extra_sinks=[sink], progress=lambda n, of: told.append((n, of)))
    assert (stats.frames_in, stats.frames_out, stats.dropped) == (12, 12, 0)
    assert told == [(n, 12) for n in range(1, 13)]
    assert sink.times == pytest.approx([n / 30 for n in range(12)])
    assert sink.closed


@pytest.mark.gl
def test_two_runs_are_bit_equal(gpu: Gpu) -> None:
    def run() -> list[bytes]:
        sink = FakeSink()
        play(run_options("mirror", CARD, ["null"], parameters=[("mode", "left")]), extra_sinks=[sink])
        return [image.tobytes() for image in sink.images]

    assert run() == run()


@pytest.mark.gl
def test_seconds_limit_a_run(gpu: Gpu) -> None:
    assert play(run_options("mirror", CARD, ["null"], seconds=0.2)).frames_out == 6


@pytest.mark.gl
def test_files_are_written_as_many_as_frames(gpu: Gpu, tmp_path: Path) -> None:
    play(run_options("mirror", CARD, [str(tmp_path / "a_%03d.png"), "null"], seconds=0.1))
    assert len(list(tmp_path.glob("a_*.png"))) == 3


@pytest.mark.gl
def test_a_second_output_that_cannot_be_opened_closes_the_first(
    gpu: Gpu,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[FakeSink] = []

    def open_sink(spec: str, **_: Any) -> FakeSink:
        if spec == "bad.mp4":
            raise UsageError("no such output")
        opened.append(FakeSink())
        return opened[-1]

    monkeypatch.setattr("phosphene.engine.sinks.open_sink", open_sink)
    with pytest.raises(PhospheneError):
        play(run_options("mirror", CARD, ["null", "bad.mp4"]))
    assert [sink.closed for sink in opened] == [True]


def test_a_camera_has_no_exact_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    source = FakeSource([np.zeros((16, 16, 3), np.uint8)], live=True)
    monkeypatch.setattr("phosphene.engine.sources.open_source", lambda *_, **__: source)
    with pytest.raises(UsageError, match="exact pace"):
        play(run_options("mirror", "camera", ["null"], pace="exact"))
    assert source.closed


def test_a_wrong_setting_is_told_before_anything_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def open_source(*_: Any, **__: Any) -> None:
        raise AssertionError("the input was opened")

    monkeypatch.setattr("phosphene.engine.sources.open_source", open_source)
    with pytest.raises(UsageError):
        play(run_options("mirror", CARD, ["null"], parameters=[("mdoe", "left")]))
    assert WINDOW == "window"


@pytest.mark.gl
def test_a_clip_that_the_scene_shows_is_not_overwritten(tmp_path: Path, gpu: Gpu) -> None:
    play(run_options("mirror", CARD, [str(tmp_path / "beach.mkv")]))
    before = (tmp_path / "beach.mkv").read_bytes()
    (tmp_path / "s.toml").write_text(
        'title = "S"\n[[layer]]\nsource = "camera"\neffects = [{ use = "place", picture = "beach.mkv" }]\n',
        encoding="utf-8",
    )
    told = [("picture", str(tmp_path / "beach.mkv"))]
    for scene, settings in ((str(tmp_path / "s.toml"), []), ("teleport", told)):
        with pytest.raises(PhospheneError, match="never overwritten"):
            play(run_options(scene, CARD, [str(tmp_path / "beach.mkv")], parameters=settings))
    assert (tmp_path / "beach.mkv").read_bytes() == before
