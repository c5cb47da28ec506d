"""How far an alpha lies from the true one. Everything is measured at the image's full size.

`known` marks the pixels of which the truth is known (None: all); the others count for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from ...core.frame import Floats

Bools: TypeAlias = NDArray[np.bool_]
TOLERANCE = 2 / 256  # of the image's height: how far a boundary may lie from the true one
BAND = 6 / 256  # of the image's height: what counts as near an edge


def iou(alpha: Floats, truth: Floats, known: Bools | None = None) -> float:
    """Intersection over union of what is more person than not; 1 where both are empty."""
    mine, true = alpha > 0.5, truth > 0.5
    if known is not None:
        mine, true = mine & known, true & known
    union = np.count_nonzero(mine | true)
    return float(np.count_nonzero(mine & true) / union) if union else 1.0


def boundary_f(alpha: Floats, truth: Floats, known: Bools | None = None) -> float:
    """F-score of the boundary, 2 px of tolerance in an image 256 px high (Martin, Fowlkes, Malik 2004)."""
    tolerance = max(1.0, TOLERANCE * truth.shape[0])
    mine, true = boundary(alpha > 0.5), boundary(truth > 0.5)
    if known is not None:
        mine, true = mine & known, true & known
    if not mine.any() or not true.any():
        return float(mine.any() == true.any())
    precision = np.mean(distance_to(true)[mine] <= tolerance)
    recall = np.mean(distance_to(mine)[true] <= tolerance)
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0


def mad(alpha: Floats, truth: Floats, known: Bools | None = None) -> float:
    """Mean absolute difference, times 1000."""
    return 1000 * _mean(np.abs(alpha - truth), known)


def gradient_error(alpha: Floats, truth: Floats, known: Bools | None = None) -> float:
    """Mean difference of the gradients' lengths near true edges, times 1000 (after Rhemann et al. 2009, sigma 1.4)."""
    near = near_edge(truth)
    near = near if known is None else near & known
    return 1000 * _mean(np.abs(gradient(alpha) - gradient(truth)), near)


def dtssd(alphas: Sequence[Floats], truths: Sequence[Floats], known: Bools | None = None) -> float:
    """Flicker: root mean square of how differently alpha and truth change from frame to frame, times 100.

    Erofeev et al. 2015, "Perceptually motivated benchmark for video matting", as later papers count it.
    """
    steps = []
    for n in range(1, len(alphas)):
        change = (alphas[n] - alphas[n - 1]) - (truths[n] - truths[n - 1])
        steps.append(np.sqrt(_mean(change * change, known)))
    return 100 * float(np.mean(steps)) if steps else 0.0


def boundary(inside: Bools) -> Bools:
    """The pixels of `inside` that touch its outside; the image's own border is no boundary."""
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
    shrunk = cv2.erode(inside.astype(np.uint8), cross, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(inside & (shrunk == 0))


def distance_to(points: Bools) -> Floats:
    """The distance of every pixel to the nearest of `points`."""
    return np.asarray(cv2.distanceTransform((~points).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE))


def near_edge(truth: Floats) -> Bools:
    """The pixels within a few of a true edge, and all that are truly half covered."""
    soft = (truth > 0.02) & (truth < 0.98)
    edge = boundary(truth > 0.5) | soft
    if not edge.any():
        return edge
    return np.asarray(distance_to(edge) <= max(2.0, BAND * truth.shape[0]))


def gradient(alpha: Floats) -> Floats:
    """The length of the gradient after a Gaussian of 1.4 pixels."""
    smooth = cv2.GaussianBlur(alpha, (0, 0), 1.4, borderType=cv2.BORDER_REPLICATE)
    x = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=1, scale=0.5, borderType=cv2.BORDER_REPLICATE)
    y = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=1, scale=0.5, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(np.hypot(x, y), np.float32)


def _mean(values: Floats, known: Bools | None) -> float:
    if known is not None:
        values = values[known]
    return float(values.mean(dtype=np.float64)) if values.size else 0.0
