"""Faces: MediaPipe's face landmarker, with One Euro smoothing and identities of our own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..core.closing import Closing
from ..core.errors import TrackerError
from ..core.frame import Floats, Frame
from ..core.param_types import Bool, Choice, Float, Int
from ..core.params import Parametrized
from ..core.results import Face, Faces
from ..models import store as models
from ..models.mediapipe import Task
from .face_far import PART_SCORE, FarFaces, LookAt
from .face_net import FollowedFaces
from .identity import Identities, Spot
from .one_euro import Doubles, OneEuro, OneEuroRotation
from .roi import Roi

# The irises' centres in the mesh: the person's right and left eye.
IRIS_RIGHT, IRIS_LEFT = 468, 473
# No smoothed point is further from its raw place than this part of the distance between the eyes.
LEASH_EYES = 0.012
# The rotation and position that match it: eyes are 6.3 cm apart and about 5 cm from the axis on which a head turns.
LEASH_RAD = 0.025
LEASH_CM = 0.25


class _Filters:
    """The filters of one person."""

    def __init__(self, min_cutoff_hz: float, beta: float) -> None:
        self.points = OneEuro(min_cutoff_hz, beta, LEASH_EYES)
        self.rotation = OneEuroRotation(min_cutoff_hz, beta, LEASH_RAD)
        self.position = OneEuro(min_cutoff_hz, beta, LEASH_CM / 6.3)


class FaceTracker(Parametrized, Closing):
    """Faces: 478 points with irises, 52 expressions, the head's position and direction in space."""

    max_faces = Int(4, 1, 16, "how many faces are looked for")
    min_confidence = Float(0.5, 0.0, 1.0, "how sure the detector must be of a face")
    min_cutoff_hz = Float(1.0, 0.01, 100.0, "One Euro filter: cutoff at rest; lower is steadier", unit="Hz")
    beta = Float(
        10.0, 0.0, 1000.0, "One Euro filter: more cutoff with speed (eye distances per second); higher lags less"
    )
    smooth = Bool(True, "smooth the points and the head's direction over time")
    far = Bool(True, "look for faces that are small in the image too, in parts of it")
    runner = Choice(
        "litert", ("litert", "mediapipe"), "who runs the networks: LiteRT, or MediaPipe's graph, for the same points"
    )
    blendshapes = Bool(True, "the 52 expressions too (smile, blink, open mouth…)")

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            self.set(name, value)
        self._identities = Identities()
        self._filters: dict[int, _Filters] = {}
        self._task: Task | None = None
        self._far: FarFaces | None = None
        self._followed: FollowedFaces | None = None
        if self.runner == "litert":
            self._followed = FollowedFaces(self.max_faces, self.min_confidence, self.far, self.blendshapes)
        else:
            self._task = Task("face", lambda tasks: self._make(tasks, self.min_confidence))
            self._far = FarFaces(self._open_part, self.max_faces) if self.far else None

    def _make(self, tasks: Any, least: float) -> Any:
        # MediaPipe smooths (and lags) where a single face is asked for: at least two, so that the points come raw. Its
        # detector then looks at every frame in which it sees fewer, which costs about a tenth more.
        options = tasks.vision.FaceLandmarkerOptions(
            base_options=tasks.BaseOptions(model_asset_path=str(models.path("face_landmarker"))),
            running_mode=tasks.vision.RunningMode.VIDEO,
            num_faces=max(2, self.max_faces),
            min_face_detection_confidence=least,
            min_face_presence_confidence=self.min_confidence,
            min_tracking_confidence=self.min_confidence,
            output_face_blendshapes=self.blendshapes,
            output_facial_transformation_matrixes=True,
        )
        return tasks.vision.FaceLandmarker.create_from_options(options)

    def _open_part(self) -> tuple[LookAt, Callable[[], None]]:
        task = Task("face", lambda tasks: self._make(tasks, max(self.min_confidence, PART_SCORE)))
        return lambda part: _read(task.run(part)), task.close

    def detect_ahead(self, frame: Frame) -> list[Roi] | None:
        """Where the detector sees faces in `frame`; None where it is not asked. Raises TrackerError."""
        return None if self._followed is None else self._followed.detect_ahead(frame.pixels)

    def track(self, frame: Frame) -> Faces:
        """The faces in `frame`, largest first, at most `max_faces`; none is no error. Raises TrackerError."""
        return self.track_after(frame, None)

    def track_after(self, frame: Frame, detected: list[Roi] | None) -> Faces:
        """As `track`, where `detected` is what `detect_ahead` found in that frame. Raises TrackerError."""
        aspect = frame.size[1] / frame.size[0]
        found = self._look(frame, detected)
        found.sort(key=lambda f: -box_area(f.points, aspect))
        found = found[: self.max_faces]
        identities = self._identities.match([spot(f.points, aspect) for f in found], frame.time_s)
        alive = self._identities.alive()
        self._filters = {i: f for i, f in self._filters.items() if i in alive}
        faces = [replace(f, identity=i) for f, i in zip(found, identities, strict=True)]
        return Faces(frame.id, tuple(self._smoothed(f, frame.time_s, aspect) if self.smooth else f for f in faces))

    def _look(self, frame: Frame, detected: list[Roi] | None) -> list[Face]:
        if self._followed is not None:
            return self._followed.look(frame, detected)
        if self._task is None:
            raise TrackerError("the face tracker is closed")
        found = _read(self._task.run(frame))
        return found + self._far.look(frame, found) if self._far is not None else found

    def _smoothed(self, face: Face, time_s: float, aspect: float) -> Face:
        if face.identity not in self._filters:
            self._filters[face.identity] = _Filters(self.min_cutoff_hz, self.beta)
        filters = self._filters[face.identity]
        points, transform = face.points, face.transform
        square = np.array([1.0, aspect, 1.0])
        seen, true = eye_distance(points, aspect)
        smooth = filters.points(points * square, time_s, true, max(seen, 0.3 * true)) / square
        smoothed = np.eye(4)
        smoothed[:3, :3] = filters.rotation(transform[:3, :3], time_s)
        smoothed[:3, 3] = filters.position(transform[None, :3, 3], time_s, 6.3)[0]
        return replace(face, points=smooth.astype(np.float32), transform=smoothed.astype(np.float32))

    def close(self) -> None:
        """Ends the tasks; harmless when called twice."""
        self._followed = None
        if self._task is not None:
            self._task.close()
        if self._far is not None:
            self._far.close()


def _read(result: Any) -> list[Face]:
    faces = []
    for i, marks in enumerate(result.face_landmarks):
        shapes = result.face_blendshapes[i] if result.face_blendshapes else ()
        faces.append(
            Face(
                np.array([(p.x, p.y, p.z) for p in marks], np.float32),
                {s.category_name: float(s.score) for s in shapes},
                np.array(result.facial_transformation_matrixes[i], np.float32),
            )
        )
    return faces


def box_area(points: Floats, aspect: float) -> float:
    """The area of the points' bounding box in squared image widths; `aspect` is height / width."""
    width, height = np.ptp(points[:, 0]), np.ptp(points[:, 1])
    return float(width * height * aspect)


def spot(points: Floats, aspect: float) -> Spot:
    """Where the points are and how large, in image widths."""
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    x, y = (low + high) / 2.0
    return Spot(float(x), float(y * aspect), float(np.sqrt(box_area(points, aspect))))


def eye_distance(points: Floats | Doubles, aspect: float) -> tuple[float, float]:
    """The distance between the irises' centres in image widths: as seen in the image, and in space."""
    across = (points[IRIS_LEFT] - points[IRIS_RIGHT]) * np.array([1.0, aspect, 1.0])
    return float(np.linalg.norm(across[:2])), float(np.linalg.norm(across))
