"""Files that a scene's parameters name are read before the first frame: what is wrong with one is told in time."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from phosphene.engine.commands.cli import main

SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>'
BAD: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "svg": ("pic.svg", lambda path: path.write_bytes(SVG), "SVG"),
    "jxl": ("x.jxl", lambda path: path.write_bytes(b"\xff\x0a" + b"\0" * 90), "JPEG XL"),
    "heic": ("x.heic", lambda path: path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), "HEIC"),
    "empty": ("x.png", lambda path: path.write_bytes(b""), "empty"),
    "damaged": (
        "x.png",
        lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 60),
        "damaged|cannot be read",
    ),
    "text": ("x.jpg", lambda path: path.write_text("hello"), "cannot be read as an image"),
    "no video": (
        "x.mp4",
        lambda path: path.write_bytes(b"\0\0\0\x18ftypisom" + b"\0" * 99),
        "cannot be read as a video",
    ),
    "pipe": ("x.png", os.mkfifo, "pipe"),
}
INPUT = ["-i", "testcard:64x48@30x2", "-o", "null"]


@pytest.mark.parametrize("kind", BAD)
def test_a_render_refuses_to_begin(kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    name, make, words = BAD[kind]
    make(tmp_path / name)
    assert main(["run", "teleport", *INPUT, "--set", f"picture={tmp_path / name}"]) == 2
    said = capfd.readouterr().err
    assert re.search(words, said)
    assert name in said
    assert "picture" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("scenes", [["glasses"], ["mirror", "glasses"]])
def test_models_and_later_scenes_count_too(
    scenes: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.glb").write_bytes(b"glTF" + b"\0" * 40)
    assert main(["run", *scenes, *INPUT, "--set", f"glasses.model={tmp_path / 'x.glb'}"]) == 2
    assert "the model is damaged" in capfd.readouterr().err


@pytest.mark.gl
def test_a_live_show_says_it_at_its_begin_and_its_end(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "pic.svg").write_bytes(SVG)
    (tmp_path / "s.toml").write_text(
        '[[layer]]\nsource = "none"\neffects = [{ use = "place", picture = "pic.svg", follow = 0 }]\n',
        encoding="utf-8",
    )
    assert main(["run", str(tmp_path / "s.toml"), *INPUT, "--pace", "live"]) == 0
    assert "SVG" in caplog.messages[0]
    assert "none/place.picture" in caplog.messages[0]
    assert capfd.readouterr().err.count("not shown:") == 1


@pytest.mark.gl
@pytest.mark.parametrize(
    "name", ["a.mp4?codec=h264", "a.mp4?codec=h265", "a.mp4?codec=av1", "a.webm", "a.mov?codec=prores", "a.gif"]
)
def test_quiet_is_quiet(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Also of what encoders print by themselves."""
    assert main(["run", "mirror", "-i", "testcard:64x48@30x2", "-o", str(tmp_path / name), "-q"]) == 0
    assert capfd.readouterr() == ("", "")
