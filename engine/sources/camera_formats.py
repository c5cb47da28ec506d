"""What a camera can deliver (Linux), and what is asked of it: no stream is started."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from . import v4l2_api as api

STEPS = ((320, 240), (640, 360), (640, 480), (800, 600), (1280, 720), (1920, 1080), (2560, 1440), (3840, 2160))
# What OpenCV turns into BGR, the best first: Motion JPEG needs a tenth of the bus, so that two cameras share one.
# (Of YVYU it makes an error.)
READABLE = ("MJPG", "YUYV", "UYVY", "NV12", "NV21", "YU12", "YV12", "BGR3", "RGB3", "GREY")
SMOOTH_FPS = 24.0
NEARLY = 0.97  # 29.97 will do for 30


class Offer(NamedTuple):
    """One thing that a camera can deliver; `fps` is the highest rate, 0 where it does not tell."""

    fourcc: str
    width: int
    height: int
    fps: float

    def __str__(self) -> str:
        rate = f" at {self.fps:.4g}" if self.fps else ""
        return f"{self.fourcc} {self.width}x{self.height}{rate}"


def list_offers(path: str) -> list[Offer]:
    """What the camera at `path` can deliver; empty where it cannot be opened or asked."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return []
    try:
        return [
            Offer(fourcc, *size, _rate(descriptor, fourcc, size))
            for fourcc in _formats(descriptor)
            for size in _sizes(descriptor, fourcc)
        ]
    finally:
        os.close(descriptor)


def choose(offers: Iterable[Offer], size: tuple[int, int], fps: float) -> tuple[Offer, str] | None:
    """What to ask for to get `size` at `fps`, and why; None where nothing readable is offered.

    A rate that looks smooth comes first, then a size that need not be scaled up, then the full rate, then the size
    nearest to the wanted one, then the format.
    """
    width, height = size
    readable = [offer for offer in offers if offer.fourcc in READABLE]
    if not readable:
        return None

    def order(offer: Offer) -> tuple[float, ...]:
        covers = offer.width >= width and offer.height >= height
        pixels = offer.width * offer.height
        rate = min(offer.fps or fps, fps)
        smooth = rate >= min(fps, SMOOTH_FPS) * NEARLY
        return (
            smooth,
            covers,
            rate >= fps * NEARLY,
            -pixels if covers else pixels,
            rate,
            -READABLE.index(offer.fourcc),
        )

    best = max(readable, key=order)
    return best, _reason(best, readable, size, fps)


def _reason(best: Offer, offers: list[Offer], size: tuple[int, int], fps: float) -> str:
    """Why `best` is asked for, in words."""
    width, height = size
    covering = [offer for offer in offers if offer.width >= width and offer.height >= height]
    if best not in covering:
        if covering:
            fastest = max(covering, key=lambda offer: offer.fps)
            return f"scaled up: at {fastest.width}x{fastest.height} it gives only {fastest.fps:.4g} a second"
        return f"scaled up: the largest, smaller than {width}x{height}"
    reason = "as asked" if (best.width, best.height) == size else f"scaled down to {width}x{height}"
    if best.fps and best.fps < fps * NEARLY:
        return f"{reason}, but no format gives {fps:g} a second at this size"
    slower = [
        o.fourcc for o in offers if (o.width, o.height) == best[1:3] and o.fps and o.fps < min(best.fps, fps) * NEARLY
    ]
    return f"{reason}; {', '.join(slower)} would be slower" if slower else reason


def summary(offers: Iterable[Offer]) -> str:
    """The readable formats with their largest sizes, and how many others there are, for one line."""
    largest: dict[str, Offer] = {}
    for offer in offers:
        known = largest.get(offer.fourcc)
        if known is None or (offer.width * offer.height, offer.fps) > (known.width * known.height, known.fps):
            largest[offer.fourcc] = offer
    readable = [f"up to {largest[fourcc]}" for fourcc in READABLE if fourcc in largest]
    others = len(largest) - len(readable)
    return ", ".join([*readable, f"{others} that cannot be read"] if others else readable)


# -- the driver's answers ----------------------------------------------------------------------------------------------


def _formats(descriptor: int) -> Iterator[str]:
    for found in api.entries(descriptor, api.ENUM_FMT, api.FORMAT_ENTRY, api.CAPTURE):
        yield api.letters_of(found[4]).strip()


def _sizes(descriptor: int, fourcc: str) -> Iterator[tuple[int, int]]:
    for index, found in enumerate(api.entries(descriptor, api.ENUM_FRAMESIZES, api.SIZE_ENTRY, api.code_of(fourcc))):
        if found[2] == api.DISCRETE:
            yield found[3], found[4]
        elif index == 0:  # a range (least, most and step of the width, then of the height): usual sizes, and its ends
            low_w, high_w, step_w, low_h, high_h, step_h = found[3:9]
            inside = [
                (w, h)
                for w, h in STEPS
                if low_w <= w <= high_w and low_h <= h <= high_h
                and not (w - low_w) % max(step_w, 1) and not (h - low_h) % max(step_h, 1)
            ]  # fmt: skip
            yield from inside or [(high_w, high_h)]


def _rate(descriptor: int, fourcc: str, size: tuple[int, int]) -> float:
    """The highest rate: the shortest time between two images."""
    rates = [0.0]
    for found in api.entries(descriptor, api.ENUM_FRAMEINTERVALS, api.INTERVAL_ENTRY, api.code_of(fourcc), *size):
        seconds, parts = found[5:7]  # of a range: the shortest
        rates.append(parts / seconds if seconds else 0.0)
        if found[4] != api.DISCRETE:
            break
    return max(rates)
