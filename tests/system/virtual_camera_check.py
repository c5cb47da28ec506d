"""Runs where a loopback device is: feeds it the test card, reads it back in a second process, and judges both.

usage: virtual_camera_check.py DEVICE WIDTH HEIGHT FRAMES   (prints one JSON line; exit code 1 where something is wrong)
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import cv2
import numpy as np

from engine.errors import SinkError
from engine.sinks import open_sink
from engine.sources.testcard import TestCardSource, read_number

FPS = 15.0


def read_back(device: str, last: int, seconds: float, pipe: Connection) -> None:
    """Sends (numbers read, some of the pictures) of what a consumer sees."""
    os.environ["OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"] = "3"
    capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
    numbers: list[int | None] = []
    kept: dict[int, np.ndarray] = {}
    end = time.monotonic() + seconds
    pipe.send("ready" if capture.isOpened() else "cannot open")
    while time.monotonic() < end and (not numbers or numbers[-1] != last):
        ok, bgr = capture.read()
        if not ok:
            break
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
    """Feeds and reads back once."""
    cards = [frame.pixels for frame in iter(TestCardSource(size, FPS, frames).read, None)]
    ours, theirs = multiprocessing.Pipe()
    reader = multiprocessing.get_context("fork").Process(
        target=read_back, args=(device, frames - 1, frames / FPS + 20, theirs)
    )
    write_s: list[float] = []
    with open_sink(f"virtual-camera:{device}", size=size, fps=FPS) as sink:
        rgba = [cv2.cvtColor(card, cv2.COLOR_RGB2RGBA) for card in cards]
        sink.write(rgba[0], 0.0)
        reader.start()
        state = ours.recv() if ours.poll(30) else "no reader"
        begin = time.perf_counter()
        for number, image in enumerate(rgba):
            time.sleep(max(0.0, begin + number / FPS - time.perf_counter()))
            start = time.perf_counter()
            sink.write(image, number / FPS)
            write_s.append(time.perf_counter() - start)
        time.sleep(0.3)
        busy = second_writer(device, size)
    numbers, kept = ours.recv() if ours.poll(30) else ([], {})
    reader.join(5)
    if reader.is_alive():
        reader.terminate()
    good = [n for n in numbers if n is not None]
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


def main() -> int:
    """Two round trips of different sizes: the device must still live after the first writer closed."""
    device, width, height, frames = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    results = [round_trip(device, (width, height), frames), round_trip(device, (width // 2, height // 2), frames)]
    found = open_sink("virtual-camera", size=(width, height), fps=FPS)
    found.close()
    try:
        open_sink("/dev/video99", size=(width, height), fps=FPS)
        missing = ""
    except SinkError as error:
        missing = str(error)
    print("RESULT " + json.dumps({"trips": results, "found": getattr(found, "device", ""), "missing": missing}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
