"""Every output but the window and the video file: what is written, and what is said where it cannot be."""

from __future__ import annotations

import enum
import sys
import types
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from helpers_files import cards, read_frames, write_images
from phosphene.engine.core.errors import SinkError, UsageError
from phosphene.engine.core.frame import Pixels
from phosphene.engine.sinks import SINKS, check_twice, keeping_alpha, open_sink, split_spec
from phosphene.engine.sinks.virtual_camera import PyVirtualCamSink
from phosphene.engine.sources.testcard import read_number

from phosphene.testing import FakeSink

SIZE = (320, 240)


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ("null", "null"),
        ("window", "window"),
        ("out.mp4", "video"),
        ("OUT.MOV", "video"),
        ("out_%05d.png", "png"),
        ("folder/", "png"),
        ("virtual-camera", "virtual-camera"),
        ("virtual-camera:/dev/video10", "virtual-camera"),
        ("/dev/video10", "virtual-camera"),
        ("pipewire", "pipewire"),
        ("pipewire:My camera", "pipewire"),
    ],
)
def test_names_are_recognised(spec: str, kind: str) -> None:
    assert split_spec(spec)[0] == kind
    assert kind in SINKS


def test_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="virtual-camera"):
        open_sink("virtual-cam", size=SIZE, fps=30)


@pytest.mark.parametrize("spec", ["out.mp5", "x/out.avi"])
def test_unknown_suffix_lists_the_known(spec: str) -> None:
    with pytest.raises(SinkError, match=r"\.mp4"):
        open_sink(spec, size=SIZE, fps=30)


@pytest.mark.parametrize("spec", ["out.mov?beta=1", "out.mov?alpha=2", "out.mov?x", "out.mp4?alpha=1"])
def test_unknown_options_are_refused(spec: str) -> None:
    with pytest.raises(UsageError):
        open_sink(spec, size=SIZE, fps=30)


@pytest.mark.parametrize("name", ["a.mp4", "a_%05d.png"])
def test_missing_folder_is_explained(tmp_path: Path, name: str) -> None:
    with pytest.raises(SinkError) as caught:
        open_sink(str(tmp_path / "none" / name), size=SIZE, fps=30)
    assert "mkdir" in caught.value.hint


def test_input_is_never_overwritten(tmp_path: Path) -> None:
    clip = tmp_path / "a.mp4"
    write_images(str(clip), cards(2))
    before = clip.read_bytes()
    for options in ({"audio_from": str(clip)}, {"inputs": [clip]}):
        with pytest.raises(SinkError, match="input"):
            open_sink(str(clip), size=SIZE, fps=30, **options)  # type: ignore[arg-type]
    assert clip.read_bytes() == before


def test_png_is_lossless_and_numbered_from_zero(tmp_path: Path) -> None:
    images = cards(3)
    write_images(str(tmp_path / "a_%03d.png"), images)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a_000.png", "a_001.png", "a_002.png"]
    for frame, image in zip(read_frames(tmp_path / "a_%03d.png"), images, strict=True):
        assert np.array_equal(frame.pixels, image[..., :3])


def test_png_folder_is_made(tmp_path: Path) -> None:
    write_images(f"{tmp_path}/new/", cards(2))
    assert [read_number(f.pixels) for f in read_frames(tmp_path / "new")] == [0, 1]


def test_png_keeps_alpha_when_asked(tmp_path: Path) -> None:
    write_images(f"{tmp_path}/a_%d.png?alpha=1", cards(1, alpha=77))
    assert cv2.imread(str(tmp_path / "a_0.png"), cv2.IMREAD_UNCHANGED)[0, 0, 3] == 77


def test_png_name_without_a_number_holds_one_picture(tmp_path: Path) -> None:
    write_images(str(tmp_path / "a.png"), cards(1))
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]
    with pytest.raises(SinkError, match="need a number"):
        write_images(str(tmp_path / "b.png"), cards(2))


@pytest.mark.parametrize("name", ["a_%d_%d.png", "a_%s.png"])
def test_png_name_needs_one_number(tmp_path: Path, name: str) -> None:
    with pytest.raises(SinkError, match="number"):
        open_sink(str(tmp_path / name), size=SIZE, fps=30)


def test_null_counts() -> None:
    sink: Any = open_sink("null", size=SIZE, fps=30)
    with sink:
        sink.write(cards(1)[0], 0.5)
    assert (sink.frames, sink.last_time_s) == (1, 0.5)


def test_fake_sink_keeps_copies_and_fails_on_demand() -> None:
    image = cards(1)[0]
    sink = FakeSink(fail_at=1)
    sink.write(image, 0.0)
    image[:] = 0
    assert sink.images[0].any()
    with pytest.raises(RuntimeError):
        sink.write(image, 1.0)


class PixelFormat(enum.Enum):
    """pyvirtualcam's formats, as far as they matter."""

    RGB = "raw "
    RGBA = "ABGR"
    I420 = "I420"


class FakeCamera:
    """pyvirtualcam.Camera of 0.15.0: its signature, what it checks, and what it raises."""

    made: list[FakeCamera]

    def __init__(
        self,
        width: int,
        height: int,
        fps: float,
        *,
        fmt: PixelFormat = PixelFormat.RGB,
        device: str | None = None,
        backend: str | None = None,
        print_fps: bool = False,
        **kw: Any,
    ) -> None:
        assert not kw  # its built-in backends take none
        if device not in (None, "OBS Virtual Camera", "Unity Video Capture"):
            raise RuntimeError(f"'obs' backend: device not found: {device}")
        self.width, self.height, self.fps, self.fmt = width, height, fps, fmt
        self.device = device or "OBS Virtual Camera"
        self.sent: list[Pixels] = []
        self.open = True
        self.made.append(self)

    def send(self, frame: Pixels) -> None:
        if frame.dtype != np.uint8:
            raise TypeError(f"unexpected frame dtype: {frame.dtype} != uint8")
        if frame.shape != (self.height, self.width, {PixelFormat.RGBA: 4}.get(self.fmt, 3)):
            raise ValueError(f"unexpected frame shape: {frame.shape}")
        if not self.open:
            raise RuntimeError("the device has gone")
        self.sent.append(np.asarray(frame.reshape(-1), order="C"))

    def close(self) -> None:
        self.open = False


@pytest.fixture
def pyvirtualcam(monkeypatch: pytest.MonkeyPatch) -> type[FakeCamera]:
    library = types.ModuleType("pyvirtualcam")
    library.Camera, library.PixelFormat = FakeCamera, PixelFormat  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pyvirtualcam", library)
    monkeypatch.setattr(sys, "platform", "win32")
    FakeCamera.made = []
    return FakeCamera


@pytest.mark.parametrize("name", ["", "OBS Virtual Camera", "Unity Video Capture"])
def test_pyvirtualcam_is_fed_and_closed(pyvirtualcam: type[FakeCamera], name: str) -> None:
    image = cards(1)[0]
    with open_sink(f"virtual-camera:{name}" if name else "virtual-camera", size=SIZE, fps=30.0) as sink:
        sink.write(image, 0.0)
        sink.write(image[:, ::-1], 0.1)  # a view is taken too
        (camera,) = pyvirtualcam.made
        assert sink.device == camera.device == (name or "OBS Virtual Camera")  # type: ignore[attr-defined]
        assert camera.open
    assert not camera.open
    assert (camera.width, camera.height, camera.fps, camera.fmt) == (*SIZE, 30.0, PixelFormat.RGBA)
    assert [len(sent) for sent in camera.sent] == [320 * 240 * 4] * 2
    assert np.array_equal(camera.sent[0], image.reshape(-1))
    sink.close()
    with pytest.raises(SinkError, match="closed"):
        sink.write(image, 0.2)


def test_pyvirtualcam_without_a_device_or_when_it_goes(pyvirtualcam: type[FakeCamera]) -> None:
    with pytest.raises(SinkError, match="OBS"):
        PyVirtualCamSink("none", size=SIZE, fps=30)
    with PyVirtualCamSink(size=SIZE, fps=30) as sink:
        pyvirtualcam.made[0].close()
        with pytest.raises(SinkError, match="no more images"):
            sink.write(cards(1)[0], 0.0)
        with pytest.raises(SinkError, match="shape"):
            sink.write(cards(1)[0][:100], 0.0)


def test_missing_pyvirtualcam_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(SinkError, match=r"phosphene\[virtual-camera\]"):
        PyVirtualCamSink(size=SIZE, fps=30)


@pytest.mark.parametrize(
    "specs",
    [
        ("null", "null"),
        ("a.mp4", "b.mp4"),
        ("a.mp4", "a.mov"),
        ("web:8765", "web:8766"),
        ("window", "a.mp4", "virtual-camera"),
        ("frames/a_%05d.png", "frames/b_%05d.png"),
    ],
)
def test_outputs_that_do_not_meet(specs: tuple[str, ...]) -> None:
    check_twice(specs)


@pytest.mark.parametrize(
    "specs", [("a.mp4", "./a.mp4"), ("a.mov", "a.mov?alpha=1"), ("web", "web:8765?alpha=1"), ("frames/", "frames/")]
)
def test_outputs_in_one_place_are_refused(specs: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="is given twice"):
        check_twice(specs)


@pytest.mark.parametrize("spec", ["", " ", "?alpha=1"])
def test_an_output_without_a_name(spec: str) -> None:
    with pytest.raises(UsageError, match="no output named"):
        split_spec(spec)


@pytest.mark.parametrize(
    ("spec", "better"),
    [
        ("a.mov", "a.mov?alpha=1"),
        ("a.mov?codec=prores", "a.mov?codec=prores&alpha=1"),
        ("a.MP4", "a.MP4?matte=1"),
        ("frames/", "frames/?alpha=1"),
        ("web:9000", "web:9000?alpha=1"),
        ("a.mov?alpha=1", ""),
        ("a.mp4?matte=1", ""),
        ("a.gif", ""),
        ("window", ""),
        ("null", ""),
        ("virtual-camera", ""),
    ],
)
def test_what_would_keep_transparency(spec: str, better: str) -> None:
    assert keeping_alpha(spec) == better
    if better:
        split_spec(better)
