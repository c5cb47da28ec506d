"""The built-in face paints, drawn on the unrolled face: u to the right, v down, the tip of the nose at (0.5, 0.55)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from phosphene import FACE_RINGS, face_mesh
from phosphene.drawing import blur, colorize, fill_polygon, stroke_path

SIZE = (1024, 1024)
Plane = NDArray[np.float32]
Line = Sequence[tuple[float, float]]
# Strokes of the left half and how wide each is at its thickest; the right half is their mirror image.
STRIPES: tuple[tuple[Line, float], ...] = (
    (((0.453, 0.125), (0.462, 0.18), (0.480, 0.235)), 0.030),
    (((0.385, 0.135), (0.405, 0.19), (0.445, 0.245)), 0.034),
    (((0.300, 0.160), (0.330, 0.205), (0.385, 0.235)), 0.032),
    (((0.205, 0.205), (0.240, 0.235), (0.290, 0.250)), 0.028),
    (((0.085, 0.310), (0.150, 0.330), (0.215, 0.335)), 0.032),
    (((0.035, 0.410), (0.110, 0.430), (0.200, 0.425)), 0.034),
    (((0.030, 0.500), (0.120, 0.530), (0.245, 0.500)), 0.042),
    (((0.045, 0.595), (0.140, 0.625), (0.270, 0.580)), 0.044),
    (((0.085, 0.690), (0.170, 0.705), (0.270, 0.660)), 0.040),
    (((0.155, 0.785), (0.225, 0.785), (0.300, 0.740)), 0.034),
    (((0.250, 0.870), (0.310, 0.860), (0.370, 0.820)), 0.028),
    (((0.430, 0.420), (0.450, 0.460), (0.448, 0.500)), 0.016),
)
WHISKERS: tuple[Line, ...] = (
    ((0.425, 0.622), (0.36, 0.612), (0.29, 0.618)),
    ((0.420, 0.640), (0.35, 0.640), (0.28, 0.652)),
)
NOSE = ((0.445, 0.555), (0.50, 0.545), (0.555, 0.555), (0.545, 0.585), (0.515, 0.612), (0.485, 0.612), (0.455, 0.585))
MIRROR = np.array([-1.0, 1.0], np.float32)
FACETS = ("#0b3954", "#087e8b", "#3fb8af", "#f4d35e", "#ee964b", "#f95738", "#c81d4e", "#6a0d83")


def curve(line: Line) -> Plane:
    """Three points as a bend (quadratic Bézier) that begins at the first, ends at the last and leans to the second."""
    t = np.linspace(0.0, 1.0, 24)[:, None]
    first, second, third = (np.array(point) for point in line)
    return np.asarray((1 - t) ** 2 * first + 2 * t * (1 - t) * second + t**2 * third, np.float32)


def mirrored(lines: Sequence[Plane]) -> list[Plane]:
    """Each outline and its mirror image."""
    return [side for line in lines for side in (line, np.asarray(line * MIRROR + (1 - MIRROR) / 2, np.float32))]


def union(outlines: Sequence[Plane]) -> Plane:
    """1 inside any of the outlines."""
    return fill_polygon(outlines, SIZE, holes=False)


def ellipse(at: tuple[float, float], radii: tuple[float, float], turn: float = 0.0) -> Plane:
    """The outline of an ellipse, turned clockwise by `turn` radians."""
    angle = np.linspace(0.0, 2 * np.pi, 48, endpoint=False)
    x, y = radii[0] * np.cos(angle), radii[1] * np.sin(angle)
    c, s = np.cos(turn), np.sin(turn)
    return np.stack([at[0] + c * x - s * y, at[1] + s * x + c * y], axis=1).astype(np.float32)


def grown(ring: Plane, factor: float) -> Plane:
    """A ring scaled about its middle."""
    middle = ring.mean(axis=0)
    return np.asarray(middle + (ring - middle) * factor, np.float32)


def tiger() -> NDArray[np.uint8]:
    """Orange fur, white round the mouth and over the eyes, black stripes."""
    uv = face_mesh().uv
    fur = blur(union([grown(uv[list(FACE_RINGS["oval"])], 0.93)]), 22.0) * np.float32(0.86)
    pale = mirrored([ellipse((0.43, 0.655), (0.115, 0.085)), ellipse((0.345, 0.285), (0.085, 0.036), -0.25)])
    white = blur(union([*pale, ellipse((0.5, 0.83), (0.125, 0.085))]), 12.0) * np.float32(0.88)
    eyes = [uv[list(FACE_RINGS[f"{side}_eye"])] for side in ("left", "right")]
    rims = blur(union([grown(eye, 1.32) for eye in eyes]), 7.0)
    strokes = [stroke_path(curve(line), (0.0, width, width * 0.8, 0.0)) for line, width in STRIPES]
    fine = [stroke_path(curve(line), (0.006, 0.005, 0.0)) for line in WHISKERS]
    middle = [
        stroke_path(((0.5, 0.12), (0.5, 0.25)), (0.0, 0.03, 0.0)),
        stroke_path(((0.5, 0.6), (0.5, 0.665)), (0.014, 0.01)),
    ]
    dots = mirrored(
        [ellipse(at, (0.0055, 0.0055)) for at in ((0.43, 0.60), (0.39, 0.628), (0.415, 0.66), (0.375, 0.665))]
    )
    lines = np.maximum(fill_polygon(mirrored(strokes), SIZE), fill_polygon([*mirrored(fine), *middle, *dots], SIZE))
    black = blur(lines, 1.2) * np.float32(0.93)
    nose = blur(fill_polygon([NOSE], SIZE), 2.5) * np.float32(0.92)
    return colorize(
        [
            ("#e07b1a", fur),
            ("#fff3e2", white),
            ("#1a120c", rims * np.float32(0.9)),
            ("#16100c", black),
            ("#3a1a1c", nose),
        ]
    )


def facets() -> NDArray[np.uint8]:
    """The mesh's own triangles, each in one colour."""
    mesh = face_mesh()
    edge = blur(union([grown(mesh.uv[list(FACE_RINGS["oval"])], 0.95)]), 14.0)
    middles = mesh.uv[mesh.skin].mean(axis=1)
    # Colours go round the middle of the face, shifted from triangle to triangle by the golden ratio.
    turn = np.arctan2(middles[:, 1] - 0.5, np.abs(middles[:, 0] - 0.5)) / np.pi + 0.5
    shade = turn * (len(FACETS) - 1) + 1.4 * ((np.arange(len(middles)) * 0.618) % 1.0) - 0.7
    number = np.clip(np.round(shade), 0, len(FACETS) - 1).astype(int)
    planes = []
    for index, color in enumerate(FACETS):
        chosen = mesh.uv[mesh.skin[number == index]]
        if len(chosen):
            planes.append((color, fill_polygon(list(grown_all(chosen)), SIZE) * edge * np.float32(0.85)))
    return colorize(planes)


def grown_all(triangles: Plane) -> Plane:
    """Triangles (N, 3, 2) a little smaller, so that lines of skin show between them."""
    middles = triangles.mean(axis=1, keepdims=True)
    return np.asarray(middles + (triangles - middles) * 0.9, np.float32)


DESIGNS = {"tiger": tiger, "facets": facets}
