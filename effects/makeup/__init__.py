"""Lip colour, eye shadow and blush on the face mesh."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from phosphene import Bool, Choice, Color, Effect, FaceCover, Float, Mesh, Observation, Pass, Texture, skin_of

from .masks import draw_masks

TOP, CHIN = 10, 152  # points of the mesh
NEARBY = 0.012  # the neighbourhood in which a highlight stands out, in heights of the face


class Makeup(Effect):
    """Make-up that keeps the skin's own light, for everybody in the picture; what is before the face stays clean."""

    lips = Color("#b3203a", "lip colour")
    lips_amount = Float(0.75, 0.0, 1.0, "strength of the lip colour")
    finish = Choice("satin", ("matte", "satin", "gloss"), "how the lips shine")
    eyes = Color("#6a4a86", "eye shadow")
    eyes_amount = Float(0.55, 0.0, 1.0, "strength of the eye shadow")
    blush = Color("#e0607a", "blush on the cheeks")
    blush_amount = Float(0.35, 0.0, 1.0, "strength of the blush")
    hands = Bool(True, "keep clear of hands before the face; finding them takes the body tracker")
    needs = ("face",)
    skin = Mesh()
    masks = Texture(srgb=False)
    passes = (Pass("makeup/paint.frag", mesh="skin", blend="replace"),)

    def wants(self) -> Sequence[str]:
        return ("face", "pose") if self.hands else ("face",)

    def prepare(self, size: tuple[int, int]) -> None:
        self._cover = FaceCover()
        if self.masks is None:
            self.masks = draw_masks()

    def update(self, observation: Observation, dt: float) -> None:
        self.skin = []
        if max(self.lips_amount, self.eyes_amount, self.blush_amount) == 0.0:
            return
        made = []
        for face, shown in zip(observation.faces, self._cover.look(observation, dt), strict=True):
            tall = float(np.linalg.norm((face.points[TOP] - face.points[CHIN])[:2] * self.size))
            near = NEARBY * tall / np.array(self.size)
            made.append(skin_of(face, np.repeat(shown[:, None], 4, axis=1), values=near.tolist()))
        self.skin = made
