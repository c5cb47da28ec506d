"""Bodies: MediaPipe's pose landmarker, asked for as many people as are there, with smoothing and identities."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import numpy as np

from engine import models
from engine.data import Floats, Frame, Pose, Poses
from engine.params import Bool, Float, HasParams, Int
from engine.trackers.detectors import BodyDetector
from engine.trackers.identity import Identities, Spot
from engine.trackers.mediapipe_loader import Task
from engine.trackers.one_euro import OneEuro

SHOULDERS, HIPS = (11, 12), (23, 24)
# No smoothed point is further from its raw place than this part of the torso's length.
LEASH_TORSO = 0.05
TORSO_M = 0.5
# How often somebody new is looked for, and how long fewer than expected must be seen until fewer are expected.
LOOK_EVERY_S = 1.0
FEWER_AFTER_S = 0.5
MAX_PAUSE_S = 16.0


class Crowd:
    """How many people to ask the landmarker for: as many as are there, for one too many costs a detection each frame.

    Decided by the time of the frames alone.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.expected = 1
        self._look_s: float | None = None
        self._full_s = 0.0
        self._pause_s = LOOK_EVERY_S
        self._refuted = most + 1

    def due(self, time_s: float) -> bool:
        """Whether to count the people in the frame at `time_s`; the first frame is always counted."""
        if self._look_s is None or time_s < self._look_s:
            return True
        return self.expected < self.most and time_s - self._look_s >= LOOK_EVERY_S - 1e-6

    def counted(self, time_s: float, people: int) -> None:
        """Takes a count of the people in the picture; only more than were expected change anything."""
        if self._look_s is None or time_s < self._look_s:
            self._full_s, self._pause_s, self._refuted = time_s, LOOK_EVERY_S, self.most + 1
        self._look_s = time_s
        people = min(people, self.most)
        # What the landmarker did not confirm a moment ago (a statue, a reflection) is not tried again at once.
        if people > self.expected and (people < self._refuted or time_s - self._full_s >= self._pause_s):
            self.expected, self._full_s = people, time_s

    def tracked(self, time_s: float, people: int) -> None:
        """Takes how many the landmarker found."""
        if people >= self.expected:
            self._full_s = time_s
            if self.expected >= self._refuted:
                self._refuted, self._pause_s = self.most + 1, LOOK_EVERY_S
        elif self.expected > 1 and time_s - self._full_s >= FEWER_AFTER_S:
            self._refuted = self.expected
            self._pause_s = min(2.0 * self._pause_s, MAX_PAUSE_S)
            self.expected, self._full_s = max(1, people), time_s


class PoseTracker(HasParams):
    """Bodies: 33 points in the picture and in metres, with visibility; a mask for each person where asked for."""

    max_poses = Int(4, 1, 8, "how many bodies are looked for")
    min_confidence = Float(0.5, 0.0, 1.0, "how sure the detector must be of a body")
    min_cutoff_hz = Float(1.5, 0.01, 100.0, "One Euro filter: cutoff at rest; lower is steadier", unit="Hz")
    beta = Float(6.0, 0.0, 1000.0, "One Euro filter: more cutoff with speed (torsos per second); higher lags less")
    smooth = Bool(True, "smooth the points over time")
    masks = Bool(False, "a mask for each person (a third slower)")

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            self.set(name, value)
        self._crowd = Crowd(self.max_poses)
        self._detector = BodyDetector() if self.max_poses > 1 else None
        self._identities = Identities()
        self._filters: dict[int, tuple[OneEuro, OneEuro]] = {}
        self._task_for = self._crowd.expected
        self._task = Task("pose", self._make)

    def _make(self, tasks: Any) -> Any:
        options = tasks.vision.PoseLandmarkerOptions(
            base_options=tasks.BaseOptions(model_asset_path=str(models.path("pose_landmarker_full"))),
            running_mode=tasks.vision.RunningMode.VIDEO,
            num_poses=self._crowd.expected,
            min_pose_detection_confidence=self.min_confidence,
            min_pose_presence_confidence=self.min_confidence,
            min_tracking_confidence=self.min_confidence,
            output_segmentation_masks=self.masks,
        )
        return tasks.vision.PoseLandmarker.create_from_options(options)

    def track(self, frame: Frame) -> Poses:
        """The bodies in `frame`, largest first, at most `max_poses`; none is no error. Raises TrackerError."""
        if self._detector is not None and self._crowd.due(frame.time_s):
            self._crowd.counted(frame.time_s, self._detector.count(frame.pixels))
        if self._task_for != self._crowd.expected:
            self._task.close()
            self._task_for = self._crowd.expected
            self._task = Task("pose", self._make)
        result = self._task.run(frame)
        self._crowd.tracked(frame.time_s, len(result.pose_landmarks))
        aspect = frame.size[1] / frame.size[0]
        found = [_read(result, i) for i in range(len(result.pose_landmarks))]
        found.sort(key=lambda p: -_spot(p.points, aspect).size)
        identities = self._identities.match([_spot(p.points, aspect) for p in found], frame.time_s)
        alive = self._identities.alive()
        self._filters = {i: f for i, f in self._filters.items() if i in alive}
        return Poses(
            frame.id, tuple(self._steady(p, i, frame.time_s, aspect) for p, i in zip(found, identities, strict=True))
        )

    def _steady(self, pose: Pose, identity: int, time_s: float, aspect: float) -> Pose:
        if not self.smooth:
            return Pose(pose.points, pose.world, pose.visibility, identity, pose.mask)
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
        """Ends the task; harmless when called twice."""
        self._task.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _read(result: Any, i: int) -> Pose:
    marks, world = result.pose_landmarks[i], result.pose_world_landmarks[i]
    # The mask is (h, w) or (h, w, 1), by MediaPipe's version, and its memory dies with the result.
    masks = result.segmentation_masks
    mask = np.array(masks[i].numpy_view(), np.float32).reshape(masks[i].height, masks[i].width) if masks else None
    return Pose(
        np.array([(p.x, p.y, p.z) for p in marks], np.float32),
        np.array([(p.x, p.y, p.z) for p in world], np.float32),
        np.array([p.visibility for p in marks], np.float32),
        mask=mask,
    )


def torso(points: Floats, aspect: float) -> float:
    """The body's size in picture widths: shoulders to hips or shoulder to shoulder, whichever looks longer."""
    flat = points[:, :2] * np.array([1.0, aspect])
    shoulders, hips = flat[list(SHOULDERS)], flat[list(HIPS)]
    length = np.linalg.norm(shoulders.mean(axis=0) - hips.mean(axis=0))
    return max(float(length), float(np.linalg.norm(shoulders[0] - shoulders[1])), 1e-4)


def _spot(points: Floats, aspect: float) -> Spot:
    core = points[list(SHOULDERS + HIPS), :2].mean(axis=0)
    return Spot(float(core[0]), float(core[1] * aspect), torso(points, aspect))
