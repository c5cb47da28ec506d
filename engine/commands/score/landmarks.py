"""How right, how quiet and how prompt the face's points are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...core.errors import SourceError
from ...core.frame import Floats, Frame, Pixels
from ...core.paths import is_file, is_folder
from ...core.results import Faces
from ...sources.read_image import read_image
from .synthetic import composite, cutout, room, shot, view_of
from .truth import PICTURES, beside, read_json

Doubles = NDArray[np.float64]
# The points of MediaPipe's mesh at each of the iBUG 68 (Sagonas et al. 2013), two where the place lies between them:
# after the correspondence that Yan published as "Mediapipe_2_Dlib_Landmarks", its jaw made the same on both sides.
IBUG_68: tuple[tuple[int, ...], ...] = (
    (127,), (234,), (93,), (132, 58), (58, 172), (136,), (150,), (176,), (152,),
    (400,), (379,), (365,), (397, 288), (361, 288), (323,), (454,), (356,),
    (70,), (63,), (105,), (66,), (107,), (336,), (296,), (334,), (293,), (300,),
    (168, 6), (197, 195), (5,), (4,), (75,), (97,), (2,), (326,), (305,),
    (33,), (160,), (158,), (133,), (153,), (144,), (362,), (385,), (387,), (263,), (373,), (380,),
    (61,), (39,), (37,), (0,), (267,), (269,), (291,), (321,), (314,), (17,), (84,), (91,),
    (78,), (82,), (13,), (312,), (308,), (317,), (14,), (87,),
)  # fmt: skip
RIGHT_EYE, LEFT_EYE = 36, 45  # the outer corners, whose distance is the unit of the error
SIZE = (640, 480)
FPS = 30.0
SETTLE = 15  # frames until smoothing has settled
SWING_PX, SPEED_PX_S = 60.0, 300.0


class Tracker(Protocol):
    """What finds faces."""

    def track(self, frame: Frame) -> Faces:
        """The faces in `frame`."""


OpenTracker = Callable[..., AbstractContextManager[Tracker]]


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """An image and its 68 true points in pixels (0 is the middle of the first pixel)."""

    name: str
    pixels: Pixels
    points: Doubles


def annotated(folder: Path) -> Iterator[Points]:
    """Every image in `folder` with 68 points: `.pts` files beside images, and COCO-like JSON."""
    for file in sorted(folder.rglob("*.pts")):
        points, path = read_pts(file), beside(file, file.stem)
        if points is not None and path is not None:
            yield Points(f"{file.parent.name}/{file.stem}", read_image(path), points)
    for file in sorted(folder.rglob("*.json")):
        content = read_json(file)
        if not isinstance(content, dict):
            continue
        names = {i.get("id"): Path(str(i.get("file_name"))).name for i in content.get("images", ())}
        for note in content.get("annotations", ()):
            path = file.with_name(names.get(note.get("image_id"), ""))
            keypoints = note.get("keypoints") or ()
            if len(keypoints) == 68 * 3 and is_file(path) and path.suffix.lower() in PICTURES:
                points = np.asarray(keypoints, np.float64).reshape(68, 3)[:, :2]
                yield Points(f"{file.parent.name}/{path.stem}", read_image(path), points)


def read_pts(file: Path) -> Doubles | None:
    """The 68 points of a `.pts` file, which counts pixels from 1; None where it holds others or is damaged."""
    text = file.read_text(encoding="utf-8", errors="replace")
    body = text.partition("{")[2].partition("}")[0].split()
    try:
        points = np.array([float(word) for word in body]).reshape(-1, 2) - 1.0
    except ValueError:
        return None
    return points if len(points) == 68 else None


def as_68(mesh: Floats, size: tuple[int, int]) -> Doubles:
    """The 68 points, in pixels, of a mesh of 478 in uv."""
    uv = np.array([mesh[list(indices), :2].mean(axis=0) for indices in IBUG_68], np.float64)
    return uv * size - 0.5


def error_percent(found: Doubles, true: Doubles) -> float:
    """The mean distance of the points in percent of the distance between the outer corners of the true eyes."""
    unit = float(np.linalg.norm(true[LEFT_EYE] - true[RIGHT_EYE]))
    return 100 * float(np.linalg.norm(found - true, axis=1).mean()) / max(unit, 1e-6)


def accuracy(cases: Iterator[Points], open_tracker: OpenTracker) -> tuple[list[float], int]:
    """The error, in percent, of each image's face that was found, and how many were not."""
    errors, missed = [], 0
    for case in cases:
        height, width = case.pixels.shape[:2]
        with open_tracker(smooth=False, blendshapes=False) as tracker:
            faces = tracker.track(Frame(0, 0.0, case.pixels)).items
        middle = case.points.mean(axis=0)
        unit = np.ptp(case.points, axis=0).max()
        found = [as_68(f.points, (width, height)) for f in faces]
        found = [p for p in found if np.linalg.norm(p.mean(axis=0) - middle) < 0.5 * unit]
        if found:
            errors.append(min(error_percent(p, case.points) for p in found))
        else:
            missed += 1
    return errors, missed


def jitter_px(open_tracker: OpenTracker, frames: int = 60) -> float | None:
    """How much the points of a face at rest move at 640×480: root mean square distance from their own mean places."""
    seen = follow(open_tracker, [0.0] * frames)
    if seen is None:
        return None
    away = seen[SETTLE:] - seen[SETTLE:].mean(axis=0)
    return round(float(np.sqrt((away**2).sum(axis=2).mean())), 4)


def lag_frames(open_tracker: OpenTracker, frames: int = 75) -> float | None:
    """By how many frames the points trail a face that swings at up to 300 px/s at 640×480."""
    rate = SPEED_PX_S / SWING_PX
    seen = follow(open_tracker, [SWING_PX * math.sin(rate * n / FPS) for n in range(frames)])
    if seen is None:
        return None
    x = seen[SETTLE:, :, 0].mean(axis=1)
    n = np.arange(SETTLE, frames)
    best = (math.inf, 0.0)
    for lag in np.arange(-1.0, 3.0, 0.01):
        rest = x - SWING_PX * np.sin(rate * (n - lag) / FPS)
        best = min(best, (float(np.var(rest)), float(lag)))
    return round(best[1], 3)


def follow(open_tracker: OpenTracker, shifts: list[float]) -> Doubles | None:
    """The mesh (frames, 478, 2) in pixels of the painted person, `shifts` pixels to the right in each frame."""
    person, behind = cutout(), room(1, SIZE)
    found = []
    with open_tracker(blendshapes=False) as tracker:
        for number, shift in enumerate(shifts):
            image, _ = composite(person, view_of(SIZE[0] / 2 + shift, 330.0, 0.85, 0.0), behind)
            faces = tracker.track(Frame(number, number / FPS, shot(image, number))).items
            if faces:
                found.append(faces[0].points[:, :2].astype(np.float64) * SIZE)
    return np.array(found) if len(found) == len(shifts) else None


def score_landmarks(folder: Path | None, open_tracker: OpenTracker) -> dict[str, Any]:
    """nme_percent, jitter_px and lag_frames (None where they could not be measured), and how many faces were found."""
    found: dict[str, Any] = {"nme_percent": None, "jitter_px": None, "lag_frames": None}
    if folder is not None and is_folder(folder):
        errors, missed = accuracy(annotated(folder), open_tracker)
        found["nme_percent"] = round(float(np.mean(errors)), 3) if errors else None
        found["faces"], found["missed"] = len(errors), missed
    try:
        found["jitter_px"], found["lag_frames"] = jitter_px(open_tracker), lag_frames(open_tracker)
    except SourceError as error:
        found["note"] = error.message
    return found
