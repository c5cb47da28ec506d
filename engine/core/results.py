"""What the trackers know of a frame. Frozen, numpy only.

Coordinates are uv: 0..1, origin top left, x right, y down. Results carry the id of the frame they were computed from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .frame import Floats, Pixels

RATE = 48000  # samples a second

# The names of a face's expressions, in the network's order: ARKit's but for tongueOut, which it does not see.
EXPRESSIONS = (
    "_neutral", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff",
    "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight",
    "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight",
    "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker",
    "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft",
    "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face: MediaPipe's 478-point mesh.

    `points`: (478, 3) float32, uv and z in units of the image's width, smaller is nearer; irises at 468..477, where
    "left" is the person's own left. `blendshapes`: name -> 0..1 (52 ARKit-style names). `transform`: 4×4 float32, the
    canonical face model (cm, x right, y up, z toward the camera) into camera space; the camera looks along -z with a
    vertical field of view of 63 degrees (MediaPipe's face geometry). `identity` stays with a person over time.
    """

    points: Floats
    blendshapes: Mapping[str, float] = field(default_factory=dict)
    transform: Floats = field(default_factory=lambda: np.eye(4, dtype=np.float32))
    identity: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """One body: MediaPipe's 33 landmarks.

    `points`: (33, 3) float32, uv and z in units of the image's width; `world`: (33, 3) metres, origin between the
    hips, y down; `visibility`: (33,) 0..1; `mask`: confidence of this person alone, (h, w) float32 0..1 over the whole
    frame, or None where it was not asked for.
    """

    points: Floats
    world: Floats
    visibility: Floats
    identity: int = 0
    mask: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """The faces found in frame `frame_id`, largest first; none is an ordinary state."""

    frame_id: int
    items: tuple[Face, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Poses:
    """The bodies found in frame `frame_id`, largest first; none is an ordinary state."""

    frame_id: int
    items: tuple[Pose, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """How surely each part of frame `frame_id` shows a person.

    `confidence`: (h, w) float32 0..1 over the whole frame, usually smaller than it. `present` is False where no person
    was found; then `confidence` is all zero.
    """

    frame_id: int
    confidence: Floats
    present: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class AudioFeatures:
    """What is heard at frame `frame_id`.

    `wave`: (512,) float32 -1..1, the newest samples; `spectrum`: (512,) 0..1, the loudness of 512 tones of equal
    distance from 0 to a quarter of the sampling rate. `level`, `bass`, `mid`, `treble`: 0 quiet … 1 loud. `onset`: 1
    where a note or beat begins, falling to 0 within a third of a second. `beat` does the same on each beat of the
    music; `tempo` is in beats per minute, 0 while no beat is found; `bar_phase` 0..1 is how much of a bar of four beats
    has passed.
    """

    frame_id: int
    wave: Floats
    spectrum: Floats
    level: float = 0.0
    bass: float = 0.0
    mid: float = 0.0
    treble: float = 0.0
    onset: float = 0.0
    beat: float = 0.0
    tempo: float = 0.0
    bar_phase: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Hand:
    """One hand: MediaPipe's 21 landmarks.

    `points`: (21, 3) float32, uv and z in units of the image's width, relative to the wrist; `world`: (21, 3) metres
    about the hand's middle; `side`: `left` or `right`, the person's own; `gesture`: what it shows (`thumb_up`,
    `victory` …), empty where it is nothing known, as surely as `score` says.
    """

    points: Floats
    world: Floats
    side: str
    gesture: str = ""
    score: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Hands:
    """The hands found in frame `frame_id`, and how surely each gesture is shown by any of them (filtered, 0..1)."""

    frame_id: int
    items: tuple[Hand, ...] = ()
    gestures: Mapping[str, float] = field(default_factory=dict)


# The parts of `Parts`, by their numbers; left and right are the person's own (BodyPix).
PART_NAMES = (
    "left_face", "right_face",
    "left_upper_arm_front", "left_upper_arm_back", "right_upper_arm_front", "right_upper_arm_back",
    "left_lower_arm_front", "left_lower_arm_back", "right_lower_arm_front", "right_lower_arm_back",
    "left_hand", "right_hand", "torso_front", "torso_back",
    "left_upper_leg_front", "left_upper_leg_back", "right_upper_leg_front", "right_upper_leg_back",
    "left_lower_leg_front", "left_lower_leg_back", "right_lower_leg_front", "right_lower_leg_back",
    "left_foot", "right_foot",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Which part of a body each place of frame `frame_id` shows, of everybody at once.

    `confidence`: (h, w) float32 0..1 over the whole frame, how surely it is somebody; `part`: (h, w) uint8, the number
    of the part in `PART_NAMES`, which means something only where somebody is.
    """

    frame_id: int
    confidence: Floats
    part: Pixels


@dataclass(frozen=True, slots=True, eq=False)
class Classification:
    """How a model classifies frame `frame_id`: `scores` (N,) 0..1 for each of `names`, as the model said them, and
    `values` (N,) the same filtered over time: they cross one half with hysteresis."""

    frame_id: int
    names: tuple[str, ...]
    scores: Floats
    values: Floats

    @property
    def best(self) -> int:
        """The position of the likeliest class."""
        return int(np.argmax(self.scores))


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """Something that a model found: its `label`, its `score` 0..1, its `box` (4,) left, top, right, bottom in uv."""

    label: str
    score: float
    box: Floats
    identity: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """What a model found in frame `frame_id`, surest first."""

    frame_id: int
    items: tuple[Detection, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """Points that a model found in frame `frame_id`: `points` (N, 3) uv and z, `scores` (N,) 0..1."""

    frame_id: int
    points: Floats
    scores: Floats


@dataclass(frozen=True, slots=True, eq=False)
class ModelImage:
    """What a model made of frame `frame_id`: `pixels` (h, w, 3) uint8 sRGB over the part `box` of it, uv."""

    frame_id: int
    pixels: Pixels
    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Something of known shape: `kind` is marker or rectangle, `corners` (4, 2) float32 uv, clockwise (a marker's from
    its own top left, a rectangle's from the image's), `number` the marker's, -1 for a rectangle."""

    kind: str
    corners: Floats
    number: int = -1


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """What of known shape was found in frame `frame_id`; none is an ordinary state."""

    frame_id: int
    items: tuple[Reference, ...] = ()
