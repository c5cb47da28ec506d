"""How many centimetres a pixel of the body is: from the camera's distance, or from something of known size held up.

A pinhole camera without distortion: a length of `l` pixels across the view at a distance of `z` centimetres is
`l * z / f` long, with the focal length `f` in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from phosphene import Pose, Reference

from .measure import Segment
from .straight import HIPS, SHOULDERS, Array, pixels

# Sides in centimetres: ISO 216 A4, ISO/IEC 7810 ID-1 (every bank card).
SHEETS = {"a4": (29.7, 21.0), "card": (8.56, 5.398)}
MARKER = "marker"
REFERENCES = ("none", *SHEETS, MARKER)

USUAL_FOV_DEG = 66.0  # along the longer side: between webcams (50 to 78) and phones (65 to 73)
USUAL_SD, GIVEN_SD = 0.20, 0.02  # log spread of the focal length: assumed, given (EXIF's is rounded to a millimetre)
EYES = (2, 5)
PUPILS_CM, PUPILS_SD = 6.3, 0.06  # distance of the pupils in ANSUR II: 6.4 (men), 6.2 (women), log spread 0.06
EYES_NOISE_PX, LEAST_EYES_PX = 2.5, 8.0
DISTANCE_SD = 0.02  # log; a tape on the floor
HELD_CM, HELD_SD_CM = 14.0, 5.0  # how far before the body's middle a thing is held that touches the chest
CORNERS_SD, CORNERS_PX = 0.012, 1.0  # log, and in pixels: the corners of what is held up
LOW_CM, HIGH_CM = 120.0, 220.0  # what makes a person of another height is no such thing
LEAST_COSINE = 0.82  # a rectangle that would have to be turned away further than 35 degrees is another thing


@dataclass(frozen=True, slots=True)
class Camera:
    """`focal_px` for a picture of `size`, and its log spread."""

    focal_px: float
    sd: float
    size: tuple[int, int]


def camera(size: tuple[int, int], fov_deg: float, pose: Pose | None = None, distance_cm: float = 0.0) -> Camera:
    """The camera of pictures of `size` with a horizontal field of view of `fov_deg`; 0: not known.

    Then a usual one is assumed, and where the distance is known, corrected by how far apart the eyes of `pose` look.
    """
    if fov_deg > 0.0:
        return Camera(0.5 * size[0] / math.tan(math.radians(fov_deg) / 2), GIVEN_SD, size)
    usual = math.log(0.5 * max(size) / math.tan(math.radians(USUAL_FOV_DEG) / 2))
    if pose is None or distance_cm <= 0.0:
        return Camera(math.exp(usual), USUAL_SD, size)
    points = pixels(pose, size)
    apart_px = float(np.hypot(*(points[EYES[0]] - points[EYES[1]])))
    if apart_px < LEAST_EYES_PX:
        return Camera(math.exp(usual), USUAL_SD, size)
    by_eyes = math.log(apart_px * distance_cm / PUPILS_CM)
    weight = 1.0 / (PUPILS_SD**2 + (EYES_NOISE_PX / apart_px) ** 2)
    both = weight + 1.0 / USUAL_SD**2
    return Camera(math.exp((weight * by_eyes + usual / USUAL_SD**2) / both), 1.0 / math.sqrt(both), size)


@dataclass(frozen=True, slots=True)
class Length:
    """Something of the body in centimetres, with its log spread; `name` as the body model calls it."""

    name: str
    cm: float
    sd: float


def height_at(segment: Segment, distance_cm: float, seen_by: Camera, distance_sd: float = DISTANCE_SD) -> Length:
    """The height of a body whose crown and sole are the ends of `segment`, uv, at a known distance."""
    return Length(
        "height", length_px(segment, seen_by.size) * distance_cm / seen_by.focal_px, math.hypot(distance_sd, seen_by.sd)
    )


def shoulders_at(pose: Pose, distance_cm: float, seen_by: Camera) -> Length:
    """The breadth between the shoulder joints of somebody who is not all in view."""
    points = pixels(pose, seen_by.size)
    across = float(np.hypot(*(points[SHOULDERS[0]] - points[SHOULDERS[1]])))
    return Length("shoulders", across * distance_cm / seen_by.focal_px, math.hypot(DISTANCE_SD, seen_by.sd))


def length_px(segment: Segment, size: tuple[int, int]) -> float:
    """The length of a segment, uv, in pixels."""
    (u0, v0), (u1, v1) = segment
    return math.hypot((u1 - u0) * size[0], (v1 - v0) * size[1])


def height_by(
    things: Sequence[Reference], wanted: str, marker_cm: float, segment: Segment, pose: Pose, by: Camera
) -> Length | None:
    """The height by the wanted thing, held before the body; None where it is not seen there."""
    trunk = pixels(pose, by.size)[[*SHOULDERS, *HIPS]]
    tall = length_px(segment, by.size)
    for thing in things:
        corners = thing.corners.astype(np.float64) * np.array(by.size)
        reach = np.abs(corners.mean(axis=0) - trunk.mean(axis=0))
        if reach[0] > 0.25 * tall or reach[1] > 0.35 * tall:
            continue  # a window, or a picture on the wall
        poses = [p for sides in sides_of(wanted, marker_cm, thing.kind) if (p := plane(corners, sides, by)) is not None]
        distance_cm, cosine = max(poses, key=lambda p: p[1], default=(0.0, 0.0))
        if cosine < LEAST_COSINE:
            continue
        body_cm = distance_cm + HELD_CM
        # The focal length all but drops out: it only tells how much further away the body is than what it holds.
        across_px = float(max(np.hypot(*(corners[0] - corners[1])), np.hypot(*(corners[1] - corners[2]))))
        seen = math.hypot(CORNERS_SD, CORNERS_PX / across_px)
        spread = math.hypot(seen, HELD_SD_CM / body_cm, HELD_CM / body_cm * by.sd)
        found = Length("height", tall * body_cm / by.focal_px, spread)
        if LOW_CM < found.cm < HIGH_CM:
            return found
    return None


def sides_of(wanted: str, marker_cm: float, kind: str) -> list[tuple[float, float]]:
    """(across, down) in centimetres, as the thing may be held."""
    if wanted == MARKER:
        return [(marker_cm, marker_cm)] if kind == MARKER else []
    if wanted not in SHEETS or kind == MARKER:
        return []
    long, short = SHEETS[wanted]
    return [(long, short), (short, long)]


def plane(corners: Array, sides: tuple[float, float], by: Camera) -> tuple[float, float] | None:
    """(distance in centimetres, cosine by which it is turned away) of a rectangle with `sides`, from its corners (4, 2)
    in pixels, clockwise from the top left one; None where they span nothing.

    At arm's length and beyond a thing that small is seen as if from afar: the map from its plane to the picture is
    affine, and turned away it is foreshortened in one direction only, so its larger singular value is `f / z`.
    """
    a, b, c, d = corners
    affine = np.stack([((b - a) + (c - d)) / (2 * sides[0]), ((d - a) + (c - b)) / (2 * sides[1])], axis=1)
    larger, smaller = np.linalg.svd(affine, compute_uv=False)
    return None if smaller <= 1e-6 else (by.focal_px / float(larger), float(smaller / larger))
