"""What a user would write instead of the engine: one thread, OpenCV, MediaPipe Tasks. The loops to beat.

Both loops read with `cv2.VideoCapture`, hand each frame to the same models as the scene does, at the same settings
and in VIDEO mode, and end with a finished frame in memory (BGR, 8 bits), as ours ends with RGBA: neither shows nor
encodes it. Each comes in two kinds: composited in numpy's float32, as most people write it, and with OpenCV's 8-bit
calls on as few pixels as an expert would touch.

What they lack beside the scenes: smoothing and identities of the landmarks, a search for far faces, the check that an
empty room is empty, a matte that follows hair and edges, linear light, the made world and the person's relighting,
flicker, sparks, charging and light on the face.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ...core.closing import Closing
from ...core.frame import Floats, Pixels
from ...models import store as models
from ...models.mediapipe import load
from ...models.quiet import quiet
from ...trackers.segmenters import WIDE

MOST_FACES = 4  # as the face tracker asks for
RED = (51, 22, 255)  # BGR
WHITE = (230, 242, 255)


def face_landmarker() -> Any:
    """MediaPipe's face landmarker with the settings of the face tracker."""
    _, tasks = load()
    options = tasks.vision.FaceLandmarkerOptions(
        base_options=tasks.BaseOptions(model_asset_path=str(models.path("face_landmarker"))),
        running_mode=tasks.vision.RunningMode.VIDEO,
        num_faces=MOST_FACES,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    with quiet():
        return tasks.vision.FaceLandmarker.create_from_options(options)


def segmenter(size: tuple[int, int]) -> Any:
    """MediaPipe's selfie segmenter, of the two models the one that the person tracker takes for `size`."""
    _, tasks = load()
    name = "selfie_segmenter_landscape" if size[0] > WIDE * size[1] else "selfie_segmenter"
    options = tasks.vision.ImageSegmenterOptions(
        base_options=tasks.BaseOptions(model_asset_path=str(models.path(name))),
        running_mode=tasks.vision.RunningMode.VIDEO,
        output_confidence_masks=True,
        output_category_mask=False,
    )
    with quiet():
        return tasks.vision.ImageSegmenter.create_from_options(options)


class Loop(Closing):
    """One naive loop. `begin` opens a clip, `step` makes one finished frame of it, `close` lets the models go."""

    def __init__(self, size: tuple[int, int], numpy_floats: bool) -> None:
        self.size, self.numpy_floats = size, numpy_floats
        self._mp = load()[0]
        self._time_ms = 0
        self._capture: Any = None

    def begin(self, clip: Path) -> None:
        """Opens the clip at its start."""
        self.end()
        self._capture = cv2.VideoCapture(str(clip))

    def step(self) -> Pixels | None:
        """The next finished frame, H×W×3 BGR; None at the clip's end."""
        ok, frame = self._capture.read()
        if not ok:
            return None
        image = self._mp.Image(image_format=self._mp.ImageFormat.SRGB, data=cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
        self._time_ms += 33
        return self.draw(frame, image, self._time_ms)

    def draw(self, frame: Pixels, image: Any, time_ms: int) -> Pixels:
        """The look: `frame` is BGR, `image` the same for MediaPipe."""
        raise NotImplementedError

    def end(self) -> None:
        """Closes the clip."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def close(self) -> None:
        """Lets the models go."""
        self.end()


class Teleport(Loop):
    """The person before a still image: frame · mask + image · (1 - mask)."""

    def __init__(self, size: tuple[int, int], numpy_floats: bool) -> None:
        super().__init__(size, numpy_floats)
        self._segmenter = segmenter(size)
        width, height = size
        x, y = np.meshgrid(np.linspace(0.0, 1.0, width), np.linspace(0.0, 1.0, height))
        self._place: Pixels = (np.stack([0.3 + 0.6 * y, 0.2 + 0.3 * x, 0.7 - 0.5 * y], axis=2) * 255).astype(np.uint8)
        self._floats: Floats = self._place.astype(np.float32)

    def draw(self, frame: Pixels, image: Any, time_ms: int) -> Pixels:
        result = self._segmenter.segment_for_video(image, time_ms)
        mask: Floats = np.squeeze(result.confidence_masks[0].numpy_view())
        if self.numpy_floats:
            alpha = mask[:, :, None]
            return np.asarray((frame * alpha + self._floats * (1.0 - alpha)).astype(np.uint8))
        alpha8 = cv2.convertScaleAbs(mask, alpha=255.0)
        alpha3 = cv2.merge((alpha8, alpha8, alpha8))
        person = cv2.multiply(frame, alpha3, scale=1.0 / 255.0)
        place = cv2.multiply(self._place, cv2.bitwise_not(alpha3), scale=1.0 / 255.0)
        return np.asarray(cv2.add(person, place))

    def close(self) -> None:
        super().close()
        self._segmenter.close()


class LaserEyes(Loop):
    """Two lines from the irises in the head's direction, drawn on black, blurred, and added to the frame."""

    def __init__(self, size: tuple[int, int], numpy_floats: bool) -> None:
        super().__init__(size, numpy_floats)
        self._landmarker = face_landmarker()
        self._scale = 1 if numpy_floats else 4  # an expert blurs a small image
        self._light: Pixels = np.zeros((size[1] // self._scale, size[0] // self._scale, 3), np.uint8)

    def draw(self, frame: Pixels, image: Any, time_ms: int) -> Pixels:
        result = self._landmarker.detect_for_video(image, time_ms)
        lines = [line for i in range(len(result.face_landmarks)) for line in self._lines(result, i)]
        if not lines:
            return frame
        self._light[:] = 0
        for start, end, width in lines:
            a, b = ((round(x / self._scale), round(y / self._scale)) for x, y in (start, end))
            cv2.line(self._light, a, b, RED, max(1, round(3 * width / self._scale)), cv2.LINE_AA)
        side = round(self.size[1] / 24 / self._scale) | 1
        glow = cv2.GaussianBlur(self._light, (side, side), 0)
        if self.numpy_floats:
            core = np.zeros_like(frame)
            for start, end, width in lines:
                cv2.line(core, start, end, WHITE, width, cv2.LINE_AA)
            total = frame.astype(np.float32) + 1.5 * glow.astype(np.float32) + core.astype(np.float32)
            return np.asarray(np.clip(total, 0, 255).astype(np.uint8))
        glow = cv2.resize(cv2.convertScaleAbs(glow, alpha=1.5), self.size, interpolation=cv2.INTER_LINEAR)
        picture = cv2.add(frame, glow, dst=glow)
        for start, end, width in lines:
            cv2.line(picture, start, end, WHITE, width, cv2.LINE_AA)
        return np.asarray(picture)

    def _lines(self, result: Any, index: int) -> list[tuple[tuple[int, int], tuple[int, int], int]]:
        """(start, end, width) in pixels of one face's two beams."""
        width, height = self.size
        points = result.face_landmarks[index]
        forward = np.asarray(result.facial_transformation_matrixes[index])[:3, 2]
        away = np.array([forward[0], -forward[1] + 0.17])
        away = away / max(float(np.linalg.norm(away)), 1e-6) * (width + height)
        lines = []
        for iris, rim_a, rim_b in ((468, 469, 471), (473, 474, 476)):
            start = np.array([points[iris].x * width, points[iris].y * height])
            radius = abs(points[rim_a].x - points[rim_b].x) * width / 2.0
            end = start + away
            lines.append(((int(start[0]), int(start[1])), (int(end[0]), int(end[1])), max(1, round(radius * 0.8))))
        return lines

    def close(self) -> None:
        super().close()
        self._landmarker.close()


LOOPS: dict[str, type[Loop]] = {"teleport": Teleport, "laser-eyes": LaserEyes}
