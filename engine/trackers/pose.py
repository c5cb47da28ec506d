"""Bodies: BlazePose for several people, who are found in parts of the image too, with smoothing and identities."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.closing import Closing
from ..core.errors import TrackerError
from ..core.frame import Floats, Frame
from ..core.param_types import Bool, Float, Int
from ..core.params import Parametrized
from ..core.results import Pose, Poses
from .body_net import Body, BodyNet
from .detectors import BodyDetector
from .identity import Identities, Spot
from .one_euro import OneEuro
from .roi import Roi
from .search_areas import WHOLE, Area, Search

SHOULDERS, HIPS = (11, 12), (23, 24)
# No smoothed point is further from its raw place than this part of the torso's length.
LEASH_TORSO = 0.05
TORSO_M = 0.5
# Points 0 … 12 are head and shoulders.
UPPER = 13
# In a part of the image the detector must be surer: a part shows more that looks like somebody.
PART_SCORE = 0.6
# The network, shown one person, sometimes answers with the neighbour. So the chest may be this many torsos from where
# it was before (and more, the longer ago that was), and this many from where the detector saw it.
JUMP, JUMP_PER_S = 0.3, 3.0
JUMP_FOUND = 0.55


class PoseTracker(Parametrized, Closing):
    """Bodies: 33 points in the image and in metres, with visibility; a mask for each person where asked for."""

    max_poses = Int(4, 1, 8, "how many bodies are looked for")
    min_confidence = Float(0.5, 0.0, 1.0, "how sure the networks must be of a body")
    min_cutoff_hz = Float(1.5, 0.01, 100.0, "One Euro filter: cutoff at rest; lower is steadier", unit="Hz")
    beta = Float(6.0, 0.0, 1000.0, "One Euro filter: more cutoff with speed (torsos per second); higher lags less")
    smooth = Bool(True, "smooth the points over time")
    masks = Bool(False, "a mask for each person too")

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            self.set(name, value)
        self._detector: BodyDetector | None = BodyDetector()
        self._net: BodyNet | None = BodyNet()
        self._bodies: list[Body] = []
        self._time_s = 0.0
        self._search = Search()
        self._identities = Identities()
        self._filters: dict[int, tuple[OneEuro, OneEuro]] = {}

    def track(self, frame: Frame) -> Poses:
        """The bodies in `frame`, largest first, at most `max_poses`; none is no error. Raises TrackerError.

        A body is followed from the square in which it was seen last; new ones are looked for now and then.
        """
        if self._net is None or self._detector is None:
            raise TrackerError("the pose tracker is closed")
        aspect = frame.size[1] / frame.size[0]
        bodies: list[Body] = []
        reach = JUMP + JUMP_PER_S * max(0.0, frame.time_s - self._time_s)
        for before in self._bodies:
            self._add(
                bodies, self._net.look(frame.pixels, before.next, self.masks), _chest(before.points, aspect), reach
            )
        for area in self._search.areas(frame.time_s, len(bodies), self.max_poses, len(bodies) < len(self._bodies)):
            if len(bodies) >= self.max_poses:
                break
            for chest, square in self._find(self._detector, frame, area, bodies):
                if len(bodies) < self.max_poses:
                    self._add(bodies, self._net.look(frame.pixels, square, self.masks), chest, JUMP_FOUND)
        self._bodies, self._time_s = list(bodies), frame.time_s
        bodies.sort(key=lambda b: -torso(b.points, aspect))
        identities = self._identities.match([_spot(b.points, aspect) for b in bodies], frame.time_s)
        alive = self._identities.alive()
        self._filters = {i: f for i, f in self._filters.items() if i in alive}
        poses = (Pose(b.points, b.world, b.visibility, i, b.mask) for b, i in zip(bodies, identities, strict=True))
        return Poses(frame.id, tuple(self._smoothed(p, frame.time_s, aspect) if self.smooth else p for p in poses))

    def _add(self, bodies: list[Body], body: Body, chest: Floats, reach: float) -> None:
        """Adds `body` unless it is none, is among `bodies`, or is somebody else than was expected at `chest`."""
        aspect = body.aspect
        moved = np.linalg.norm(_chest(body.points, aspect) - chest)
        expected = body.score >= self.min_confidence and moved <= reach * torso(body.points, aspect)
        if expected and not any(same(body, b, aspect) for b in bodies):
            bodies.append(body)

    def _find(self, detector: BodyDetector, frame: Frame, area: Area, known: list[Body]) -> list[tuple[Floats, Roi]]:
        """Chest (in widths) and surrounding square of the bodies in one part of the image that are not `known`."""
        width, height = frame.size
        rows, columns = area.slices(width, height)
        corner = np.array([columns.start, rows.start])
        least = self.min_confidence if area == WHOLE else max(self.min_confidence, PART_SCORE)
        squares: list[tuple[Floats, Roi]] = []
        for found in detector.find(frame.pixels[rows, columns], least):
            chest = (found.chest + corner) / width
            if not any(
                np.linalg.norm(chest - _chest(b.points, height / width)) < _near(b, height / width) for b in known
            ):
                squares.append((chest, Roi.around(found.hips + corner, found.circle + corner)))
        return squares

    def _smoothed(self, pose: Pose, time_s: float, aspect: float) -> Pose:
        identity = pose.identity
        if identity not in self._filters:
            self._filters[identity] = (
                OneEuro(self.min_cutoff_hz, self.beta, LEASH_TORSO),
                OneEuro(self.min_cutoff_hz, self.beta, LEASH_TORSO),
            )
        flat, space = self._filters[identity]
        square = np.array([1.0, aspect, 1.0])
        points = flat(pose.points * square, time_s, torso(pose.points, aspect)) / square
        world = space(pose.world, time_s, TORSO_M)
        return Pose(points.astype(np.float32), world.astype(np.float32), pose.visibility, identity, pose.mask)

    def close(self) -> None:
        """Lets the networks go; harmless when called twice."""
        self._net = self._detector = None


def same(a: Body, b: Body, aspect: float) -> bool:
    """Whether two finds are one person: head and shoulders lie within a quarter of the torso of each other, or a small
    one lies in the middle of a large one (hands and sleeves that look like a body upside down)."""
    square = np.array([1.0, aspect])
    sizes = torso(a.points, aspect), torso(b.points, aspect)
    apart = float(np.linalg.norm((a.points[:UPPER, :2] - b.points[:UPPER, :2]) * square, axis=1).mean())
    core = list(SHOULDERS + HIPS)
    middles = (a.points[core, :2].mean(axis=0) - b.points[core, :2].mean(axis=0)) * square
    inside = min(sizes) < 0.65 * max(sizes) and float(np.linalg.norm(middles)) < 0.4 * max(sizes)
    return apart < 0.25 * max(sizes) or inside


def _chest(points: Floats, aspect: float) -> Floats:
    return np.asarray(points[list(SHOULDERS), :2].mean(axis=0) * np.array([1.0, aspect]), np.float32)


def _near(body: Body, aspect: float) -> float:
    return 0.5 * torso(body.points, aspect)


def torso(points: Floats, aspect: float) -> float:
    """The body's size in image widths: shoulders to hips or shoulder to shoulder, whichever looks longer."""
    flat = points[:, :2] * np.array([1.0, aspect])
    shoulders, hips = flat[list(SHOULDERS)], flat[list(HIPS)]
    length = np.linalg.norm(shoulders.mean(axis=0) - hips.mean(axis=0))
    return max(float(length), float(np.linalg.norm(shoulders[0] - shoulders[1])), 1e-4)


def _spot(points: Floats, aspect: float) -> Spot:
    core = points[list(SHOULDERS + HIPS), :2].mean(axis=0)
    return Spot(float(core[0]), float(core[1] * aspect), torso(points, aspect))
