"""The signals of a face: where it is and looks, what it does, and every expression of the face tracker by name."""

from __future__ import annotations

from collections.abc import Mapping

from ...core.maths import head_angles, ramp
from ...core.results import EXPRESSIONS, Face
from .signal import Signal

EXPRESSION = "face.expression."  # before the name of one of NAMED
NAMED = frozenset(name for name in EXPRESSIONS if not name.startswith("_"))  # the rest says that nothing is expressed
TABLE = (
    Signal("face.present", "1 while there is a face"),
    Signal("face.count", "how many faces there are", 0.0, 4.0),
    Signal("face.mouth_open", "0 mouth shut, 1 wide open"),
    Signal("face.smile", "0 neutral, 1 broad smile"),
    Signal("face.blink_left", "1 while the person's own left eye is shut"),
    Signal("face.blink_right", "1 while the person's own right eye is shut"),
    Signal("face.brow_up", "0 neutral, 1 eyebrows raised"),
    Signal("face.yaw", "positive: turned toward the picture's right (the person's own left)", -45, 45, unit="°"),
    Signal("face.pitch", "positive: looks up", -30, 30, unit="°"),
    Signal("face.roll", "positive: tilted clockwise as seen in the picture", -30, 30, unit="°"),
    Signal("face.look_x", "the eyes alone, however the head is turned: -1 to the picture's left, 1 to its right", -1.0),
    Signal("face.look_y", "the eyes alone, however the head is turned: -1 up, 1 down", -1.0),
    Signal("face.x", "middle of the face, 0 left … 1 right", absent=0.5),
    Signal("face.y", "middle of the face, 0 top … 1 bottom", absent=0.5),
    Signal("face.size", "height of the face, 1 = the picture's height"),
    *(Signal(EXPRESSION + name, f"ARKit's {name}: 0 at rest, 1 in full") for name in EXPRESSIONS if name in NAMED),
)

# What the 52 expressions read at rest and at full: rest lies above what neutral faces show while they talk little, full
# below what people reach without effort (measured on eight portrait and desk clips).
MOUTH_OPEN = 0.15, 0.65
SMILE = 0.1, 0.8
BLINK = 0.25, 0.55
BROW_UP = 0.45, 0.9
# How far the eyes' expressions go when they look aside, up and down as far as is easy, and what they show straight on.
LOOK_X, LOOK_Y = 0.7, 0.6


def per_face(face: Face) -> dict[str, float]:
    """The `face.*` signals of one face (without `face.count`), for effects that treat each person for themselves.

    Single expressions are in `face.blendshapes`.
    """
    shape = face.blendshapes
    yaw, pitch, roll = head_angles(face)
    look_x, look_y = gaze(shape)
    low, high = face.points[:468, :2].min(axis=0), face.points[:468, :2].max(axis=0)
    smile = (shape.get("mouthSmileLeft", 0.0) + shape.get("mouthSmileRight", 0.0)) / 2.0
    brow = (
        shape.get("browInnerUp", 0.0) + shape.get("browOuterUpLeft", 0.0) + shape.get("browOuterUpRight", 0.0)
    ) / 3.0
    return {
        "face.present": 1.0,
        "face.mouth_open": ramp(shape.get("jawOpen", 0.0) - shape.get("mouthClose", 0.0), *MOUTH_OPEN),
        "face.smile": ramp(smile, *SMILE),
        "face.blink_left": ramp(shape.get("eyeBlinkLeft", 0.0), *BLINK),
        "face.blink_right": ramp(shape.get("eyeBlinkRight", 0.0), *BLINK),
        "face.brow_up": ramp(brow, *BROW_UP),
        "face.yaw": yaw,
        "face.pitch": pitch,
        "face.roll": roll,
        "face.look_x": look_x,
        "face.look_y": look_y,
        "face.x": float(low[0] + high[0]) / 2.0,
        "face.y": float(low[1] + high[1]) / 2.0,
        "face.size": float(high[1] - low[1]),
    }


def gaze(shape: Mapping[str, float]) -> tuple[float, float]:
    """Where the eyes look within the head, (x, y) -1..1 as seen in the picture, by the eight expressions of looking.

    The network finds these from the irises and the lids of both eyes, and has learned to leave the head's turn out.
    """
    right = shape.get("eyeLookOutLeft", 0.0) + shape.get("eyeLookInRight", 0.0)
    left = shape.get("eyeLookInLeft", 0.0) + shape.get("eyeLookOutRight", 0.0)
    down = shape.get("eyeLookDownLeft", 0.0) + shape.get("eyeLookDownRight", 0.0)
    up = shape.get("eyeLookUpLeft", 0.0) + shape.get("eyeLookUpRight", 0.0)
    return held((right - left) / 2.0 / LOOK_X), held((down - up) / 2.0 / LOOK_Y)


def held(value: float) -> float:
    """`value` held to -1..1."""
    return min(max(value, -1.0), 1.0)


def signals_of(face: Face | None, count: int) -> dict[str, float]:
    """Every `face.*` signal, of this face, one of `count`; without one only what is known then."""
    values = {"face.count": float(count)}
    if face is not None:
        values |= per_face(face)
        values |= {EXPRESSION + name: float(value) for name, value in face.blendshapes.items() if name in NAMED}
    return values
