"""Images and clips whose matte is known exactly, since they are painted: the portrait of the demo, cut along a drawn
outline, with hair added strand by strand, set before made rooms. And clips from stills, moved by a known camera.

Every clip has a sensor's noise and is coded as JPEG frame by frame, as cameras do: that is what makes masks flicker.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ...core.frame import Floats, Pixels
from ...sources.demo import portrait_path
from ...sources.read_image import read_image
from .metrics import Bools
from .truth import Still

SIZE = (960, 540)
FRAMES = 16
FPS = 30.0
NOISE = 2.5  # standard deviation, in 8-bit codes
JPEG = 88
# The outline of the person in the portrait, drawn just inside of her, in its pixels (512 wide).
OUTLINE = [
    (218, 31), (209, 45), (197, 50), (182, 65), (176, 80), (158, 103), (150, 106), (150, 194), (154, 199), (157, 219),
    (163, 228), (171, 260), (178, 268), (178, 276), (173, 279), (173, 285), (196, 298), (197, 321), (184, 335),
    (168, 345), (129, 357), (121, 362), (91, 367), (70, 377), (44, 399), (29, 446), (25, 495), (21, 526), (18, 552),
    (16, 580), (14, 640), (540, 640), (530, 520), (505, 432), (493, 397), (487, 391), (463, 379),
    (422, 368), (361, 342), (328, 315), (328, 300), (334, 288), (337, 267), (352, 266), (359, 261), (365, 227),
    (368, 223), (368, 208), (372, 201), (372, 189), (367, 184), (369, 134), (367, 129), (367, 101), (364, 91),
    (351, 88), (346, 72), (334, 58), (312, 46), (298, 43), (293, 37), (280, 29), (269, 26), (249, 25), (237, 27),
    (229, 32),
]  # fmt: skip
# Where hair grows: along these stretches of the outline, (x, y) to (x, y), outward to the left (-1) or right (1).
HAIRLINES = (((152, 200), (176, 272), -1), ((176, 272), (196, 305), -1), ((366, 215), (350, 268), 1),
             ((350, 268), (332, 305), 1))  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Frames and their true alphas. `moving`: whether the subject or the camera moves; `known` as in Still."""

    name: str
    moving: bool
    frames: list[Pixels] = field(default_factory=list)
    alphas: list[Floats] = field(default_factory=list)
    known: Bools | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """The painted person: colours (h×w×3 float32, 8-bit codes, known beyond her outline too) and alpha (h×w)."""

    color: Floats
    alpha: Floats


def cutout() -> Cutout:
    """The portrait's person with painted hair, at the portrait's own size plus a margin of 60 pixels at every side."""
    margin = 60
    portrait = read_image(portrait_path())
    height, width = portrait.shape[:2]
    scale = 4
    shape = (height + 2 * margin, width + 2 * margin)
    large = np.zeros((shape[0] * scale, shape[1] * scale), np.uint8)
    outline = (np.array(OUTLINE, np.float64) + margin + 0.5) * scale
    cv2.fillPoly(large, [np.round(outline).astype(np.int32)], 255)
    body = cv2.resize(large, (shape[1], shape[0]), interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    body[: margin // 2] = 0.0
    color = spread(
        cv2.copyMakeBorder(portrait, margin, margin, margin, margin, cv2.BORDER_REPLICATE).astype(np.float32),
        body > 0.999,
    )
    hair = np.zeros_like(large)
    for line in strands(margin, scale):
        cv2.polylines(hair, [line], False, 255, 1, cv2.LINE_AA)  # a quarter of a pixel
    strand = cv2.resize(hair, (shape[1], shape[0]), interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    strand = np.where(body > 0.5, np.float32(0), strand)
    # her own hair, which is grey
    tint = np.array([150.0, 136.0, 124.0], np.float32)
    share = (strand / np.maximum(strand + body, np.float32(1e-6)))[..., None]
    alpha = body + strand - body * strand
    return Cutout(color + (tint - color) * share, np.asarray(cv2.GaussianBlur(alpha, (0, 0), 0.6)))


def strands(margin: int, scale: int) -> Iterator[NDArray[np.int32]]:
    """Curved lines that leave the head sideways and fall."""
    random = np.random.default_rng(5)
    for start, end, side in HAIRLINES:
        for _ in range(110):
            root = np.array(start) + (np.array(end) - np.array(start)) * random.random() + margin
            length, turn, fall = 8 + 26 * random.random() ** 2, random.uniform(-0.9, 0.7), random.uniform(0.2, 1.6)
            t = np.linspace(0, 1, 14)
            x = root[0] + side * (length * t * math.cos(turn) - 4)
            y = root[1] + length * t * math.sin(turn) + fall * length * t * t * 0.5
            yield np.round((np.stack([x, y], axis=1) + 0.5) * scale).astype(np.int32)


def spread(image: Floats, solid: NDArray[np.bool_]) -> Floats:
    """The colours of `solid`, continued beyond it."""
    weight = solid.astype(np.float32)
    result, have = image * weight[..., None], weight.copy()
    for sigma in (1.0, 2.0, 4.0, 8.0, 16.0, 32.0):
        near = cv2.GaussianBlur(weight, (0, 0), sigma)
        mean = cv2.GaussianBlur(image * weight[..., None], (0, 0), sigma) / np.maximum(near, 1e-6)[..., None]
        trust = np.clip(near * 20, 0, 1) * (1 - have)
        result += mean * trust[..., None]
        have += trust
    return np.asarray(result / np.maximum(have, 1e-6)[..., None], np.float32)


def room(kind: int, size: tuple[int, int] = SIZE) -> Floats:
    """A made background (h×w×3 float32, 8-bit codes): textures, edges and colours that make cutting out hard."""
    random = np.random.default_rng(100 + kind)
    width, height = size
    base = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    first, second = random.uniform(40, 220, (2, 3)).astype(np.float32)
    picture = np.asarray(np.broadcast_to(first + (second - first) * base, (height, width, 3)), np.float32).copy()
    for _ in range(26):  # shelves, frames, books
        x, y = int(random.integers(-40, width)), int(random.integers(-40, height))
        w, h = int(random.integers(20, 240)), int(random.integers(10, 200))
        tone = 0.5 * random.uniform(10, 245, 3) + 0.5 * random.uniform(10, 245)
        cv2.rectangle(picture, (x, y), (x + w, y + h), tuple(float(v) for v in tone), -1, cv2.LINE_AA)
    for wide, strong in ((1.2, 30.0), (6.0, 90.0), (30.0, 300.0)):  # wallpaper, plants, shadows
        grain = cv2.GaussianBlur(random.standard_normal((height, width, 1)).astype(np.float32), (0, 0), wide)
        picture += grain[..., None] * np.float32(strong * (0.5 if kind % 2 else 1.0))
    return np.asarray(np.clip(cv2.GaussianBlur(picture, (0, 0), 0.8 + 1.5 * (kind % 3)), 0, 255), np.float32)


def placed(person: Cutout, view: NDArray[np.float64], size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Colours and alpha of the person as seen through the 2×3 matrix `view`."""
    color = cv2.warpAffine(person.color, view, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return color, np.asarray(cv2.warpAffine(person.alpha, view, size, flags=cv2.INTER_LINEAR))


def view_of(x: float, y: float, scale: float, turn_deg: float) -> NDArray[np.float64]:
    """The matrix that brings the portrait's chin to (x, y) in pixels, scaled and turned."""
    turn = math.radians(turn_deg)
    c, s = scale * math.cos(turn), scale * math.sin(turn)
    chin = (325.0, 390.0)
    return np.array([[c, -s, x - c * chin[0] + s * chin[1]], [s, c, y - s * chin[0] - c * chin[1]]])


def composite(person: Cutout, view: NDArray[np.float64], behind: Floats) -> tuple[Floats, Floats]:
    """The person in front of `behind` (float codes), and the true alpha."""
    color, alpha = placed(person, view, (behind.shape[1], behind.shape[0]))
    return behind + (color - behind) * alpha[..., None], alpha


def shot(image: Floats, number: int) -> Pixels:
    """What a camera makes of an image: noise, 8 bits, JPEG. The same for the same `number`."""
    random = np.random.default_rng(7000 + number)
    noisy = image + random.standard_normal(image.shape, np.float32) * np.float32(NOISE)
    codes = np.clip(noisy + 0.5, 0, 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", codes[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1])


PLACES = ((480.0, 350.0, 0.75, 0.0), (400.0, 350.0, 0.9, -3.0), (560.0, 395.0, 0.6, 3.0), (470.0, 390.0, 1.05, 1.0))


def painted_stills() -> list[Still]:
    """The painted person in four places."""
    person = cutout()
    made = []
    for number, place in enumerate(PLACES):
        image, alpha = composite(person, view_of(*place), room(number))
        made.append(Still(f"painted/{number}", shot(image, number), alpha))
    return made


def painted_clips() -> list[Clip]:
    """The painted person at rest, swaying, and going sideways at up to 300 pixels a second, before standing rooms."""
    person = cutout()
    ways: tuple[tuple[str, Callable[[float], tuple[float, float, float, float]]], ...] = (
        ("rest", lambda _: (0.0, 0.0, 1.0, 0.0)),
        (
            "sway",
            lambda t: (14 * math.sin(7 * t), 5 * math.sin(11 * t), 1 + 0.02 * math.sin(5 * t), 2 * math.sin(7 * t)),
        ),
        ("walk", lambda t: (300 * t - 80, 3 * math.sin(18 * t), 1.0, 0.0)),
    )
    clips = []
    for kind in range(2):
        for name, way in ways:
            clip = Clip(f"painted/{name}-{kind}", name != "rest")
            behind = room(4 + kind)
            x, y, scale, turn = PLACES[kind]
            for n in range(FRAMES):
                dx, dy, grow, tilt = way(n / FPS)
                image, alpha = composite(person, view_of(x + dx, y + dy, scale * grow, turn + tilt), behind)
                clip.frames.append(shot(image, 100 * kind + n))
                clip.alphas.append(alpha)
            clips.append(clip)
    return clips


def clips_of(still: Still, frames: int = 10) -> list[Clip]:
    """A still, filmed at rest from a tripod, and with a camera that pans, tilts and rolls over it."""
    rest = Clip(f"{still.name} rest", False, known=still.known)
    moved = Clip(f"{still.name} pan", True, known=still.known)
    height, width = still.alpha.shape
    image = still.pixels.astype(np.float32)
    for n in range(frames):
        rest.frames.append(shot(image, n))
        rest.alphas.append(still.alpha)
        t = n / FPS
        # zoomed in by 8 %, so that nothing beyond the image is needed
        view = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), 1.2 * math.sin(5 * t), 1.08), np.float64)
        view[:, 2] += 0.03 * width * math.sin(8 * t), 0.015 * height * math.sin(10 * t + 1)
        moved.frames.append(shot(cv2.warpAffine(image, view, (width, height), borderMode=cv2.BORDER_REFLECT), n))
        moved.alphas.append(cv2.warpAffine(still.alpha, view, (width, height), borderMode=cv2.BORDER_REFLECT))
    return [rest, moved]
