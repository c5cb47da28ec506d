from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from phosphene import Effect, Float, Observation, Pass, Sprites

FEET = 0.06  # of the body's height: what is taken for its feet
CUT_OFF = 0.97  # who reaches further down stands outside the picture, and casts nothing in it
LEAST = 0.01  # of the picture: smaller blobs of the mask are nobody
EASE_S = 0.08


class ContactShadow(Effect):
    """A soft shadow on the ground where people's feet stand, so that they do not float before their new place."""

    amount = Float(0.55, 0.0, 1.0, "how dark it is")
    reach = Float(1.5, 0.5, 4.0, "how wide it is, in widths of what stands there")
    squash = Float(0.22, 0.05, 1.0, "how high it is, in its own widths: how steeply the ground is seen")
    needs = ("person",)
    spots = Sprites()
    passes = (
        Pass(
            """
            vec4 effect(vec2 uv) {
                float near = max(0.0, 1.0 - dot(sprite, sprite));
                return vec4(0.0, 0.0, 0.0, amount * data0.x * near * near);
            }""",
            sprites="spots",
            blend="over",
        ),
    )

    def prepare(self, size: tuple[int, int]) -> None:
        self._last = np.zeros((0, Sprites.COLUMNS))

    def update(self, observation: Observation, dt: float) -> None:
        rows = self._found(observation) if self.amount > 0.0 else self._last[:0]
        if rows.shape == self._last.shape and dt > 0.0:
            near = np.abs(rows[:, :2] - self._last[:, :2]).max(axis=1, initial=0.0) < 0.1 * self.size[1]
            ease = np.where(near, 1.0 - np.exp(-dt / EASE_S), 1.0)[:, None]
            rows = self._last + (rows - self._last) * ease
        self.spots = self._last = rows

    def _found(self, observation: Observation) -> NDArray[np.float64]:
        """A quad under each foot, from left to right, and a paler one under each body."""
        mask = observation.mask
        if mask is None or not mask.present:
            return np.zeros((0, Sprites.COLUMNS))
        solid = mask.confidence > 0.5
        height, width = solid.shape
        rows = []
        for left, right in runs(np.asarray(solid.any(axis=0))):  # people who stand apart
            body = solid[:, left:right]
            top, bottom = (int(y) for y in np.flatnonzero(body.any(axis=1))[[0, -1]] + [0, 1])
            if np.count_nonzero(body) < LEAST * solid.size or bottom >= CUT_OFF * height:
                continue
            feet = runs(np.asarray(body[bottom - max(2, round(FEET * (bottom - top))) : bottom].any(axis=0)))
            for begin, end, dark in [(feet[0][0], feet[-1][1], 0.5), *((begin, end, 1.0) for begin, end in feet)]:
                half = max(end - begin, 2) / 2 / width * self.size[0] * self.reach
                x, y = (left + (begin + end) / 2) / width * self.size[0], (bottom - 0.3) / height * self.size[1]
                rows.append([x, y, half, half * self.squash, 0.0, dark, *[0.0] * 7])
        return np.array(rows).reshape(-1, Sprites.COLUMNS)


def runs(seen: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where stretches of True begin and end."""
    edges = np.flatnonzero(np.diff(np.pad(seen.astype(np.int8), 1)))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]
