"""Another place to stand in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from phosphene import Choice, Color, Effect, Float, Media, Observation, Pass, Uniform

KINDS = ("auto", "world", "picture", "panorama", "color", "blur")
EASE_S = 0.25
ROOM_LINES = 90
WORLD_LINES = 216  # keeps the world a little out of focus behind a person in 720p, and its cost within bounds


class Place(Effect):
    """A place: a world made of GLSL, a picture or video, a panorama, a plain colour, or the own room blurred."""

    kind = Choice(
        "auto", KINDS, "auto: a picture where one is given (a panorama if it is twice as wide as high), else the world"
    )
    picture = Media("", "picture, video or equirectangular panorama to stand in")
    color = Color("#2b3a55", "the plain colour")
    hour = Float(0.3, 0.0, 1.0, "the world's time: dusk, night, dawn")
    turn_deg = Float(0.0, -180.0, 180.0, "where the panorama begins to look", unit="degrees")
    follow = Float(0.35, 0.0, 1.0, "how far the place turns with the head, so that it reads as a place")
    view_deg = Float(75.0, 30.0, 120.0, "how wide the panorama is seen", unit="degrees")
    radius = Float(0.16, 0.0, 0.5, "how far the own room is blurred, in picture heights")
    look = Uniform("vec2")
    passes = (
        Pass("blur/room.frag", target="room", lines=ROOM_LINES, when=lambda e: e.is_shown("blur")),
        Pass("blur/across.frag", target="across", lines=ROOM_LINES, when=lambda e: e.is_shown("blur")),
        Pass("blur/down.frag", target="down", lines=ROOM_LINES, when=lambda e: e.is_shown("blur")),
        Pass(
            "vec4 effect(vec2 uv) { vec4 c = down(uv); return vec4(c.rgb / max(c.a, 1e-4), 1.0); }",
            lines=ROOM_LINES,
            when=lambda e: e.is_shown("blur"),
        ),
        Pass("place/world.frag", lines=WORLD_LINES, when=lambda e: e.is_shown("world")),
        Pass("place/picture.frag", when=lambda e: e.is_shown("picture")),
        Pass("place/panorama.frag", when=lambda e: e.is_shown("panorama")),
        Pass("vec4 effect(vec2 uv) { return vec4(color, 1.0); }", when=lambda e: e.is_shown("color")),
    )

    def prepare(self, size: tuple[int, int]) -> None:
        self._look = np.zeros(2)

    def showing(self) -> str:
        """The kind that `auto` stands for."""
        kind = self.kind
        if kind == "auto":
            kind = "picture" if self.picture else "world"
            width, height = self.media_sizes.get("picture", (0, 0))
            if 1.9 * height <= width <= 2.1 * height and height > 0:
                kind = "panorama"
        return "color" if kind in ("picture", "panorama") and not self.picture else kind

    def is_shown(self, kind: str) -> bool:
        """Whether `kind` is what is seen."""
        return self.showing() == kind

    def wants(self) -> tuple[str, ...]:
        if self.follow == 0.0:
            return ()
        return {"panorama": ("face",), "world": ("person",), "picture": ("person",)}.get(self.showing(), ())

    def update(self, observation: Observation, dt: float) -> None:
        wanted = np.zeros(2)
        if self.follow > 0.0:
            wanted = self._toward(observation) * self.follow
        # The first frame stands where the head is; later ones ease toward it, and back to the middle without a head.
        ease = 1.0 if dt == 0.0 else 1.0 - float(np.exp(-dt / EASE_S))
        self._look = self._look + (wanted - self._look) * ease
        self.look = self._look

    def _toward(self, observation: Observation) -> NDArray[np.float64]:
        """Where the head calls the view to, in radians: by its turn where a face is known, else by its place."""
        if self.showing() == "panorama":
            if not observation.faces:
                return np.zeros(2)
            face = observation.faces[0]
            ahead = face.transform[:3, 2]
            turn = np.array([np.arctan2(ahead[0], ahead[2]), np.arctan2(ahead[1], np.hypot(ahead[0], ahead[2]))])
            place = face.points[:468, :2].mean(axis=0) - 0.5
            return np.asarray(np.clip(turn, -1.0, 1.0) * 0.6 + place * [0.8, -0.5])
        mask = observation.mask
        if mask is None or not mask.present:
            return np.zeros(2)
        solid = mask.confidence > 0.5
        rows = np.flatnonzero(solid.any(axis=1))
        if rows.size == 0:
            return np.zeros(2)
        top = int(rows[0])
        head = solid[top : top + max(1, round(0.2 * solid.shape[0]))]
        x = float(np.flatnonzero(head.any(axis=0)).mean()) / solid.shape[1]
        return np.array([x - 0.5, 0.25 - top / solid.shape[0]]) * [1.2, 0.5]
