"""Every command of docs/teaching.md, run for real and in its order, on clips and speech that are put where it says.

Only what this machine does not have is given in its stead: a clip for the camera, a file for the microphone, nothing
for the window of a show. The teaching window is opened on a screen of its own.
"""

from __future__ import annotations

import json
import shlex
import shutil
import sys
import zipfile
from pathlib import Path

import av
import cv2
import pytest
from phosphene.engine.commands.cli import main
from phosphene.engine.models import store as models
from phosphene.engine.models import tensorflow as tf_jobs

from tests.docs.test_docs import PROGRAM, ROOT, blocks
from tests.system.test_teach_live import display as screen
from tests.system.test_teach_live import held_keys
from tests.system.test_teach_voice import SPEECH, recordings

__all__ = ["screen"]  # the fixture that gives a window a screen

PAGE = ROOT / "docs" / "teaching.md"
LINES = [
    line.strip()
    for block in blocks("sh")
    if block.page == PAGE
    for line in block.text.replace("\\\n", " ").splitlines()
    if PROGRAM.match(line.strip())
]
CLASSES = {"crossed": "asl_again", "open": "asl_sister", "nothing": "asl_yes"}
MY_SCENE = '[[layer]]\neffects = [{ use = "duotone", amount = { from = "class.signs.awake" } }]\n'
pytestmark = [
    pytest.mark.gl,
    pytest.mark.models,
    pytest.mark.slow,
    pytest.mark.usefixtures("models_ready"),
    pytest.mark.skipif(not tf_jobs.interpreter(), reason="no TensorFlow (extra `teach`, or PHOSPHENE_TENSORFLOW)"),
    pytest.mark.skipif(SPEECH is None, reason="no espeak-ng here"),
    pytest.mark.skipif(
        not all(models.state(name).ready for name in ("efficientdet_lite0", "efficientnet_lite0")),
        reason="phosphene models --fetch efficientdet_lite0 efficientnet_lite0",
    ),
]


def furnish(folder: Path, data_dir: Path) -> None:
    """Puts everything that the page speaks of into `folder`."""
    for label, sign in CLASSES.items():
        cut(data_dir / "desk" / f"{sign}.mkv", folder / "clips" / label)
    recordings(folder / "said")
    repeat(data_dir / "desk" / "mdn_greenscreen.mp4", folder / "long.mp4")
    shutil.copy(data_dir / "desk" / "cisco_two_people.mp4", folder / "clip.mp4")
    (folder / "my-scene.toml").write_text(MY_SCENE, encoding="utf-8")
    (scene,) = (b.text for b in blocks("toml") if b.page == PAGE and "voice.laser" in b.text)
    (folder / "say-laser.toml").write_text(scene, encoding="utf-8")
    with zipfile.ZipFile(folder / "converted_keras.zip", "w") as archive:
        for file in (data_dir / "teachable" / "keras_sleep_awake").iterdir():
            archive.write(file, file.name)


def repeat(clip: Path, out: Path, times: int = 30) -> None:
    """The clip again and again: it must not end before every key was held, however slow the machine."""
    with av.open(str(out), "w") as longer:
        copy, begins = None, 0
        for _ in range(times):
            with av.open(str(clip)) as once:
                video = once.streams.video[0]
                copy = copy or longer.add_stream_from_template(video)
                ends = begins
                for packet in once.demux(video):
                    if packet.dts is not None and packet.pts is not None:
                        packet.pts, packet.dts = packet.pts + begins, packet.dts + begins
                        ends = max(ends, packet.pts + (packet.duration or 1))
                        packet.stream = copy
                        longer.mux(packet)
                begins = ends


def cut(clip: Path, folder: Path, parts: int = 3) -> None:
    """The clip as `parts` recordings."""
    folder.mkdir(parents=True)
    video = cv2.VideoCapture(str(clip))
    frames = []
    while (found := video.read())[0]:
        frames.append(found[1])
    video.release()
    for part in range(parts):
        some = frames[part * len(frames) // parts : (part + 1) * len(frames) // parts]
        height, width = some[0].shape[:2]
        out = cv2.VideoWriter(str(folder / f"{part}.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (width, height))
        for frame in some:
            out.write(frame)
        out.release()


def test_every_command_of_the_page_does_what_it_says(
    data_dir: Path,
    tmp_path: Path,
    screen: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert len(LINES) >= 8
    furnish(tmp_path, data_dir)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PHOSPHENE_MODELS", str(tmp_path / "own"))  # what is taught goes there
    for line in LINES:
        match = PROGRAM.match(line)
        assert match is not None
        words = shlex.split(match[1], comments=True)
        if "--live" in words:
            env = {**screen, "PYTHONPATH": str(ROOT), "PHOSPHENE_MODELS": str(tmp_path / "own")}
            command = [sys.executable, str(ROOT / "main.py"), *words, "--input", "long.mp4"]
            held_keys(command, env, "123", tmp_path)
        elif words[0] == "run":
            given = [str(tmp_path / "said" / "laser" / "0_140.wav") if word == "mic" else word for word in words]
            given += [] if "--input" in words else ["--input", "long.mp4"]
            given += [] if "--output" in words else ["--output", "null"]
            assert main([*given, "--seconds", "0.5"]) == 0, line
        else:
            assert main(words) == 0, line
        told = capsys.readouterr()
        assert "WARNING" not in told.err, line
        if words[0] == "teach":
            kept = json.loads((tmp_path / "own" / words[1] / "metadata.json").read_text(encoding="utf-8"))
            assert kept["method"] == "net", line
            assert len(kept["labels"]) == 3, line
            assert kept["held_out"]["accuracy"] > (0.0 if "--live" in words else 0.5), line
        if words[:2] == ["list", "models"]:
            assert {"arms", "voice", "objects"} <= set(told.out.split())
        if "out.mp4" in words:
            assert (tmp_path / "out.mp4").stat().st_size > 1000
