"""Where the picture itself has the body's edge: a mask is coarse and trembles, the colours beside it do not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .straight import Array, Straight

REACH = 0.022  # how far from the mask's edge it is looked for, in body lengths (shoulders to ankles)
BELIEVED = 0.008  # one standard deviation of how far the mask's edge is off, likewise
PLACES = 45
LEAST = 4  # places on each side, as a mean of fewer says nothing
INDEPENDENT = 12.0  # of the PLACES: neighbouring pixels are alike
NOISE = 9.0  # variance of a flat surface's colour, all channels together, in 8-bit steps
NEAR = 3  # places about the best one whose balance is the edge to a fraction of a place


def refined(body: Straight, picture: NDArray[np.uint8], t: Array, s: Array) -> Array:
    """The edges (n,) near the mask's own at (`t`, `s`), (n,) each, in body coordinates.

    Along the row the colours are taken as two flat surfaces that meet at the edge: the likeliest place for that, with
    the mask's edge as what is expected (a change point of two means, profile likelihood). Where there is no contrast
    it stays at the mask's edge.
    """
    offsets = np.linspace(-REACH, REACH, PLACES)
    across = s[:, None] + offsets
    where = body.origin + body.length * (t[:, None, None] * body.down + across[..., None] * body.across)
    colours = sampled(picture, where[..., 0] - 0.5, where[..., 1] - 0.5)
    split = np.arange(LEAST, PLACES - LEAST + 1)
    sums, squares = np.cumsum(colours, axis=1), np.cumsum((colours**2).sum(axis=-1), axis=1)[:, -1]
    before, all_of = sums[:, split - 1], sums[:, -1:]
    left = (before**2).sum(axis=-1) / split
    right = ((all_of - before) ** 2).sum(axis=-1) / (PLACES - split)
    spread = squares - (all_of[:, 0] ** 2).sum(axis=-1) / PLACES
    unexplained = squares[:, None] - left - right
    floor = NOISE * PLACES
    moved = 0.5 * (offsets[split - 1] + offsets[split])
    log_odds = -0.5 * INDEPENDENT * np.log((unexplained + floor) / (spread[:, None] + floor))
    log_odds -= 0.5 * (moved / BELIEVED) ** 2
    best = log_odds.argmax(axis=1)
    weight = np.exp(log_odds - log_odds.max(axis=1, keepdims=True))
    weight *= np.abs(np.arange(len(split)) - best[:, None]) <= NEAR
    return np.asarray(s + (weight * moved).sum(axis=1) / weight.sum(axis=1))


def sampled(picture: NDArray[np.uint8], x: Array, y: Array) -> Array:
    """The colours (..., 3) at fractional pixels, bilinear; outside the border's own."""
    h, w = picture.shape[:2]
    x, y = np.clip(x, 0, w - 1.001), np.clip(y, 0, h - 1.001)
    left, top = x.astype(np.int32), y.astype(np.int32)
    fx, fy = (x - left)[..., None], (y - top)[..., None]
    upper = picture[top, left] * (1 - fx) + picture[top, left + 1] * fx
    lower = picture[top + 1, left] * (1 - fx) + picture[top + 1, left + 1] * fx
    return np.asarray(upper * (1 - fy) + lower * fy)
