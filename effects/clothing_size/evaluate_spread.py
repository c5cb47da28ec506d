"""How much the measurements of one body differ when only the picture changes: frame, mirror, tilt, distance."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phosphene import Observation

from . import girth
from .edges import sampled
from .evaluate import Look, people_in, picture

if TYPE_CHECKING:
    from . import ClothingSize

Pixels = NDArray[np.uint8]
EVERY = 4  # of the bodies
TILTS_DEG = (-10.0, -5.0, 5.0, 10.0)
FRAMES, NOISE, SWAY_PX = 4, 4.0, 12
ZOOMS = (1.3, 0.85, 0.75)  # a body at 3 m as if at 2.3, 3.5 and 4 m, but for its perspective


def turned(pixels: Pixels, angle_deg: float = 0.0, zoom: float = 1.0) -> Pixels:
    """The picture turned about its middle and scaled, its border continued outward; bilinear."""
    h, w = pixels.shape[:2]
    y, x = np.mgrid[0:h, 0:w].astype(np.float64)
    x, y = x - (w - 1) / 2, y - (h - 1) / 2
    cos, sin = math.cos(math.radians(angle_deg)) / zoom, math.sin(math.radians(angle_deg)) / zoom
    there = sampled(pixels, x * cos + y * sin + (w - 1) / 2, -x * sin + y * cos + (h - 1) / 2)
    return np.ascontiguousarray((there + 0.5).astype(np.uint8))


def another_frame(pixels: Pixels, number: int) -> Pixels:
    """The picture as another frame of a camera has it: with other noise, the person some pixels further on."""
    rng = np.random.default_rng(number)
    moved = np.roll(pixels, rng.integers(-SWAY_PX, SWAY_PX + 1, 2), axis=(0, 1))
    return np.clip(moved + rng.normal(0.0, NOISE, moved.shape) + 0.5, 0, 255).astype(np.uint8)


def variants(pixels: Pixels) -> dict[str, list[Pixels]]:
    """The pictures to compare with the plain one, by what was changed."""
    return {
        "frames": [another_frame(pixels, number) for number in range(FRAMES)],
        "mirrored": [np.ascontiguousarray(pixels[:, ::-1])],
        "tilt_to_10_deg": [turned(pixels, angle_deg=angle) for angle in TILTS_DEG],
        "distance_2_to_4_m": [turned(pixels, zoom=zoom) for zoom in ZOOMS],
    }


def judge_spread(kind: type[ClothingSize], folder: Path, look: Look, report: Callable[[str], None]) -> dict[str, Any]:
    """By what was changed: the standard deviation of each girth over the pictures of one body, mean over the bodies,
    the widest range, and how many pictures were refused."""
    known = people_in(folder)[::EVERY]
    found: dict[str, list[list[dict[str, float]]]] = {}
    refused: dict[str, int] = {}
    for number, row in enumerate(known):
        report(f"the same body in other pictures: {number + 1} of {len(known)}")
        path = picture(folder, row["id"], "front")
        if path is None:
            continue
        plain = look(path)[0].frame.pixels
        first = middles(kind, look(plain), float(row["height_cm"]))
        for name, pictures in variants(plain).items():
            others = [middles(kind, look(pixels), float(row["height_cm"])) for pixels in pictures]
            seen = [m for m in (first, *others) if m]
            refused[name] = refused.get(name, 0) + len(others) + 1 - len(seen)
            if len(seen) > 1:
                found.setdefault(name, []).append(seen)
    return {name: spread(bodies_seen) | {"refused": refused[name]} for name, bodies_seen in found.items()}


def middles(kind: type[ClothingSize], frames: Sequence[Observation], height_cm: float) -> dict[str, float]:
    """The girths in one picture; none where it is refused."""
    effect = kind(height_cm=height_cm, clothing="tight", hold_s=0.0)
    effect.update(frames[0], 0.0)
    return {name: effect.found[name].middle for name in girth.GIRTHS} if effect.found else {}


def spread(seen: Sequence[Sequence[dict[str, float]]]) -> dict[str, Any]:
    """The figures of one kind of change."""
    out: dict[str, Any] = {}
    widest = 0.0
    for name in girth.GIRTHS:
        of_bodies = [np.array([m[name] for m in pictures]) for pictures in seen]
        out[f"{name.removesuffix('s')}_sd_cm"] = round(float(np.mean([v.std(ddof=1) for v in of_bodies])), 3)
        widest = max(widest, max(float(np.ptp(v)) for v in of_bodies))
    return out | {"widest_range_cm": round(widest, 3), "bodies": len(seen)}
