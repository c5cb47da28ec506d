"""Glasses, or any model that is worn like them, on every face."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phosphene import (
    Bool,
    Effect,
    Face,
    File,
    Float,
    Mesh,
    Observation,
    Pass,
    Texture,
    Triangles,
    face_mesh,
    read_model,
    skin_of,
)
from phosphene.drawing import blur, fill_polygon

from .fit import FRONT, fitted, head, placed, worn
from .light import Light

BUILT_IN = Path(__file__).with_name("glasses.glb")
SHADOW_CM = 20.0  # the side of the square of the face that the shadow's picture shows
SHADOW_PX = 256
SHADOW_DEPTH_CM = 4.5  # what lies further back than this throws no shadow on the face's front
SOFT_CM = 0.3
STEADY_S = 0.8
FORGET_S = 1.0


@dataclass
class Wearer:
    """One head: how much larger than usual, what light falls on it."""

    scale: float = 0.0
    unseen_s: float = 0.0
    light: Light = field(default_factory=Light)


class Glasses(Effect):
    """A 3D model on every head, lit as the face is; heads hide what is behind them, and a soft shadow falls on skin."""

    model = File("", "a glTF model (.glb), worn like glasses; empty: the built-in pair", reads=read_model)
    scale = Float(1.0, 0.2, 4.0, "size of the model")
    up_cm = Float(0.0, -15.0, 15.0, "how much higher it sits", unit="cm")
    forward_cm = Float(0.0, -15.0, 15.0, "how much further to the front it sits", unit="cm")
    shadow = Float(0.6, 0.0, 1.0, "strength of the shadow on the skin")
    shine = Float(1.0, 0.0, 2.0, "strength of reflections")
    tint = Float(0.0, 0.0, 1.0, "how dark lenses are beyond what the model says: 1 makes sunglasses")
    visible = Bool(True, "whether it is worn")
    needs = ("face",)
    skin = Mesh()
    worn = Mesh()
    shade = Texture(srgb=False)
    passes = (
        Pass("glasses/shadow.frag", mesh="skin", blend="over"),
        Pass("glasses/model.frag", mesh="worn", depth=True, blend="over"),
    )

    def prepare(self, size: tuple[int, int]) -> None:
        self._wearers: dict[int, Wearer] = {}
        self._made: tuple[str, float, float, float] | None = None
        self._solid: Triangles | None = None

    def update(self, observation: Observation, dt: float) -> None:
        self.skin, self.worn = [], []
        if not self.visible:
            return
        asked = (self.model, self.scale, self.up_cm, self.forward_cm)
        if self._made != asked:
            self._load()
            self._made = asked
        seen = {face.identity for face in observation.faces}
        for identity, wearer in list(self._wearers.items()):
            wearer.unseen_s = 0.0 if identity in seen else wearer.unseen_s + dt
            if wearer.unseen_s > FORGET_S:
                del self._wearers[identity]
        self.worn = [self._on(face, observation, dt) for face in observation.faces]
        self.skin = [self._shaded(face) for face in observation.faces] if self.shadow > 0.0 else []

    def _load(self) -> None:
        """Reads the model and puts it before a head that hides. Raises SourceError."""
        model = read_model(self.model or BUILT_IN)
        at = (worn(model) - FRONT) * self.scale + FRONT + [0.0, self.up_cm, self.forward_cm]
        skull, patches = head()
        none = np.zeros((len(skull), 4), np.float32)
        self._solid = Triangles(
            np.concatenate([skull, at.astype(np.float32)]),
            np.concatenate([patches, model.corners + len(skull)]).astype(np.int32),
            np.concatenate([none[:, :2], model.finish]),
            np.concatenate([none[:, :3], model.normals]),
            np.concatenate([none, model.colors]),
            hides=len(patches),
        )
        self.shade = shadow_of(at, model.corners, model.colors[:, 3])

    def _on(self, face: Face, observation: Observation, dt: float) -> Triangles:
        """The model on one face."""
        assert self._solid is not None
        wearer = self._wearers.setdefault(face.identity, Wearer())
        scale, shift = fitted(face, self.size)
        if wearer.scale == 0.0:
            wearer.scale = scale
        else:  # a head does not grow: only the shift follows at once
            wearer.scale += (scale - wearer.scale) * (1.0 - float(np.exp(-dt / STEADY_S)))
        wearer.light.follow(face, observation.frame.pixels, dt)
        values = [*wearer.light.direction, self.shine, *wearer.light.color]
        return replace(self._solid, transform=placed(face, wearer.scale, shift), values=values)

    def _shaded(self, face: Face) -> Triangles:
        """The skin that the shadow falls on; `mesh_color` is where each point of it lies on the face at rest."""
        light = self._wearers[face.identity].light.direction
        toward = face.transform[:3, :3].T @ light  # seen from the face
        rest = np.ones((len(face_mesh().positions), 4), np.float32)
        rest[:, :3] = face_mesh().positions
        return skin_of(face, rest, [*toward, self.shadow])


def shadow_of(at: NDArray[Any], corners: NDArray[np.int32], opacity: NDArray[np.float32]) -> NDArray[np.uint8]:
    """How much light the model's front takes away, seen from the front: a square of SHADOW_CM round the origin."""
    uv = np.stack([0.5 + at[:, 0] / SHADOW_CM, 0.5 - at[:, 1] / SHADOW_CM], axis=1)
    near = at[corners, 2].mean(axis=1) > FRONT[2] - SHADOW_DEPTH_CM
    clear = opacity[corners].mean(axis=1) < 0.99
    size = (SHADOW_PX, SHADOW_PX)
    taken = fill_polygon(uv[corners[near & ~clear]], size, holes=False)
    if (near & clear).any():
        share = np.float32(0.5 * opacity[corners[near & clear]].mean())
        taken = np.maximum(taken, fill_polygon(uv[corners[near & clear]], size, holes=False) * share)
    soft = blur(taken, SOFT_CM * SHADOW_PX / SHADOW_CM)
    return np.repeat((soft * 255).astype(np.uint8)[..., None], 4, axis=2)
