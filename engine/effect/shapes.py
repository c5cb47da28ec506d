"""Lines, boxes and text that an effect puts over the image: plain data, drawn crisply by the renderer.

Places are uv (0..1 from the top left); lengths are pixels of the output image. Colours are sRGB strings or tuples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

UV: TypeAlias = tuple[float, float]
ColorLike: TypeAlias = str | tuple[float, float, float] | tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line with round ends; `glow_px` adds a soft halo of that reach in the line's colour."""

    start: UV
    end: UV
    width_px: float = 2.0
    color: ColorLike = "#ffffff"
    glow_px: float = 0.0


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle with rounded corners, from `top_left` to `bottom_right`."""

    top_left: UV
    bottom_right: UV
    color: ColorLike = "#000000c0"
    radius_px: float = 8.0


@dataclass(frozen=True, slots=True)
class Label:
    """Text of any Unicode string (newlines allowed) with its `anchor` (0,0 = its top left … 1,1 = its bottom right) at
    `at`. `size_px` is the height of a line. `outline` is drawn round the letters, so that they read on anything."""

    text: str
    at: UV
    size_px: float = 24.0
    color: ColorLike = "#ffffff"
    anchor: tuple[float, float] = (0.0, 0.0)
    outline: ColorLike | None = "#000000b0"
    bold: bool = False


Shape: TypeAlias = Line | Box | Label
