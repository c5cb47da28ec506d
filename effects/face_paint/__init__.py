"""Paint on the whole face: a built-in design or any picture of the unrolled face."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from phosphene import Bool, Choice, Effect, FaceCover, Float, Media, Mesh, Observation, Pass, Texture, skin_of

from .designs import DESIGNS


class FacePaint(Effect):
    """Face paint that moves with the skin and keeps its light, for everybody in the picture."""

    design = Choice("tiger", tuple(DESIGNS), "what is painted where no picture is given")
    picture = Media("", "a picture or video of the unrolled face, in MediaPipe's layout, best with transparency")
    amount = Float(0.9, 0.0, 1.0, "how thick the paint is")
    light = Float(1.0, 0.0, 1.0, "how far the paint takes the skin's light and shade")
    hands = Bool(True, "keep clear of hands before the face; finding them takes the body tracker")
    needs = ("face",)
    skin = Mesh()
    drawn = Texture()
    passes = (Pass("face_paint/paint.frag", mesh="skin", blend="replace"),)

    def wants(self) -> Sequence[str]:
        return ("face", "pose") if self.hands else ("face",)

    def prepare(self, size: tuple[int, int]) -> None:
        self._cover = FaceCover()
        self._shown = ""

    def update(self, observation: Observation, dt: float) -> None:
        if not self.picture and self._shown != self.design:
            self.drawn, self._shown = DESIGNS[self.design](), self.design
        shown = self._cover.look(observation, dt) if self.amount > 0.0 else []
        pairs = zip(observation.faces, shown, strict=False)
        self.skin = [skin_of(face, np.repeat(clear[:, None], 4, axis=1)) for face, clear in pairs]
