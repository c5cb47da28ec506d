"""What users get wrong, and what a type checker must say of each line.

A comment `# mypy: CODE, pyright: RULE` names what is expected there; on every other line nothing may be found.
"""

from __future__ import annotations

import numpy as np

from phosphene import (
    Color,
    Effect,
    Float,
    Frame,
    Observation,
    Pass,
    Pixels,
    Renderer,
    Sink,
    Source,
    Tracker,
    Uniform,
    load_scene,
    render,
    run,
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


class Late(Source):
    """Gives bare arrays instead of frames."""

    def read(self) -> Pixels | None:  # mypy: override, pyright: reportIncompatibleMethodOverride
        """The next one."""
        return np.zeros((48, 64, 3), np.uint8)


class Timeless(Sink):
    """Does not take the time."""

    def write(self, image: Pixels) -> None:  # mypy: override, pyright: reportIncompatibleMethodOverride
        """One image."""


class Looker:
    """Looks, but does not track."""

    def look(self, frame: Frame) -> None:
        """At a frame."""


tracker: Tracker = Looker()  # mypy: assignment, pyright: reportAssignmentType
run("duotone", input="demo")  # mypy: call-arg, pyright: reportCallIssue
load_scene("duotone").sett("amount", 1)  # mypy: attr-defined, pyright: reportAttributeAccessIssue


class Silent(Sink):
    """Takes no images."""


Silent()  # mypy: abstract, pyright: reportAbstractUsage
Renderer("duotone").render("photo.jpg")  # mypy: arg-type, pyright: reportArgumentType
