"""Measures what could read cameras: OpenCV, PyAV and linuxpy, side by side on a loopback device in the guest.

usage: python -m tests.measurement.camera_backends [FOLDER]   (where linuxpy is installed, which is no dependency)

Each reads the numbered test card, I420 640×360 at 30 and MJPG 1280×720 at 10, and hands out RGB. Told are: pictures a
second, processor a picture, lag from the moment it is fed, and how many old pictures come after a stall of 1.5 s.
"""

from __future__ import annotations

import json
import multiprocessing
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import helpers_guest
import numpy as np
from phosphene.engine.sinks import open_sink
from phosphene.engine.sources.testcard import TestCardSource, read_number

DEVICE = "/dev/video10"
COUNT = 60
FRAMES = 120
OLD_S = 0.2


def by_opencv(fourcc: str) -> Iterator[np.ndarray]:
    capture = cv2.VideoCapture(DEVICE, cv2.CAP_V4L2)
    try:
        while True:
            ok, bgr = capture.read()
            if not ok:
                return
            yield cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    finally:
        capture.release()


def by_pyav(fourcc: str) -> Iterator[np.ndarray]:
    import av

    name = {"YU12": "yuv420p", "MJPG": "mjpeg"}[fourcc]
    with av.open(DEVICE, format="v4l2", options={"input_format": name, "fflags": "nobuffer"}) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def by_linuxpy(fourcc: str) -> Iterator[np.ndarray]:
    from linuxpy.video.device import Device, VideoCapture

    with Device(DEVICE) as device, VideoCapture(device, size=2) as capture:
        for frame in capture:
            data = np.frombuffer(frame.data, np.uint8)
            if fourcc == "MJPG":
                yield cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
            else:
                yield cv2.cvtColor(data.reshape(-1, frame.width), cv2.COLOR_YUV2RGB_I420)


READERS: dict[str, Callable[[str], Iterator[np.ndarray]]] = {
    "OpenCV": by_opencv,
    "PyAV": by_pyav,
    "linuxpy": by_linuxpy,
}


def feed(pipe: Connection) -> None:
    """The test card through the sink; sends when each was handed over."""
    cards = [
        cv2.cvtColor(f.pixels, cv2.COLOR_RGB2RGBA) for f in iter(TestCardSource((640, 360), 30.0, COUNT).read, None)
    ]
    sent = []
    with open_sink(f"virtual-camera:{DEVICE}", size=(640, 360), fps=30.0) as sink:
        sink.write(cards[0], 0.0)
        pipe.send("up")
        begin, number = time.monotonic(), 0
        while not pipe.poll():
            time.sleep(max(0.0, begin + number / 30 - time.monotonic()))
            sent.append((time.monotonic(), number % COUNT))
            sink.write(cards[number % COUNT], 0.0)
            number += 1
    pipe.recv()
    pipe.send(sent)


@contextmanager
def motion_jpeg() -> Iterator[None]:
    """A camera that gives Motion JPEG."""
    subprocess.run(["rmmod", "v4l2loopback"], check=True)
    subprocess.run(["modprobe", "v4l2loopback", "devices=1", "video_nr=10", "exclusive_caps=1"], check=True)
    words = [
        "ffmpeg",
        "-loglevel",
        "error",
        "-re",
        "-f",
        "lavfi",
        "-i",
        "testsrc=size=1280x720:rate=10",
        "-c:v",
        "mjpeg",
    ]
    with subprocess.Popen([*words, "-q:v", "3", "-f", "v4l2", DEVICE], stdin=subprocess.DEVNULL) as process:
        try:
            time.sleep(6)
            yield
        finally:
            process.kill()


def raw(reader: Callable[[str], Iterator[np.ndarray]]) -> dict[str, Any]:
    """I420: rate, processor, lag, and what comes after a stall."""
    ours, theirs = multiprocessing.Pipe()
    feeder = multiprocessing.get_context("fork").Process(target=feed, args=(theirs,))
    feeder.start()
    assert ours.recv() == "up"
    strips: list[tuple[float, np.ndarray]] = []
    with closing(reader("YU12")) as pictures:  # type: ignore[type-var]
        next(pictures)
        work, begin = time.process_time(), time.monotonic()
        for rgb in pictures:
            strips.append((time.monotonic(), rgb[310:].copy()))
            if len(strips) == FRAMES:
                break
        work, span = time.process_time() - work, time.monotonic() - begin
        time.sleep(1.5)
        for rgb in pictures:
            strips.append((time.monotonic(), rgb[310:].copy()))
            if len(strips) == FRAMES + 8:
                break
    ours.send("stop")
    sent = ours.recv()
    feeder.join()
    lags = []
    for at, strip in strips:
        whole = np.zeros((360, 640, 3), np.uint8)
        whole[310:] = strip
        number = read_number(whole)
        before = [when for when, which in sent if which == number and when <= at]
        lags.append(at - before[-1] if before else float("nan"))
    return {
        "fps": FRAMES / span,
        "cpu_ms": 1000 * work / FRAMES,
        "lag_ms": 1000 * float(np.nanmedian(lags[:FRAMES])),
        "old": sum(lag > OLD_S for lag in lags[FRAMES:]),
    }


def jpeg(reader: Callable[[str], Iterator[np.ndarray]]) -> dict[str, Any]:
    """MJPG: what decoding costs."""
    with closing(reader("MJPG")) as pictures:  # type: ignore[type-var]
        next(pictures)
        work, begin, count = time.process_time(), time.monotonic(), 0
        for _ in pictures:
            count += 1
            if count == 40:
                break
        return {
            "jpeg_fps": count / (time.monotonic() - begin),
            "jpeg_cpu_ms": 1000 * (time.process_time() - work) / count,
        }


def guest() -> int:
    """Runs in the guest: each in a process of its own, for their libraries do not all go together."""
    if len(sys.argv) > 3:
        name, what = sys.argv[2:4]
        print("ROW " + json.dumps({"backend": name, **(raw if what == "raw" else jpeg)(READERS[name])}), flush=True)
        return 0
    here = [sys.executable, __file__, "--guest"]
    for _ in range(2):
        for name in READERS:
            subprocess.run([*here, name, "raw"], timeout=120, check=False)
    with motion_jpeg():
        for name in READERS:
            subprocess.run([*here, name, "jpeg"], timeout=120, check=False)
    return 0


def main() -> int:
    """Starts the guest and prints the table."""
    if sys.argv[1:2] == ["--guest"]:
        return guest()
    absent = [*helpers_guest.missing(), *([] if shutil.which("ffmpeg") else ["ffmpeg"])]
    if absent:
        print(f"not installed: {', '.join(absent)}", file=sys.stderr)
        return 1
    setup = f"{helpers_guest.LOAD_LOOPBACK}; export OPENCV_FOR_THREADS_NUM=1"
    setup += f"; export PYTHONPATH=$PYTHONPATH:{sys.argv[1]}" if sys.argv[1:] else ""
    said = helpers_guest.make().run([sys.executable, __file__, "--guest"], setup=setup, timeout_s=500)
    rows = [json.loads(line.removeprefix("ROW ")) for line in said.splitlines() if line.startswith("ROW ")]
    print(
        "| | I420 fps | processor | lag | old after a stall | MJPG fps | processor |",
        "|---|---:|---:|---:|---:|---:|---:|",
        sep="\n",
    )
    for name in READERS:
        best = [row for row in rows if row["backend"] == name and "fps" in row]
        jpegs = [row for row in rows if row["backend"] == name and "jpeg_fps" in row]
        if not best or not jpegs:
            print(f"| {name} | does not run | | | | | |")
            continue
        row = min(best, key=lambda found: found["cpu_ms"])
        print(
            f"| {name} | {row['fps']:.1f} | {row['cpu_ms']:.1f} ms | {row['lag_ms']:.0f} ms | {row['old']} of 8 "
            f"| {jpegs[0]['jpeg_fps']:.1f} | {jpegs[0]['jpeg_cpu_ms']:.1f} ms |"
        )
    if not rows:
        print(said[-3000:])
    return 0


if __name__ == "__main__":
    sys.exit(main())
