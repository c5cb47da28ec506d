"""From one frame's landmarks and silhouette to lengths in the picture, as ratios to the person's height in it.

The silhouette is first straightened: sampled on a grid along the body's own axis (shoulders to ankles), so that nothing
below depends on the size of the picture or mask, on where the person stands, or on a tilted camera.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from phosphene import Pose

Array = NDArray[np.float64]
Segment = tuple[tuple[float, float], tuple[float, float]]

NOSE, EARS, SHOULDERS, ELBOWS, WRISTS = 0, (7, 8), (11, 12), (13, 14), (15, 16)
FINGERS, HIPS, KNEES, ANKLES, HEELS, TOES = (19, 20), (23, 24), (25, 26), (27, 28), (29, 30), (31, 32)

# Levels as fractions of the way from the shoulder landmarks to the hip landmarks. These joints lie at 0.80 and
# 0.52 of the stature; in ANSUR II the nipples at 0.735 (men) and 0.719 (women), the lowest rib at 0.64, the top of the
# hip bone at 0.61 (ISO 8559-1 puts the waist between those two), the fullest hips at 0.51.
LEVELS = {"chest_breadth": 0.28, "waist_breadth": 0.62, "hip_breadth": 1.00}
SLIDE = 0.10  # how far down the chest line may move to get out of the armpits, in torso lengths
# A silhouette is this much longer than the stature: the toes, nearer to the camera, show below the sole's own level,
# while the crown hides behind the forehead. From projecting a standing body at 2.5 to 3.5 m, camera at chest height.
OVERLONG = 1.005
ACROMION = 1.20  # the acromia lie outside the shoulder landmarks, which sit in the joints
CROTCH = 0.93  # crotch height over height of the hip joint (ANSUR II: 0.94 men, 0.925 women)

TILT_SEEN_DEG = 5.0  # a tilt from which it is said
TILT_SD_PER_DEG = 0.0015  # log; drawn figures: at 10 degrees breadths change by under 3 %

ROWS, COLUMNS = 420, 241
ABOVE, BELOW, ASIDE = (
    0.42,
    0.20,
    0.38,
)  # the grid's reach over the shoulders, under the ankles, to each side, in lengths


@dataclass(frozen=True, slots=True)
class Reading:
    """One frame, measured.

    `ratios`: breadths and heights over the person's height in the picture, by the names of the body model;
    `lines`: where each was taken, uv, by the names shown; `height`: crown to sole, uv; `faults`: what stood in the way
    ("outline", "head", "feet", "arms"); `hints`: what lowers trust in it ("arms", "legs", "tilt"); `unsure`: the log
    spread that this adds to every breadth.
    """

    ratios: Mapping[str, float] = field(default_factory=dict)
    lines: Mapping[str, Segment] = field(default_factory=dict)
    height: Segment | None = None
    faults: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    unsure: float = 0.0


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


def read(pose: Pose, mask: NDArray[np.float32] | None, size: tuple[int, int]) -> Reading:
    """Measures one person in one frame of `size` (width, height) pixels."""
    if mask is None:
        return Reading(faults=("outline",))
    points = pixels(pose, size)
    body = straighten(mask, points, size)
    if body is None:
        return Reading(faults=("outline",))
    at = body.to_body(points)
    crown, sole, missing = head_and_feet(body, at)
    faults = list(missing)
    if crown is None or sole is None:
        return Reading(faults=missing)
    height = (sole - crown) / OVERLONG
    shoulders, hips = at[list(SHOULDERS)], at[list(HIPS)]
    torso = float(hips[:, 0].mean())
    ratios, lines, hints = {}, {}, []
    names = {"chest_breadth": "chest", "waist_breadth": "waist", "hip_breadth": "hips"}
    for name, level in LEVELS.items():
        found = _breadth(body, at, level, SLIDE if name == "chest_breadth" else 0.0)
        if found is None:
            faults.append("arms")
            continue
        t, left, right = found
        if name == "chest_breadth" and t > shoulders[:, 0].mean() + (level + 0.03) * (torso - shoulders[:, 0].mean()):
            hints.append("arms")
        ratios[name] = (right - left) / height
        lines[names[name]] = (body.to_uv(t, left), body.to_uv(t, right))
    middle, half = shoulders.mean(axis=0), 0.5 * ACROMION * (shoulders[1] - shoulders[0])
    ratios["shoulders"] = float(np.hypot(*(shoulders[1] - shoulders[0]))) / height
    ends = sorted([middle - half, middle + half], key=lambda p: float(p[1]))
    lines["shoulders"] = (body.to_uv(*ends[0]), body.to_uv(*ends[1]))
    ratios["hip_joint_height"] = (sole - torso) / height
    ratios["arm"] = float(np.mean([_arm_length(at, side) for side in (0, 1)])) / height
    gap = _crotch(body, at)
    if gap is not None:
        ratios["inseam"] = (sole - gap) / height
    else:
        hints.append("legs")
    tilt_deg = abs(float(np.degrees(np.arctan2(body.down[0], body.down[1]))))
    if tilt_deg > TILT_SEEN_DEG:
        hints.append("tilt")
    crotch = sole - CROTCH * (sole - torso) if gap is None else gap
    lines["inseam"] = (
        body.to_uv(crotch, float(hips[:, 1].mean())),
        body.to_uv(sole, float(at[list(ANKLES), 1].mean())),
    )
    head = float(at[NOSE, 1])
    return Reading(
        ratios,
        lines,
        (body.to_uv(crown, head), body.to_uv(sole, head)),
        tuple(dict.fromkeys(faults)),
        tuple(hints),
        TILT_SD_PER_DEG * tilt_deg,
    )


def head_and_feet(body: Straight, at: Array) -> tuple[float | None, float | None, tuple[str, ...]]:
    """`t` of crown and soles, and what of them is not clear of the picture's border ("head", "feet")."""
    crown, sole = _crown(body, at), _sole(body, at)
    faults = []
    if crown is None or not _in_picture(body, crown, float(at[NOSE, 1])):
        faults.append("head")
    if sole is None or not all(_in_picture(body, sole, float(at[i, 1])) for i in ANKLES):
        faults.append("feet")
    return crown, sole, tuple(faults)


def _in_picture(body: Straight, t: float, s: float) -> bool:
    """Whether this end of the body lies clear of the picture's border."""
    u, v = body.to_uv(t, s)
    return 0.004 < v < 0.996 and 0.0 < u < 1.0


def _band(body: Straight, s: float, reach: float) -> Array:
    """Highest confidence along the axis within `reach` of `s`: (ROWS,)."""
    low = int(np.clip(np.floor(body.column(s - reach)), 0, COLUMNS - 1))
    high = int(np.clip(np.ceil(body.column(s + reach)), 0, COLUMNS - 1))
    return np.asarray(body.grid[:, low : high + 1].max(axis=1))


def _crown(body: Straight, at: Array) -> float | None:
    """`t` of the top of the head, upward from the nose."""
    row = edge(_band(body, float(at[NOSE, 1]), 0.05), body.row(float(at[NOSE, 0])), -1)
    return None if row is None else body.t_at(row)


def _sole(body: Straight, at: Array) -> float | None:
    """`t` of the soles, downward from both ankles: the mean, so that a foot set forward counts half."""
    found = []
    for ankle, toe in zip(ANKLES, TOES, strict=True):
        s = 0.5 * float(at[ankle, 1] + at[toe, 1])
        row = edge(_band(body, s, 0.05), body.row(float(at[ankle, 0])), +1)
        if row is None:
            return None
        found.append(body.t_at(row))
    return float(np.mean(found))


def _crotch(body: Straight, at: Array) -> float | None:
    """`t` where the legs part, seen between hips and half-way to the knees; None where clothes or legs hide the gap."""
    hips, knees = at[list(HIPS)].mean(axis=0), at[list(KNEES)].mean(axis=0)
    for t in np.linspace(hips[0], 0.5 * (hips[0] + knees[0]), 60):
        s = float(hips[1] + (knees[1] - hips[1]) * (t - hips[0]) / max(knees[0] - hips[0], 1e-6))
        row = round(body.row(float(t)))
        low, high = (int(np.clip(round(body.column(s + d)), 0, COLUMNS - 1)) for d in (-0.03, 0.03))
        if 0 <= row < ROWS and body.grid[row, low : high + 1].min() < 0.5:
            return float(t)
    return None


def _arm(at: Array, side: int, t: float) -> tuple[float, float] | None:
    """Nearest and farthest `s` of one arm's bones at level `t`; None where the arm does not pass that level."""
    chain = at[[SHOULDERS[side], ELBOWS[side], WRISTS[side], FINGERS[side]]]
    crossings = []
    for (t0, s0), (t1, s1) in pairwise(chain.tolist()):
        if min(t0, t1) <= t <= max(t0, t1) and t0 != t1:
            crossings.append(float(s0 + (s1 - s0) * (t - t0) / (t1 - t0)))
    return (min(crossings), max(crossings)) if crossings else None


def _arm_length(at: Array, side: int) -> float:
    """From the shoulder joint over the elbow to the wrist, as far as the picture shows it."""
    shoulder, elbow, wrist = at[SHOULDERS[side]], at[ELBOWS[side]], at[WRISTS[side]]
    return float(np.hypot(*(elbow - shoulder)) + np.hypot(*(wrist - elbow)))


def _breadth(body: Straight, at: Array, level: float, slide: float) -> tuple[float, float, float] | None:
    """(t, left s, right s) of the torso at `level`, without the arms: the median of rows around it, moved down by up to
    `slide` where the arms still join the torso; None where they do everywhere."""
    shoulders, hips = at[list(SHOULDERS)].mean(axis=0), at[list(HIPS)].mean(axis=0)
    for down in np.arange(0.0, slide + 1e-9, 0.02):
        rows = [_torso_row(body, at, shoulders, hips, level + down + d) for d in (-0.02, -0.01, 0.0, 0.01, 0.02)]
        clear = [r for r in rows if r is not None]
        if len(clear) >= 4:
            left, right = np.median([r[0] for r in clear]), np.median([r[1] for r in clear])
            return float(shoulders[0] + (level + down) * (hips[0] - shoulders[0])), float(left), float(right)
    return None


def run_at(body: Straight, t: float, s: float) -> tuple[float, float] | None:
    """Left and right `s` of the silhouette's run that holds `s` at level `t`; None where there is none."""
    row = round(body.row(t))
    if not 0 <= row < ROWS:
        return None
    profile, start = body.grid[row], body.column(s)
    left, right = edge(profile, start, -1), edge(profile, start, +1)
    return None if left is None or right is None else (body.s_at(left), body.s_at(right))


def _torso_row(body: Straight, at: Array, shoulders: Array, hips: Array, level: float) -> tuple[float, float] | None:
    """Left and right `s` of the silhouette's run round the spine at `level`; None where an arm belongs to that run."""
    t, spine = shoulders + level * (hips - shoulders)
    found = run_at(body, float(t), float(spine))
    if found is None:
        return None
    low, high = found
    for side in (0, 1):
        arm = _arm(at, side, float(t))
        if arm is not None and (low < arm[0] < high or low < arm[1] < high):
            return None
    return low, high
