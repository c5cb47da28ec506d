"""Things of known size held up before the camera: printed ArUco markers, and rectangles (a sheet of paper, a card)."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from ..core.closing import Closing
from ..core.errors import TrackerError
from ..core.frame import Floats, Frame, Pixels
from ..core.param_types import Bool, Float
from ..core.params import Parametrized
from ..core.results import Reference, References

SIDE_PX = 1280  # rectangles are looked for in an image no larger than this
THRESHOLDS = (
    0.4,
    0.45,
    0.5,
    0.55,
    0.6,
    0.65,
    0.7,
    0.78,
    0.85,
)  # of the brightness range: paper stands out
STRAIGHT = 0.03  # of the outline's length, by which it may leave the straight lines between four corners
OPPOSITE = 0.75  # opposite sides differ by no more than this, seen at an angle
FILLED = 0.82  # of the area between the corners, at least, is the shape itself: fingers hide some


class ReferenceTracker(Parametrized, Closing):
    """Markers (ArUco, 4x4, 50) and rectangles of one brightness, by their corners."""

    rectangles = Bool(True, "look for rectangles too")
    smallest = Float(0.02, 0.005, 0.5, "least side of a rectangle, in parts of the image's shorter side")

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            self.set(name, value)
        how = cv2.aruco.DetectorParameters()
        how.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
        self._markers: Any = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50), how)

    def track(self, frame: Frame) -> References:
        """What of known shape `frame` shows, markers first, then rectangles, largest first. Raises TrackerError."""
        if self._markers is None:
            raise TrackerError("the reference tracker is closed")
        grey = cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2GRAY)
        found = []
        if min(frame.size) >= 16:  # the detector's windows want some room
            corners, numbers, _ = self._markers.detectMarkers(grey)
            for quad, number in zip(corners, [] if numbers is None else numbers.ravel(), strict=False):
                found.append(Reference("marker", uv(quad.reshape(4, 2), frame.size), int(number)))
        if self.rectangles:
            found += [Reference("rectangle", uv(quad, frame.size)) for quad in rectangles(grey, self.smallest)]
        return References(frame.id, tuple(found))

    def close(self) -> None:
        """Lets the detector go; harmless when called twice."""
        self._markers = None


def uv(corners: Floats, size: tuple[int, int]) -> Floats:
    """Corners in pixels of an image as uv."""
    return np.asarray((corners + 0.5) / np.array(size), np.float32)


def rectangles(grey: Pixels, smallest: float) -> list[Floats]:
    """Corners (4, 2) in pixels, clockwise in the image from the top left one, of each rectangle brighter than what
    is round it, largest first; each only once."""
    k = min(1.0, SIDE_PX / max(grey.shape))
    small = cv2.resize(grey, None, fx=k, fy=k, interpolation=cv2.INTER_AREA) if k < 1.0 else grey
    small = cv2.GaussianBlur(small, (3, 3), 0)
    low, high = float(np.percentile(small, 2)), float(small.max())
    found: list[Floats] = []
    for part in THRESHOLDS:
        _, bright = cv2.threshold(small, low + part * (high - low), 255, cv2.THRESH_BINARY)
        contours, _ = cv2.findContours(bright, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        for contour in contours:
            x, y, w, h = cv2.boundingRect(contour)
            if x == 0 or y == 0 or x + w == small.shape[1] or y + h == small.shape[0]:
                continue  # cut off by the image's border
            quad = corners_of(contour, smallest * min(small.shape))
            if quad is not None:
                found.append(refined(grey, (quad + 0.5) / k - 0.5))
    found.sort(key=lambda q: -float(cv2.contourArea(q)))
    kept: list[Floats] = []
    for quad in found:
        apart = [float(np.linalg.norm(quad - other, axis=1).max()) for other in kept]
        if all(a > 0.1 * np.sqrt(cv2.contourArea(quad)) for a in apart):
            kept.append(quad)
    return kept


def corners_of(contour: Any, least: float) -> Floats | None:
    """The four corners of an outline that is a rectangle seen at some angle; None where it is not.

    Of its hull, as fingers that hold it are notches in it.
    """
    length = cv2.arcLength(contour, True)
    if length < 4 * least or len(contour) < 8:
        return None
    hull = cv2.convexHull(contour)
    shape = cv2.approxPolyDP(hull, STRAIGHT * cv2.arcLength(hull, True), True)
    if len(shape) != 4 or not cv2.isContourConvex(shape):
        return None
    quad = shape.reshape(4, 2).astype(np.float32)
    if cv2.contourArea(contour) < FILLED * cv2.contourArea(quad):
        return None
    centre = quad.mean(axis=0)
    quad = quad[np.argsort(np.arctan2(*(quad - centre).T[::-1]))]  # clockwise, as y points down
    quad = np.roll(quad, -int(np.argmin(quad.sum(axis=1))), axis=0)
    sides = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
    alike = min(min(sides[i], sides[i + 2]) / max(sides[i], sides[i + 2], 1e-6) for i in (0, 1))
    return None if sides.min() < least or alike < OPPOSITE else quad


def refined(grey: Pixels, quad: Floats) -> Floats:
    """Corners to a fraction of a pixel: where lines through the middles of the sides' edges meet."""
    lines = []
    for a, b in zip(quad, np.roll(quad, -1, axis=0), strict=True):
        along = b - a
        normal = np.array([along[1], -along[0]]) / max(float(np.linalg.norm(along)), 1e-6)
        reach = max(2.0, 0.04 * float(np.linalg.norm(along)))
        steps = np.linspace(-reach, reach, 33)
        points = []
        for part in np.linspace(0.15, 0.85, 25):
            line = a + part * along + steps[:, None] * normal
            values = cv2.remap(
                grey, line[None, :, 0].astype(np.float32), line[None, :, 1].astype(np.float32), cv2.INTER_LINEAR
            )[0].astype(np.float64)
            slope = np.abs(np.diff(values))
            if slope.sum() > 0.0:
                weight = slope**2 / (slope**2).sum()
                points.append(a + part * along + normal * float(weight @ (steps[1:] + steps[:-1]) / 2))
        if len(points) < 8:
            return quad
        vx, vy, x, y = cv2.fitLine(np.array(points, np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01).ravel()
        lines.append((np.array([x, y]), np.array([vx, vy])))
    corners = []
    for (p, d), (q, e) in zip([lines[-1], *lines[:-1]], lines, strict=True):
        both = np.stack([d, -e], axis=1)
        if abs(float(np.linalg.det(both))) < 1e-3:
            return quad
        corners.append(p + d * float(np.linalg.solve(both, q - p)[0]))
    better = np.array(corners, np.float32)
    return better if float(np.linalg.norm(better - quad, axis=1).max()) < 0.2 * np.sqrt(cv2.contourArea(quad)) else quad
