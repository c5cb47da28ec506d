"""Takes end to end: what a show drew is drawn again bit for bit, also after Ctrl-C or a kill, also by another scene."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers_waiting import wait_until
from phosphene.engine.audio.tapped import TappedBeat
from phosphene.engine.core.closing import Closing
from phosphene.engine.core.frame import Frame, Pixels
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.scene.binding import Binding
from phosphene.engine.scene.scene import Scene
from phosphene.engine.show.frame_hooks import Drawn
from phosphene.engine.show.loop import Show
from phosphene.engine.show.options import RunOptions, run_options
from phosphene.engine.show.session import open_scene, play
from phosphene.engine.show.settings import ObservedInputs, ShowParts, ShowSettings
from phosphene.engine.show.stats import Stats
from phosphene.engine.show.takes.recorder import TakeRecorder
from phosphene.engine.show.takes.take import About, Take
from phosphene.engine.sources import open_source
from phosphene.engine.trackers import open_tracker

from phosphene.testing import FakeSink

ROOT = Path(__file__).resolve().parents[2]
CLIP = "desk/pixabay_doctor_desk.mp4"
SIZE = (320, 180)

pytestmark = [pytest.mark.usefixtures("models_ready"), pytest.mark.slow]


class Camera(Closing):
    """A camera that gives the frames of a clip over and over at its own rate, whether they are taken or not."""

    live = True
    endless = True
    frame_count: int | None = None
    audio_path: str | None = None

    def __init__(self, clip: Path, count: int, fps: float = 40.0) -> None:
        with open_source(str(clip), size=SIZE) as source:
            self._pictures = [f.pixels for _ in range(count) if (f := source.read()) is not None]
        self.size, self.fps = SIZE, fps
        self._begin = time.perf_counter()
        self._last = -1

    def read(self) -> Frame | None:
        """The newest picture, as soon as there is a new one."""
        number = max(self._last + 1, int((time.perf_counter() - self._begin) * (self.fps or 1.0)))
        time.sleep(max(0.0, self._begin + number / (self.fps or 1.0) - time.perf_counter()))
        self._last = number
        picture = self._pictures[number % len(self._pictures)]
        return Frame(number, number / (self.fps or 1.0), picture, time.perf_counter())


def asked(data_dir: Path, scene: str, **more: Any) -> RunOptions:
    """A run over a part of the clip."""
    return run_options(scene, str(data_dir / CLIP), ["null"], size=SIZE, **more)


def drawn(options: RunOptions) -> tuple[list[Pixels], list[float], Stats]:
    """The pictures and times of a run."""
    sink = FakeSink()
    stats = play(options, extra_sinks=[sink])
    return sink.images, sink.times, stats


def identical(now: list[Pixels], then: list[Pixels]) -> None:
    assert len(now) == len(then) > 0
    differing = [i for i, (a, b) in enumerate(zip(now, then, strict=True)) if not np.array_equal(a, b)]
    assert differing == []


@pytest.fixture(scope="module")
def teleported(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> tuple[Path, list[Pixels], list[float]]:
    """A take of teleport at exact pace, its pictures and their times."""
    folder = tmp_path_factory.mktemp("takes") / "teleport"
    settings = [("hour", "0.8"), ("person/matte.softness", "0.2")]
    options = asked(data_dir, "teleport", parameters=settings, seed=5, seconds=0.5, record_take=folder)
    images, times, _ = drawn(options)
    return folder, images, times


def test_a_take_is_drawn_again_bit_for_bit_and_no_tracker_runs(
    teleported: tuple[Path, list[Pixels], list[float]],
) -> None:
    folder, images, times = teleported
    again, again_times, stats = drawn(run_options("teleport", outputs=["null"], take=folder))
    identical(again, images)
    assert again_times == times
    assert not any(stage.startswith("tracker.") for stage in stats.stages)


@pytest.mark.parametrize("scene", ["teleport", "vanish"])
def test_pictures_that_were_held_are_drawn_again_as_they_were(tmp_path: Path, data_dir: Path, scene: str) -> None:
    options = asked(data_dir, scene, seconds=0.5, quality="trackers-3", record_take=tmp_path / "take")
    images, _, _ = drawn(options)
    with Take(tmp_path / "take") as take:
        held = [frame.image_id for _ in range(len(images)) if (frame := take.read()) is not None]
    assert held == sorted(held)
    assert len(set(held)) <= len(images) // 3 + 1
    again, _, _ = drawn(run_options(scene, outputs=["null"], take=tmp_path / "take"))
    identical(again, images)


def test_what_was_set_of_a_tracker_is_set_again(tmp_path: Path, data_dir: Path) -> None:
    settings = [("trackers/person.model", "square")]
    options = asked(data_dir, "teleport", parameters=settings, seconds=0.2, record_take=tmp_path / "take")
    images, _, _ = drawn(options)
    with Take(tmp_path / "take") as take:
        assert [tuple(setting) for setting in take.about.settings] == settings
    again, _, _ = drawn(run_options("teleport", outputs=["null"], take=tmp_path / "take"))
    identical(again, images)


def test_new_settings_on_an_old_take_change_the_picture_and_no_more(
    teleported: tuple[Path, list[Pixels], list[float]],
) -> None:
    folder, images, _ = teleported
    again, _, _ = drawn(run_options("teleport", outputs=["null"], take=folder, parameters=[("hour", "0.1")]))
    assert len(again) == len(images)
    assert not np.array_equal(again[-1], images[-1])


def test_another_scene_runs_the_trackers_that_the_take_lacks(
    teleported: tuple[Path, list[Pixels], list[float]],
) -> None:
    folder, _, times = teleported
    on_take, take_times, stats = drawn(
        run_options("laser-eyes", outputs=["null"], take=folder, parameters=[("trigger", "always")])
    )
    assert {s.split(".")[1] for s in stats.stages if s.startswith("tracker.")} == {"face"}
    assert take_times == times
    again, _, _ = drawn(run_options("laser-eyes", outputs=["null"], take=folder, parameters=[("trigger", "always")]))
    identical(again, on_take)


def live_show(
    folder: Path,
    clip: Path,
    scene_name: str,
    sync: str,
    change: Callable[[Scene, set[str], int], None],
    inputs: ObservedInputs | None = None,
) -> tuple[list[Pixels], list[float]]:
    """A live show over a fake camera, recorded; `change` does things to the scene and the keys after each frame.

    `inputs` are observed instead of the keys."""
    with ExitStack() as stack:
        scene = open_scene(run_options(scene_name, sync=sync))
        camera = stack.enter_context(Camera(clip, 40))
        gpu = Gpu.headless()
        stack.callback(gpu.context.release)
        recorder = TakeRecorder(folder, About(scene.name, SIZE, 40.0, seed=3, pace="live"), scene, waits=False)
        stack.callback(recorder.close)
        sink = FakeSink()
        count = 0

        held: set[str] = set()  # the keys that are down

        def hook(_: Drawn) -> bool:
            nonlocal count
            count += 1
            change(scene, held, count)
            return count < 30

        show = Show(
            scene, camera, [sink], gpu=gpu, open_tracker=lambda n: open_tracker(n, **scene.trackers.get(n, {})),
            settings=ShowSettings(live=True, seed=3),
            parts=ShowParts(recorder=recorder, inputs=inputs or ObservedInputs(held_keys=lambda: held), hooks=[hook]),
        )  # fmt: skip
        show._outputs.threads[0].inbox.drops = False  # every picture is compared, so the sink must not drop any
        show.run()
        return sink.images, sink.times


@pytest.mark.parametrize("sync", ["frame", "latest"])
def test_a_live_show_with_keys_and_changes_is_drawn_again_bit_for_bit(
    tmp_path: Path, data_dir: Path, sync: str
) -> None:
    def change(scene: Scene, held: set[str], count: int) -> None:
        held.clear()
        held.update({"space"} if count % 5 < 3 else ())
        if count == 4:
            scene.set("laser-eyes.color", "#00ff80")
        if count == 6:
            scene.bind("laser-eyes.width", Binding.parse({"from": "lfo.1", "to": [0.5, 3], "smooth_s": 0.1}))
        if count % 3 == 0:
            scene.set("laser-eyes.glow", 0.3 + 0.1 * (count % 5))

    images, times = live_show(tmp_path / "take", data_dir / CLIP, "laser-eyes", sync, change)
    again, again_times, _ = drawn(run_options("laser-eyes", outputs=["null"], take=tmp_path / "take"))
    assert again_times == times
    identical(again, images)
    assert len({i.tobytes() for i in images}) > 3
    with Take(tmp_path / "take") as take:
        ids = [f.id for f in iter(take.read, None)]
    assert ids == sorted(set(ids))


FOLLOWS = """
title = "Follows what only this evening knows"

[[layer]]
source = "camera"
opacity = { from = "audio.bar_phase", to = [0.3, 1.0] }
effects = [
    { use = "duotone", amount = { from = "mouse.x", curve = "ease-in", attack_s = 0.1 } },
    { use = "duotone", name = "third", amount = { from = "motion.level", to = [0.1, 0.6], release_s = 0.2 } },
    { use = "duotone", name = "second", amount = { from = "random.smooth.0.2", to = [0.0, 0.5] } },
]
"""


def test_mouse_taps_motion_and_chance_are_drawn_again_bit_for_bit(tmp_path: Path, data_dir: Path) -> None:
    scene = tmp_path / "follows.toml"
    scene.write_text(FOLLOWS, encoding="utf-8")
    count, tapped = 0, TappedBeat()

    def mouse() -> dict[str, float]:
        nonlocal count
        count += 1
        return {"mouse.x": count % 7 / 7.0}

    def change(_: Scene, held: set[str], number: int) -> None:
        if number in (3, 8, 13):
            tapped.tap(number / 20.0)

    inputs = ObservedInputs(mouse=mouse, tapped=tapped)
    images, times = live_show(tmp_path / "take", data_dir / CLIP, str(scene), "frame", change, inputs)
    again, again_times, _ = drawn(run_options(str(scene), outputs=["null"], take=tmp_path / "take"))
    assert again_times == times
    identical(again, images)
    assert len({i.tobytes() for i in images}) > 20


def recording(folder: Path, *options: str) -> subprocess.Popen[str]:
    command = [
        sys.executable, str(ROOT / "main.py"), "run", "mirror", "-i", "testcard:160x90@30", "-o", "null",
        "--pace", "live", "--record-take", str(folder), *options,
    ]  # fmt: skip
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def wait_for_frames(folder: Path, size: int) -> None:
    """Waits until more than so many bytes of tracks were recorded."""
    tracks = folder / "tracks.bin"
    wait_until(lambda: tracks.exists() and tracks.stat().st_size > size)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such signals")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_recording_that_is_stopped_or_killed_plays_up_to_there(tmp_path: Path, how: signal.Signals) -> None:
    folder = tmp_path / "take"
    process = recording(folder)
    try:
        wait_for_frames(folder, 2000)
        process.send_signal(how)
        _, said = process.communicate(timeout=240)
    finally:
        process.kill()
    if how == signal.SIGINT:
        assert process.returncode == 0
        assert "took" in said
    images, times, _ = drawn(run_options("mirror", outputs=["null"], take=folder))
    assert len(images) > 5
    assert times == sorted(times)
    identical(drawn(run_options("mirror", outputs=["null"], take=folder))[0], images)


def test_without_an_output_a_take_becomes_a_video_beside_it(teleported: tuple[Path, list[Pixels], list[float]]) -> None:
    folder, images, _ = teleported
    command = [sys.executable, str(ROOT / "main.py"), "run", "duotone", "--take", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    with open_source(str(folder / "duotone.mp4")) as video:
        assert video.frame_count == len(images)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--take", "nowhere"], "no take found here"),
        (["--take", "{take}", "--size", "64x64"], "leave --size out"),
        (["--record-take", "{take}", "-i", "testcard:64x48@30x5", "-o", "null"], "is not empty"),
    ],
)
def test_what_cannot_be_done_is_told_in_words(
    teleported: tuple[Path, list[Pixels], list[float]], options: list[str], message: str
) -> None:
    command = [sys.executable, str(ROOT / "main.py"), "run", "mirror", *options]
    command = [part.format(take=teleported[0]) for part in command]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert "Traceback" not in done.stderr
