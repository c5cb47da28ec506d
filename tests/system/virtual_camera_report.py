"""Measures the virtual camera on a real kernel driver and writes the table of docs/virtual-camera.md.

usage: python -m tests.system.virtual_camera_report RUNNER OUT.md [WIDTHxHEIGHT@FPS]   (RUNNER: see test_virtual_camera)

In the guest one process feeds the test card, and OpenCV, ffmpeg, two programs at once and Chromium read it,
each telling which numbers it saw and when.
"""

from __future__ import annotations

import base64
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import cv2
import numpy as np

from engine.sinks import open_sink
from engine.sources.testcard import TestCardSource, read_number

MODE = os.environ.get("VCAM_MODE", "1280x720@30")
SIZE = (int(MODE.split("@")[0].split("x")[0]), int(MODE.split("@")[0].split("x")[1]))
FPS, COUNT, DEVICE = float(MODE.split("@")[1]), 90, "/dev/video10"
SECONDS = 6.0
Seen = list[tuple[float, int | None, np.ndarray | None]]


def feed(pipe: Connection) -> None:
    """Feeds the card round and round until it is told to stop; sends (moment, number) of every picture."""
    cards = [cv2.cvtColor(f.pixels, cv2.COLOR_RGB2RGBA) for f in iter(TestCardSource(SIZE, FPS, COUNT).read, None)]
    sent = []
    with open_sink(f"virtual-camera:{DEVICE}", size=SIZE, fps=FPS) as sink:
        sink.write(cards[0], 0.0)
        pipe.send("up")
        begin, number = time.monotonic(), 0
        while not pipe.poll():
            time.sleep(max(0.0, begin + number / FPS - time.monotonic()))
            sent.append((time.monotonic(), number % COUNT))
            sink.write(cards[number % COUNT], number / FPS)
            number += 1
    pipe.recv()
    pipe.send(sent)


def by_opencv(seconds: float) -> Seen:
    """What cv2.VideoCapture reads."""
    capture = cv2.VideoCapture(DEVICE, cv2.CAP_V4L2)
    seen: Seen = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ok, bgr = capture.read()
        now = time.monotonic()
        if not ok:
            break
        seen.append((now, read_number(bgr), bgr[..., ::-1].copy() if len(seen) % 20 == 5 else None))
    capture.release()
    return seen


def by_ffmpeg(seconds: float) -> Seen:
    """What the ffmpeg program reads."""
    words = ["ffmpeg", "-loglevel", "error", "-f", "v4l2", "-i", DEVICE, "-t", str(seconds), "-f", "rawvideo"]
    seen: Seen = []
    with subprocess.Popen([*words, "-pix_fmt", "yuv420p", "-"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while len(data := process.stdout.read(SIZE[0] * SIZE[1] * 3 // 2)) == SIZE[0] * SIZE[1] * 3 // 2:
            now = time.monotonic()
            bgr = cv2.cvtColor(np.frombuffer(data, np.uint8).reshape(-1, SIZE[0]), cv2.COLOR_YUV2BGR_I420)
            seen.append((now, read_number(bgr), bgr[..., ::-1].copy() if len(seen) % 20 == 5 else None))
    return seen


def by_two(seconds: float) -> Seen:
    """What OpenCV reads while another OpenCV reads too."""
    ours, theirs = multiprocessing.Pipe()
    other = multiprocessing.get_context("fork").Process(target=lambda: theirs.send(len(by_opencv(seconds))))
    other.start()
    seen = by_opencv(seconds)
    count = ours.recv() if ours.poll(30) else 0
    other.join(10)
    if not count:
        raise AssertionError("the second reader got nothing")
    return seen


def by_chromium(seconds: float) -> Seen:
    """What getUserMedia gives to a page; its moments are not known."""
    import helpers_browser
    from test_pipewire import PAGE

    found = helpers_browser.run_page(PAGE.replace("shown < 40", "shown < 25"), timeout_s=240)
    seen: Seen = []
    for url in found["pictures"]:
        bgr = cv2.imdecode(np.frombuffer(base64.b64decode(url.partition(",")[2]), np.uint8), cv2.IMREAD_COLOR)
        seen.append((0.0, read_number(bgr), bgr[..., ::-1].copy()))
    return seen


READERS: dict[str, Callable[[float], Seen]] = {
    "OpenCV": by_opencv,
    "ffmpeg": by_ffmpeg,
    "two OpenCV at once": by_two,
    "Chromium getUserMedia": by_chromium,
}


def halved(rgb: np.ndarray) -> np.ndarray:
    """What 4:2:0 sampling alone does to a picture."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420), cv2.COLOR_YUV2RGB_I420))


def measure(reader: Callable[[float], Seen]) -> dict[str, Any]:
    """One consumer beside the feeder."""
    ours, theirs = multiprocessing.Pipe()
    feeder = multiprocessing.get_context("fork").Process(target=feed, args=(theirs,))
    feeder.start()
    assert ours.recv() == "up"
    begin = time.monotonic()
    seen = reader(SECONDS)
    end = time.monotonic()
    ours.send("stop")
    sent = ours.recv()
    feeder.join(10)
    cards = [frame.pixels for frame in iter(TestCardSource(SIZE, FPS, COUNT).read, None)]
    good = [(moment, number) for moment, number, _ in seen if number is not None]
    steps = [(b - a) % COUNT for (_, a), (_, b) in pairwise(good)]
    psnr = []
    for _, number, rgb in seen:
        if number is not None and rgb is not None:
            error = float(np.mean((rgb.astype(np.float32) - halved(cards[number])) ** 2))
            psnr.append(10 * float(np.log10(255**2 / max(error, 1e-9))))
    lags = []
    for moment, number in good:
        before = [when for when, which in sent if which == number and when <= moment]
        if moment and before:
            lags.append(moment - before[-1])
    span = good[-1][0] - good[0][0] if len(good) > 1 else 0.0
    window = [when for when, _ in sent if begin <= when <= end]
    return {
        "sent": len(window),
        "sent_fps": (len(window) - 1) / (window[-1] - window[0]) if len(window) > 1 else 0.0,
        "read": len(seen),
        "unreadable": len(seen) - len(good),
        "in_order": all(step < COUNT // 2 for step in steps),
        "fps": (len(good) - 1) / span if span else None,
        "psnr": float(np.median(psnr)) if psnr else 0.0,
        "lag_ms": 1000 * float(np.median(lags)) if lags else None,
    }


def guest() -> int:
    """Runs in the guest: a line of JSON for every consumer."""
    for name, reader in READERS.items():
        if (name == "ffmpeg" and not shutil.which("ffmpeg")) or (name.startswith("Chromium") and not chromium()):
            continue
        try:
            found = measure(reader)
        except AssertionError as error:
            found = {"problem": str(error).splitlines()[0][:200]}
        print("ROW " + json.dumps({"consumer": name, **found}), flush=True)
    return 0


def chromium() -> str | None:
    """The browser, where there is one."""
    import helpers_browser

    return helpers_browser.chromium()


def table(rows: list[dict[str, Any]]) -> str:
    """The rows in Markdown."""
    lines = [
        "| consumer | sent | received | unreadable | in order | PSNR | sent fps | received fps | latency |",
        "|---|---:|---:|---:|---|---:|---:|---:|---:|",
    ]
    for row in rows:
        if "problem" in row:
            lines.append(f"| {row['consumer']} | {row['problem']} | | | | | | | |")
            continue
        fps = "" if row["fps"] is None else f"{row['fps']:.1f}"
        lag = "" if row["lag_ms"] is None else f"{row['lag_ms']:.0f} ms"
        order = "yes" if row["in_order"] else "no"
        lines.append(
            f"| {row['consumer']} | {row['sent']} | {row['read']} | {row['unreadable']} | {order} "
            f"| {row['psnr']:.1f} dB | {row['sent_fps']:.1f} | {fps} | {lag} |"
        )
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Boots the guest and writes the table."""
    if arguments == ["--guest"]:
        return guest()
    runner, out, *mode = arguments
    setting = f"VCAM_MODE={mode[0] if mode else MODE}"
    with tempfile.TemporaryDirectory() as folder:
        script = str(Path(__file__).resolve())
        command = [runner, "-o", folder, "--", "/usr/bin/env", setting, sys.executable, script, "--guest"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, env=dict(os.environ))
    rows = [json.loads(line.removeprefix("ROW ")) for line in done.stdout.splitlines() if line.startswith("ROW ")]
    if not rows:
        print(done.stdout[-3000:] + done.stderr[-3000:], file=sys.stderr)
        return 1
    Path(out).write_text(table(rows) + "\n", encoding="utf-8")
    print(table(rows))
    return int(len(rows) < len(READERS))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
