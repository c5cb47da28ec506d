"""Is there a person at all? A segmenter paints people into empty rooms, so somebody else is asked now and then.

The numbers were fitted to 150 views without people (from some twenty files) and 500 frames with people; none were held
back, so how well they do elsewhere is not known. docs/decisions/0004-trackers.md has the table.
"""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np

from ..core.frame import Floats, Pixels

# Evidence from here on says that there is a person; from WEAK on it does not contradict one who was sure before.
SURE = 0.5
WEAK = 0.25
# Weak evidence holds a person for so long, none at all for so long.
WEAK_HOLDS_S = 4.0
NOTHING_HOLDS_S = 0.5
# A body detector's score that needs no second opinion, and a face detector's (dogs reach 0.60, statues 0.71).
BODY_ALONE = 0.6
FACE_ALONE = 0.78
# A mask that covers less of the image than this is no evidence of anybody.
MIN_AREA = 0.003
# How soon to ask again while it is in doubt.
HURRY_S = 0.1


class Scorer(Protocol):
    """Says how surely something is in an image, 0..1."""

    def score(self, pixels: Pixels) -> float:
        """The score of the surest find."""


def area(confidence: Floats) -> float:
    """The part of the image, 0..1, that is rather a person than not."""
    return float(np.count_nonzero(confidence > 0.5)) / confidence.size


def evidence(pixels: Pixels, confidence: Floats, body: Scorer, face: Scorer) -> float:
    """How much speaks for a person in `pixels`, 0..1, where the segmenter says `confidence` (h, w).

    The body detector sees the whole image first. In doubt the face detector is asked (a face that fills the image
    has no body), then the body detector about the largest blob of the mask alone (people far away).
    """
    whole = body.score(pixels)
    if whole >= BODY_ALONE:
        return whole
    if area(confidence) < MIN_AREA:
        return 0.0
    near = face.score(pixels)
    if near >= FACE_ALONE:
        return near
    part = body.score(largest_blob(pixels, confidence))
    # What is painted into a room is seldom crisp, and hardly ever crisp and large (a torso without a head is both).
    crisp = float(confidence[confidence > 0.5].mean())
    large = np.count_nonzero(confidence > 0.9) >= 0.25 * confidence.size
    bonus = 0.18 if large and crisp >= 0.85 else 0.05 if crisp >= 0.8 else 0.0
    return max(whole + bonus, (whole + part) / 2.0 + 0.03, part - 0.25)


def largest_blob(pixels: Pixels, confidence: Floats) -> Pixels:
    """The square part of `pixels` round the mask's largest connected blob, a quarter wider than it."""
    _, _, stats, _ = cv2.connectedComponentsWithStats((confidence > 0.5).astype(np.uint8))
    left, top, width, height, _ = stats[1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))]
    down, across = pixels.shape[0] / confidence.shape[0], pixels.shape[1] / confidence.shape[1]
    x, y = (left + width / 2.0) * across, (top + height / 2.0) * down
    reach = max(width * across, height * down) * 0.625
    rows = slice(max(0, int(y - reach)), max(1, int(np.ceil(y + reach))))
    columns = slice(max(0, int(x - reach)), max(1, int(np.ceil(x + reach))))
    return pixels[rows, columns]


def without_specks(confidence: Floats) -> Floats:
    """`confidence` without blobs that are both small (0.5 % of the image) and tiny beside the largest (4 % of it).

    A blob with a certain core stays: a hand that reaches in, somebody far away.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats((confidence > 0.1).astype(np.uint8))
    if count <= 2:
        return confidence
    sizes = stats[:, cv2.CC_STAT_AREA].copy()
    sizes[0] = 0
    small = (sizes < 0.005 * confidence.size) & (sizes < 0.04 * sizes.max())
    small[0] = False
    cleaned = confidence
    for i in np.flatnonzero(small):
        x, y, w, h = stats[i, :4]
        box = slice(y, y + h), slice(x, x + w)
        own = labels[box] == i
        if float(confidence[box][own].max()) < 0.95:
            if cleaned is confidence:
                cleaned = confidence.copy()
            cleaned[box][own] = 0.0
    return cleaned


class Presence:
    """Decides, by the time of the frames alone, when to gather evidence and whether a person is there.

    The first frame is always checked. `every_s` is the time between checks while nothing is in doubt.
    """

    def __init__(self, every_s: float) -> None:
        self.every_s = every_s
        self._checked_s: float | None = None
        self._area = 0.0
        self._evidence = 0.0
        self._sure_s = self._weak_s = -np.inf

    def due(self, time_s: float, covered: float) -> bool:
        """Whether evidence is wanted for the frame at `time_s`, in which the mask covers `covered` of the image."""
        if self._checked_s is None or time_s < self._checked_s:
            self._sure_s = self._weak_s = -np.inf
            return True
        changed = abs(covered - self._area) > 0.5 * max(covered, self._area, MIN_AREA)
        doubtful = covered >= MIN_AREA and self._evidence < SURE
        lost = self._evidence < SURE and time_s - self._sure_s < WEAK_HOLDS_S
        hurry = changed or doubtful or lost
        # A hair less, so that frame times that are rounded differently fall on the same side.
        return time_s - self._checked_s >= (HURRY_S if hurry else self.every_s) - 1e-6

    def add(self, time_s: float, covered: float, found: float) -> None:
        """Takes the evidence that was gathered at `time_s`."""
        self._checked_s, self._area, self._evidence = time_s, covered, found
        if found >= WEAK:
            self._weak_s = time_s
        if found >= SURE:
            self._sure_s = time_s

    def present(self, time_s: float) -> bool:
        """Whether there is a person at `time_s`."""
        return time_s - self._sure_s <= WEAK_HOLDS_S and time_s - self._weak_s <= NOTHING_HOLDS_S + self.every_s
