"""Renders a population of bodies of known size, measures their pictures, and writes what `refit` takes.

By hand, in an environment that also has anny 0.6.2 (Apache-2.0; its body data are CC0) and torch:

    python -m tests.measurement.render_bodies tests/measurement/rendered.csv

Each body stands before a plain wall or in a drawn room, and is seen from the front and the side by a camera at 2.85 to
3.8 m, with the arms and legs apart. Girths are hulls of horizontal slices of the mesh, as a tape lies: chest the
fullest between 0.70 and 0.76 of the height, waist the slimmest between 0.58 and 0.66, hips the fullest between 0.46 and
0.54; the mass is the mesh's volume at 980 kg a cubic metre. A body's row depends on its number alone.
None of these bodies is one that `measure --evaluate` is given.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from phosphene.effects.clothing_size import measure, profile, refit
from phosphene.engine.core.frame import Frame
from phosphene.engine.trackers import open_tracker

SIZE, FOCAL_PX = (720, 1280), 1150.0
DENSITY = 980.0
ROOMS = 0.6  # of the bodies stand in one, the others before a plain wall
SEED = 7
ARM_BONES = ("upperarm", "lowerarm", "wrist", "finger", "metacarpal")
LEG_BONES = ("upperleg", "lowerleg", "foot", "toe")
NAMES = (*refit.RENDERED_TRUE, *(f"seen_{n}" for n in (*refit.RENDERED_SEEN, "inseam")))


class Bodies:
    """The body model: meshes by phenotype, and which part of each vertex belongs to which limb."""

    def __init__(self) -> None:
        import anny

        self.model = anny.Anny()
        self.faces = self.model.faces.numpy()
        weights, index = self.model.vertex_bone_weights.numpy(), self.model.vertex_bone_indices.numpy()

        def part(names: tuple[str, ...], side: str = "") -> np.ndarray:
            bones = [i for i, b in enumerate(self.model.bone_labels) if b.startswith(names) and b.endswith(side)]
            return (weights * np.isin(index, bones)).sum(axis=1)

        self.arms = {side: part(ARM_BONES, side) for side in (".L", ".R")}
        self.legs = {side: part(LEG_BONES, side) for side in (".L", ".R")}
        arm = part(ARM_BONES)
        self.arm = arm
        self.trunk = ((arm + part(("shoulder01",)))[self.faces] < 0.5).all(axis=1)

    def mesh(self, phenotype: dict[str, float]) -> np.ndarray:
        """Vertices (n, 3) in metres: x to the person's left, y backward, z up from the floor."""
        import torch

        told = {k: torch.tensor([v], dtype=self.model.dtype) for k, v in phenotype.items()}
        vertices = self.model(phenotype_kwargs=told)["vertices"][0].detach().numpy().astype(float)
        return vertices - [0.0, vertices[:, 1].mean(), vertices[:, 2].min()]

    def stand(self, mesh: np.ndarray, legs_deg: float, arms_deg: float) -> np.ndarray:
        """The body with its legs and arms turned sideways about hips and shoulders."""
        mesh, tall = mesh.copy(), float(np.ptp(mesh[:, 2]))
        for limbs, degrees, at in ((self.legs, legs_deg, (0.05, 0.52)), (self.arms, arms_deg, (0.10, 0.80))):
            for part in limbs.values():
                side = np.sign(mesh[part > 0.9][:, 0].mean())
                angle = np.radians(degrees) * part * side
                x, z = mesh[:, 0] - side * at[0] * tall, mesh[:, 2] - at[1] * tall
                mesh[:, 0] = side * at[0] * tall + x * np.cos(angle) - z * np.sin(angle)
                mesh[:, 2] = at[1] * tall + x * np.sin(angle) + z * np.cos(angle)
        mesh[:, 2] -= mesh[:, 2].min()
        return mesh

    def girth(self, mesh: np.ndarray, z: float) -> float:
        """The tape's way round the trunk (and both legs) at a height, in centimetres."""
        corners = mesh[self.faces[self.trunk]]
        over, points = corners[:, :, 2] - z, []
        for a, b in ((0, 1), (1, 2), (2, 0)):
            cut = over[:, a] * over[:, b] < 0
            part = over[cut, a] / (over[cut, a] - over[cut, b])
            points.append((corners[cut, a] + (corners[cut, b] - corners[cut, a]) * part[:, None])[:, :2])
        return 100.0 * float(cv2.arcLength(cv2.convexHull(np.concatenate(points).astype(np.float32)), True))

    def truth(self, mesh: np.ndarray) -> dict[str, float]:
        """The true lengths in centimetres, the mass in kilograms."""
        tall = float(mesh[:, 2].max())

        def girths(low: float, high: float) -> list[float]:
            return [self.girth(mesh, part * tall) for part in np.arange(low, high + 1e-9, 0.004)]

        a, b, c = (mesh[self.faces[:, i]] for i in range(3))
        middle = mesh[(np.abs(mesh[:, 0]) < 0.006) & (mesh[:, 2] > 0.3 * tall) & (mesh[:, 2] < 0.6 * tall)]
        return {
            "height": 100 * tall,
            "weight": DENSITY * abs(float((np.cross(a, b) * c).sum())) / 6,
            "chest": max(girths(0.70, 0.76)),
            "waist": min(girths(0.58, 0.66)),
            "hips": max(girths(0.46, 0.54)),
            "inseam": 100 * float(middle[:, 2].min()),
        }

    def picture(self, mesh: np.ndarray, side: bool, camera: dict[str, float], colours: np.ndarray, behind: Any) -> Any:
        """The body as the camera sees it (RGB), four times finer than its pixels and shrunk."""
        seen = np.stack([-mesh[:, 1], mesh[:, 0], mesh[:, 2]], axis=1) if side else mesh
        p = np.radians(camera["pitch_deg"])
        y, z = camera["distance_m"] + seen[:, 1], seen[:, 2] - camera["height_m"]
        depth, up = y * np.cos(p) - z * np.sin(p), z * np.cos(p) + y * np.sin(p)
        points = np.stack([SIZE[0] / 2 + FOCAL_PX * seen[:, 0] / depth, SIZE[1] / 2 - FOCAL_PX * up / depth], axis=1)
        edges = (seen[self.faces[:, i]] - seen[self.faces[:, 0]] for i in (1, 2))
        normal = np.cross(*edges)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
        light = 0.45 + 0.55 * np.clip(normal @ (np.array([0.3, -0.6, 0.7]) / np.linalg.norm([0.3, -0.6, 0.7])), 0, 1)
        fine = 2
        image = cv2.resize(behind, None, fx=fine, fy=fine)
        corners = np.round(points[self.faces] * fine * 16).astype(np.int32)
        for i in np.argsort(-depth[self.faces].mean(axis=1)):
            cv2.fillConvexPoly(image, corners[i], (colours[self.faces[i, 0]] * light[i]).tolist(), shift=4)
        return cv2.resize(image, SIZE, interpolation=cv2.INTER_AREA)


@cache
def the_bodies() -> Bodies:
    """The body model, loaded once a process."""
    return Bodies()


def wall(rng: np.random.Generator) -> np.ndarray:
    """What stands behind a body: an evenly lit wall, or a room with a floor, doors, windows, pictures and lamps."""
    width, height = SIZE
    shade = np.linspace(rng.uniform(90, 240), rng.uniform(60, 220), height)[:, None, None]
    image = np.ascontiguousarray((shade * np.ones((1, width, 1)) * rng.uniform(0.8, 1.0, 3)).astype(np.uint8))
    if rng.random() >= ROOMS:
        return image
    floor = int(rng.uniform(0.62, 0.9) * height)
    image[floor:] = (image[floor:] * rng.uniform(0.35, 0.95, 3)).astype(np.uint8)
    for _ in range(rng.integers(6, 28)):
        x, y = rng.uniform(-0.2, 1.0) * width, rng.uniform(-0.1, 0.9) * height
        far = (x + rng.uniform(0.03, 0.5) * width, y + rng.uniform(0.02, 0.4) * height)
        bright = rng.uniform(200, 255) if rng.random() < 0.2 else rng.uniform(15, 220)
        colour = np.clip(bright * rng.uniform(0.75, 1.1, 3), 0, 255).tolist()
        cv2.rectangle(image, (int(x), int(y)), (int(far[0]), int(far[1])), colour, -1 if rng.random() < 0.6 else 4)
    for _ in range(rng.integers(0, 14)):
        ends = rng.uniform(-0.2, 1.2, 4) * (width, height, width, height)
        grey = [float(rng.uniform(20, 235))] * 3
        cv2.line(image, (int(ends[0]), int(ends[1])), (int(ends[2]), int(ends[3])), grey, int(rng.integers(1, 7)))
    return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.6, 4.0))


def one(number: int) -> dict[str, Any] | None:
    """A body's row by its number, men even and women odd; None where it was not found in its pictures."""
    bodies = the_bodies()
    rng, female = np.random.default_rng((SEED, number)), number % 2 == 1
    phenotype = {
        "gender": rng.uniform(0.9, 1.0) if female else rng.uniform(0.0, 0.1),
        "age": rng.uniform(0.62, 0.92),
        "muscle": rng.uniform(0.3, 0.8),
        "weight": rng.uniform(0.2, 0.9),
        "height": rng.uniform(0.2, 0.55),
        "proportions": float(np.clip(rng.normal(0.55, 0.12), 0.3, 0.85)),
    }
    mesh = bodies.stand(bodies.mesh(phenotype), rng.uniform(-3.5, 1.0), rng.uniform(-6.0, 6.0))
    z = mesh[:, 2] / mesh[:, 2].max()
    colours = np.tile(np.sort(rng.uniform(60, 220, 3))[::-1], (len(mesh), 1))
    colours[(z > 0.5) & (z < 0.82) & ((bodies.arm < 0.5) | (z > 0.70)) & (bodies.arm < 0.95)] = rng.uniform(20, 230, 3)
    colours[(z > 0.12) & (z <= 0.54) & (bodies.arm < 0.3)] = rng.uniform(10, 140, 3)
    colours[z < 0.045] = (25, 20, 20)
    camera = {"distance_m": rng.uniform(2.85, 3.8), "height_m": rng.uniform(0.95, 1.4)}
    camera["pitch_deg"] = float(np.degrees(np.arctan((camera["height_m"] - 0.94) / camera["distance_m"])))
    behind = wall(rng)
    seen: dict[str, float] = {}
    for side, read in ((False, measure.read), (True, profile.read_profile)):
        image = bodies.picture(mesh, side, camera, colours, behind)
        pixels = np.ascontiguousarray(np.clip(image + rng.normal(0, 2, image.shape), 0, 255).astype(np.uint8))
        with open_tracker("pose", masks=True) as tracker:
            poses = tracker.track(Frame(0, 0.0, pixels)).items
        if not poses or (found := read(poses[0], poses[0].mask, SIZE, pixels)).faults:
            return None
        seen |= {f"seen_{name}": ratio for name, ratio in found.ratios.items()}
    row = {k: f"{v:.6g}" for k, v in (bodies.truth(mesh) | seen).items()}
    return {"sex": "female" if female else "male", **row}


def main() -> None:
    """Writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    numbers = range(options.count)
    with options.table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ("sex", *NAMES), restval="", extrasaction="ignore")
        writer.writeheader()
        with ProcessPoolExecutor(options.workers, multiprocessing.get_context("spawn")) as pool:
            for row in pool.map(one, numbers, chunksize=4):
                if row is not None:
                    writer.writerow(row)
                    file.flush()


if __name__ == "__main__":
    main()
