"""The matte: from the raw person mask to the cut-out's alpha, in named quality levels.

Every level filters the mask in time and fits it to the edges of the full image: the guided filter (He, Sun, Tang
2013, "Guided image filtering"; its fast form, 2015) finds, on the mask's own small grid, the local linear model
alpha = a·colour + b, which the shader evaluates at full size. `draft` does so on half the grid and filters a little,
`good` on the whole grid; `best` has the person tracker look closer, follows motion when it filters, fits twice, and
takes the room's colour out of soft pixels. engine/matte/guided_filter.py holds the steps; `phosphene score` says what
each quality level is worth.

Scenes hold the parameters of mattes, so OpenCV is loaded only where a matte is made: listing scenes does not need it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ..core.frame import Floats, Pixels
from ..core.param_types import Choice, Float
from ..core.params import Parametrized

QUALITIES = ("draft", "good", "best")
WHO = ("all", "middle", "same")
# What each quality level asks of the person tracker.
Detail = Literal["plain", "fine"]
DETAIL: dict[str, Detail] = {"draft": "plain", "good": "plain", "best": "fine"}
MARGIN = 0.05  # how far beyond the mask, in uv, the alpha may reach


class Matte(Parametrized):
    """How the person is cut out."""

    quality = Choice("good", QUALITIES, "quality level: draft costs least, best follows edges and motion")
    who = Choice(
        "all", WHO, "all: everybody; middle: whoever is nearest the middle; same: who was so first, as they move"
    )
    softness = Float(0.5, 0.0, 1.0, "how soft the edge is")
    grow = Float(0.0, -1.0, 1.0, "grows (above 0) or shrinks (below 0) the cut-out")

    def shape(self) -> tuple[float, float]:
        """The confidences at which the edge begins and is full."""
        middle = 0.5 - 0.35 * self.grow
        half = 0.06 + 0.74 * self.softness
        return max(middle - half, 0.015), min(middle + half, 0.985)


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    """Where a cut-out needs how much work: rows (left, top, right, bottom) in uv. In `solid` tiles the alpha is 1 for
    sure, whatever the image shows; in `soft` ones it must be computed; everywhere else it is 0 for sure."""

    solid: Floats
    soft: Floats


@dataclass(frozen=True, slots=True, eq=False)
class MatteField:
    """The matte of one frame.

    `values`: (h, w, 4) with a (red, green, blue) and b of alpha = a·colour + b where `guided`, else (1, 1, 1)
    with one alpha for all. `bounds`: (left, top, right, bottom) in uv outside which the alpha is 0, or None where it is
    0 everywhere. `room`: (h/2, w/2, 4) uint8 sRGB, the room's colours beside the edge, which are taken out of soft
    pixels, or None where that is not done.
    """

    values: Floats
    guided: bool
    bounds: tuple[float, float, float, float] | None
    room: Pixels | None = None
    tiled: dict[tuple[float, float], Tiles] = field(default_factory=dict, repr=False)  # by shape

    def tiles(self, shape: tuple[float, float]) -> Tiles:
        """The tiles for a soft step from `shape[0]` to `shape[1]`. Exact: alpha = a·colour + b is bounded by its values
        at black and white of each channel, and between the grid's nodes it is linear."""
        from .guided_filter import tiled

        if shape not in self.tiled:
            self.tiled[shape] = Tiles(*tiled(self.values, shape))
        return self.tiled[shape]


def bounds(confidence: Floats) -> tuple[float, float, float, float] | None:
    """The box, in uv, of everything above a whisper of confidence, with room for the filter's reach."""
    seen = confidence > 0.02
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if rows.size == 0:
        return None
    height, width = confidence.shape
    return (
        max(columns[0] / width - MARGIN, 0.0),
        max(rows[0] / height - MARGIN, 0.0),
        min((columns[-1] + 1) / width + MARGIN, 1.0),
        min((rows[-1] + 1) / height + MARGIN, 1.0),
    )
