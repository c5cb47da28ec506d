"""Recordings: every codec and container, EXR, a matte of its own, hardware, and what is left where something dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from helpers_files import cards, write_images
from phosphene.engine.core.errors import SinkError, UsageError
from phosphene.engine.sinks import encodings, open_sink, split_spec
from phosphene.engine.sources.testcard import read_number

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
SIZE = (320, 240)


def numbers(path: Path) -> list[int | None]:
    """The card's number in every picture that can be decoded; a file that is cut off ends where it ends."""
    found: list[int | None] = []
    with av.open(str(path)) as container:
        try:
            for frame in container.decode(video=0):
                found.append(read_number(frame.to_ndarray(format="bgr24")))
        except av.FFmpegError:
            pass  # the end of what was written
    return found


@pytest.mark.parametrize(
    ("name", "codec", "inside"),
    [
        ("a.mp4", "h264", "h264"), ("a.mp4", "h265", "hevc"), ("a.mp4", "av1", "av1"), ("a.mp4", "vp9", "vp9"),
        ("a.mov", "h265", "hevc"), ("a.mov", "prores", "prores"), ("a.mkv", "av1", "av1"), ("a.mkv", "ffv1", "ffv1"),
        ("a.webm", "av1", "av1"), ("a.webm", "vp9", "vp9"), ("a.mkv", "prores", "prores"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("live", [False, True])
def test_every_codec_keeps_pictures_times_and_colours(
    tmp_path: Path, name: str, codec: str, inside: str, live: bool
) -> None:
    images = cards(9)
    write_images(f"{tmp_path / name}?codec={codec}", images, live=live)
    with av.open(str(tmp_path / name)) as container:
        stream = container.streams.video[0]
        # FFmpeg's name of what decodes AV1 is that of a library
        assert inside in (stream.codec_context.name, stream.codec_context.codec.canonical_name)
        frames = list(container.decode(stream))
    assert [read_number(frame.to_ndarray(format="bgr24")) for frame in frames] == list(range(9))
    times = [float(frame.pts * frame.time_base) for frame in frames]
    assert times == pytest.approx([number / 30 for number in range(9)], abs=0.0011)
    shown = frames[4].to_ndarray(format="rgb24").astype(int)
    assert np.abs(shown - images[4][..., :3])[60:120].mean() < 8


def test_apple_finds_h265_by_its_tag(tmp_path: Path) -> None:
    write_images(f"{tmp_path / 'a.mp4'}?codec=h265", cards(3))
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].codec_context.codec_tag == "hvc1"


@pytest.mark.parametrize(
    "spec", ["a.webm?codec=h264", "a.mp4?codec=prores", "a.gif?codec=h264", "a.mov?alpha=1&codec=h265"]
)
def test_what_does_not_go_together_is_refused_with_what_does(tmp_path: Path, spec: str) -> None:
    with pytest.raises(SinkError, match="cannot hold") as raised:
        open_sink(str(tmp_path / spec), size=SIZE, fps=30.0)
    assert "it can hold" in raised.value.hint


@pytest.mark.parametrize(
    "spec",
    [
        "a.mp4?codec=h266",
        "a.png?codec=h264",
        "a.mp4?matte=2",
        "a.mov?alpha=1&matte=1",
        "web?matte=1",
        "a.exr?codec=av1",
    ],
)
def test_options_that_mean_nothing_are_refused(spec: str) -> None:
    with pytest.raises(UsageError):
        split_spec(spec)


def person(size: tuple[int, int] = SIZE) -> np.ndarray:
    image = np.full((size[1], size[0], 4), (180, 90, 40, 0), np.uint8)
    image[60:180, 100:220, 3] = 255
    image[200:, :, 3] = 128
    return image


def test_a_matte_in_a_file_of_its_own(tmp_path: Path) -> None:
    write_images(f"{tmp_path / 'a.mp4'}?matte=1", [person()] * 5)
    with av.open(str(tmp_path / "a.mp4")) as color, av.open(str(tmp_path / "a.matte.mp4")) as matte:
        colors, mattes = list(color.decode(video=0)), list(matte.decode(video=0))
    assert [f.pts * f.time_base for f in colors] == [f.pts * f.time_base for f in mattes]
    assert len(mattes) == 5
    shown = mattes[2].to_ndarray(format="rgb24").astype(int)
    assert np.abs(shown - person()[..., 3:].astype(int)).mean() < 2
    assert np.abs(colors[2].to_ndarray(format="rgb24").astype(int) - (180, 90, 40)).mean() < 4


def exr(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0)).reformat(format="gbrapf32le")
    return frame.to_ndarray()


@pytest.mark.parametrize("alpha", [False, True])
def test_exr_holds_linear_light(tmp_path: Path, alpha: bool) -> None:
    write_images(f"{tmp_path / 'a_%03d.exr'}" + ("?alpha=1" if alpha else ""), [person()] * 2)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a_000.exr", "a_001.exr"]
    found = exr(tmp_path / "a_001.exr")
    codes = np.array([180, 90, 40]) / 255
    light = ((codes + 0.055) / 1.055) ** 2.4
    assert found[100, 150] == pytest.approx([*light, 1.0], abs=2e-3)
    assert found[10, 10] == pytest.approx([0, 0, 0, 0] if alpha else [*light, 1.0], abs=2e-3)
    half = 128 / 255 if alpha else 1.0
    assert found[220, 10] == pytest.approx([*(light * half), half], abs=2e-3)


@pytest.mark.parametrize(
    ("kind", "inside", "named"),
    [("hardware", "h264", "h264_nvenc"), ("hardware-h265", "hevc", "hevc_nvenc"), ("hardware-av1", "av1", "av1_nvenc")],
)
def test_without_a_card_the_processor_does_it_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    kind: str,
    inside: str,
    named: str,
) -> None:
    monkeypatch.setattr(encodings, "works", lambda name, size: False)
    monkeypatch.setattr(av, "codecs_available", {*av.codecs_available, named})
    write_images(f"{tmp_path / 'a.mp4'}?codec={kind}", cards(4))
    assert f"tried {named}" in caplog.text
    assert "using the processor" in caplog.text
    assert numbers(tmp_path / "a.mp4") == [0, 1, 2, 3]
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].codec_context.codec.canonical_name == inside


CARDS = [name for _, names in encodings._CARDS.values() for name in names]


@pytest.mark.skipif(sys.platform != "linux" or any(Path("/dev").glob("dri/*")), reason="a graphics card may be here")
@pytest.mark.skipif(any(Path("/dev").glob("nvidia*")), reason="a graphics card is here")
@pytest.mark.parametrize("name", CARDS)
def test_what_ffmpeg_really_says_without_a_card_is_a_no(name: str) -> None:
    if name not in av.codecs_available:
        pytest.skip(f"PyAV has no {name}")
    assert encodings.works(name, (320, 240)) is False


def test_the_fall_back_is_chosen_by_what_ffmpeg_really_says(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "phosphene")
    write_images(f"{tmp_path / 'a.mp4'}?codec=hardware", cards(4))
    assert ("using the processor" in caplog.text) != ("encoded by h264_" in caplog.text)
    assert numbers(tmp_path / "a.mp4") == [0, 1, 2, 3]


@pytest.mark.parametrize("spec", ["a.webm?alpha=1&codec=hardware", "a.webm?codec=hardware", "a.gif?codec=hardware-av1"])
def test_a_card_has_its_containers_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spec: str) -> None:
    monkeypatch.setattr(encodings, "works", lambda name, size: False)
    with pytest.raises(SinkError, match=r"transparency|cannot hold"):
        open_sink(str(tmp_path / spec), size=SIZE, fps=30.0)


def test_the_first_card_that_works_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(encodings, "_CARDS", {"hardware": ("h264", ("no_such_encoder", "libx265"))})
    monkeypatch.setattr(av, "codecs_available", {*av.codecs_available, "no_such_encoder"})
    assert not encodings.works("no_such_encoder", SIZE)
    assert encodings.works("libx265", SIZE)
    write_images(f"{tmp_path / 'a.mp4'}?codec=hardware", cards(4))
    assert numbers(tmp_path / "a.mp4") == [0, 1, 2, 3]
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].codec_context.name == "hevc"


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from helpers_files import cards, open_sink
sink = open_sink({spec!r}, size=(320, 240), fps=30.0, live=True)
images = cards(150)
for number, image in enumerate(images):
    sink.write(image, number / 30)
os.kill(os.getpid(), signal.SIGKILL)
"""


def child(script: str, **options: Any) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, timeout=300, check=False, **options
    )


@pytest.mark.parametrize(
    "spec", ["a.mp4", "a.mov", "a.mkv", "a.webm", "a.mp4?codec=h265", "a.mp4?codec=av1", "a.mkv?codec=ffv1"]
)
def test_a_kill_costs_at_most_a_second(tmp_path: Path, spec: str) -> None:
    done = child(KILLED.format(tests=str(ROOT / "tests"), spec=str(tmp_path / spec)))
    assert done.returncode == -signal.SIGKILL, done.stderr
    found = numbers(tmp_path / spec.partition("?")[0])
    assert found == list(range(len(found)))
    assert len(found) >= 120


FULL = """
import resource, signal, sys
sys.path.insert(0, {tests!r})
from helpers_files import open_sink
import numpy as np
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
noise = np.random.default_rng(0)
sink = open_sink({spec!r}, size=(320, 240), fps=30.0, live=True)
try:
    for number in range(900):
        sink.write(noise.integers(0, 255, (240, 320, 4), np.uint8), number / 30)
    sink.close()
except Exception as error:
    print(type(error).__name__, error, sink.frames, flush=True)
try:
    sink.close()
except Exception as error:
    print("closing:", error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of Unix")
@pytest.mark.parametrize("spec", ["a.mp4", "a.mkv", "a.webm"])
def test_a_full_disk_is_said_and_what_was_written_plays(tmp_path: Path, spec: str) -> None:
    done = child(FULL.format(tests=str(ROOT / "tests"), spec=str(tmp_path / spec), limit=2_000_000))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("SinkError"), done.stdout
    assert "check the disk's space" in done.stdout
    with av.open(str(tmp_path / spec)) as container:
        count = 0
        try:
            for _ in container.decode(video=0):
                count += 1
        except av.FFmpegError:
            pass  # the end of what was written
    assert count >= 10


def test_a_kill_leaves_the_microphones_sound_too(tmp_path: Path) -> None:
    script = """
import os, signal, sys
sys.path.insert(0, {tests!r})
import numpy as np
from helpers_files import cards, open_sink
from sounds import Room
import pytest
room = Room(pytest.MonkeyPatch())
sink = open_sink({spec!r}, size=(320, 240), fps=30.0, live=True, audio_from=room.microphone)
for number, image in enumerate(cards(150)):
    room.microphone.frame_drawn(number / 30, 1000.0 + number / 30)
    room.pass_time(1000.0 + number / 30 + 0.03)
    sink.write(image, number / 30)
os.kill(os.getpid(), signal.SIGKILL)
"""
    path = tmp_path / "a.mp4"
    done = child(script.format(tests=str(ROOT / "tests"), spec=str(path)))
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(numbers(path)) >= 120
    ends = [0.0]
    with av.open(str(path)) as container:
        try:
            for frame in container.decode(audio=0):
                ends.append(float(frame.time) + frame.samples / frame.rate)
        except av.FFmpegError:
            pass  # the end of what was written
    assert ends[-1] >= 4.0
