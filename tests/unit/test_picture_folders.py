"""Folders and patterns of pictures as people have them: what is none is named and left out, and the rest goes on."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from phosphene.engine.core.errors import SourceError
from phosphene.engine.sources import open_source
from phosphene.engine.sources.images import ImagesSource

APPLE_DOUBLE = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        "


def picture(path: Path, size: tuple[int, int] = (16, 12), code: int = 100) -> bytes:
    assert cv2.imwrite(str(path), np.full((size[1], size[0], 3), code, np.uint8))
    return path.read_bytes()


ODD = {
    "._f_0001.png": lambda path: path.write_bytes(APPLE_DOUBLE),
    ".DS_Store": lambda path: path.write_bytes(b"\0\0\0\1Bud1"),
    "Thumbs.db": lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0"),
    "f_0002.png": lambda path: path.write_bytes(picture(path)[:-30]),
    "f_0003.png": lambda path: path.write_bytes(b""),
    "f_0000.png": lambda path: path.write_bytes(b"no picture at all"),
    "f_0005.heic": lambda path: path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
    "notes.txt": lambda path: path.write_text("hello"),
    "f_0006.png": lambda path: path.mkdir(),
    "f_0007.png": os.mkfifo,
    "f_0008.png": lambda path: path.symlink_to("nowhere.png"),
}


def played(spec: str, caplog: pytest.LogCaptureFixture) -> tuple[list[int], list[str]]:
    """The first code of each picture that came, and what was told."""
    with caplog.at_level(logging.INFO, "phosphene"), open_source(spec) as source:
        codes = []
        while (frame := source.read()) is not None:
            assert (frame.id, frame.time_s, frame.size) == (len(codes), len(codes) / 30.0, source.size)
            codes.append(int(frame.pixels[0, 0, 0]))
    return codes, caplog.messages


@pytest.mark.parametrize(
    "odd", [*([name] for name in ODD), list(ODD)], ids=lambda names: names[0] if names[1:] == [] else "all"
)
def test_an_odd_file_is_named_and_the_rest_comes(
    odd: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number, code in ((1, 50), (4, 60), (10, 70)):
        picture(tmp_path / f"f_{number:04d}.png", code=code)
    for name in odd:
        ODD[name](tmp_path / name)
    codes, told = played(f"{tmp_path}/", caplog)
    assert codes == [50, 60, 70]
    (left_out,) = [words for words in told if "skipped" in words]
    assert f"skipped {len(odd)}:" in left_out
    assert sum(name in left_out for name in odd) == min(len(odd), 3)


@pytest.mark.parametrize("pattern", ["f_%04d.png", "f_*.png", "*"])
def test_patterns_are_as_patient(pattern: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for number in (1, 2, 5):
        picture(tmp_path / f"f_{number:04d}.png", code=10 * number)
    (tmp_path / "f_0003.png").write_bytes(b"")
    codes, told = played(f"images:{tmp_path}/{pattern}", caplog)
    assert codes == [10, 20, 50]
    assert any("gaps in the numbering: 1 missing (4)" in words for words in told)
    assert any("skipped 1: f_0003.png" in words for words in told)


def test_other_sizes_are_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for number, size in enumerate([(16, 12), (32, 24), (16, 12), (8, 8)]):
        picture(tmp_path / f"{number}.png", size)
    _, told = played(f"{tmp_path}/", caplog)
    assert len(told) == 1
    assert "scaled to 16×12 like the first: 2: 1.png, 3.png" in told[0]


def test_good_folders_say_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(9, 12):
        picture(tmp_path / f"shot{number}.png")
    assert played(f"{tmp_path}/", caplog)[1] == []


def test_nothing_but_odd_files_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "b.txt").write_bytes(b"x")
    with pytest.raises(SourceError, match=r"none of the 1 images can be read.*b\.txt.*a\.png \(the file is empty\)"):
        ImagesSource.from_spec(str(tmp_path), size=None, fps=None)


def test_a_folder_may_be_called_like_a_picture(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "x.png").mkdir()
    picture(tmp_path / "x.png" / "1.png", code=33)
    for spec in (f"{tmp_path}/x.png/", f"{tmp_path}/x.png"):
        assert played(spec, caplog)[0] == [33]
