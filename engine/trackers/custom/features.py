"""What classes are learnt from: an image, a face, a body or hands as a row of numbers that says what they are doing,
and not where in the image they are."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ...audio.base import Sound
from ...core.closing import Closing
from ...core.errors import unknown_name
from ...core.frame import Floats, Frame
from ...core.maths import head_angles
from ...core.results import RATE, Face, Faces, Hand, Hands, Pose, Poses
from ...models import store as models
from ...models.litert import LiteRtModel
from ...models.tflite_graph import cut
from .. import open_tracker
from ..base import Tracker
from .image_input import prepared
from .spec import InputSettings

# EfficientNet-Lite0 before its classes (Tan and Le, "EfficientNet", ICML 2019): what it sees, in 1280 numbers.
EMBEDDER, EMBEDDING = "efficientnet_lite0", "efficientnet-lite0/model/head/Squeeze1"
WHITE = (-1.64614822, 1.55818611)  # its 8-bit input's black and white
SHOULDERS, HIPS = (11, 12), (23, 24)
WRIST, KNUCKLE = 0, 9
SIDES = ("left", "right")
SECONDS = 1.0  # of sound
FRAME, HOP, BANDS = 2048, 960, 32  # samples of one spectrum, and between two; how many bands
LOW_HZ, HIGH_HZ = 80.0, 8000.0
DOCS = {
    "embedding": "the middle of the image (an object, a place, what you wear)",
    "face": "the face's expression and where the head is turned",
    "pose": "how the body stands: arms, shoulders, legs",
    "hands": "the shape of both hands",
    "sound": "the last second of sound: words, claps, whistles",
}


class Extractor(Closing):
    """Makes rows of numbers of frames. Used from one thread; frames in rising order of time."""

    def __init__(self, kind: str, sound: Sound | None = None) -> None:
        """`sound` is what `sound` listens to; None where there is none."""
        if kind not in DOCS:
            raise unknown_name("kind of features", kind, DOCS)
        self.kind, self._sound = kind, sound
        self._net: LiteRtModel | None = None
        self._tracker: Tracker | None = None
        if kind == "embedding":
            file = models.path(EMBEDDER)
            self._net = LiteRtModel(file, cut(file.read_bytes(), [EMBEDDING]))
            self._settings = InputSettings()
            for key, value in {"fit": "crop", "low": WHITE[0], "high": WHITE[1]}.items():
                self._settings.set(key, value)
        elif kind != "sound":
            self._tracker = open_tracker(kind)

    def vector(self, frame: Frame) -> Floats | None:
        """The row (N,) of `frame`; None where nobody is seen. Raises TrackerError."""
        if self._sound is not None:
            return of_sound(self._sound.block(frame.time_s, SECONDS))
        if self._net is not None:
            height, width = self._net.inputs[0].shape[:2]
            return self._net.run(prepared(frame.pixels, (width, height), self._settings))[0].ravel()
        if self._tracker is None:
            return None
        return of_found(self._tracker.track(frame), frame)

    def close(self) -> None:
        """Lets the model or tracker go; harmless when called twice."""
        tracker, self._tracker, self._net = self._tracker, None, None
        if tracker is not None:
            tracker.close()


def of_found(found: Any, frame: Frame) -> Floats | None:
    """The row of what a tracker found in `frame`: of the first face or body, or of the hands; None for nobody."""
    if not isinstance(found, Faces | Poses | Hands) or not found.items:
        return None
    if isinstance(found, Faces):
        return of_face(found.items[0])
    if isinstance(found, Poses):
        return of_pose(found.items[0])
    return of_hands(found.items, frame.size[1] / frame.size[0])


def of_sound(wave: Floats) -> Floats:
    """A second of sound as 24 moments of 32 bands, in decibels below the loudest of them, 40 at most: a word is the
    same however loud it is said, and whatever the room hums beneath it. The bands lie as on the mel scale (Stevens,
    Volkmann, Newman 1937)."""
    starts = np.arange(0, len(wave) - FRAME + 1, HOP)
    power = np.abs(np.fft.rfft(wave[starts[:, None] + np.arange(FRAME)] * np.hanning(FRAME), axis=1)) ** 2
    bands = power @ _mel_bands().T
    moments = bands[: len(bands) // 2 * 2].reshape(-1, 2, BANDS).mean(axis=1)
    loud = 10.0 * np.log10(moments + 1e-6)
    return np.asarray(np.maximum((loud - loud.max()) / 20.0, -2.0), np.float32).ravel()


@cache
def _mel_bands() -> Floats:
    """(BANDS, bins): how much each bin of the spectrum counts in each band, triangles over the mel scale."""
    mel = np.linspace(2595.0 * np.log10(1.0 + LOW_HZ / 700.0), 2595.0 * np.log10(1.0 + HIGH_HZ / 700.0), BANDS + 2)
    edges = 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    tones = np.arange(FRAME // 2 + 1) * RATE / FRAME
    rise = (tones - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - tones) / np.diff(edges)[1:, None]
    return np.asarray(np.maximum(np.minimum(rise, fall), 0.0), np.float32)


def of_face(face: Face) -> Floats:
    """The expressions by their names' order, and the head's yaw, pitch and roll in units of 45 degrees."""
    shapes = [face.blendshapes[name] for name in sorted(face.blendshapes)]
    return np.array([*shapes, *(angle / 45.0 for angle in head_angles(face))], np.float32)


def of_pose(pose: Pose) -> Floats:
    """The body's points in the image's plane about the middle of the shoulders, in shoulder widths in space, and how
    far each is seen. Points below the hips count only while they are seen."""
    world = pose.world - pose.world[list(SHOULDERS)].mean(axis=0)
    torso = np.linalg.norm(pose.world[list(SHOULDERS)].mean(axis=0) - pose.world[list(HIPS)].mean(axis=0))
    wide = np.linalg.norm(pose.world[SHOULDERS[0]] - pose.world[SHOULDERS[1]])
    unit = max(float(torso) * 0.7, float(wide), 1e-3)
    seen = np.clip(pose.visibility, 0.0, 1.0)
    places = world / unit * seen[:, None]
    return np.concatenate([places.ravel(), seen]).astype(np.float32)


def of_hands(hands: tuple[Hand, ...], aspect: float) -> Floats:
    """The points of the left and the right hand about the wrist, in lengths of the palm, and where each wrist is seen
    relative to the other; zeros for a hand that is not seen."""
    rows = []
    wrists = {}
    for side in SIDES:
        hand = next((h for h in hands if h.side == side), None)
        if hand is None:
            rows.append(np.zeros(21 * 3 + 1, np.float32))
            continue
        world = hand.world - hand.world[WRIST]
        palm = max(float(np.linalg.norm(world[KNUCKLE])), 1e-4)
        rows.append(np.concatenate([(world / palm).ravel(), [1.0]]).astype(np.float32))
        flat = hand.points[:, :2] * [1.0, aspect]
        wrists[side] = flat[WRIST], max(float(np.linalg.norm(flat[KNUCKLE] - flat[WRIST])), 1e-4)
    apart = np.zeros(2, np.float32)
    if len(wrists) == 2:
        (left, left_palm), (right, right_palm) = wrists["left"], wrists["right"]
        apart = np.clip((left - right) / (left_palm + right_palm), -5.0, 5.0)
    return np.concatenate([*rows, apart]).astype(np.float32)
