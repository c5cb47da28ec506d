"""A person straightened: the silhouette along the body's own axis, and the edges in it.

It is sampled on a grid from shoulders to ankles, so that nothing measured in it depends on the size of the picture or
mask, on where the person stands, or on a tilted camera.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phosphene import Pose

Array = NDArray[np.float64]

NOSE, EARS, SHOULDERS, ELBOWS, WRISTS = 0, (7, 8), (11, 12), (13, 14), (15, 16)
FINGERS, HIPS, KNEES, ANKLES, HEELS, TOES = (19, 20), (23, 24), (25, 26), (27, 28), (29, 30), (31, 32)

ROWS, COLUMNS = 420, 241
ABOVE, BELOW, ASIDE = 0.42, 0.20, 0.38  # the grid's reach over the shoulders, under the ankles, aside, in lengths


@dataclass(frozen=True, slots=True)
class Straight:
    """The silhouette along the body's axis: `grid` (ROWS, COLUMNS) confidence; `origin`, `down`, `across`, `length` in
    pixels of the frame, with `length` from shoulders to ankles. Body coordinates (t, s): lengths down and across."""

    grid: Array
    origin: Array
    down: Array
    across: Array
    length: float
    size: Array

    def to_body(self, points: Array) -> Array:
        """Pixels (n, 2) to body coordinates (n, 2)."""
        away = (points - self.origin) / self.length
        return np.stack([away @ self.down, away @ self.across], axis=-1)

    def to_uv(self, t: float, s: float) -> tuple[float, float]:
        """Body coordinates to uv."""
        place = (self.origin + self.length * (t * self.down + s * self.across)) / self.size
        return float(place[0]), float(place[1])

    def row(self, t: float) -> float:
        """Row of the grid at `t`."""
        return (t + ABOVE) / (1.0 + ABOVE + BELOW) * (ROWS - 1)

    def t_at(self, row: float) -> float:
        """`t` at a row of the grid."""
        return row / (ROWS - 1) * (1.0 + ABOVE + BELOW) - ABOVE

    def column(self, s: float) -> float:
        """Column of the grid at `s`."""
        return (s + ASIDE) / (2 * ASIDE) * (COLUMNS - 1)

    def s_at(self, column: float) -> float:
        """`s` at a column of the grid."""
        return column / (COLUMNS - 1) * 2 * ASIDE - ASIDE


def pixels(pose: Pose, size: tuple[int, int]) -> Array:
    """The landmarks (33, 2) in pixels of a frame of `size` (width, height)."""
    return pose.points[:, :2].astype(np.float64) * np.array(size, dtype=np.float64)


def straighten(mask: NDArray[np.float32], points: Array, size: tuple[int, int]) -> Straight | None:
    """The silhouette `mask` (h, w; over the whole frame) along the axis of the body with landmarks `points` in pixels;
    None where the landmarks span no length."""
    shoulders, ankles = points[list(SHOULDERS)].mean(axis=0), points[list(ANKLES)].mean(axis=0)
    axis = ankles - shoulders
    length = float(np.hypot(*axis))
    if not np.isfinite(length) or length < 8.0:
        return None
    down = axis / length
    across = np.array([down[1], -down[0]])
    t = np.linspace(-ABOVE, 1.0 + BELOW, ROWS)
    s = np.linspace(-ASIDE, ASIDE, COLUMNS)
    where = shoulders + length * (t[:, None, None] * down + s[None, :, None] * across)
    h, w = mask.shape
    x = where[..., 0] * (w / size[0]) - 0.5
    y = where[..., 1] * (h / size[1]) - 0.5
    grid = _bilinear(mask, x, y)
    return Straight(grid, shoulders, down, across, length, np.array(size, dtype=np.float64))


def _bilinear(image: NDArray[np.float32], x: Array, y: Array) -> Array:
    """`image` at fractional pixels; at the border the border's own value, zero beyond one pixel outside."""
    h, w = image.shape
    inside = (x > -1.0) & (x < w) & (y > -1.0) & (y < h)
    x, y = np.clip(x, 0, w - 1), np.clip(y, 0, h - 1)
    left, top = x.astype(np.int32), y.astype(np.int32)
    fx, fy = (x - left).astype(np.float32), (y - top).astype(np.float32)
    right, first = np.minimum(left + 1, w - 1), top * w
    second = np.minimum(top + 1, h - 1) * w
    flat = image.ravel()
    upper = flat[first + left] * (1 - fx) + flat[first + right] * fx
    lower = flat[second + left] * (1 - fx) + flat[second + right] * fx
    return np.asarray((upper * (1 - fy) + lower * fy) * inside, dtype=np.float64)


def edge(profile: Array, start: float, step: int) -> float | None:
    """Where `profile`, walked from `start` by `step` (+1 or -1), falls below one half, to a fraction of a sample; None
    where it starts below or never falls."""
    i = round(start)
    if not 0 <= i < len(profile) or profile[i] < 0.5:
        return None
    ahead = profile[i:] if step > 0 else profile[i::-1]
    low = np.flatnonzero(ahead < 0.5)
    if len(low) == 0:
        return None
    k = int(low[0])
    over, under = float(ahead[k - 1]), float(ahead[k])
    return i + step * (k - 1 + (over - 0.5) / max(over - under, 1e-9))


def run_at(body: Straight, t: float, s: float) -> tuple[float, float] | None:
    """Left and right `s` of the silhouette's run that holds `s` at level `t`; None where there is none."""
    row = round(body.row(t))
    if not 0 <= row < ROWS:
        return None
    profile, start = body.grid[row], body.column(s)
    left, right = edge(profile, start, -1), edge(profile, start, +1)
    return None if left is None or right is None else (body.s_at(left), body.s_at(right))
