"""The matte: from the raw person mask to the cut-out's alpha, in named rungs.

`draft` shapes the mask alone. `good` steadies it in time and fits it to the edges of the full picture: the guided
filter (He, Sun, Tang 2013, "Guided image filtering"; its fast form, 2015) finds, on the mask's own small grid, the
local linear model alpha = a·guide + b, and the shader evaluates that model at full size, which costs one fetch.

Scenes hold the parameters of mattes, so OpenCV is loaded only where a matte is made: listing scenes does not need it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.data import Floats, Frame, Mask
from engine.params import Choice, Float, HasParams

RADIUS = 0.016  # of the mask's width: about the width of a strand of hair beside the head
EPSILON = 0.002  # guide variance below which a neighbourhood counts as flat
STILL, MOVED = 0.06, 0.35  # change of confidence that counts as noise, and as motion
TINY = 6.2e-5  # the smallest normal half float
HOLD = 0.65  # how much of the last mask stays where nothing moved


class Matte(HasParams):
    """How the person is cut out."""

    quality = Choice("good", ("draft", "good"), "rung of the ladder: draft costs least, good follows hair and edges")
    softness = Float(0.5, 0.0, 1.0, "how soft the edge is")
    grow = Float(0.0, -1.0, 1.0, "grows (above 0) or shrinks (below 0) the cut-out")

    def shape(self) -> tuple[float, float]:
        """The confidences at which the edge begins and is full."""
        middle = 0.5 - 0.35 * self.grow
        half = 0.06 + 0.32 * self.softness
        return max(middle - half, 0.015), min(middle + half, 0.985)


@dataclass(frozen=True, slots=True, eq=False)
class MatteField:
    """The matte of one frame.

    `values`: (h, w, 2) float16, a and b of alpha = a·guide + b where `guided`, else alpha and nothing. `bounds`: (left,
    top, right, bottom) in uv outside which the alpha is 0, or None where it is 0 everywhere.
    """

    values: np.ndarray[tuple[int, ...], np.dtype[np.float16]]
    guided: bool
    bounds: tuple[float, float, float, float] | None


class MatteMaker:
    """Makes mattes from masks, frame after frame; remembers the last mask to steady the next."""

    def __init__(self) -> None:
        self._last: Floats | None = None
        self._seen: Floats | None = None  # the mask itself: one that was carried on has the id of the frame before

    def make(self, mask: Mask, frame: Frame, quality: str) -> MatteField:
        """The matte of `frame` on the rung called `quality`. Deterministic for a sequence of frames."""
        from engine.imaging import brightness, gaussian, shrunk

        confidence = mask.confidence
        if not mask.present:
            self._last = None
            return MatteField(np.zeros((1, 1, 2), np.float16), False, None)
        guided = quality != "draft"
        if guided:
            confidence = self._steady(confidence)
            a, b = guided_filter(brightness(shrunk(frame, (confidence.shape[1], confidence.shape[0]))), confidence)
        else:
            a, b = gaussian(confidence, 0.7), np.zeros_like(confidence)
        values = np.stack([a, b], axis=2)
        values[np.abs(values) < TINY] = 0.0  # a processor takes ten times as long over half floats below this
        return MatteField(values.astype(np.float16), guided, bounds(confidence))

    def _steady(self, confidence: Floats) -> Floats:
        """Keeps most of the last mask where it hardly changed: still edges do not crawl, motion passes at once."""
        from engine.imaging import gaussian

        last = self._last
        if confidence is self._seen and last is not None:
            return last
        self._seen = confidence
        if last is not None and last.shape == confidence.shape:
            change = gaussian(np.abs(confidence - last), 1.0)
            moved = np.clip((change - STILL) / (MOVED - STILL), 0.0, 1.0)
            confidence = confidence + (last - confidence) * (HOLD * (1.0 - moved))
        self._last = confidence
        return confidence


def guided_filter(guide: Floats, mask: Floats) -> tuple[Floats, Floats]:
    """The coefficients a, b (each of the mask's shape) of the guided filter with a grey guide of the same shape."""
    from engine.imaging import box_mean

    radius = max(1, round(RADIUS * mask.shape[1]))
    mean_i, mean_p = box_mean(guide, radius), box_mean(mask, radius)
    variance: Floats = box_mean(guide * guide, radius) - mean_i * mean_i
    covariance: Floats = box_mean(guide * mask, radius) - mean_i * mean_p
    a: Floats = covariance / (variance + np.float32(EPSILON))
    b: Floats = mean_p - a * mean_i
    return box_mean(a, radius), box_mean(b, radius)


def bounds(confidence: Floats) -> tuple[float, float, float, float] | None:
    """The box, in uv, of everything above a whisper of confidence, with room for the filter's reach."""
    seen = confidence > 0.02
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if rows.size == 0:
        return None
    height, width = confidence.shape
    margin = 3.0 * RADIUS
    return (
        max(columns[0] / width - margin, 0.0),
        max(rows[0] / height - margin, 0.0),
        min((columns[-1] + 1) / width + margin, 1.0),
        min((rows[-1] + 1) / height + margin, 1.0),
    )
