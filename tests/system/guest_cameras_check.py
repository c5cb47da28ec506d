"""Runs in the guest: the camera source against the kernel's test cameras (vivid) and a loopback device.

Prints a line of JSON for every check by its name; exit code 1 where one of them raised.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import cv2
from phosphene.engine.commands.doctor import devices as doctor_cameras
from phosphene.engine.core.errors import SinkError, SourceError
from phosphene.engine.core.frame import Frame
from phosphene.engine.sinks import open_sink
from phosphene.engine.sinks.base import Sink
from phosphene.engine.sources import camera_formats, open_source
from phosphene.engine.sources.rotate import RotatedSource
from phosphene.engine.sources.testcard import TestCardSource, read_number

SMALL = (320, 180)
DRIVER = Path("/sys/bus/platform/drivers/vivid")
LOOPBACK = "/dev/video10"


def nodes() -> list[str]:
    """The test cameras' paths by their cards' names."""
    return [str(device.path) for device in doctor_cameras.v4l2_devices() if device.driver == "vivid"]


def colours(frame: Frame | None) -> list[list[int]]:
    """The colours of the picture's eight bars."""
    assert frame is not None
    height, width = frame.pixels.shape[:2]
    row = frame.pixels[int(height * 0.9)]  # above that the driver writes what it does
    return [row[int(width * (k + 0.5) / 8)].tolist() for k in range(8)]


def next_frame(source: Any, patience_s: float) -> Frame:
    """The next picture, however often the source says that there is none."""
    end = time.monotonic() + patience_s
    while True:
        try:
            frame = source.read()
            assert frame is not None
            return frame  # type: ignore[no-any-return]
        except SourceError:
            if time.monotonic() > end:
                raise


def formats() -> dict[str, Any]:
    """What doctor says of them, and the picture in every format that OpenCV reads."""
    path = nodes()[0]
    rows = doctor_cameras.cameras(size=(640, 360), fps=15.0)
    offers = camera_formats.list_offers(path)
    shown = {}
    for fourcc in sorted({offer.fourcc for offer in offers if offer.fourcc in camera_formats.READABLE}):
        only = [offer for offer in offers if offer.fourcc == fourcc]
        camera_formats.list_offers, kept = (lambda _path, only=only: only), camera_formats.list_offers
        try:
            with open_source(f"camera:{path}", size=SMALL, fps=15.0) as source:
                shown[fourcc] = {"got": source.negotiated_format, "colours": colours(source.read())}
        except SourceError as error:
            shown[fourcc] = {"got": str(error), "colours": []}
        finally:
            camera_formats.list_offers = kept
    return {"rows": rows[:3], "offers": len(offers), "shown": shown}


def two_at_once() -> dict[str, Any]:
    """Two cameras, and the first one a second time, turned, at its own size."""
    one, two = nodes()
    with (
        open_source(f"camera:{one}", size=SMALL, fps=15.0) as first,
        open_source(f"camera:{two}", size=(640, 360), fps=15.0) as second,
        RotatedSource(lambda size: open_source(f"camera:{one}", size=size, fps=15.0), 90, (90, 160)) as turned,
    ):
        frames = [[source.read() for _ in range(5)] for source in (first, second, turned)]
    lying = frames[2][-1]
    assert lying is not None
    bars = [lying.pixels[int(160 * (k + 0.5) / 8), 9].tolist() for k in range(8)]
    return {
        "sizes": [list(row[-1].size) for row in frames if row[-1]],
        "ids": [[frame.id for frame in row if frame] for row in frames],
        "colours": [colours(frames[0][-1]), colours(frames[1][-1]), bars],
    }


def comes_back() -> dict[str, Any]:
    """Unplugged while it is shown; another camera takes its number, and it comes back under another."""
    path = nodes()[0]
    number = "vivid.0"
    with open_source(f"camera:{path}", size=SMALL, fps=15.0) as source:
        before = source.read()
        (DRIVER / "unbind").write_text(number)
        gone = False
        try:
            for _ in range(20):
                source.read()
        except SourceError:
            gone = True
        # another one takes its number: a loopback made now gets the lowest that is free
        subprocess.run(["rmmod", "v4l2loopback"], check=True)
        taken = path.removeprefix("/dev/video")
        load = ["modprobe", "v4l2loopback", "devices=2", f"video_nr={taken},10", "exclusive_caps=1,1", "max_buffers=2"]
        subprocess.run(load, check=True)
        (DRIVER / "bind").write_text(number)
        after = next_frame(source, 40.0)
        feed = source._feed
        assert before is not None
        return {
            "gone": gone, "before": path, "after": feed.path, "reopened": source.reopened,
            "ids": [before.id, after.id], "same_colours": colours(before) == colours(after),
        }  # fmt: skip


def free_loopback(size: tuple[int, int], fps: float) -> Any:
    """The loopback, as soon as the camera source that waits for it lets it go for a moment."""
    end = time.monotonic() + 60
    while True:
        try:
            return open_sink(f"virtual-camera:{LOOPBACK}", size=size, fps=fps)
        except SinkError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def feed(sink: Sink, size: tuple[int, int], fps: float, stop: Event) -> None:
    """The test card into `sink` until `stop` is set."""
    with TestCardSource(size, fps) as cards:
        while not stop.wait(1 / fps):
            card = cards.read()
            assert card is not None
            sink.write(cv2.cvtColor(card.pixels, cv2.COLOR_RGB2RGBA), card.time_s)


def changes() -> dict[str, Any]:
    """A camera that stops, and goes on at another size and rate: a loopback whose writer is another one."""
    found: dict[str, Any] = {"sizes": [], "negotiated": [], "numbers": []}
    source: Any = None
    for size, rate in (((320, 240), 10.0), ((256, 192), 20.0)):
        stop = Event()
        with free_loopback(size, rate) as sink:
            thread = Thread(target=feed, args=(sink, size, rate, stop))
            thread.start()
            try:
                source = source or open_source(f"camera:{LOOPBACK}", size=(320, 240), fps=15.0)
                frames = [next_frame(source, 40.0) for _ in range(15)]
                found["sizes"].append(list(frames[-1].size))
                found["negotiated"].append(list(source.negotiated_size))
                found["numbers"].append([read_number(frame.pixels) for frame in frames[-5:]])
            finally:
                stop.set()
                thread.join()
    source.close()
    return {**found, "reopened": source.reopened}


def motion_jpeg_and_grey() -> dict[str, Any]:
    """A camera that delivers MJPG only, then one that delivers grey only: a loopback fed by ffmpeg."""
    found: dict[str, Any] = {}
    if not shutil.which("ffmpeg"):
        return {"skipped": "no ffmpeg, which feeds them"}
    for fourcc, words in (("MJPG", ["-c:v", "mjpeg", "-q:v", "2"]), ("GREY", ["-pix_fmt", "gray"])):
        subprocess.run(["rmmod", "v4l2loopback"], check=True)
        subprocess.run(["modprobe", "v4l2loopback", "devices=1", "video_nr=10", "exclusive_caps=1"], check=True)
        command = ["ffmpeg", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "smptebars=size=320x240:rate=15"]
        with subprocess.Popen([*command, *words, "-f", "v4l2", LOOPBACK], stdin=subprocess.DEVNULL) as process:
            try:
                end = time.monotonic() + 60
                source: Any = None
                while source is None:
                    try:
                        source = open_source(f"camera:{LOOPBACK}", size=(320, 240), fps=15.0)
                    except SourceError:
                        assert time.monotonic() < end
                        time.sleep(0.5)
                with source:
                    frame = source.read()
                    row = frame.pixels[80]
                    bars = [row[int(320 * (k + 0.5) / 7)].tolist() for k in range(7)]
                    found[fourcc] = {"got": source.negotiated_format, "bars": bars}
            finally:
                process.kill()
    return found


def newest() -> dict[str, Any]:
    """How old a picture is after nobody read for a second and a half, by the moment at which it was captured."""
    with open_source(f"camera:{nodes()[0]}", size=SMALL, fps=30.0) as source:
        for _ in range(5):
            source.read()
        time.sleep(1.5)
        ages = []
        for _ in range(5):
            frame = source.read()
            assert frame is not None
            ages.append(time.perf_counter() - (frame.captured_s or 0.0))
        return {"ages_ms": [round(1000 * age) for age in ages], "dropped": source.dropped}


CHECKS: tuple[Callable[[], dict[str, Any]], ...] = (
    formats, newest, two_at_once, changes, comes_back, motion_jpeg_and_grey,
)  # fmt: skip


def main() -> int:
    """Every check, or those that are named."""
    failed = 0
    for check in CHECKS:
        if sys.argv[1:] and check.__name__ not in sys.argv[1:]:
            continue
        begin = time.monotonic()
        try:
            found = check()
        except Exception:  # noqa: BLE001 (the others are wanted too)
            found, failed = {"problem": traceback.format_exc()[-1500:]}, 1
        print(
            "CHECK " + json.dumps({"name": check.__name__, "s": round(time.monotonic() - begin, 1), **found}),
            flush=True,
        )
    return failed


if __name__ == "__main__":
    sys.exit(main())
