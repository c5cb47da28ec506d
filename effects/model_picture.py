"""What a model makes of the picture, in its place: styles, drawings, depth, or the model's mask as a cut-out."""

from __future__ import annotations

import numpy as np

from phosphene import Choice, Effect, Float, Mask, ModelImage, Observation, Text, Texture, Uniform


class ModelPicture(Effect):
    """Shows the picture that a model makes (task image), or cuts out by its mask (task mask)."""

    model = Text("", "which model, by its name: --model NAME=PATH, or [model.NAME] in the scene; empty: none")
    amount = Float(1.0, 0.0, 1.0, "how much of it is seen")
    detail = Choice("model", ("model", "camera"), "camera: the colours of the model, the light and edges of the camera")
    made = Texture()
    is_cut = Uniform("int")
    place = Uniform("vec4")
    glsl = """
    vec4 effect(vec2 uv) {
        vec4 c = frame(uv);
        vec2 at = (uv - place.xy) / max(place.zw - place.xy, vec2(1e-4));
        if (any(lessThan(at, vec2(0.0))) || any(greaterThan(at, vec2(1.0)))) return c;
        vec4 m = made(at);
        if (is_cut == 1) return c * mix(1.0, smoothstep(0.3, 0.7, m.a), amount);
        if (m.a == 0.0) return c;
        vec3 shown = m.rgb;
        if (detail == 1) shown *= clamp((luma(c.rgb) + 0.02) / (luma(m.rgb) + 0.02), 0.0, 4.0);
        return vec4(mix(c.rgb, min(shown, 1.0) * c.a, amount), c.a);
    }"""

    def wants(self) -> tuple[str, ...]:
        return (f"model.{self.model}",) if self.model else ()

    def prepare(self, size: tuple[int, int]) -> None:
        self.made = np.zeros((1, 1, 4), np.uint8)
        self.place = 0.0, 0.0, 1.0, 1.0

    def update(self, observation: Observation, dt: float) -> None:
        found = observation.results.get(f"model.{self.model}")
        self.is_cut = int(isinstance(found, Mask))
        self.place = 0.0, 0.0, 1.0, 1.0
        if isinstance(found, ModelImage):
            opaque = np.full((*found.pixels.shape[:2], 1), 255, np.uint8)
            self.made, self.place = np.concatenate([found.pixels, opaque], axis=2), found.box
        elif isinstance(found, Mask):
            alpha = (np.clip(found.confidence, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
            self.made = np.repeat(alpha[..., None], 4, axis=2)
        else:
            self.made = np.zeros((1, 1, 4), np.uint8)
