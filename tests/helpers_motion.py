"""Made clips of a keyed person who moves as fast as people do, before a room in which every pixel can be told.

The room is stripes of green and black that nothing else shows: where a picture has their contrast, it shows the room.
The person's true outline is known in every frame, so that a mask can be made without any network.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from phosphene.engine.commands.soak import restless
from phosphene.engine.commands.soak.restless import triangle
from phosphene.engine.core.frame import Floats, Pixels
from phosphene.engine.core.results import Mask

Bools = NDArray[np.bool_]
Size = tuple[int, int]

STRIPE = 3  # pixels
GREEN = 250
OUTSIDE_PX = 3  # of the true outline, within which an edge may be soft
SEEN = 0.28  # of the stripes' contrast from which on the room can be told
CELLS = 256, 144  # of the masks, as the segmenter's


# What the person does, by frame number: the soak's motions, with an arm at an angle, and two more.
Move = Callable[[int], tuple[float, float, float, float]]


def with_arm(move: Callable[[float], tuple[float, float, float]]) -> Move:
    """A motion with the arm at rest."""
    return lambda n: (*move(n), 0.4)


MOTIONS: dict[str, Move] = {
    **{name: with_arm(move) for name, move in restless.MOTIONS.items()},
    "swing an arm": lambda n: (0.02 * math.sin(n / 3), 0.0, 1.0, 1.6 * triangle(n * 0.28) + 1.0),
    "jump about": lambda n: ((0.0, 0.3, -0.25, 0.1, -0.3)[n % 5], (0.0, -0.05, 0.04)[n % 3], 1.0, n % 4 * 0.7),
}


def outline(size: Size, number: int, motion: str) -> Bools:
    """Where the person truly is, (h, w), in frame `number`."""
    across, down, scale, arm = MOTIONS[motion](number)
    width, height = size
    more = 4  # times as fine, so that an edge lies where it should
    plane = np.zeros((height * more, width * more), np.uint8)

    def at(x: float, y: float) -> tuple[int, int]:
        """A place on the body, in widths from the middle of the shoulders."""
        return (
            round((0.5 + across + x * scale) * width * more),
            round(height * more * 0.55 + (down + y * scale) * width * more),
        )

    def thick(part: float) -> int:
        return max(1, round(part * scale * width * more))

    cv2.ellipse(plane, at(0.0, -0.13), (thick(0.055), thick(0.075)), 0, 0, 360, 1, -1)
    cv2.line(plane, at(0.0, -0.06), at(0.0, 0.0), 1, thick(0.05))
    body = np.array([at(-0.12, 0.02), at(0.12, 0.02), at(0.15, 0.5), at(-0.15, 0.5)], np.int32)
    cv2.fillPoly(plane, [body], 1)
    elbow = 0.13 + 0.11 * math.sin(arm), 0.03 + 0.11 * math.cos(arm)
    hand = elbow[0] + 0.11 * math.sin(arm * 1.4), elbow[1] + 0.11 * math.cos(arm * 1.4)
    cv2.line(plane, at(0.12, 0.04), at(*elbow), 1, thick(0.045))
    cv2.line(plane, at(*elbow), at(*hand), 1, thick(0.04))
    cv2.line(plane, at(-0.12, 0.04), at(-0.16, 0.24), 1, thick(0.045))
    return np.asarray(plane.reshape(height, more, width, more).mean(axis=(1, 3)) > 0.5)


def picture(size: Size, number: int, motion: str) -> Pixels:
    """Frame `number`, H×W×3: the person before the room."""
    width, height = size
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, np.arange(width) // STRIPE % 2 == 0, 1] = GREEN
    across, down, *_ = MOTIONS[motion](number)
    y, x = np.mgrid[0:height, 0:width] / width
    folds = np.sin(40 * (x - across) + 9 * np.sin(25 * (y - down)))  # cloth that moves along, and has no green in it
    cloth = np.stack([170 + 60 * folds, 60 + 20 * folds, 150 - 60 * folds], axis=2)
    inside = outline(size, number, motion)
    pixels[inside] = cloth[inside].astype(np.uint8)
    return pixels


def true_mask(inside: Bools, number: int, cells: Size = CELLS) -> Mask:
    """What a segmenter that makes no mistakes would say of frame `number`."""
    confidence: Floats = np.asarray(cv2.resize(inside.astype(np.float32), cells, interpolation=cv2.INTER_AREA))
    return Mask(number, confidence, bool(confidence.max() >= 0.5))


def far_outside(inside: Bools, pixels: float = OUTSIDE_PX) -> Bools:
    """Every place further than `pixels` outside of an outline."""
    return np.asarray(cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, 5) > pixels)


def stripes(plane: NDArray[np.int32], seen: float, outside: Bools) -> float:
    """The share of a picture, at places `outside`, that is darker or brighter by `seen` than a stripe's width aside, on
    both sides: an edge, however steep, is not."""
    middle, left, right = plane[:, STRIPE:-STRIPE], plane[:, : -2 * STRIPE], plane[:, 2 * STRIPE :]
    aside = np.minimum(np.abs(middle - left), np.abs(middle - right))
    aside[(middle - left) * (middle - right) <= 0] = 0
    where = outside[:, STRIPE:-STRIPE] & outside[:, : -2 * STRIPE] & outside[:, 2 * STRIPE :]
    return float(((aside > seen) & where).mean())


def room_seen(image: Pixels, outside: Bools) -> float:
    """The share of the picture that shows the room's stripes, in their own colour, at places `outside`."""
    rgb = image[..., :3].astype(np.int32)
    return stripes(np.maximum(rgb[..., 1] - np.maximum(rgb[..., 0], rgb[..., 2]), 0), SEEN * GREEN, outside)


def pattern_seen(image: Pixels, outside: Bools) -> float:
    """The share of the picture that shows the room's stripes, in whatever colour, at places `outside`."""
    return stripes(image[..., :3].max(axis=2).astype(np.int32), SEEN * GREEN / 2, outside)


def person_seen(image: Pixels) -> float:
    """The share of the picture that shows the person's colours."""
    rgb = image[..., :3].astype(np.int16)
    return float(((rgb[..., 0] > 100) & (rgb[..., 0] - rgb[..., 1] > 60) & (rgb[..., 2] - rgb[..., 1] > 40)).mean())
