"""A moving test card that carries its frame's number, so that any test can tell which frame it got."""

from __future__ import annotations

import itertools
import re
import time
from typing import Self

import cv2
import numpy as np

from ..core.closing import Closing
from ..core.errors import SourceError
from ..core.frame import Frame, Pixels

CELLS = 32
_NUMBER_BITS = 24
_STRIP = (0.89, 0.97)  # top and bottom of the code strip, as parts of the height
_BARS = ((191, 191, 191), (191, 191, 0), (0, 191, 191), (0, 191, 0), (191, 0, 191), (191, 0, 0), (0, 0, 191))
_SPEC = re.compile(r"(?:(\d+)x(\d+))?(?:@(\d+(?:\.\d+)?))?(?:x(\d+))?$")


class TestCardSource(Closing):
    """Colour bars, a grey ramp, a turning hand and the frame's number, for people and (in the strip) for programs.

    `count` frames, or for ever. Sizes from 64×48 up; the number can be read back (`read_number`) down to a width of 64.
    """

    __test__ = False  # pytest takes every class called Test… for a test
    live = False
    audio_path: str | None = None

    def __init__(self, size: tuple[int, int] = (1280, 720), fps: float = 30.0, count: int | None = None) -> None:
        if not (64 <= size[0] <= 16384 and 48 <= size[1] <= 16384) or not 0 < fps <= 1000:
            raise SourceError(
                f"unsupported test card: {size[0]}x{size[1]} at {fps:g} fps",
                hint="64x48 to 16384x16384, up to 1000 fps",
            )
        self.size = size
        self.fps: float | None = fps
        self._rate = fps
        self.frame_count = count
        self.endless = count is None
        self._still = _background(size)
        self._next = 0

    @classmethod
    def from_spec(cls, rest: str, *, size: tuple[int, int] | None, fps: float | None) -> Self:
        """`rest` is empty or WIDTHxHEIGHT@FPSxFRAMES, every part optional; it wins over `size` and `fps`."""
        found = _SPEC.match(rest)
        if not found:
            raise SourceError(
                f"'testcard:{rest}' is not understood",
                hint="write testcard:WIDTHxHEIGHT@FPSxFRAMES, every part optional",
            )
        width, height, rate, count = found.groups()
        wanted = (int(width), int(height)) if width else size or (1280, 720)
        return cls(wanted, float(rate or fps or 30.0), int(count) if count else None)

    def read(self) -> Frame | None:
        """The next card, or None after the last."""
        number = self._next
        if self.frame_count is not None and number >= self.frame_count:
            return None
        self._next += 1
        return Frame(number, number / self._rate, self._card(number), time.perf_counter())

    def _card(self, number: int) -> Pixels:
        card = self._still.copy()
        width, height = self.size
        unit = height / 48
        centre, radius = (width // 2, round(height * 0.36)), height * 0.24
        angle = 2 * np.pi * (number / self._rate % 4) / 4
        tip = (round(centre[0] + radius * np.sin(angle)), round(centre[1] - radius * np.cos(angle)))
        cv2.line(card, centre, tip, (255, 255, 255), max(1, round(unit * 0.5)), cv2.LINE_AA)
        cv2.circle(card, tip, max(2, round(unit * 1.1)), (255, 64, 32), -1, cv2.LINE_AA)
        x = round((width * 0.1 + number * width / 180) % width)  # a bar that crosses the card shows tearing and jerks
        card[round(height * 0.66) : round(height * 0.70), max(0, x - width // 60) : x + width // 60] = 255
        text = f"{number:06d}   {number / self._rate:8.2f} s"
        scale = height / 48 * 0.09
        (text_w, text_h), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, max(1, round(unit * 0.2)))
        at = ((width - text_w) // 2, round(height * 0.845) + text_h // 2 - round(unit * 0.4))
        cv2.putText(
            card, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), max(1, round(unit * 0.2)), cv2.LINE_AA
        )
        _draw_code(card, number)
        return card


def read_number(pixels: Pixels) -> int | None:
    """The frame number (below 2²⁴) in an image of the whole test card, H×W×3 or H×W×4 uint8 at any scale, or None."""
    height, width = pixels.shape[:2]
    top, bottom = (
        round(height * (_STRIP[0] * 0.7 + _STRIP[1] * 0.3)),
        round(height * (_STRIP[0] * 0.3 + _STRIP[1] * 0.7)),
    )
    rows = pixels[top : max(bottom, top + 1), :, :3].astype(np.float32).mean(axis=(0, 2))
    edges = _cell_edges(width)
    cells = []
    for left, right in itertools.pairwise(edges):
        inset = int((right - left) * 0.3)
        cells.append(rows[left + inset : max(right - inset, left + inset + 1)].mean())
    levels = np.array(cells)
    low, high = float(levels.min()), float(levels.max())
    if high - low < 60:
        return None
    if np.any(np.abs(levels - (low + high) / 2) < (high - low) * 0.2):
        return None  # a cell that is neither black nor white: this is no test card
    bits = "".join("1" if level > (low + high) / 2 else "0" for level in levels)
    number, check = int(bits[:_NUMBER_BITS], 2), int(bits[_NUMBER_BITS:], 2)
    return number if check == _check(number) else None


def _check(number: int) -> int:
    """CRC-8 (polynomial 0x07, ITU-T I.432.1) of the number's 24 bits, turned so that black is no valid code."""
    crc = 0
    for byte in number.to_bytes(3, "big"):
        crc ^= byte
        for _ in range(8):
            crc = ((crc << 1) ^ 0x07) & 0xFF if crc & 0x80 else crc << 1
    return crc ^ 0x55


def _cell_edges(width: int) -> list[int]:
    margin = width * 0.02
    return [round(margin + (width - 2 * margin) * k / CELLS) for k in range(CELLS + 1)]


def _draw_code(card: Pixels, number: int) -> None:
    height, width = card.shape[:2]
    number %= 1 << _NUMBER_BITS
    bits = f"{number:0{_NUMBER_BITS}b}{_check(number):08b}"
    top, bottom = round(height * _STRIP[0]), round(height * _STRIP[1])
    edges = _cell_edges(width)
    for bit, left, right in zip(bits, edges[:-1], edges[1:], strict=True):
        card[top:bottom, left:right] = 235 if bit == "1" else 16


def _background(size: tuple[int, int]) -> Pixels:
    """What stands still: a grid, bars, a ramp, circles."""
    width, height = size
    card: Pixels = np.full((height, width, 3), 48, np.uint8)
    step = max(8, height // 12)
    card[step // 2 :: step] = 80
    card[:, (width // 2) % step :: step] = 80
    edges = np.linspace(0, width, len(_BARS) + 1).round().astype(int)
    for color, left, right in zip(_BARS, edges[:-1], edges[1:], strict=True):
        card[round(height * 0.06) : round(height * 0.60), left:right] = color
    ramp = np.linspace(0, 255, width).round().astype(np.uint8)
    card[round(height * 0.60) : round(height * 0.66)] = ramp[None, :, None]
    card[round(height * 0.66) : round(height * 0.70)] = 0
    card[round(height * 0.78) : round(height * 0.98)] = 24
    centre, unit = (width // 2, round(height * 0.36)), height / 48
    cv2.circle(card, centre, round(height * 0.28), (24, 24, 24), -1, cv2.LINE_AA)
    cv2.circle(card, centre, round(height * 0.28), (255, 255, 255), max(1, round(unit * 0.3)), cv2.LINE_AA)
    for tick in range(12):
        a = tick * np.pi / 6
        ends = [
            (round(centre[0] + np.sin(a) * height * r), round(centre[1] - np.cos(a) * height * r)) for r in (0.25, 0.27)
        ]
        cv2.line(card, ends[0], ends[1], (255, 255, 255), max(1, round(unit * 0.2)), cv2.LINE_AA)
    return card
