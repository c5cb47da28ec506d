"""Sheets, cards and markers put into real photos of standing people, and how far the scale they give is off.

    python -m tests.measurement.held_things PHOTO... > table.md

A person is taken to be 175 cm tall; from that and a usual field of view follows where the camera stood. The thing is
held about 14 cm before the body's middle, turned by up to 20 degrees, lit as the photo is, with fingers over its edges,
blurred by the lens, with the noise of a camera, compressed as JPEG. The effect is told none of that.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from phosphene.effects.clothing_size import ClothingSize, measure, scale, straight
from phosphene.engine.core.frame import Frame, Pixels
from phosphene.engine.core.observation import Observation
from phosphene.engine.core.results import Pose
from phosphene.engine.trackers import open_tracker

HEIGHT_CM = 175.0
THINGS = {"a4": (21.0, 29.7), "card": (8.56, 5.398), "marker": (15.0, 15.0)}
MARGIN_CM = 3.0  # of white paper round a marker
FINGER_CM = (1.4, 0.8)  # how far a finger reaches over an edge, and half its breadth
FINE = 2  # how many times finer than the photo it is drawn
SKIN = (196, 142, 112)
EACH = 6  # pictures of each photo and thing


@dataclass(frozen=True)
class Standing:
    """A photo of one who stands well: `pixels`, the `pose`, and the body's height in it."""

    pixels: Pixels
    pose: Pose
    tall_px: float

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]


def standing(path: Path) -> Standing:
    """The person in a photo. Raises ValueError where nobody stands well."""
    pixels = np.ascontiguousarray(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB))
    size = pixels.shape[1], pixels.shape[0]
    with open_tracker("pose", masks=True) as tracker:
        poses = tracker.track(Frame(0, 0.0, pixels)).items
    reading = measure.read(poses[0], poses[0].mask, size, pixels) if poses else measure.Reading()
    if reading.height is None or reading.faults:
        raise ValueError(f"nobody stands well in {path.name}")
    return Standing(pixels, poses[0], scale.length_px(reading.height, size))


def face_of(thing: str, rng: np.random.Generator) -> tuple[Pixels, np.ndarray]:
    """What the thing looks like from the front (RGB), and its corners in that picture."""
    whole = np.array([(0, 0), (400, 0), (400, 400), (0, 400)], np.float32)
    if thing == "marker":
        code = cv2.aruco.generateImageMarker(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50), 7, 400)
        paper = np.full((560, 560, 3), 236, np.uint8)
        paper[80:480, 80:480] = code[..., None]
        return paper, whole + 80
    face = np.full((400, 400, 3), (238, 238, 234) if thing == "a4" else rng.integers(205, 245, 3), np.uint8)
    if thing == "card":
        cv2.rectangle(face, (40, 150), (100, 210), (200, 176, 96), -1)
        cv2.putText(face, "0000 0000", (40, 300), cv2.FONT_HERSHEY_PLAIN, 3, (120, 120, 130), 4)
    return face, whole


def held(photo: Standing, thing: str, rng: np.random.Generator) -> Pixels:
    """The photo with the thing held before the chest."""
    focal_px = scale.camera(photo.size, 0.0).focal_px
    body_cm = focal_px * HEIGHT_CM / photo.tall_px
    away_cm = body_cm - rng.normal(scale.HELD_CM, 3.0)
    points = straight.pixels(photo.pose, photo.size)
    shoulders, hips = points[list(straight.SHOULDERS)].mean(axis=0), points[list(straight.HIPS)].mean(axis=0)
    at = shoulders + rng.uniform(0.3, 0.6) * (hips - shoulders)
    middle = np.array(photo.size) / 2
    centre = np.array([*(at - middle) / focal_px * away_cm, away_cm])
    wide, tall = THINGS[thing]
    corners = np.array([(-wide, -tall, 0), (wide, -tall, 0), (wide, tall, 0), (-wide, tall, 0)]) / 2
    grip = wide / 2 + (MARGIN_CM if thing == "marker" else 0.0)
    grips = np.array([(side * grip, tall * rng.uniform(-0.1, 0.1), -0.5) for side in (-1, 1)])
    turn = cv2.Rodrigues(np.radians([rng.uniform(-20, 20), rng.uniform(-20, 20), rng.uniform(-6, 6)]))[0]

    def projected(model: np.ndarray) -> np.ndarray:
        there = model @ turn.T + centre
        return np.asarray((there[:, :2] / there[:, 2:] * focal_px + middle) * FINE - 0.5, np.float32)

    face, source = face_of(thing, rng)
    large = cv2.resize(photo.pixels, None, fx=FINE, fy=FINE, interpolation=cv2.INTER_LINEAR)
    matrix = cv2.getPerspectiveTransform((source - 0.5).astype(np.float32), projected(corners))
    lit = cv2.warpPerspective(face, matrix, large.shape[1::-1], flags=cv2.INTER_AREA).astype(np.float32)
    covered = cv2.warpPerspective(np.ones(face.shape[:2], np.float32), matrix, large.shape[1::-1])[..., None]
    # As bright as the photo's brighter half is white, brighter on one side.
    white = float(np.percentile(photo.pixels, 80)) / 238.0
    ramp = np.linspace(rng.uniform(0.8, 1.0), rng.uniform(0.8, 1.0), large.shape[1])[None, :, None]
    image = large * (1 - covered) + lit * covered * ramp * np.clip(white, 0.35, 1.05)
    cm_px = focal_px / away_cm * FINE
    for place in projected(grips):
        axes = (round(FINGER_CM[0] * cm_px), round(FINGER_CM[1] * cm_px))
        tone = [float(np.clip(white, 0.35, 1.05) * channel) for channel in SKIN]
        cv2.ellipse(image, (round(float(place[0])), round(float(place[1]))), axes, 0, 0, 360, tone, -1)
    image = cv2.resize(image, photo.size, interpolation=cv2.INTER_AREA)
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.6, 1.2)) + rng.normal(0, 3, image.shape)
    compressed = cv2.imencode(".jpg", np.clip(image, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    return np.asarray(cv2.imdecode(compressed, cv2.IMREAD_UNCHANGED), np.uint8)


def stated(photo: Standing, pixels: Pixels, thing: str) -> scale.Length | None:
    """The height that the effect takes from what is held up; None where it finds nothing that it trusts."""
    effect = ClothingSize(reference=thing, hold_s=0.0)
    frame = Frame(0, 0.0, np.ascontiguousarray(pixels))
    with open_tracker("pose", masks=True) as pose, open_tracker("reference") as reference:
        effect.prepare(frame.size)
        effect.update(Observation(frame, {"pose": pose.track(frame), "reference": reference.track(frame)}), 0.0)
    return effect.fusion.known().get("reference")


def judged(photos: list[Standing], thing: str, each: int = EACH) -> dict[str, float]:
    """Over all photos: pictures, how many gave a scale, its mean absolute and largest error, and how many of the 90 %
    intervals hold the truth."""
    rng, errors, inside, pictures = np.random.default_rng(1), [], [], 0
    for photo in photos:
        for _ in range(each):
            pictures += 1
            if (found := stated(photo, held(photo, thing, rng), thing)) is not None:
                errors.append(abs(found.cm / HEIGHT_CM - 1))
                inside.append(abs(math.log(found.cm / HEIGHT_CM)) <= 1.645 * found.sd)
    return {
        "pictures": pictures,
        "found": len(errors),
        "mean_percent": 100 * float(np.mean(errors)) if errors else math.nan,
        "largest_percent": 100 * max(errors, default=math.nan),
        "coverage_90": float(np.mean(inside)) if inside else math.nan,
    }


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, nargs="+", metavar="PHOTO")
    photos = [standing(path) for path in parser.parse_args().photos]
    print("| held up | pictures | gave a scale | mean error | largest error | in the 90 % interval |")
    print("|---|---|---|---|---|---|")
    for thing in THINGS:
        f = judged(photos, thing)
        figures = f"{f['mean_percent']:.1f} % | {f['largest_percent']:.1f} % | {100 * f['coverage_90']:.0f} %"
        print(f"| {thing} | {f['pictures']} | {f['found']} | {figures} |")


if __name__ == "__main__":
    main()
