"""What is written as JSON, where it goes, and what it may not cost."""

from __future__ import annotations

import io
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from phosphene.engine.commands.cli import main
from phosphene.engine.commands.output import plain, write_json
from phosphene.engine.core.errors import SinkError


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (np.float32(1.5), 1.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.arange(4).reshape(2, 2), [[0, 1], [2, 3]]),
        (math.nan, None),
        (np.array([1.0, math.inf]), [1.0, None]),
        ({3: (1, {"a": -math.inf})}, {"3": [1, {"a": None}]}),
        (Path("a/b"), str(Path("a/b"))),
        ({"deep": [np.float64(0.25)]}, {"deep": [0.25]}),
        (True, True),
        (None, None),
    ],
)
def test_what_effects_find_becomes_json_that_every_reader_takes(value: Any, wanted: Any, tmp_path: Path) -> None:
    assert plain(value) == wanted
    write_json(value, str(tmp_path / "out.json"))
    text = (tmp_path / "out.json").read_text(encoding="utf-8")
    assert json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON")) == wanted


def test_a_file_that_is_no_json_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "warm.frag"
    path.write_text("vec4 effect(vec2 uv) { return frame(uv); }", encoding="utf-8")
    with pytest.raises(SinkError, match="not overwritten"):
        write_json([1], str(path))
    assert path.read_text(encoding="utf-8").startswith("vec4")


@pytest.mark.parametrize("before", ["", '{"a": 1}', "\n[]\n"])
def test_json_and_an_empty_file_are_overwritten(tmp_path: Path, before: str) -> None:
    path = tmp_path / "out.json"
    path.write_text(before, encoding="utf-8")
    write_json([1], str(path))
    assert json.loads(path.read_text(encoding="utf-8")) == [1]


def test_the_name_of_a_file_that_is_no_text_comes_back(tmp_path: Path) -> None:
    write_json({"file": "clip\udcff.mp4"}, str(tmp_path / "out.json"))
    assert json.loads((tmp_path / "out.json").read_bytes()) == {"file": "clip\udcff.mp4"}


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_every_alphabet_can_be_told_everything(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As JSON and in words: an old terminal, or a pipe on Windows, lacks what it lacks."""
    for words in (["show", "laser-eyes"], ["show", "laser-eyes", "--json"]):
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        monkeypatch.setattr(sys, "stdout", stream)
        assert main(words) == 0
        assert stream.tell()
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    write_json({"scène": "…😀"}, "-")
    stream.seek(0)
    assert json.load(stream) == {"scène": "…😀"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
def test_a_full_disk_is_told_in_words(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["list"]) == 1
        assert "the disk is full" in capfd.readouterr().err
        monkeypatch.undo()
