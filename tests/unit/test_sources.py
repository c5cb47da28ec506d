"""Every input: its name, pictures, the test card, the demo."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers_files import psnr, read_frames
from phosphene.engine.core.errors import SourceError, UsageError
from phosphene.engine.sources import SOURCES, kind_of_file, open_source, split_spec
from phosphene.engine.sources.fit import cover
from phosphene.engine.sources.images import find_images
from phosphene.engine.sources.testcard import TestCardSource, read_number

from phosphene.testing import FakeSource


def test_table_imports_nothing_heavy() -> None:
    code = (
        "import sys; from phosphene.engine import sinks, sources; "
        "print({'numpy', 'cv2', 'av', 'PIL'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("kind", sorted(SOURCES))
def test_every_kind_can_be_loaded(kind: str) -> None:
    import importlib

    module, _, name = SOURCES[kind].target.partition(":")
    assert hasattr(getattr(importlib.import_module(module), name), "from_spec")


def test_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="camera"):
        open_source("camra")


def test_missing_file_suggests_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "holiday.mp4").write_bytes(b"x")
    with pytest.raises(SourceError) as caught:
        open_source(str(tmp_path / "holyday.mp4"))
    assert "holiday.mp4" in caught.value.hint


@pytest.mark.parametrize("spec", ["video:", "image:", "images:", "demo:x", "testcard:abc", "testcard:2x2"])
def test_incomplete_names_are_explained(spec: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_source(spec)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("camera", ("camera", "")),
        ("camera:1", ("camera", "1")),
        ("/dev/video3", ("camera", "/dev/video3")),
        ("testcard:64x48", ("testcard", "64x48")),
        ("video:a:b.mp4", ("video", "a:b.mp4")),
    ],
)
def test_names_are_split(spec: str, expected: tuple[str, str]) -> None:
    assert split_spec(spec) == expected


def test_content_decides_before_the_suffix(tmp_path: Path) -> None:
    picture = tmp_path / "clip.mp4"
    picture.write_bytes(cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes())
    assert kind_of_file(picture) == "image"


def test_home_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    cv2.imwrite(str(tmp_path / "a.png"), np.full((4, 6, 3), 9, np.uint8))
    with open_source("~/a.png") as source:
        assert source.size == (6, 4)


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes are POSIX")
def test_a_pipe_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(SourceError):
        open_source(f"video:{tmp_path / 'pipe.mp4'}")


@pytest.mark.parametrize("size", [(10, 10), (40, 10), (10, 40), (33, 17), (1, 1)])
def test_cover_gives_exactly_the_size(size: tuple[int, int]) -> None:
    assert cover(np.zeros((20, 30, 3), np.uint8), size).shape == (size[1], size[0], 3)


def test_cover_crops_equally_at_both_sides() -> None:
    picture = np.zeros((10, 30, 3), np.uint8)
    picture[:, 10:20] = 200
    assert (cover(picture, (10, 10)) == 200).all()


def test_cover_leaves_a_fitting_picture_alone() -> None:
    picture = np.zeros((20, 30, 3), np.uint8)
    assert cover(picture, (30, 20)) is picture
    assert cover(picture, None) is picture


@pytest.mark.parametrize("size", [(64, 48), (320, 240), (641, 359), (480, 854)])
def test_card_number_is_read_back(size: tuple[int, int]) -> None:
    for number, frame in enumerate(iter(TestCardSource(size, 30.0, 20).read, None)):
        assert read_number(frame.pixels) == number == frame.id


def test_card_number_survives_halving_and_jpeg() -> None:
    source = TestCardSource((640, 360))
    for number in range(10):
        frame = source.read()
        assert frame is not None
        small = cv2.resize(frame.pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        coded = cv2.imdecode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], cv2.IMREAD_COLOR)
        assert read_number(coded) == number


@pytest.mark.parametrize("value", [0, 128, 255])
def test_no_number_in_a_plain_picture(value: int) -> None:
    assert read_number(np.full((48, 64, 3), value, np.uint8)) is None


def test_no_number_in_a_turned_card() -> None:
    frame = TestCardSource((320, 240)).read()
    assert frame is not None
    assert read_number(frame.pixels[::-1]) is None
    assert read_number(frame.pixels[:, ::-1]) is None


def test_card_spec_sets_size_rate_and_count() -> None:
    frames = read_frames("testcard:160x120@25x3")
    assert [f.time_s for f in frames] == [0.0, 0.04, 0.08]
    assert frames[0].size == (160, 120)


def test_card_takes_the_wanted_size_where_its_name_has_none() -> None:
    with open_source("testcard:@10", size=(200, 100), fps=50) as source:
        assert (source.size, source.fps) == ((200, 100), 10)


@pytest.mark.parametrize("size", [(320, 180), (240, 240), (180, 320)])
def test_demo_fills_any_size(size: tuple[int, int]) -> None:
    with open_source("demo", size=size) as source:
        frame = source.read()
    assert frame is not None
    assert frame.size == size
    assert frame.pixels.std() > 30


def test_demo_moves_smoothly_and_repeats() -> None:
    with open_source("demo", size=(160, 90), fps=10) as source:
        frames = [source.read() for _ in range(122)]
    pictures = [frame.pixels for frame in frames if frame is not None]
    steps = [float(np.abs(a.astype(int) - b).mean()) for a, b in itertools.pairwise(pictures)]
    assert max(steps) < 6
    assert np.mean(steps) > 0.1
    assert psnr(pictures[0], pictures[120]) > 50


def test_demo_imports_no_matplotlib() -> None:
    code = (
        "import sys; from phosphene.engine.sources.demo import DemoSource; "
        "DemoSource(); print('matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.strip() == "False"


def test_image_is_endless_and_shared(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((4, 6, 3), (0, 0, 255), np.uint8))
    with open_source(str(tmp_path / "a.png")) as source:
        first, second = source.read(), source.read()
    assert first is not None
    assert second is not None
    assert first.pixels is second.pixels
    assert first.pixels[0, 0].tolist() == [255, 0, 0]
    assert (first.id, second.id, source.frame_count) == (0, 1, None)
    assert second.time_s == pytest.approx(1 / 30)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_of_any_depth_keeps_its_brightness(tmp_path: Path, dtype: type) -> None:
    full = np.iinfo(dtype).max
    cv2.imwrite(str(tmp_path / "g.png"), np.array([[0, full // 2, full]], dtype))
    with open_source(str(tmp_path / "g.png")) as source:
        frame = source.read()
    assert frame is not None
    assert np.abs(frame.pixels[0, :, 1].astype(int) - [0, 127, 255]).max() <= 1


def test_transparent_parts_become_black(tmp_path: Path) -> None:
    rgba = np.full((2, 2, 4), 255, np.uint8)
    rgba[0, 0, 3] = 0
    cv2.imwrite(str(tmp_path / "t.png"), rgba)
    with open_source(str(tmp_path / "t.png")) as source:
        frame = source.read()
    assert frame is not None
    assert frame.pixels[0, 0].tolist() == [0, 0, 0]
    assert frame.pixels[1, 1].tolist() == [255, 255, 255]


def test_hdr_is_tone_mapped(tmp_path: Path) -> None:
    ramp = np.repeat(np.geomspace(0.01, 100, 64, dtype=np.float32)[None, :, None], 3, axis=2)
    cv2.imwrite(str(tmp_path / "h.hdr"), np.repeat(ramp, 8, axis=0))
    with open_source(str(tmp_path / "h.hdr")) as source:
        frame = source.read()
    assert frame is not None
    row = frame.pixels[4, :, 1].astype(int)
    assert (np.diff(row) >= 0).all()
    assert row[0] < 60
    assert row[-1] > 230


def test_too_many_pixels_are_refused(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("1", (20000, 20000)).save(tmp_path / "big.png")
    with pytest.raises(SourceError, match="megapixels"):
        open_source(str(tmp_path / "big.png"))


def test_pictures_come_in_natural_order(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        cv2.imwrite(str(tmp_path / f"shot{number}.png"), np.full((4, 4, 3), number, np.uint8))
    for spec in (str(tmp_path), f"{tmp_path}/shot%d.png", f"images:{tmp_path}/shot*.png"):
        assert [f.pixels[0, 0, 0] for f in read_frames(spec)] == [1, 2, 10]


def test_padded_pattern_takes_only_padded_names(tmp_path: Path) -> None:
    for name in ("f_0001.png", "f_0002.png", "f_3.png", "f_0004.txt"):
        (tmp_path / name).write_bytes(b"")
    assert [p.name for p in find_images(f"{tmp_path}/f_%04d.png").paths] == ["f_0001.png", "f_0002.png"]


def test_empty_folder_is_explained(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no images"):
        open_source(str(tmp_path))


def test_fake_source_gives_its_frames() -> None:
    source = FakeSource([np.zeros((2, 3, 3), np.uint8)] * 2, fps=10)
    with source:
        assert [(f.id, f.time_s) for f in iter(source.read, None)] == [(0, 0.0), (1, 0.1)]
    assert source.closed
