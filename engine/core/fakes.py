"""Made-up results for tests: a face, a body, a mask, and a frame with any of them. No model is asked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from .frame import Floats, Frame, Pixels
from .observation import Observation
from .results import Face, Faces, Mask, Pose, Poses

MESH, IRISES, BODY = 468, 10, 33  # points, of MediaPipe's face mesh and pose
# The eyes in MediaPipe's mesh, by the person's own side: outer and inner corner, upper and lower lid, iris.
EYES = {"right": (33, 133, 159, 145, 468), "left": (263, 362, 386, 374, 473)}


def fake_frame(pixels: Pixels | tuple[int, int] = (320, 180), frame_id: int = 0, *, fps: float = 30.0) -> Frame:
    """A frame of these `pixels` (H×W×3 uint8 sRGB), or grey of this (width, height), at `frame_id / fps` seconds."""
    if isinstance(pixels, tuple):
        pixels = np.full((pixels[1], pixels[0], 3), 128, np.uint8)
    return Frame(frame_id, frame_id / fps, pixels)


def fake_face(
    size: tuple[int, int] = (320, 180), at: tuple[float, float] = (0.5, 0.4), height: float = 0.5, **changes: Any
) -> Face:
    """A face that looks into the camera with open eyes.

    `size`: (width, height) of the frame in pixels; `at`: its middle, uv; `height`: its own, 1 = the frame's height.
    `changes` replace fields of `Face`. Only the outline, the eyes and the irises lie where a face has them.
    """
    aspect = size[1] / size[0]
    points = np.zeros((MESH + IRISES, 3), np.float32)
    turn = np.linspace(0, 2 * math.pi, MESH, endpoint=False)
    points[:MESH, 0] = at[0] + np.cos(turn) * height * 0.35 * aspect
    points[:MESH, 1] = at[1] + np.sin(turn) * height * 0.5
    unit = height * 0.1  # of the frame's height
    for side, (outer, inner, upper, lower, iris) in EYES.items():
        # The person's own right eye lies on the left of the frame.
        x, y = at[0] + (-1.5 if side == "right" else 1.5) * unit * aspect, at[1] - unit
        points[outer, :2] = x + (-1 if side == "right" else 1) * unit * aspect, y
        points[inner, :2] = x + (1 if side == "right" else -1) * unit * aspect, y
        points[upper, :2], points[lower, :2] = (x, y - 0.35 * unit), (x, y + 0.35 * unit)
        ring = [(0.0, 0.0), (0.4, 0.0), (0.0, -0.4), (-0.4, 0.0), (0.0, 0.4)]
        for offset, (dx, dy) in enumerate(ring):
            points[iris + offset, :2] = x + dx * unit * aspect, y + dy * unit
    transform = np.eye(4, dtype=np.float32)
    transform[:3, 3] = 0.0, 0.0, -45.0
    return replace(Face(points, {}, transform, 1), **changes)


def fake_pose(at: tuple[float, float] = (0.5, 0.5), visibility: float = 1.0) -> Pose:
    """A body whose points lie on an oval around `at`, uv, each visible as surely as `visibility` (0..1) says."""
    turn = np.linspace(0, 2 * math.pi, BODY, endpoint=False)
    points = np.stack([at[0] + 0.1 * np.cos(turn), at[1] + 0.3 * np.sin(turn), np.zeros(BODY)], axis=1)
    world = np.stack([0.3 * np.cos(turn), 0.8 * np.sin(turn), np.zeros(BODY)], axis=1)
    return Pose(points.astype(np.float32), world.astype(np.float32), np.full(BODY, visibility, np.float32))


def fake_mask(frame_id: int = 0, size: tuple[int, int] = (64, 36), *, everywhere: float | None = None) -> Mask:
    """A person mask of `size` (width, height): an oval in the middle, or the same confidence (0..1) `everywhere`."""
    if everywhere is not None:
        return Mask(frame_id, np.full((size[1], size[0]), everywhere, np.float32), everywhere > 0.0)
    x, y = np.meshgrid((np.arange(size[0]) + 0.5) / size[0], (np.arange(size[1]) + 0.5) / size[1])
    inside = 1.0 - (((x - 0.5) / 0.22) ** 2 + ((y - 0.6) / 0.4) ** 2)
    confidence: Floats = np.clip(0.5 + 4.0 * inside, 0.0, 1.0).astype(np.float32)
    return Mask(frame_id, confidence)


def fake_observation(
    frame: Frame | None = None,
    *,
    faces: Iterable[Face] | None = None,
    poses: Iterable[Pose] | None = None,
    mask: Mask | None = None,
    results: Mapping[str, Any] | None = None,
    signals: Mapping[str, float] | None = None,
) -> Observation:
    """A frame with these results, all of them its own: `mask` is made this frame's, whichever frame it came from.

    None means that the tracker did not run, an empty list that it found nobody. `results` adds those of other trackers
    by name; `signals` are the values of the named signals. Without a frame it is `fake_frame()`.
    """
    frame = frame or fake_frame()
    known = dict(results or {})
    if faces is not None:
        known["face"] = Faces(frame.image_id, tuple(faces))
    if poses is not None:
        known["pose"] = Poses(frame.image_id, tuple(poses))
    if mask is not None:
        known["person"] = replace(mask, frame_id=frame.image_id)
    return Observation(frame, known, signals or {})
