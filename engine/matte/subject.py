"""One person out of the mask of all: who it is, and what of the mask is theirs.

The segmenter gives one mask for everybody. The pose tracker says who there is: each body's own mask, coarse but of that
person alone, and its bones share the fine mask out. What nobody's bones are near, and what hangs together with nobody,
is a passer-by and dropped. The same frames give the same choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..core.frame import Floats, Pixels
from ..core.observation import Observation
from ..core.results import Mask, Pose

# The bones of a body as pairs of its 33 points, and how thick each is in torsos.
BONES = (
    (11, 12, 0.25), (11, 23, 0.3), (12, 24, 0.3), (23, 24, 0.3), (11, 24, 0.3), (12, 23, 0.3),
    (11, 13, 0.16), (13, 15, 0.13), (15, 19, 0.12), (12, 14, 0.16), (14, 16, 0.13), (16, 20, 0.12),
    (23, 25, 0.2), (25, 27, 0.16), (27, 31, 0.14), (24, 26, 0.2), (26, 28, 0.16), (28, 32, 0.14),
)  # fmt: skip
HEAD = (0, 7, 8)
HEAD_TORSOS = 0.3
SEEN = 0.35  # visibility from which on a point is believed
REACH = 0.55, 0.9  # torsos from the bones at which a part of the mask is theirs, and is no longer
CLOSER = 0.18  # of the image's width by which another must be nearer the middle, to be chosen instead
TIMEOUT_S = 0.7  # for which they must be so, and for which somebody hidden is waited for in "middle"
FADE = 0.3  # torsos from the bones at which a claim has faded to a third
SAME = 0.4  # torsos between the middles of two bodies that are one
LOST_S = 3.0  # the same in "same"


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """A body on the mask's grid: where it is and how large (cells); `near`, which cells may be theirs (h, w) 0..1, and
    `claim`, how strongly they speak for each of them against others."""

    identity: int
    middle: tuple[float, float]
    torso: float
    near: Floats
    claim: Floats


class SubjectSelector:
    """Follows one person: `middle` is whoever is nearest the middle, `same` whoever was so first and is still there."""

    def __init__(self, who: str) -> None:
        self.who = who
        self._chosen: int | None = None
        self._seen_s = 0.0  # when the chosen one was seen last
        self._rival: tuple[int, float] | None = None  # who is nearer the middle, and since when
        self._last: Floats | None = None  # what was theirs

    def mask(self, observation: Observation) -> Mask | None:
        """The mask of the chosen person alone, on the grid of the mask of all; None where that is not known."""
        everybody = observation.mask
        if everybody is None or not everybody.present:
            return everybody
        confidence = everybody.confidence
        aspect = observation.frame.size[0] / observation.frame.size[1]
        people = [person_of(pose, confidence.shape, aspect) for pose in observation.poses]
        share = self._share(people, confidence, observation.frame.time_s)
        mine = confidence * share
        self._last = mine
        present = bool(mine.max() >= 0.5)
        return Mask(everybody.frame_id, mine if present else np.zeros_like(mine), present)

    def _share(self, people: Sequence[Person], confidence: Floats, now_s: float) -> Floats:
        chosen = self._choose(people, confidence.shape[1], now_s)
        others = [p for p in people if p is not chosen]
        if chosen is None:
            # Nobody's bones are known: the blob that was theirs, or else the one nearest the middle.
            rest = confidence
            for other in others:
                rest = rest * (other.near < 0.5)
            return blob(rest, self._last)
        mine = chosen.near
        for other in others:
            if same_body(chosen, other):
                continue
            mine = np.minimum(mine, np.clip(0.5 + 2.5 * (chosen.claim - other.claim), 0.0, 1.0))
        return mine * hanging_together(confidence * mine, chosen.near)

    def _choose(self, people: Sequence[Person], width: int, now_s: float) -> Person | None:
        """The chosen one among `people`; None where they are not seen."""
        if now_s < self._seen_s:
            self._chosen = self._rival = self._last = None
        self._seen_s = min(self._seen_s, now_s)
        by_id = {p.identity: p for p in people}
        away = {p.identity: abs(p.middle[0] / width - 0.5) for p in people}
        nearest = min(people, key=lambda p: away[p.identity], default=None)
        held = by_id.get(self._chosen) if self._chosen is not None else None
        if held is None:
            timeout_s = LOST_S if self.who == "same" else TIMEOUT_S
            again = self._again(people)
            if again is not None:
                held = again
            elif self._chosen is None or now_s - self._seen_s > timeout_s:
                held = nearest
        elif self.who == "middle" and nearest is not None and nearest is not held:
            if away[nearest.identity] < away[held.identity] - CLOSER:
                if self._rival is None or self._rival[0] != nearest.identity:
                    self._rival = (nearest.identity, now_s)
                elif now_s - self._rival[1] >= TIMEOUT_S:
                    held = nearest
            else:
                self._rival = None
        if held is not None:
            if held.identity != self._chosen:
                self._rival = None
            self._chosen, self._seen_s = held.identity, now_s
        return held

    def _again(self, people: Sequence[Person]) -> Person | None:
        """Somebody with a new number who stands where the chosen one was."""
        last = self._last
        if last is None or not people or last.shape != people[0].near.shape:
            return None
        shares = [float((last * p.near).sum()) for p in people]
        best = int(np.argmax(shares))
        return people[best] if shares[best] > 0.5 * max(float(last.sum()), 1e-6) else None


def same_body(a: Person, b: Person) -> bool:
    """Whether two finds are one body: where people overlap, the tracker may see one of them twice for a moment."""
    return float(np.hypot(a.middle[0] - b.middle[0], a.middle[1] - b.middle[1])) < SAME * max(a.torso, b.torso)


def person_of(pose: Pose, shape: tuple[int, ...], aspect: float) -> Person:
    """A body on a grid of `shape` (h, w), which shows an image `aspect` times as wide as high."""
    height, width = shape[:2]
    points = pose.points[:, :2] * np.array([width, height], np.float32)
    stretch = aspect * height / width  # a cell's width, in its heights
    square = points * np.array([stretch, 1.0], np.float32)
    shoulders, hips = square[[11, 12]], square[[23, 24]]
    torso = max(
        float(np.linalg.norm(shoulders.mean(axis=0) - hips.mean(axis=0))),
        float(np.linalg.norm(shoulders[0] - shoulders[1])),
        2.0,
    )
    bones: Pixels = np.ones((height, width), np.uint8)
    for a, b, thick in BONES:
        if min(pose.visibility[a], pose.visibility[b]) > SEEN:
            line(bones, points[a], points[b], thick * torso)
    face = points[list(HEAD)].mean(axis=0)
    line(bones, face, face, 2.0 * HEAD_TORSOS * torso)
    line(bones, face, points[[11, 12]].mean(axis=0), 0.3 * torso)
    far = cv2.distanceTransform(bones, cv2.DIST_L2, 3) * np.float32(1.0 / torso)
    near = np.clip((REACH[1] - far) * np.float32(1.0 / (REACH[1] - REACH[0])), 0.0, 1.0)
    if pose.mask is not None:
        own = cv2.resize(pose.mask, (width, height), interpolation=cv2.INTER_AREA)
        near = near * np.clip(own * 2.5, 0.0, 1.0)
    # The network sometimes takes a piece of the neighbour into a body's mask: bones that are nearer speak against it.
    claim = near * (0.2 + 0.8 * np.exp(-far / np.float32(FADE)))
    middle = points[[11, 12]].mean(axis=0)
    return Person(
        pose.identity,
        (float(middle[0]), float(middle[1])),
        torso,
        np.asarray(near, np.float32),
        np.asarray(claim, np.float32),
    )


def line(plane: Pixels, start: Floats, end: Floats, thick: float) -> None:
    """Draws a bone of 0 into `plane`, clipped to what lies near it."""
    ends = [tuple(int(v) for v in np.clip(p, -2000, 2000)) for p in (start, end)]
    cv2.line(plane, ends[0], ends[1], 0, max(1, round(thick)))


def hanging_together(mine: Floats, near: Floats) -> Floats:
    """1 in the blobs of `mine` that are surely theirs, 0 in others."""
    count, labels = cv2.connectedComponents((mine > 0.3).astype(np.uint8))
    if count <= 2:
        return np.ones_like(mine)
    weight = np.bincount(labels.ravel(), (near > 0.8).ravel(), count)
    weight[0] = 0.0
    kept = weight > 0.1 * weight.max()
    kept[0] = True
    return np.asarray(kept[labels], np.float32)


def blob(confidence: Floats, last: Floats | None) -> Floats:
    """1 in one blob of the mask: the one that `last` lies in, else that whose middle is nearest the image's."""
    count, labels, stats, centres = cv2.connectedComponentsWithStats((confidence > 0.3).astype(np.uint8))
    if count <= 1:
        return np.zeros_like(confidence)
    score = -np.abs(centres[:, 0] / confidence.shape[1] - 0.5)
    score[stats[:, cv2.CC_STAT_AREA] < 0.1 * stats[1:, cv2.CC_STAT_AREA].max()] = -1.0
    if last is not None and last.shape == confidence.shape and last.max() > 0.5:
        score = np.bincount(labels.ravel(), last.ravel(), count)
    score[0] = -np.inf
    found = (labels == int(np.argmax(score))).astype(np.uint8)
    return np.asarray(cv2.dilate(found, np.ones((3, 3), np.uint8)), np.float32)
