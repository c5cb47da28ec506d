"""Two beams from the irises, in the direction of the head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phosphene import Choice, Color, Effect, Face, Float, Observation, Pass, Sprites, face_signals

# Points of the mesh, by the person's own sides: iris centre and two rim points; upper and lower lid, both corners.
IRIS = {"right": (468, 469, 471), "left": (473, 474, 476)}
LIDS = {"right": (159, 145, 33, 133), "left": (386, 374, 263, 362)}
# Eye aspect ratio, lid gap over eye width (Soukupová and Čech 2016): about 0.33 open, 0.2 looking down, 0.1 shut.
SHUT, OPEN = 0.12, 0.19
OUTWARD = {"right": -1.0, "left": 1.0}
HALF_FOV = np.deg2rad(63.0 / 2)  # of the camera in which the face's transform is given
EYE_CM = 3.4  # how far an eye lies before the origin of the canonical face
BLINK_BURST_S = 1.2
FORGET_S = 0.6
GLOW_RADII = 9.0  # reach of the glow, in radii of the beam
LENS_TO_MIDDLE = 0.25
SPARKS = 16
SPARK_LIFE_S = 0.45


@dataclass
class Charge:
    """How far one person's lasers are: `charge` and `power` 0..1."""

    charge: float = 0.0
    power: float = 0.0
    burst_s: float = 0.0
    unseen_s: float = 0.0
    shut: bool = False
    pulled: bool = False


class LaserEyes(Effect):
    """Laser beams from the eyes, for everybody in the picture."""

    color = Color("#ff1633", "colour of the glow")
    core = Color("#fff2e6", "colour of the hot core")
    trigger = Choice(
        "mouth", ("mouth", "blink", "key", "always"), "what fires: an open mouth, a blink, only `fire`, nothing"
    )
    fire = Float(0.0, 0.0, 1.0, "fires from 0.5 up, whatever the trigger: bind a key or a signal to it")
    width = Float(1.0, 0.2, 4.0, "thickness of the beams")
    glow = Float(1.0, 0.0, 3.0, "strength of the glow, and of its light on the face")
    sparks = Float(1.0, 0.0, 2.0, "sparks where a beam meets the picture's edge")
    flicker = Float(0.35, 0.0, 1.0, "unsteadiness of the light")
    aim_deg = Float(10.0, -45.0, 45.0, "how far below the head's own direction the beams point", unit="degrees")
    charge_s = Float(0.45, 0.0, 5.0, "time from the trigger to the beam", unit="s")
    fade_s = Float(0.25, 0.0, 5.0, "time in which a beam dies", unit="s")
    needs = ("face",)
    lights = Sprites()
    beams = Sprites()
    passes = (
        Pass("laser_eyes/light.frag", sprites="lights"),
        Pass("laser_eyes/beam.frag", sprites="beams"),
    )

    def prepare(self, size: tuple[int, int]) -> None:
        self._people: dict[int, Charge] = {}

    def update(self, observation: Observation, dt: float) -> None:
        time_s = observation.frame.time_s
        lights: list[list[float]] = []
        beams: list[list[float]] = []
        seen = {face.identity: face for face in observation.faces}
        for identity in [*seen, *(i for i in self._people if i not in seen)]:
            person = self._people.setdefault(identity, Charge())
            face = seen.get(identity)
            if face is None:
                person.unseen_s += dt
                if person.unseen_s > FORGET_S:
                    del self._people[identity]
                continue
            person.unseen_s = 0.0
            self._advance(person, face, dt)
            if person.charge > 0.0 or person.power > 0.0:
                self._draw(face, person, time_s, lights, beams)
        self.lights, self.beams = np.array(lights), np.array(beams)

    def _advance(self, person: Charge, face: Face, dt: float) -> None:
        """Charges while the trigger holds, fires when full, fades when it is let go."""
        threshold = 0.22 if person.pulled else 0.35  # let go later than pulled, so that it does not stutter
        person.pulled = face_signals(face)["face.mouth_open"] > threshold
        shut = max(openness(face, side, self.size) for side in LIDS) < 0.3
        if person.shut and not shut:
            person.burst_s = BLINK_BURST_S
        person.shut = shut
        person.burst_s = max(0.0, person.burst_s - dt)
        held = {
            "mouth": person.pulled,
            "blink": person.burst_s > 0.0,
            "key": False,
            "always": True,
        }[self.trigger]
        if self.trigger == "always":
            person.charge = 1.0  # no charging: it was never off
            person.power = 1.0
        elif held or self.fire >= 0.5:
            person.charge = min(1.0, person.charge + dt / self.charge_s) if self.charge_s > 0.0 else 1.0
            if person.charge == 1.0:
                person.power = min(1.0, person.power + dt / 0.08)
        else:
            loss = dt / self.fade_s if self.fade_s > 0.0 else 1.0
            person.power = max(0.0, person.power - loss)
            person.charge = max(0.0, min(person.charge, 0.999) - loss)

    def _draw(
        self, face: Face, person: Charge, time_s: float, lights: list[list[float]], beams: list[list[float]]
    ) -> None:
        """Adds one face's light, beams, flares and sparks."""
        scale = np.array(self.size, np.float32)
        eyes, powers, radii = [], [], []
        for number, side in enumerate(IRIS):
            centre, rim_a, rim_b = (face.points[i, :2] * scale for i in IRIS[side])
            iris_px = max(float(np.linalg.norm(rim_a - rim_b)) / 2, 0.5)
            shown = openness(face, side, self.size) * self._visible(face, side)
            waver = 1.0 - self.flicker * (0.5 + 0.5 * wobble(time_s * 31.0 + 7.0 * number + face.identity, self.seed))
            eyes.append(centre)
            radii.append(iris_px)
            power = person.power * shown * waver
            warm = max(person.charge**2 * 0.6, person.power) * shown * waver
            powers.append(warm)
            if warm > 0.003:
                flare_px = iris_px * (3.0 + 6.0 * warm)
                beams.append([*centre, flare_px, flare_px, 0.0, iris_px, 0.0, warm, 0.0, 0.0, 0.0, 0.0, 1.0])
            if power > 0.003:
                self._beam(face, side, centre, iris_px, power, time_s, beams)
        if max(powers) > 0.003 and self.glow > 0.0:
            middle = (eyes[0] + eyes[1]) / 2
            reach = max(float(np.linalg.norm(eyes[0] - eyes[1])), 4.0 * max(radii)) * 2.6
            offsets = [*(eyes[0] - middle), *(eyes[1] - middle)]
            lights.append([*middle, reach, reach, 0.0, *offsets, powers[0], powers[1], reach, 0.0])

    def _visible(self, face: Face, side: str) -> float:
        """How far an eye looks out from behind the nose: 0 hidden … 1 in full view."""
        turn = face.transform[:3, :3]
        outward = turn @ np.array([0.5 * OUTWARD[side], 0.0, 0.866])
        toward = -face.transform[:3, 3]
        cosine = float(outward @ toward) / max(float(np.linalg.norm(toward) * np.linalg.norm(outward)), 1e-6)
        return smooth(0.12, 0.32, cosine)

    def _beam(
        self,
        face: Face,
        side: str,
        start: np.ndarray,
        iris_px: float,
        power: float,
        time_s: float,
        beams: list[list[float]],
    ) -> None:
        """One beam from an iris to the edge of the picture, in perspective.

        A straight line in space is a straight line in the picture, and its thickness, which goes with 1/depth, grows
        evenly along it; so two points of it suffice.
        """
        width, height = self.size
        focal_px = height / 2 / np.tan(HALF_FOV)
        turn = face.transform[:3, :3]
        tilt = np.deg2rad(self.aim_deg)
        direction = turn @ np.array([0.0, -np.sin(tilt), np.cos(tilt)])
        direction = direction / max(float(np.linalg.norm(direction)), 1e-6)
        depth = max(-(face.transform[2, 3] + float(turn[2, 2]) * EYE_CM), 5.0)
        # Seen through a long lens a face off the middle still looks into the camera; so the lens is taken to point
        # nearer to the face than to the picture's middle, and beams do not fan out from there.
        between = (face.points[IRIS["left"][0], :2] + face.points[IRIS["right"][0], :2]) / 2 * self.size
        middle = between + (np.array([width / 2, height / 2]) - between) * LENS_TO_MIDDLE
        eye = np.array([*((start - middle) / focal_px * depth * [1, -1]), -depth])
        step = min(20.0, 0.5 * depth / max(abs(float(direction[2])), 1e-3))
        ahead = eye + direction * step
        next_px = ahead[:2] * [1, -1] / -ahead[2] * focal_px + middle
        along = next_px - start
        run = float(np.linalg.norm(along))
        radius = 0.42 * iris_px * self.width
        if run < 0.5:
            return  # straight into the lens: only the flare is seen
        along = along / run
        growth = float(np.clip(radius * (depth / -ahead[2] - 1.0) / run, -0.02, 0.35))
        length, edge = to_edge(start, along, self.size)
        if direction[2] < 0.0:  # away from the camera: it ends in the vanishing point
            vanishing = direction[:2] * [1, -1] / -direction[2] * focal_px + middle
            reach = float(np.linalg.norm(vanishing - start))
            if reach < length:
                length, edge = reach, None
        end_radius = float(np.clip(radius + growth * length, 0.3 * radius, 0.035 * height + radius))
        if length > 1.0:
            pad = GLOW_RADII * max(radius, end_radius) * (0.4 + 0.6 * min(self.glow, 1.0))
            half = length / 2 + pad
            centre = start + along * (length / 2)
            angle = float(np.arctan2(along[1], along[0]))
            phase = (time_s * 13.0 + (0.37 if side == "left" else 0.0)) % 64.0
            beams.append([*centre, half, pad, angle, radius, end_radius, power, phase, length, pad, self.flicker, 0.0])
        if edge is not None and self.sparks > 0.0:
            self._sparks(start + along * length, edge, end_radius, power, time_s, face.identity, side, beams)

    def _sparks(
        self,
        at: np.ndarray,
        inward: np.ndarray,
        radius: float,
        power: float,
        time_s: float,
        identity: int,
        side: str,
        beams: list[list[float]],
    ) -> None:
        """Short streaks that fly off where the beam meets the edge; a function of the time alone."""
        unit = self.size[1] / 720
        splash = radius * 2.5 + 14.0 * unit
        beams.append([*at, splash * 2, splash * 2, 0.0, splash * 0.4, 0.0, power * 0.9, 0.0, 0.0, 0.0, 0.0, 1.0])
        count = round(SPARKS * self.sparks)
        slots = time_s / SPARK_LIFE_S + np.arange(count) * 0.618034
        life = slots % 1.0
        draws = scatter(np.floor(slots), self.seed, identity, int(side == "left"), np.arange(4)[:, None])
        angle = np.arctan2(inward[1], inward[0]) + (draws[0] - 0.5) * 2.6
        away = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        speed = ((120.0 + 420.0 * draws[1]) * unit)[:, None]
        age = (life * SPARK_LIFE_S)[:, None]
        fall = np.array([0.0, 250.0 * unit])
        places = at + away * speed * age + fall * age * age
        velocity = away * speed + 2.0 * fall * age
        rows = np.zeros((count, 13))
        rows[:, 0:2] = places
        rows[:, 2] = (3.0 + 10.0 * draws[2]) * unit * (1.0 - 0.6 * life) + 1.0
        rows[:, 3] = 2.6 * unit + 1.0
        rows[:, 4] = np.arctan2(velocity[:, 1], velocity[:, 0])
        rows[:, 7] = power * (1.0 - life) ** 2 * (0.5 + 0.5 * draws[3])
        rows[:, 12] = 2.0
        beams.extend(rows.tolist())


def openness(face: Face, side: str, size: tuple[int, int]) -> float:
    """How far an eye is open, 0 shut … 1 open: from its aspect ratio in space, so that a turn changes nothing."""
    upper, lower, outer, inner = (face.points[i] * [size[0], size[1], size[0]] for i in LIDS[side])
    ratio = float(np.linalg.norm(upper - lower)) / max(float(np.linalg.norm(outer - inner)), 1e-6)
    return smooth(SHUT, OPEN, ratio)


def to_edge(start: np.ndarray, along: np.ndarray, size: tuple[int, int]) -> tuple[float, np.ndarray | None]:
    """How far it is from `start` to the picture's edge, and the edge's direction inward (None where it is not met)."""
    best, normal = float("inf"), None
    for axis in (0, 1):
        if abs(along[axis]) > 1e-6:
            limit = float(size[axis]) if along[axis] > 0 else 0.0
            distance = (limit - start[axis]) / along[axis]
            if distance < best:
                best = float(distance)
                normal = np.zeros(2)
                normal[axis] = -np.sign(along[axis])
    return (max(best, 0.0), normal) if np.isfinite(best) else (0.0, None)


def smooth(low: float, high: float, value: float) -> float:
    """GLSL's smoothstep."""
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


def scatter(slots: NDArray[np.float64], *keys: int | NDArray[np.int64]) -> NDArray[np.float64]:
    """A number 0..1 for each spark and its keys, the same every time (integer hash: PCG, Jarzynski and Olano 2020)."""
    mixed = np.asarray(slots.astype(np.int64) * 2654435761 + np.arange(len(slots)), np.uint64).astype(np.uint32)
    for key in keys:
        state = (mixed ^ np.asarray(key, np.int64).astype(np.uint32)) * np.uint32(747796405) + np.uint32(2891336453)
        word = ((state >> ((state >> np.uint32(28)) + np.uint32(4))) ^ state) * np.uint32(277803737)
        mixed = (word >> np.uint32(22)) ^ word
    return mixed.astype(np.float64) / 2**32


def wobble(x: float, seed: int) -> float:
    """Smooth noise in -1..1 from three sines that never line up."""
    return float(np.sin(x + seed) * 0.5 + np.sin(x * 1.71 + 1.3) * 0.3 + np.sin(x * 3.13 + 4.1) * 0.2)
