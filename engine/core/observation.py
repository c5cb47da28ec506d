"""One frame with everything that is known of it. Each result carries the id of its own frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .frame import Frame
from .results import AudioFeatures, Face, Faces, Hand, Hands, Mask, Pose, Poses, Reference, References

RESULT = "source."  # before the input's name, among an observation's results


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """One frame with everything that is known about it.

    `results` maps a tracker's name (`face`, `pose`, `person`, …) to its result, `sound` to what is heard, and
    `source.camera:1` to the image of an input beside the show's own. A tracker that did not run or failed has no
    entry: that is "unknown", which differs from "nobody".
    """

    frame: Frame
    results: Mapping[str, Any] = field(default_factory=dict)
    signals: Mapping[str, float] = field(default_factory=dict)

    @property
    def faces(self) -> tuple[Face, ...]:
        """The faces, largest first; empty where there is none or the tracker did not run."""
        found = self.results.get("face")
        return found.items if isinstance(found, Faces) else ()

    @property
    def poses(self) -> tuple[Pose, ...]:
        """The bodies, largest first; empty where there is none or the tracker did not run."""
        found = self.results.get("pose")
        return found.items if isinstance(found, Poses) else ()

    @property
    def references(self) -> tuple[Reference, ...]:
        """Things of known shape; empty where there is none or the tracker did not run."""
        found = self.results.get("reference")
        return found.items if isinstance(found, References) else ()

    @property
    def hands(self) -> tuple[Hand, ...]:
        """The hands; empty where there is none or the tracker did not run."""
        found = self.results.get("hands")
        return found.items if isinstance(found, Hands) else ()

    @property
    def mask(self) -> Mask | None:
        """The person mask of these very pixels, or None where it is not known: one of other pixels is never given."""
        found = self.results.get("person")
        return found if isinstance(found, Mask) and found.frame_id == self.frame.image_id else None

    @property
    def audio(self) -> AudioFeatures | None:
        """What is heard, or None where nobody listens."""
        found = self.results.get("sound")
        return found if isinstance(found, AudioFeatures) else None

    def signal(self, name: str, default: float = 0.0) -> float:
        """The value of a named signal in this frame, `default` where it does not exist."""
        return self.signals.get(name, default)
