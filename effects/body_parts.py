"""The parts of everybody's body, each in its own colour, or some of them cut out."""

from __future__ import annotations

import colorsys

import numpy as np

from phosphene import PART_NAMES, Bool, Choice, Effect, Float, Observation, Parts, Texture

GROUPS = ("face", "arm", "hand", "torso", "leg", "foot")
HUES = {"face": 0.11, "arm": 0.52, "hand": 0.93, "torso": 0.38, "leg": 0.70, "foot": 0.03}


def palette() -> np.ndarray:
    """A colour (24, 3) 0..1 for each part: a hue for each group, shades for left, right, upper, lower and back."""
    rows = []
    for name in PART_NAMES:
        hue = HUES[group_of(name)] + (0.05 if "right" in name else 0.0) + (0.025 if "lower" in name else 0.0)
        rows.append(colorsys.hsv_to_rgb(hue % 1.0, 0.62 if "back" in name else 0.78, 0.8 if "lower" in name else 1.0))
    return np.array(rows, np.float32)


def group_of(name: str) -> str:
    """Which of `GROUPS` a part belongs to."""
    return next(group for group in GROUPS if group in name)


class BodyParts(Effect):
    """Paints the parts of everybody's body, or cuts some of them out."""

    show = Choice("paint", ("paint", "cut"), "paint: each part in its colour; cut: nothing but the chosen parts")
    face = Bool(True, "the face and head")
    arm = Bool(True, "upper and lower arms")
    hand = Bool(True, "hands")
    torso = Bool(True, "the torso")
    leg = Bool(True, "upper and lower legs")
    foot = Bool(True, "feet")
    amount = Float(0.75, 0.0, 1.0, "how much of the colour is seen")
    painted = Texture(srgb=False)
    needs = ("parts",)
    glsl = """
    vec4 effect(vec2 uv) {
        vec4 c = frame(uv), p = painted(uv);
        float here = smoothstep(0.35, 0.65, p.a);
        if (show == 1) return c * here;
        vec3 ink = pow(p.rgb / max(p.a, 0.004), vec3(2.2));
        vec3 shaded = ink * (0.15 + 1.1 * sqrt(luma(c.rgb)));
        return vec4(mix(c.rgb, min(shaded, 1.0) * c.a, here * amount), c.a);
    }"""

    def prepare(self, size: tuple[int, int]) -> None:
        self._palette = palette()
        self.painted = np.zeros((1, 1, 4), np.uint8)

    def update(self, observation: Observation, dt: float) -> None:
        found = observation.results.get("parts")
        if not isinstance(found, Parts):
            self.painted = np.zeros((1, 1, 4), np.uint8)
            return
        chosen = np.array([getattr(self, group_of(name)) for name in PART_NAMES], np.float32)
        alpha = found.confidence * chosen[found.part]
        colors = self._palette[found.part] * alpha[..., None]  # premultiplied, so that edges blend rightly
        self.painted = (np.dstack([colors, alpha]) * 255.0 + 0.5).astype(np.uint8)
