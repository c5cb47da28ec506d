"""The demo without a screen: it writes a video and a contact sheet, and says where."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.gl, pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("models_ready")]


def test_demo_writes_video_and_sheet(tmp_path: Path) -> None:
    """Laser eyes on the built-in portrait: the video plays, beams come and go, both files are named, the rate too."""
    env = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    for more in (("--seconds", "0.2"), ()):  # the second time over its own files
        done = subprocess.run(
            [sys.executable, str(ROOT / "main.py"), "demo", "--size", "640x360", "--quiet", *more],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    named = [Path(line.removeprefix("wrote ")) for line in done.stdout.splitlines() if line.startswith("wrote ")]
    assert sorted(path.suffix for path in named) == [".mp4", ".png"]
    assert all(path.parent == tmp_path and path.is_file() for path in named)
    assert re.search(r"\d+ frames at \d+\.\d fps", done.stdout)
    with av.open(str(tmp_path / "phosphene-demo.mp4")) as file:
        frames = [f.to_ndarray(format="rgb24") for f in file.decode(file.streams.video[0])]
    assert len(frames) == 180
    red = [float((f[..., 0].astype(int) - f[..., 1] > 90).mean()) for f in frames]
    assert max(red) > 2 * min(red), f"the beams do not come and go: {min(red):.3f} to {max(red):.3f} is red"
    sheet = cv2.imread(str(tmp_path / "phosphene-demo.png"))
    assert sheet is not None
    assert sheet.std() > 20
    assert np.ptp(sheet.reshape(-1, 3), axis=0).min() > 200
