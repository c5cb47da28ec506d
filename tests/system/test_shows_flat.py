"""What is closed is gone at once: no picture, codec or thread of a show waits for Python's cyclic collector.

That collector comes by when there are many new objects, and a show has few but large ones: a process that opens one
show after another would hold dozens of them.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest
from gpu_context import context
from helpers_waiting import wait_until
from phosphene.engine.audio.opening import open_sound
from phosphene.engine.show import loop
from phosphene.engine.show.options import run_options
from phosphene.engine.show.session import play
from phosphene.engine.sinks import open_sink
from phosphene.engine.sources.decoder import Decoder
from phosphene.engine.sources.media import MediaPlayer
from phosphene.engine.sources.testcard import TestCardSource
from phosphene.engine.sources.video import VideoSource
from sounds import tone, write_wav

SIZE = (320, 240)
TASKS = Path("/proc/self/task")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A short H.264 video with sound, which FFmpeg decodes in threads of its own."""
    path, sound = tmp_path / "clip.mp4", write_wav(tmp_path / "tone.wav", tone(440.0, 1.0))
    with open_sink(str(path), size=SIZE, fps=20.0, audio_from=str(sound)) as sink:
        for frame in iter(TestCardSource(SIZE, 20.0, 20).read, None):
            sink.write(cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2RGBA), frame.time_s)
    return path


def threads() -> int:
    """Those of this process, FFmpeg's among them."""
    return sum(1 for _ in TASKS.iterdir())


def wait_for_threads(before: int) -> None:
    """Waits until there are no more threads than before: those that were told to end do so by themselves."""
    wait_until(lambda: threads() <= before)


@pytest.mark.skipif(not TASKS.is_dir(), reason="counts the system's threads")
@pytest.mark.parametrize("opened", [Decoder, lambda path: VideoSource(path, fps=10.0), MediaPlayer])
def test_a_closed_video_has_no_threads(clip: Path, uncollected: None, opened: Callable[[Path], Any]) -> None:
    before = threads()
    with opened(clip) as video:
        assert threads() > before
    wait_for_threads(before)  # while what was closed is still held
    gone = weakref.ref(video)
    del video
    assert gone() is None


def test_a_closed_sound_is_gone(clip: Path, uncollected: None) -> None:
    with open_sound(str(clip)) as sound:
        assert sound.block(0.5, 0.1).any()
    gone = weakref.ref(sound)
    del sound
    assert gone() is None


@pytest.mark.skipif(not TASKS.is_dir(), reason="counts the system's threads")
@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_a_finished_video_has_no_threads(clip: Path, tmp_path: Path, uncollected: None, suffix: str) -> None:
    before = threads()
    with open_sink(str(tmp_path / f"out{suffix}"), size=SIZE, fps=20.0, audio_from=str(clip)) as sink:
        for frame in iter(TestCardSource(SIZE, 20.0, 4).read, None):
            sink.write(cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2RGBA), frame.time_s)
        assert threads() > before
    wait_for_threads(before)  # while the sink is still held


@pytest.mark.gl
@pytest.mark.parametrize(
    ("output", "options"),
    [
        ("null", {}),
        ("{}/out.mp4", {"overwrite": True}),
        ("{}/out_%03d.png", {"overwrite": True}),
        ("null", {"pace": "live"}),
        ("null", {"scenes": ("mirror", "duotone"), "every_s": 0.1, "transition_s": 0.1}),
    ],
    ids=["nowhere", "video", "pictures", "live", "list"],
)
def test_a_show_that_ended_is_gone(
    clip: Path,
    tmp_path: Path,
    uncollected: None,
    shows: list[weakref.ref[loop.Show]],
    output: str,
    options: dict[str, Any],
) -> None:
    if isinstance(why := context(), str):
        pytest.skip(f"no OpenGL here: {why}")
    options = {"scenes": "mirror", **options}
    asked = run_options(input=str(clip), outputs=[output.format(tmp_path)], seconds=0.3, fps=20.0, **options)
    play(asked)  # the first show opens libraries, and what they hold for good
    before = threads() if TASKS.is_dir() else 0
    play(asked)
    assert len(shows) == 2
    assert not any(show() for show in shows)
    if before:
        wait_for_threads(before)
