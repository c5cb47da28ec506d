"""From one frame of a person seen from the side to the depths of the trunk, as ratios to the height in the picture."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from phosphene import Pose

from .measure import OVERLONG, Picture, Reading, head_and_feet, outline
from .straight import ELBOWS, FINGERS, HIPS, NOSE, SHOULDERS, WRISTS, Array, Straight, pixels, run_at, straighten

# As fractions of the way from the shoulder to the hip landmarks, as in the front view; the buttocks stand out furthest
# a little above or below the hip joint.
LEVELS = {"chest_depth": (0.28, 0.46), "waist_depth": (0.50, 0.70), "hip_depth": (0.88, 1.12)}
SHOWN = {"chest_depth": "chest", "waist_depth": "waist", "hip_depth": "hips"}
STEP = 0.02
ARM = 0.036  # half an arm's thickness over the body's length
LEAST_ROWS = 4
UNEVEN = 0.10  # where the middle half of a level's rows spreads by more than this, the outline has leaked into the room


def read_profile(
    pose: Pose, mask: NDArray[np.float32] | None, size: tuple[int, int], picture: Picture | None = None
) -> Reading:
    """Measures one person who stands sideways in one frame of `size` (width, height) pixels, as `read` does.

    A row where an arm makes the front or back edge is left out, a level without enough rows is not read.
    """
    if mask is None:
        return Reading(faults=("outline",))
    body = straighten(mask, pixels(pose, size), size)
    if body is None:
        return Reading(faults=("outline",))
    at = body.to_body(pixels(pose, size))
    crown, sole, faults = head_and_feet(body, at)
    if crown is None or sole is None:
        return Reading(faults=faults)
    height = (sole - crown) / OVERLONG
    ratios, lines = {}, {}
    for name, (first, last) in LEVELS.items():
        rows = [r for level in np.arange(first, last + 1e-9, STEP) if (r := trunk_row(body, at, float(level)))]
        if len(rows) < LEAST_ROWS:
            continue
        edges = outline(body, np.array(rows), picture)
        depths = edges[:, 1] - edges[:, 0]
        if float(np.subtract(*np.quantile(depths, (0.75, 0.25)))) > UNEVEN * float(np.median(depths)):
            continue
        # The fullest of the chest and the buttocks, the slimmest of the waist; not one row's tremble.
        wanted = float(np.quantile(depths, 0.2 if name == "waist_depth" else 0.8))
        nearest = int(np.argmin(np.abs(depths - wanted)))
        t, (left, right) = rows[nearest][0], edges[nearest].tolist()
        ratios[name] = wanted / height
        lines[SHOWN[name]] = (body.to_uv(t, left), body.to_uv(t, right))
    head = float(at[NOSE, 1])
    return Reading(ratios, lines, (body.to_uv(crown, head), body.to_uv(sole, head)), faults)


def trunk_row(body: Straight, at: Array, level: float) -> tuple[float, float, float] | None:
    """(t, left s, right s) of the silhouette at `level`; None where it ends at an arm, or is not there."""
    t, spine = at[list(SHOULDERS)].mean(axis=0) * (1 - level) + at[list(HIPS)].mean(axis=0) * level
    found = run_at(body, float(t), float(spine))
    if found is None:
        return None
    left, right = found
    for side in (0, 1):
        chain = at[[SHOULDERS[side], ELBOWS[side], WRISTS[side], FINGERS[side]]]
        # An arm is as thick across whichever way it runs: what lies within ARM of a bone at this level is arm.
        for (t0, s0), (t1, s1) in pairwise(chain.tolist()):
            part = np.linspace(0.0, 1.0, 24)
            near = np.abs(t0 + part * (t1 - t0) - t) <= ARM
            across = (s0 + part * (s1 - s0))[near]
            if len(across) and (across.min() - ARM < left or across.max() + ARM > right):
                return None
    return float(t), left, right
