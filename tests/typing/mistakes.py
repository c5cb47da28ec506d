"""What users get wrong, and what a type checker must say of each line.

A comment `# mypy: CODE, pyright: RULE` names what is expected there; on every other line nothing may be found.
"""

from __future__ import annotations

from phosphene import (
    Color,
    Effect,
    Float,
    Frame,
    Observation,
    Pass,
    Renderer,
    Sink,
    Source,
    Tracker,
    Uniform,
    open_source,
    render,
    track,
)
from phosphene.testing import FakeSink, FakeTracker, fake_observation


class Wrong(Effect):
    """Wrong."""

    amount = Float("half", 0.0, 1.0)  # mypy: arg-type, pyright: reportArgumentType
    ink = Color("#1b1464", "the ink")
    place = Uniform("vec5")  # mypy: arg-type, pyright: reportArgumentType
    passes = (Pass("glow.frag", blend="multiply"),)  # mypy: arg-type, pyright: reportArgumentType
    glsl = "vec4 effect(vec2 uv) { return frame_here() * amount; }"

    def update(self, observation: Observation) -> None:  # mypy: override, pyright: reportIncompatibleMethodOverride
        """Forgets that the time since the last frame is passed in."""
        red: str = self.ink[0]  # mypy: assignment, pyright: reportAssignmentType
        print(red, observation.face)  # mypy: attr-defined, pyright: reportAttributeAccessIssue


text: str = Wrong().amount  # mypy: assignment, pyright: reportAssignmentType
render("mirror")  # mypy: call-arg, pyright: reportCallIssue
render("mirror", "demo", size=320)  # mypy: arg-type, pyright: reportArgumentType
for seen in track("face", "demo"):
    print(seen.pixels)  # mypy: attr-defined, pyright: reportAttributeAccessIssue
FakeTracker("nobody")  # mypy: arg-type, pyright: reportArgumentType
FakeSink().write([0, 0, 0], 0.0)  # mypy: arg-type, pyright: reportArgumentType
fake_observation(faces=3)  # mypy: arg-type, pyright: reportArgumentType


class Silent(Source):
    """Gives no frames."""

    size = (32, 18)


class Textual(Sink):
    """Takes something else than images."""

    def write(self, image: str, time_s: float) -> None:  # mypy: override, pyright: reportIncompatibleMethodOverride
        """Takes it."""


class Half:
    """Tracks, but cannot be closed."""

    def track(self, frame: Frame) -> None:
        """Sees nothing."""


Silent()  # mypy: abstract, pyright: reportAbstractUsage
half: Tracker = Half()  # mypy: assignment, pyright: reportAssignmentType
open_source("demo", size="320x180")  # mypy: arg-type, pyright: reportArgumentType
Renderer("duotone").render("photo.jpg")  # mypy: arg-type, pyright: reportArgumentType
