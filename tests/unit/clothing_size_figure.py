"""A stick figure with an analytic silhouette, for the tests of clothing-size: lengths in parts of its height."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Mask, Pose, Poses

# Height over the floor and distance from the middle line of the person's left side, in parts of the height.
JOINTS = {
    0: (0.93, 0.0),
    **{i: (0.94, 0.015 * (i - 3)) for i in (4, 5, 6)},
    **{i: (0.94, 0.015 * (i - 3)) for i in (1, 2, 3)},
    9: (0.90, 0.015),
    7: (0.935, 0.04),
    11: (0.80, 0.095),
    13: (0.66, 0.20),
    15: (0.54, 0.27),
    17: (0.50, 0.28),
    19: (0.49, 0.29),
    21: (0.51, 0.28),
    23: (0.52, 0.05),
    25: (0.28, 0.07),
    27: (0.05, 0.08),
    29: (0.03, 0.08),
    31: (0.015, 0.10),
}
WIDTHS = {0.83: 0.10, 0.80: 0.20, 0.722: 0.19, 0.66: 0.175, 0.626: 0.17, 0.58: 0.18, 0.52: 0.20, 0.47: 0.205}


@dataclass(frozen=True)
class Figure:
    """Where and how the figure stands: `tall` in parts of the picture's height; `arms` 1 = off the body, 0 = on it."""

    size: tuple[int, int] = (640, 480)
    mask_size: tuple[int, int] = (320, 240)
    tall: float = 0.8
    centre: float = 0.5
    floor: float = 0.92
    arms: float = 1.0
    wide: float = 1.0
    tilt_deg: float = 0.0
    turn_deg: float = 0.0

    def joints(self) -> np.ndarray:
        """(33, 2) height and side, in parts of the height; the left side is at the right of the picture."""
        out = np.zeros((33, 2))
        for index, (up, side) in JOINTS.items():
            if index in (13, 15, 17, 19, 21):
                side = 0.11 + (side - 0.11) * self.arms if self.arms < 1 else side
            out[index] = up, side
            if index >= 7 and index % 2 == 1:
                out[index + 1] = up, -side
        return out

    def place(self, up: np.ndarray, side: np.ndarray) -> np.ndarray:
        """Pixels of the frame for places on the body."""
        height_px = self.tall * self.size[1]
        a = np.radians(self.tilt_deg)
        x, y = side * height_px, -(up - 0.5) * height_px
        middle = np.array([self.centre * self.size[0], (self.floor - self.tall / 2) * self.size[1]])
        return np.stack([x * np.cos(a) - y * np.sin(a), x * np.sin(a) + y * np.cos(a)], axis=-1) + middle

    def mask(self) -> np.ndarray:
        """The silhouette with soft edges of one mask pixel."""
        w, h = self.mask_size
        height_px = self.tall * self.size[1]
        x, y = np.meshgrid((np.arange(w) + 0.5) * self.size[0] / w, (np.arange(h) + 0.5) * self.size[1] / h)
        a = np.radians(self.tilt_deg)
        dx = x - self.centre * self.size[0]
        dy = y - (self.floor - self.tall / 2) * self.size[1]
        side = (dx * np.cos(a) + dy * np.sin(a)) / height_px
        up = 0.5 - (-dx * np.sin(a) + dy * np.cos(a)) / height_px
        soft = self.size[1] / h / height_px
        levels = sorted(WIDTHS)
        half = np.interp(up, levels, [WIDTHS[k] / 2 for k in levels]) * self.wide
        far = [np.maximum(np.abs(side) - half, np.maximum(up - 0.83, 0.47 - up))]  # trunk
        far.append(np.hypot(side / 0.75, up - 0.93) - 0.07)  # head
        far.append(np.maximum(np.abs(side) - 0.03, np.abs(up - 0.85) - 0.05))  # neck
        joints = self.joints()
        for s in (0, 1):
            for a0, a1, r in ((11, 13, 0.028), (13, 15, 0.022), (15, 19, 0.018), (23, 25, 0.05), (25, 27, 0.035)):
                far.append(_capsule(up, side, joints[a0 + s], joints[a1 + s], r))
            foot = joints[27 + s, 1]
            far.append(np.maximum(np.abs(side - foot) - 0.03, np.maximum(up - 0.06, -up)))
        distance = np.min(far, axis=0)
        return np.clip(0.5 - distance / soft, 0.0, 1.0).astype(np.float32)

    def pose(self, identity: int = 0) -> Pose:
        """The landmarks with the silhouette."""
        joints = self.joints()
        pixels = self.place(joints[:, 0], joints[:, 1])
        points = np.zeros((33, 3), np.float32)
        points[:, :2] = pixels / np.array(self.size)
        turn = np.radians(self.turn_deg)
        world = np.zeros((33, 3), np.float32)
        world[:, 0] = joints[:, 1] * 1.7 * np.cos(turn)
        world[:, 1] = -(joints[:, 0] - 0.52) * 1.7
        world[:, 2] = joints[:, 1] * 1.7 * np.sin(turn)
        return Pose(points, world, np.full(33, 0.99, np.float32), identity, self.mask())

    def observe(self, index: int = 0, fps: float = 10.0, others: tuple[Pose, ...] = ()) -> Observation:
        """One frame with this figure, and others."""
        pose = self.pose()
        assert pose.mask is not None
        frame = Frame(index, index / fps, np.zeros((self.size[1], self.size[0], 3), np.uint8))
        return Observation(frame, {"pose": Poses(index, (pose, *others)), "person": Mask(index, pose.mask)})


def nobody(index: int = 0, size: tuple[int, int] = (640, 480), fps: float = 10.0) -> Observation:
    """A frame without anybody."""
    frame = Frame(index, index / fps, np.zeros((size[1], size[0], 3), np.uint8))
    return Observation(frame, {"pose": Poses(index), "person": Mask(index, np.zeros((8, 8), np.float32), False)})


def mirrored(observation: Observation) -> Observation:
    """The same frame as in a mirror, with the landmarks named as a tracker would name them."""
    pose = observation.poses[0]
    points, world = pose.points.copy(), pose.world.copy()
    points[:, 0], world[:, 0] = 1.0 - points[:, 0], -world[:, 0]
    swap = [0, 4, 5, 6, 1, 2, 3, 8, 7, 10, 9, *[i + 1 if i % 2 else i - 1 for i in range(11, 33)]]
    assert pose.mask is not None
    flipped = Pose(points[swap], world[swap], pose.visibility[swap], pose.identity, pose.mask[:, ::-1].copy())
    frame = observation.frame
    person = Mask(frame.id, flipped.mask if flipped.mask is not None else np.zeros((1, 1), np.float32))
    return Observation(frame, {"pose": Poses(frame.id, (flipped,)), "person": person})


def _capsule(up: np.ndarray, side: np.ndarray, a: np.ndarray, b: np.ndarray, radius: float) -> np.ndarray:
    """Distance to a thick line between two places."""
    p = np.stack([up - a[0], side - a[1]])
    d = b - a
    t = np.clip((p[0] * d[0] + p[1] * d[1]) / float(d @ d), 0.0, 1.0)
    return np.asarray(np.hypot(p[0] - t * d[0], p[1] - t * d[1]) - radius)
