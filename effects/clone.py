"""Yourself several times, each copy a little later."""

from __future__ import annotations

import numpy as np

from phosphene import Effect, Float, Int, Observation, Pass, Sprites

SIDE = 7  # moments along each side of the picture that keeps them
MOMENTS = SIDE * SIDE
TILE = (288, 216)  # pixels of one moment: copies stand further back and may be softer
ATLAS = (SIDE * TILE[0], SIDE * TILE[1])


class Clone(Effect):
    """Copies of the person over what is beneath, each later, further aside and further back than the one before."""

    copies = Int(4, 1, 6, "how many copies")
    delay_s = Float(0.35, 0.05, 1.0, "how much later each copy is than the one before it", unit="s")
    spread = Float(0.17, 0.0, 0.5, "how far aside each pair of copies stands, in picture widths")
    shrink = Float(0.88, 0.5, 1.0, "how large each pair of copies is beside the one before it")
    fade = Float(0.8, 0.2, 1.0, "how bright each pair of copies is beside the one before it")
    needs = ("person",)
    taken = Sprites()
    shown = Sprites()
    passes = (
        Pass("clone/take.frag", target="moments", size=ATLAS, sprites="taken", blend="replace"),
        Pass("clone/show.frag", sprites="shown", blend="over"),
    )

    def prepare(self, size: tuple[int, int]) -> None:
        self._moments: list[tuple[float, int, tuple[float, float, float, float]]] = []  # time, place, box
        self._next = 0

    def update(self, observation: Observation, dt: float) -> None:
        now_s = observation.frame.time_s
        if self._moments and now_s < self._moments[-1][0]:
            self._moments.clear()
        self.taken = np.zeros((0, Sprites.COLUMNS))
        step_s = self.copies * self.delay_s / (MOMENTS - 4)
        if not self._moments or now_s - self._moments[-1][0] >= step_s:
            self._take(observation, now_s)
        rows = [row for number in range(self.copies, 0, -1) if (row := self._row(number, now_s)) is not None]
        self.shown = np.array(rows).reshape(-1, Sprites.COLUMNS)

    def _take(self, observation: Observation, now_s: float) -> None:
        """Keeps the person of this frame."""
        mask = observation.mask
        if mask is None or not mask.present:
            box = (0.0, 0.0, 0.0, 0.0)
        else:
            seen = mask.confidence > 0.03
            across, down = np.flatnonzero(seen.any(axis=0)), np.flatnonzero(seen.any(axis=1))
            height, width = seen.shape
            edges = np.array([across[0], down[0], across[-1] + 1, down[-1] + 1]) / [width, height, width, height]
            left, top, right, bottom = np.clip(edges + np.array([-0.02, -0.02, 0.02, 0.02]), 0.0, 1.0)
            box = (float(left), float(top), float(right), float(bottom))
        place = self._next
        self._next = (place + 1) % MOMENTS
        self._moments = [*self._moments[-MOMENTS + 2 :], (now_s, place, box)]
        x, y = (place % SIDE + 0.5) * TILE[0], (place // SIDE + 0.5) * TILE[1]
        self.taken = np.array([[x, y, TILE[0] / 2, TILE[1] / 2, *[0.0] * 9]])

    def _row(self, number: int, now_s: float) -> list[float] | None:
        """The quad of one copy; None where that moment is not known, or nobody was there."""
        wanted_s = now_s - number * self.delay_s
        known = [moment for moment in self._moments if moment[0] <= wanted_s + 1e-6]
        if not known or known[-1][2][2] <= known[-1][2][0]:
            return None
        _, place, (left, top, right, bottom) = known[-1]
        rank = (number + 1) // 2  # copies stand in pairs, right and left
        scale = self.shrink**rank
        aside = self.spread * rank * (1.0 if number % 2 else -1.0)
        width, height = self.size
        x = 0.5 + ((left + right) / 2 - 0.5) * scale + aside
        rise = 0.02 * rank if bottom < 0.97 else 0.0  # who is cut off by the picture's edge stays at it
        y = 1.0 - (1.0 - (top + bottom) / 2) * scale - rise
        half = (right - left) / 2 * scale * width, (bottom - top) / 2 * scale * height
        corner = (place % SIDE + left) / SIDE, (place // SIDE + top) / SIDE
        extent = (right - left) / SIDE, (bottom - top) / SIDE
        return [x * width, y * height, *half, 0.0, *corner, *extent, self.fade**rank, rank / 3, 0.0, 0.0]
