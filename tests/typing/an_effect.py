"""A user's effect: every kind of parameter, uniforms, passes and hooks, each of the type that the docs give it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, assert_type

from phosphene import (
    Bool,
    Choice,
    Color,
    Effect,
    File,
    Float,
    Int,
    Media,
    Observation,
    Pass,
    Point,
    Sprites,
    Text,
    Uniform,
)

PAINT = "vec4 effect(vec2 uv) { return vec4(mix(frame_here().rgb, ink, amount * place.x), 1.0); }"


class Shine(Effect):
    """Makes it shine."""

    amount = Float(0.5, 0.0, 1.0, "how much", unit="of all")
    count = Int(3, 1, 9, "how many")
    on = Bool(True, "whether it is on")
    look = Choice("soft", ("soft", "hard"), "how it looks")
    words = Text("hello", "what it says")
    model = File("", "what it reads")
    film = Media("", "what it plays")
    ink = Color("#1b1464", "the ink")
    middle = Point((0.5, 0.5), "where it shines")
    place = Uniform("vec2")
    stars = Sprites()
    needs = ("face",)
    passes = (Pass(PAINT, target="glow", scale=0.5), Pass(PAINT, when=lambda effect: effect.on))

    def prepare(self, size: tuple[int, int]) -> None:
        """Forgets where it was."""
        self.place = (0.0, 0.0)

    def update(self, observation: Observation, dt: float) -> None:
        """Follows the first face."""
        assert_type(self.amount, float)
        assert_type(self.count, int)
        assert_type(self.on, bool)
        assert_type(self.look, str)
        assert_type(self.words, str)
        assert_type(self.model, str)
        assert_type(self.film, str)
        assert_type(self.ink, tuple[float, float, float, float])
        assert_type(self.middle, tuple[float, float])
        for face in observation.faces:
            assert_type(face.identity, int)
            self.place = face.points[0, :2] * self.amount
            self.stars = [[*face.points[0, :2], 4.0, 4.0, 0.0, *[0.0] * 8]]
        if observation.mask is not None:
            assert_type(observation.mask.present, bool)
        assert_type(observation.signal("face.smile"), float)

    def wants(self) -> Sequence[str]:
        """No tracker while it is off."""
        return self.needs if self.on else ()

    def report(self) -> Mapping[str, Any]:
        """Where it is."""
        return {"x": float(self.place[0])}


assert_type(Shine.amount, Float)
assert_type(Shine.ink, Color)
Shine(amount=0.2).set("amount", 0.3)
