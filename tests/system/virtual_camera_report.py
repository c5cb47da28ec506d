"""Measures the virtual camera on a real kernel driver and writes the table of docs/virtual-camera.md.

usage: python3 dev.py virtual-camera, or python -m tests.system.virtual_camera_report OUT.md [CONSUMER…]

In the guest one process feeds the test card through the sink, and consumers read it: OpenCV, ffmpeg, both at once and
Chromium's headless shell. They only keep what they see; the judging is done afterwards, so that it takes none of their
time.
"""

from __future__ import annotations

import base64
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import helpers_browser
import helpers_guest
import numpy as np
from phosphene.engine.sinks import open_sink
from phosphene.engine.sources.testcard import TestCardSource, read_number

DEVICE = "/dev/video10"
COUNT = 60  # different cards, shown round and round
SECONDS = 8.0
WHOLE_EVERY = 40  # of so many pictures one is kept whole, of the others the strip with the number
STRIP = 0.86  # where that begins, as a part of the height
PAGE = """
<video id=v playsinline muted></video>
<script>
(async () => {
  let stream = null;  // a browser that has just started may not have found its cameras yet
  for (let tries = 0; !stream && tries < 100; tries++)
    stream = await navigator.mediaDevices.getUserMedia({video: true}).catch(() => later(500));
  const video = document.getElementById('v');
  video.srcObject = stream;
  await video.play();
  const [width, height] = [video.videoWidth, video.videoHeight];
  const canvas = document.createElement('canvas'), strip = document.createElement('canvas');
  [canvas.width, canvas.height, strip.width, strip.height] = [width, height, width, 1];
  const pen = strip.getContext('2d', {willReadFrequently: true});
  const frames = [], begin = performance.now();
  await new Promise((done) => {
    const next = (now) => {
      pen.drawImage(video, 0, Math.round(height * 0.93), width, 1, 0, 0, width, 1);
      const at = performance.timeOrigin + performance.now();
      frames.push({at, grey: Array.from(pen.getImageData(0, 0, width, 1).data.filter((_, i) => i % 4 == 1))});
      if (performance.now() - begin < SECONDS * 1000 || frames.length < 20) video.requestVideoFrameCallback(next);
      else done();
    };
    video.requestVideoFrameCallback(next);
  });
  const pictures = [];
  for (let k = 0; k < 4; k++) {
    canvas.getContext('2d').drawImage(video, 0, 0);
    pictures.push(canvas.toDataURL('image/png'));
    await later(300);
  }
  post({size: [width, height], frames, pictures});
})();
</script>
""".replace("SECONDS", str(SECONDS))


class Mode(NamedTuple):
    """What is fed."""

    size: tuple[int, int]
    fps: float

    def cards(self) -> Iterator[np.ndarray]:
        """The cards, RGB."""
        return (frame.pixels for frame in iter(TestCardSource(self.size, self.fps, COUNT).read, None))


class Seen(NamedTuple):
    """One picture at a consumer: when it had it, and its rows from `top` on, RGB or grey."""

    at_s: float
    rows: np.ndarray
    top: int


def feed(mode: Mode, pipe: Connection) -> None:
    """Feeds the cards until it is told to stop; sends when which was handed over, and what a picture cost."""
    cards = [cv2.cvtColor(card, cv2.COLOR_RGB2RGBA) for card in mode.cards()]
    sent: list[tuple[float, int]] = []
    with open_sink(f"virtual-camera:{DEVICE}", size=mode.size, fps=mode.fps) as sink:
        sink.write(cards[0], 0.0)
        pipe.send("up")
        begin, number, work = time.monotonic(), 0, time.process_time()
        while not pipe.poll():
            time.sleep(max(0.0, begin + number / mode.fps - time.monotonic()))
            sent.append((time.time(), number % COUNT))
            sink.write(cards[number % COUNT], number / mode.fps)
            number += 1
        work = time.process_time() - work
    pipe.recv()
    pipe.send((sent, 1000 * work / max(1, number)))


def by_opencv(mode: Mode) -> list[Seen]:
    """What cv2.VideoCapture reads and turns into BGR."""
    capture = cv2.VideoCapture(DEVICE, cv2.CAP_V4L2)
    seen: list[Seen] = []
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        ok, bgr = capture.read()
        if not ok:
            break
        top = 0 if len(seen) % WHOLE_EVERY == 5 else int(bgr.shape[0] * STRIP)
        seen.append(Seen(time.time(), bgr[top:, :, ::-1].copy(), top))
    capture.release()
    return seen


def by_opencv_raw(mode: Mode) -> list[Seen]:
    """What cv2.VideoCapture reads and leaves as it is, I420."""
    capture = cv2.VideoCapture(DEVICE, cv2.CAP_V4L2)
    capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
    width, height = mode.size
    top = int(height * STRIP)
    kept: list[tuple[float, np.ndarray]] = []
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        ok, data = capture.read()
        if not ok:
            break
        rows = data.reshape(-1, width)
        kept.append((time.time(), rows.copy() if len(kept) % WHOLE_EVERY == 5 else rows[top:height].copy()))
    capture.release()
    return [_seen(at, rows, top, height) for at, rows in kept]


def by_ffmpeg(mode: Mode) -> list[Seen]:
    """What the ffmpeg program reads and hands on through a pipe as it is, I420."""
    words = ["ffmpeg", "-loglevel", "error", "-f", "v4l2", "-i", DEVICE, "-t", str(SECONDS), "-f", "rawvideo"]
    width, height = mode.size
    size, top = width * height * 3 // 2, int(height * STRIP)
    kept: list[tuple[float, bytes]] = []
    with subprocess.Popen([*words, "-pix_fmt", "yuv420p", "-"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while len(data := process.stdout.read(size)) == size:
            whole = len(kept) % WHOLE_EVERY == 5
            kept.append((time.time(), data if whole else data[top * width : height * width]))
    return [_seen(at, np.frombuffer(data, np.uint8).reshape(-1, width), top, height) for at, data in kept]


def _seen(at_s: float, rows: np.ndarray, top: int, height: int) -> Seen:
    """Of kept I420 rows: the whole picture in RGB, or the strip of brightness from `top` on."""
    whole = len(rows) == height * 3 // 2
    return Seen(at_s, cv2.cvtColor(rows, cv2.COLOR_YUV2RGB_I420) if whole else rows, 0 if whole else top)


def by_two(mode: Mode) -> list[Seen]:
    """What OpenCV reads while ffmpeg reads too."""
    others: list[Seen] = []
    thread = threading.Thread(target=lambda: others.extend(by_ffmpeg(mode)))
    thread.start()
    seen = by_opencv(mode)
    thread.join()
    assert len(others) > len(seen) / 2, f"the second reader got {len(others)} pictures"
    return seen


def by_chromium(mode: Mode) -> list[Seen]:
    """What getUserMedia gives to a page of Chromium's headless shell, which starts several times sooner."""
    browser = helpers_browser.shell()
    found = helpers_browser.run_page(PAGE, program=browser, flags=helpers_browser.LEAN, timeout_s=400)
    assert found["size"] == list(mode.size)
    top = round(mode.size[1] * STRIP)
    high = mode.size[1] - top
    seen = [
        Seen(frame["at"] / 1000, np.tile(np.array(frame["grey"], np.uint8), (high, 1)), top)
        for frame in found["frames"]
    ]
    for url in found["pictures"]:
        bgr = cv2.imdecode(np.frombuffer(base64.b64decode(url.partition(",")[2]), np.uint8), cv2.IMREAD_COLOR)
        seen.append(Seen(0.0, bgr[..., ::-1], 0))
    return seen


HD, SMALL, TINY = Mode((1280, 720), 30.0), Mode((640, 360), 30.0), Mode((320, 180), 10.0)
CASES: dict[str, tuple[Mode, Callable[[Mode], list[Seen]]]] = {
    "ffmpeg": (HD, by_ffmpeg),
    "OpenCV, left as I420": (HD, by_opencv_raw),
    "OpenCV, into BGR": (HD, by_opencv),
    "OpenCV, small": (SMALL, by_opencv),
    "OpenCV beside ffmpeg": (SMALL, by_two),
    "Chromium": (TINY, by_chromium),
}


def measure(mode: Mode, reader: Callable[[Mode], list[Seen]]) -> dict[str, Any]:
    """One consumer beside the feeder."""
    ours, theirs = multiprocessing.Pipe()
    feeder = multiprocessing.get_context("fork").Process(target=feed, args=(mode, theirs))
    feeder.start()
    try:
        assert ours.recv() == "up"
        begin = time.time()
        seen = reader(mode)
    finally:
        ours.send("stop")
        sent, write_ms = ours.recv()
        feeder.join(10)
    words = f"{mode.size[0]}×{mode.size[1]} at {mode.fps:g}"
    judged = judge(mode, seen, sent)  # which tells what is wrong where nothing was seen
    return {"mode": words, "write_ms": write_ms, "first_s": seen[0].at_s - begin, **judged}


def judge(mode: Mode, seen: list[Seen], sent: list[tuple[float, int]]) -> dict[str, Any]:
    """What arrived of what was sent while the consumer read."""
    cards = list(mode.cards())
    read: list[tuple[float, int]] = []
    psnr, torn = [], 0
    for picture in seen:
        number = number_of(picture, mode.size)
        if number is None:
            torn += 1
            continue
        if picture.at_s:
            read.append((picture.at_s, number))
        if picture.top == 0:
            psnr.append(ratio_db(picture.rows, halved(cards[number])))
    assert len(read) > 1, f"{len(seen)} pictures, {torn} of them unreadable"
    lags = []
    for at, number in read:
        before = [when for when, which in sent if which == number and when <= at]
        lags.append(at - before[-1] if before else float("nan"))
    first, last = read[0][0], read[-1][0]
    given = [when for when, _ in sent if first - lags[0] - 1e-6 <= when <= last]
    return {
        "sent": len(given),
        "received": len({round(at - lag, 4) for (at, _), lag in zip(read, lags, strict=True)}),
        "torn": torn,
        "in_order": all((b - a) % COUNT < COUNT // 2 for (_, a), (_, b) in pairwise(read)),
        "psnr": float(np.median(psnr)),
        "sent_fps": (len(given) - 1) / (given[-1] - given[0]),
        "fps": (len(read) - 1) / (last - first),
        "lag_ms": 1000 * float(np.median(lags)),
        "lag_p95_ms": 1000 * float(np.percentile(lags, 95)),
    }


def number_of(picture: Seen, size: tuple[int, int]) -> int | None:
    """The card's number, None where it cannot be read."""
    whole = np.zeros((size[1], size[0], 3), np.uint8)
    whole[picture.top :] = picture.rows if picture.rows.ndim == 3 else picture.rows[..., None]
    number = read_number(whole)
    return number if number is not None and number < COUNT else None


def halved(rgb: np.ndarray) -> np.ndarray:
    """What 4:2:0 sampling alone does to a picture."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420), cv2.COLOR_YUV2RGB_I420))


def ratio_db(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal to noise ratio of two uint8 pictures, dB; 100 where they are the same."""
    error = float(np.mean((a.astype(np.float32) - b) ** 2))
    return 10 * float(np.log10(255**2 / max(error, 255**2 / 1e10)))


def guest(names: list[str]) -> int:
    """Runs in the guest: a line of JSON for every consumer."""
    cv2.setNumThreads(1)  # of two emulated processors one is the feeder's
    for name in names:
        try:
            found = measure(*CASES[name])
        except AssertionError as error:
            found = {"problem": str(error).splitlines()[0][:200]}
        print("ROW " + json.dumps({"consumer": name, **found}), flush=True)
    return 0


def table(rows: list[dict[str, Any]]) -> str:
    """The rows in Markdown."""
    lines = [
        "| consumer | fed | sent | received | torn | in order | PSNR | sent fps | received fps | latency (p95) |",
        "|---|---|---:|---:|---:|---|---:|---:|---:|---:|",
    ]
    for row in rows:
        if "problem" in row:
            lines.append(f"| {row['consumer']} | {row['problem']} | | | | | | | | |")
            continue
        order = "yes" if row["in_order"] else "no"
        lines.append(
            f"| {row['consumer']} | {row['mode']} | {row['sent']} | {row['received']} | {row['torn']} | {order} "
            f"| {row['psnr']:.1f} dB | {row['sent_fps']:.1f} | {row['fps']:.1f} "
            f"| {row['lag_ms']:.0f} ({row['lag_p95_ms']:.0f}) ms |"
        )
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Starts the guest and writes the table."""
    if arguments[:1] == ["--guest"]:
        return guest(arguments[1:])
    out, *only = arguments
    if absent := helpers_guest.missing():
        print(f"not installed: {', '.join(absent)}", file=sys.stderr)
        return 1
    names = only or [name for name in CASES if name != "Chromium" or helpers_browser.shell()]
    command = [sys.executable, str(Path(__file__).resolve()), "--guest", *names]
    said = helpers_guest.make().run(command, setup=helpers_guest.LOAD_LOOPBACK, timeout_s=900, memory_mb=3072)
    rows = [json.loads(line.removeprefix("ROW ")) for line in said.splitlines() if line.startswith("ROW ")]
    Path(out).write_text(table(rows) + "\n", encoding="utf-8")
    print(table(rows))
    for row in rows:
        if "first_s" in row:
            print(f"{row['consumer']}: first picture after {row['first_s']:.1f} s")
    print(f"feeding costs {max(row.get('write_ms', 0.0) for row in rows):.1f} ms of processor a picture")
    print(f"the guest took {resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime:.0f} s of processor")
    return int(len(rows) < len(names))


if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parents[2])
    sys.exit(main(sys.argv[1:]))
