"""From one frame's landmarks and silhouette to lengths in the picture, as ratios to the person's height in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from phosphene import Pose

from .edges import refined
from .straight import (
    ANKLES,
    COLUMNS,
    ELBOWS,
    FINGERS,
    HIPS,
    KNEES,
    NOSE,
    ROWS,
    SHOULDERS,
    TOES,
    WRISTS,
    Array,
    Straight,
    edge,
    pixels,
    run_at,
    straighten,
)

Segment = tuple[tuple[float, float], tuple[float, float]]
Picture = NDArray[np.uint8]

# Levels as fractions of the way from the shoulder landmarks to the hip landmarks. These joints lie at 0.80 and
# 0.52 of the stature; in ANSUR II the nipples at 0.735 (men) and 0.719 (women), the lowest rib at 0.64, the top of the
# hip bone at 0.61 (ISO 8559-1 puts the waist between those two), the fullest hips at 0.51.
LEVELS = {"chest_breadth": 0.28, "waist_breadth": 0.62, "hip_breadth": 1.00}
NEAR_LEVELS = (-0.04, -0.03, -0.02, -0.01, 0.0, 0.01, 0.02, 0.03, 0.04)  # rows about a level
LEAST_CLEAR = 7  # of them
SLIDE = 0.10  # how far down the chest line may move to get out of the armpits, in torso lengths
# A silhouette is this much longer than the stature: the toes, nearer to the camera, show below the sole's own level,
# while the crown hides behind the forehead. From projecting a standing body at 2.5 to 3.5 m, camera at chest height.
OVERLONG = 1.005
ACROMION = 1.20  # the acromia lie outside the shoulder landmarks, which sit in the joints
CROTCH = 0.93  # crotch height over height of the hip joint (ANSUR II: 0.94 men, 0.925 women)

TILT_SEEN_DEG = 5.0  # a tilt from which it is said
ARMS_SD = 0.02  # log; judgement: a chest taken under the armpits, as the arms are near
TILT_SD_PER_DEG = 0.0015  # log; drawn figures: at 10 degrees breadths change by under 3 %


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


def read(
    pose: Pose, mask: NDArray[np.float32] | None, size: tuple[int, int], picture: Picture | None = None
) -> Reading:
    """Measures one person in one frame of `size` (width, height) pixels; with the `picture`, by its own edges."""
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
        found = _breadth(body, at, level, SLIDE if name == "chest_breadth" else 0.0, picture)
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
        float(np.hypot(TILT_SD_PER_DEG * tilt_deg, ARMS_SD if "arms" in hints else 0.0)),
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


def _breadth(
    body: Straight, at: Array, level: float, slide: float, picture: Picture | None
) -> tuple[float, float, float] | None:
    """(t, left s, right s) of the torso at `level`, without the arms: the median of rows around it, moved down by up to
    `slide` where the arms still join the torso; None where they do everywhere."""
    shoulders, hips = at[list(SHOULDERS)].mean(axis=0), at[list(HIPS)].mean(axis=0)
    for down in np.arange(0.0, slide + 1e-9, 0.02):
        levels = [level + down + d for d in NEAR_LEVELS]
        clear = [row for at_level in levels if (row := _torso_row(body, at, shoulders, hips, at_level)) is not None]
        if len(clear) >= LEAST_CLEAR:
            left, right = np.median(outline(body, np.array(clear), picture), axis=0).tolist()
            return float(shoulders[0] + (level + down) * (hips[0] - shoulders[0])), left, right
    return None


def outline(body: Straight, rows: Array, picture: Picture | None) -> Array:
    """Left and right `s` (n, 2) of `rows` (n, 3: t, left, right), by the picture's own edges where there is one."""
    if picture is None:
        return rows[:, 1:]
    edges = refined(body, picture, np.tile(rows[:, 0], 2), rows[:, 1:].T.ravel())
    return edges.reshape(2, -1).T


def _torso_row(
    body: Straight, at: Array, shoulders: Array, hips: Array, level: float
) -> tuple[float, float, float] | None:
    """(t, left s, right s) of the silhouette's run round the spine at `level`; None where an arm belongs to it."""
    t, spine = shoulders + level * (hips - shoulders)
    found = run_at(body, float(t), float(spine))
    if found is None:
        return None
    low, high = found
    for side in (0, 1):
        arm = _arm(at, side, float(t))
        if arm is not None and (low < arm[0] < high or low < arm[1] < high):
            return None
    return float(t), low, high
