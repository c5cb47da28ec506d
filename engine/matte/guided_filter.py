"""Fits a matte to the image's edges: the guided filter, hole filling, clean edge colours.

All work on the mask's own small grid; the shader evaluates their result at full size. Everything is deterministic, for
any number of threads: the same frames give the same matte bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..core.frame import Floats, Pixels
from ..core.imaging import box_mean, gaussian
from ..core.srgb import ROOT_OF_LINEAR

WIDTH = 256  # of the masks, in cells, that the radii are meant for
REACH = 3  # how far from the raw edge, in cells, the image may move it
EDGE = 0.5  # the contrast of confidence within REACH that makes an edge; doubts without one are left as they are
NEAR, WIDE = 1, 4  # radii, in cells of half the grid, in which the room beside an edge is looked for
HOLE = 0.003  # of the image: larger holes are taken for real ones
WHISPER = 0.02  # of confidence, below which nobody is there


def filled(confidence: Floats) -> Floats:
    """Small holes within the person closed: there the confidence is mirrored about a half."""
    sure = confidence >= 0.5
    rows, columns = np.flatnonzero(sure.any(axis=1)), np.flatnonzero(sure.any(axis=0))
    if rows.size == 0:
        return confidence
    part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    doubtful = (~sure[part]).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(doubtful, connectivity=4, ltype=cv2.CV_16U)
    height, width = doubtful.shape
    left, top, wide, tall, area = stats.T
    inside = (left > 0) & (top > 0) & (left + wide < width) & (top + tall < height) & (area <= HOLE * confidence.size)
    inside[0] = False
    if not inside.any():
        return confidence
    result = confidence.copy()
    result[part] = np.where(inside[labels], 1.0 - confidence[part], confidence[part])
    return result


def nobody(confidence: Floats) -> NDArray[np.bool_]:
    """Where a mask says that nobody is; between such a cell and the next the alpha fades, as it is interpolated."""
    return np.asarray(confidence < WHISPER)


Planes = Sequence[Floats]  # one for each channel


def colors(image: Pixels) -> Floats:
    """The guide: square roots of linear red, green and blue, h×w×3."""
    return np.asarray(cv2.LUT(image, ROOT_OF_LINEAR))


def edge_band(confidence: Floats) -> Floats:
    """1 within REACH cells of an edge of the confidence, 0 away from it, with soft ends."""
    kernel = np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)
    contrast = cv2.subtract(cv2.dilate(confidence, kernel), cv2.erode(confidence, kernel))
    return gaussian(np.clip((contrast - np.float32(EDGE)) * np.float32(3.0), 0.0, 1.0), 1.0)


def guided(guide: Floats, confidence: Floats, radii: tuple[int, ...], epsilon: float, shrink: int = 1) -> Floats:
    """The coefficients (h, w, 4) of alpha = a·colour + b: the guided filter with a colour guide.

    He, Sun, Tang 2013, "Guided image filtering", equations 19 to 21, in closed form; once for each of `radii` (in cells
    of a mask 256 wide, on a grid that is `shrink` times coarser), each from the alpha of the last. Outside the band
    round the raw edge a is 0 and b the confidence.
    """
    radii = tuple(max(1, round(radius * confidence.shape[1] / WIDTH)) for radius in radii)
    band = edge_band(confidence)
    result = np.zeros((*confidence.shape, 4), np.float32)
    result[..., 3] = confidence
    rows, columns = np.flatnonzero(band.any(axis=1)), np.flatnonzero(band.any(axis=0))
    if rows.size == 0:
        return result
    margin = 2 * max(radii) * shrink
    part = (
        slice(max(rows[0] - margin, 0), rows[-1] + margin + 1),
        slice(max(columns[0] - margin, 0), columns[-1] + margin + 1),
    )
    colour, raw, near = cv2.split(np.ascontiguousarray(guide[part])), confidence[part], band[part]
    far = (1.0 - near) * raw
    alpha = raw
    for number, radius in enumerate(radii):
        *slopes, offset = (near * plane for plane in coarse_models(colour, alpha, radius, epsilon, shrink))
        offset += far
        if number + 1 < len(radii):
            alpha = soft_step(sum_up(slopes, colour, offset), 0.2, 0.8) * near + far
    result[part] = cv2.merge([*slopes, offset])
    return result


def coarse_models(colour: Planes, alpha: Floats, radius: int, epsilon: float, shrink: int) -> Planes:
    """linear_models on a grid that is `shrink` times coarser (He, Sun 2015, "Fast guided filter")."""
    if shrink == 1:
        return linear_models(colour, alpha, radius, epsilon)
    height, width = alpha.shape
    size = max(1, width // shrink), max(1, height // shrink)
    small = [cv2.resize(np.ascontiguousarray(p), size, interpolation=cv2.INTER_AREA) for p in (*colour, alpha)]
    models = linear_models(small[:3], small[3], radius, epsilon)
    return [cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR) for plane in models]


def linear_models(colour: Planes, alpha: Floats, radius: int, epsilon: float) -> Planes:
    """The averaged coefficients (a of red, green and blue, and b) of the local models alpha = a·colour + b."""
    r, g, b = colour
    mr, mg, mb, mp = (box_mean(plane, radius) for plane in (r, g, b, alpha))
    eps = np.float32(epsilon)
    rr = box_mean(r * r, radius) - mr * mr + eps
    rg = box_mean(r * g, radius) - mr * mg
    rb = box_mean(r * b, radius) - mr * mb
    gg = box_mean(g * g, radius) - mg * mg + eps
    gb = box_mean(g * b, radius) - mg * mb
    bb = box_mean(b * b, radius) - mb * mb + eps
    rp = box_mean(r * alpha, radius) - mr * mp
    gp = box_mean(g * alpha, radius) - mg * mp
    bp = box_mean(b * alpha, radius) - mb * mp
    # the inverse of the symmetric 3×3 matrix by its cofactors
    c00, c01, c02 = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    c11, c12, c22 = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    scale = 1.0 / (rr * c00 + rg * c01 + rb * c02)
    ar = (c00 * rp + c01 * gp + c02 * bp) * scale
    ag = (c01 * rp + c11 * gp + c12 * bp) * scale
    ab = (c02 * rp + c12 * gp + c22 * bp) * scale
    offset = mp - ar * mr - ag * mg - ab * mb
    return [box_mean(plane, radius) for plane in (ar, ag, ab, offset)]


def sum_up(slopes: Planes, colour: Planes, offset: Floats) -> Floats:
    """a·colour + b."""
    return np.asarray(slopes[0] * colour[0] + slopes[1] * colour[1] + slopes[2] * colour[2] + offset)


def background_colors(image: Pixels, alpha: Floats) -> Pixels:
    """The room's colours (h/2, w/2, 4 uint8 sRGB) just beyond the person's edge, continued a little way into it.

    Means of what is surely room in a near and a wider window; the image itself where there is no room near.
    """
    size = max(1, alpha.shape[1] // 2), max(1, alpha.shape[0] // 2)
    own = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    alpha = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA))
    weight = np.clip((0.1 - alpha) * np.float32(10.0), 0.0, 1.0)

    def mean(plane: Floats) -> Floats:
        seen = plane * weight
        near, wide = box_mean(seen, NEAR), box_mean(seen, WIDE)
        return np.asarray(near + np.float32(0.05) * wide + np.float32(1e-3) * plane)

    share = 1.0 / mean(np.ones_like(weight))
    colors = [(mean(plane) * share + np.float32(0.5)).astype(np.uint8) for plane in cv2.split(own)]
    return np.asarray(cv2.merge([*colors, np.full(alpha.shape, 255, np.uint8)]))


def evaluated(values: Floats, guide: Floats) -> Floats:
    """The alpha on the mask's own grid, of the coefficients (h, w, 4) and the guide."""
    *slopes, offset = cv2.split(values)
    return sum_up(slopes, cv2.split(guide), offset)


def soft_step(values: Floats, low: float, high: float) -> Floats:
    """GLSL's smoothstep."""
    t = np.clip((values - np.float32(low)) * np.float32(1.0 / (high - low)), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t))


TILE = 4  # cells of the mask's grid along a tile's side: 20 pixels of a 720p image


def tiled(values: NDArray[np.floating[Any]], shape: tuple[float, float]) -> tuple[Floats, Floats]:
    """The solid and the soft tiles (rows of corners in uv) of a matte's values (h, w, 1 or 4) for a soft step."""
    *slopes, base = cv2.split(np.asarray(values, np.float32))
    least, most = base, base
    for slope in slopes:
        least, most = least + np.minimum(slope, 0.0), most + np.maximum(slope, 0.0)
    # A tile also depends on the nodes beside it, since what lies between nodes is interpolated: the least and the most
    # of a tile and its border, read at its first node.
    around = np.ones((TILE + 2, TILE + 2), np.uint8)
    low = cv2.erode(least, around, anchor=(1, 1), borderType=cv2.BORDER_REPLICATE)[::TILE, ::TILE]
    high = cv2.dilate(most, around, anchor=(1, 1), borderType=cv2.BORDER_REPLICATE)[::TILE, ::TILE]
    solid = low >= shape[1]
    soft = ~solid & (high > shape[0])
    height, width = base.shape
    return strips(solid, (width, height)), strips(soft, (width, height))


def strips(chosen: NDArray[np.bool_], size: tuple[int, int]) -> Floats:
    """The chosen tiles as rows of corners in uv, neighbours in a row joined; `size` is the grid's (width, height)."""
    edges = np.diff(np.pad(chosen, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    top, left = np.nonzero(edges == 1)
    _, right = np.nonzero(edges == -1)
    x = np.minimum(np.arange(chosen.shape[1] + 1) * TILE / size[0], 1.0)
    y = np.minimum(np.arange(chosen.shape[0] + 1) * TILE / size[1], 1.0)
    return np.stack([x[left], y[top], x[right], y[top + 1]], axis=1).astype(np.float32).reshape(-1, 4)
