"""Runs where a loopback device is: feeds it the test card, reads it back in a second process, and judges both.

usage: virtual_camera_check.py DEVICE WIDTH HEIGHT FRAMES CAMERA   (prints one JSON line)
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from phosphene.engine.commands.doctor.devices import v4l2_devices
from phosphene.engine.core.errors import SinkError
from phosphene.engine.sinks import open_sink
from phosphene.engine.sinks.v4l2_watchers import opened_by_others
from phosphene.engine.sources.testcard import TestCardSource, read_number

FPS = 15.0
READ_S = 240.0  # for which a reader waits for all that it wants to see
ROOT = Path(__file__).resolve().parents[2]


def read_back(device: str, wanted: int, pipe: Connection) -> None:
    """Reads until `wanted` different cards were seen; sends (numbers read, some of the images) of what it saw."""
    os.environ["OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"] = "3"
    capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
    numbers: list[int | None] = []
    kept: dict[int, np.ndarray] = {}
    end = time.monotonic() + READ_S
    pipe.send("ready" if capture.isOpened() else "cannot open")
    while time.monotonic() < end and len({*numbers} - {None}) < wanted:
        ok, bgr = capture.read()
        if not ok:
            continue  # nothing came for three seconds: the feeder waits for a processor
        number = read_number(bgr)
        numbers.append(number)
        if number is not None and len(kept) < 8:
            kept[number] = bgr[..., ::-1].copy()
    capture.release()
    pipe.send((numbers, kept))


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal to noise ratio of two uint8 pictures, dB."""
    error = float(np.mean((a.astype(np.float32) - b.astype(np.float32)) ** 2))
    return 10 * float(np.log10(255**2 / max(error, 1e-9)))


def through_yuv(rgb: np.ndarray) -> np.ndarray:
    """What 4:2:0 sampling alone does to a picture."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420), cv2.COLOR_YUV2RGB_I420))


def round_trip(device: str, size: tuple[int, int], frames: int) -> dict[str, object]:
    """Feeds rising numbers until a reader has seen so many different ones, however long that takes it."""
    ours, theirs = multiprocessing.Pipe()
    reader = multiprocessing.get_context("fork").Process(target=read_back, args=(device, frames, theirs))
    source = TestCardSource(size, FPS)
    write_s: list[float] = []
    with open_sink(f"virtual-camera:{device}", size=size, fps=FPS) as sink:
        first = source.read()
        assert first is not None
        sink.write(cv2.cvtColor(first.pixels, cv2.COLOR_RGB2RGBA), 0.0)
        reader.start()
        state = ours.recv() if ours.poll(30) else "no reader"
        while not ours.poll(1 / FPS) and reader.is_alive():
            card = source.read()
            assert card is not None
            start = time.perf_counter()
            sink.write(cv2.cvtColor(card.pixels, cv2.COLOR_RGB2RGBA), card.time_s)
            write_s.append(time.perf_counter() - start)
        busy = second_writer(device, size)
    numbers, kept = ours.recv() if ours.poll(30) else ([], {})
    reader.join(5)
    if reader.is_alive():
        reader.terminate()
    good = [n for n in numbers if n is not None]
    again = TestCardSource(size, FPS, max(kept, default=0) + 1)
    cards = {card.id: card.pixels for card in iter(again.read, None) if card.id in kept}
    return {
        "size": size,
        "reader": state,
        "read": len(numbers),
        "unreadable": len(numbers) - len(good),
        "in_order": good == sorted(good),
        "distinct": len(set(good)),
        # the middle one: a loaded machine tears some frames, as nothing locks a reader's buffer
        "psnr_to_420": float(np.median([psnr(picture, through_yuv(cards[n])) for n, picture in kept.items()] or [0])),
        "psnr_to_card": float(np.median([psnr(picture, cards[n]) for n, picture in kept.items()] or [0])),
        "write_ms": 1000 * float(np.median(write_s)),
        "second_writer": busy,
    }


def second_writer(device: str, size: tuple[int, int]) -> str:
    """What a second writer is told while the first is at work."""
    try:
        open_sink(device, size=size, fps=FPS).close()
    except SinkError as error:
        return str(error)
    return "was let in"


def look(device: str, pipe: Connection) -> None:
    """When told how many pictures: opens the camera, reads them, closes it, and sends their numbers."""
    os.environ["OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"] = "3"
    frames = pipe.recv()
    capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
    numbers: list[int | None] = []
    pipe.send("open")
    for _ in range(frames):
        ok, bgr = capture.read()
        numbers.append(read_number(bgr) if ok else None)
    capture.release()
    pipe.send(numbers)


class Consumer:
    """A process that reads the camera; made before the device is fed, so that it holds nothing of the feeder's."""

    def __init__(self, device: str) -> None:
        self.pipe, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("fork").Process(target=look, args=(device, theirs), daemon=True)
        self.process.start()

    def start(self, frames: int) -> None:
        """Opens the camera."""
        self.pipe.send(frames)
        assert self.pipe.poll(60), "the consumer does not start"
        self.pipe.recv()

    def numbers(self) -> list[int | None]:
        """What it read, when it has closed the camera."""
        assert self.pipe.poll(60), "the consumer gets no pictures"
        numbers: list[int | None] = self.pipe.recv()
        self.process.join(10)
        return numbers


def waits_for(what: Callable[[], object], patience_s: float = 60.0) -> bool:
    """Whether that became true in time."""
    end = time.monotonic() + patience_s
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def consumers_come_and_go(device: str) -> dict[str, object]:
    """One program, then two at once, then one again; the sink knows; a held size is refused in words."""
    size = (320, 240)
    stop = threading.Event()
    found: dict[str, object] = {}
    first, second, again, holder = (Consumer(device) for _ in range(4))
    sink: Any = open_sink(f"virtual-camera:{device}", size=size, fps=FPS)
    with sink:
        sink.write(np.zeros((240, 320, 4), np.uint8), 0.0)
        found["watched_by_nobody"] = sink.watched
        thread = threading.Thread(target=feed, args=(sink, size, stop))
        thread.start()
        try:
            first.start(25)
            found["watched"] = waits_for(lambda: sink.watched)
            second.start(25)
            found["numbers"] = [first.numbers(), second.numbers()]
            found["left"] = waits_for(lambda: not sink.watched)
            again.start(10)
            found["again"] = again.numbers()
            holder.start(10**6)
        finally:
            stop.set()
            thread.join()
    try:
        open_sink(f"virtual-camera:{device}", size=(160, 120), fps=FPS).close()
        found["held"] = "was let in"
    except SinkError as error:
        found["held"] = str(error)
    holder.process.kill()
    holder.process.join()
    with open_sink(f"virtual-camera:{device}", size=(160, 120), fps=FPS) as smaller:
        found["free"] = list(smaller.size)
    return found


def feed(sink: Any, size: tuple[int, int], stop: threading.Event) -> None:
    """The test card into `sink` until `stop` is set."""
    with TestCardSource(size, FPS) as cards:
        while not stop.wait(1 / FPS):
            card = cards.read()
            assert card is not None
            sink.write(cv2.cvtColor(card.pixels, cv2.COLOR_RGB2RGBA), card.time_s)


PLAIN = """title = "As it is"
[[layer]]
source = "camera"
"""


def show(scene: Path, *words: str) -> subprocess.Popen[bytes]:
    """The program itself, with a scene that changes nothing."""
    scene.write_text(PLAIN, encoding="utf-8")
    return subprocess.Popen([sys.executable, str(ROOT / "main.py"), "run", str(scene), *words])


def fed(device: str) -> bool:
    """Whether a program feeds the device: then it takes no other's pictures."""
    return any(str(found.path) == device and found.captures and not found.takes for found in v4l2_devices())


def a_scene(device: str) -> dict[str, object]:
    """A show into the device, read back."""
    size = (320, 240)
    with tempfile.TemporaryDirectory() as folder:
        words = ["--input", "testcard:320x240@10", "--output", device, "--quality", "fixed"]  # a lower step is no copy
        process = show(Path(folder) / "plain.toml", *words)
        try:
            up = waits_for(lambda: fed(device), 150)
            seen: dict[int, np.ndarray] = {}
            numbers: list[int | None] = []
            capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
            end = time.monotonic() + READ_S
            while len(seen) < 12 and time.monotonic() < end:
                ok, bgr = capture.read()
                number = read_number(bgr) if ok else None
                numbers.append(number)
                if number is not None:
                    seen[number] = bgr[..., ::-1].copy()
            capture.release()
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(60)
    wanted = max(seen, default=0) + 1
    cards = [frame.pixels for frame in iter(TestCardSource(size, 10.0, wanted).read, None)]
    ratios = [psnr(picture, through_yuv(cards[number])) for number, picture in seen.items()]
    return {"up": up, "code": code, "numbers": numbers, "psnr": float(np.median(ratios or [0.0]))}


def on_demand(device: str, camera: str) -> dict[str, object]:
    """A show whose real camera is on only while somebody reads the virtual one."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["--input", f"camera:{camera}", "--output", device, "--on-demand", "--size", "320x180", "--fps", "10"]
        process = show(Path(folder) / "plain.toml", *words)
        try:
            up = waits_for(lambda: fed(device), 150)
            before = opened_by_others(camera)
            time.sleep(2)
            before = before or opened_by_others(camera)
            consumer = Consumer(device)
            consumer.start(10**6)
            during = waits_for(lambda: opened_by_others(camera))
            consumer.process.kill()
            consumer.process.join()
            after = waits_for(lambda: not opened_by_others(camera))
            alive = process.poll() is None
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(60)
    return {"up": up, "before": before, "during": during, "after": after, "alive": alive, "code": code}


def main() -> int:
    """Two round trips of different sizes (the device must live on after the first writer closed), and the rest."""
    device, width, height, frames = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    results = [round_trip(device, (width, height), frames), round_trip(device, (width // 2, height // 2), frames)]
    found = open_sink("virtual-camera", size=(width, height), fps=FPS)
    found.close()
    try:
        open_sink("/dev/video99", size=(width, height), fps=FPS)
        missing = ""
    except SinkError as error:
        missing = str(error)
    told: dict[str, Any] = {"trips": results, "found": getattr(found, "device", ""), "missing": missing}
    for name, check in (
        ("life", lambda: consumers_come_and_go(device)),
        ("scene", lambda: a_scene(device)),
        ("on_demand", lambda: on_demand(device, sys.argv[5])),
    ):
        begin = time.monotonic()
        told[name] = {**check(), "s": round(time.monotonic() - begin)}
        print(name, told[name], flush=True)
    print("RESULT " + json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
