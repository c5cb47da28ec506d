"""Makes glasses.glb: `python -m effects.glasses.make`. Round-cornered frames of brown acetate with tinted lenses.

Shapes are swept along curves; x to the right, y up, z to the front, in metres.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).with_name("glasses.glb")
LENS_AT, LENS_HALF = (3.08, -0.15), (2.36, 1.98)  # cm
ROUND = 2.9  # exponent of the superellipse: 2 is an ellipse
WRAP = 0.045  # how far the front bends back: z = -WRAP x²
RIM = (0.17, 0.19)  # half width in the plane and half depth of the rims
STEPS, SIDES = 44, 8
FRAME = {"name": "acetate", "color": (0.105, 0.042, 0.018, 1.0), "metallic": 0.0, "rough": 0.28}
METAL = {"name": "hinges", "color": (0.72, 0.66, 0.52, 1.0), "metallic": 1.0, "rough": 0.3}
LENS = {"name": "lenses", "color": (0.035, 0.022, 0.014, 0.26), "metallic": 0.0, "rough": 0.06}

Array = NDArray[np.float64]
Part = tuple[Array, NDArray[np.int64]]


def bent(points: Array) -> Array:
    """Points of the flat front (N, 2 or 3) bent round the face."""
    z = points[:, 2] if points.shape[1] == 3 else np.zeros(len(points))
    return np.column_stack([points[:, 0], points[:, 1], z - WRAP * points[:, 0] ** 2])


def outline(side: float) -> Array:
    """One lens's edge (STEPS, 2): a superellipse, a little lower toward the temple."""
    t = np.linspace(0, 2 * np.pi, STEPS, endpoint=False)
    power = 2.0 / ROUND
    x = LENS_HALF[0] * np.sign(np.cos(t)) * np.abs(np.cos(t)) ** power
    y = LENS_HALF[1] * np.sign(np.sin(t)) * np.abs(np.sin(t)) ** power
    y = y * (1.0 + 0.03 * x)
    return np.column_stack([side * (LENS_AT[0] + x), LENS_AT[1] + y])


def swept(path: Array, half: Array, closed: bool) -> Part:
    """A tube along `path` (N, 3), elliptic with half axes `half` (N, 2): across the path in the front's plane, and in
    depth; its ends are shut."""
    ahead = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0) if closed else np.gradient(path, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    reference = np.tile([0.0, 0.0, 1.0], (len(path), 1))
    reference[np.abs(ahead[:, 2]) > 0.8] = [1.0, 0.0, 0.0]
    across = np.cross(reference, ahead)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    deep = np.cross(ahead, across)
    turn = np.linspace(0, 2 * np.pi, SIDES, endpoint=False)
    # A superellipse again: acetate is cut from a plate, so its edges are rounded, not round.
    c, s = (np.sign(f(turn)) * np.abs(f(turn)) ** 0.6 for f in (np.cos, np.sin))
    ring = (
        path[:, None]
        + across[:, None] * (c[:, None] * half[:, None, :1])
        + deep[:, None] * (s[:, None] * half[:, None, 1:])
    )
    count = len(path)
    quads = []
    for i in range(count if closed else count - 1):
        for j in range(SIDES):
            a, b = i * SIDES + j, i * SIDES + (j + 1) % SIDES
            c2, d = (i + 1) % count * SIDES + j, (i + 1) % count * SIDES + (j + 1) % SIDES
            quads += [[a, c2, b], [b, c2, d]]
    points = ring.reshape(-1, 3)
    if not closed:
        for start, order in ((0, 1), ((count - 1) * SIDES, -1)):
            points = np.vstack([points, points[start : start + SIDES].mean(axis=0)])
            middle = len(points) - 1
            for j in range(SIDES):
                a, b = start + j, start + (j + 1) % SIDES
                quads.append([middle, a, b][::order])
    return points, np.array(quads)


def curve(points: list[tuple[float, float, float]], count: int) -> Array:
    """A smooth line through points (Catmull-Rom)."""
    p = np.array([points[0], *points, points[-1]], float)
    made = []
    for t in np.linspace(0, len(points) - 1 - 1e-9, count):
        i, f = int(t), t - int(t)
        a, b, c, d = p[i : i + 4]
        made.append(0.5 * (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f**2 + (3 * b - a - 3 * c + d) * f**3))
    return np.array(made)


def rims() -> list[Part]:
    """Both rims and the bridge between them."""
    half = np.tile(RIM, (STEPS, 1))
    made = [swept(bent(outline(side)), half, closed=True) for side in (1.0, -1.0)]
    x = np.linspace(-0.92, 0.92, 14)
    bridge = bent(np.column_stack([x, 0.62 - 0.22 * (x / 0.92) ** 2]))
    made.append(swept(bridge, np.tile([0.24, 0.2], (14, 1)), closed=False))
    for side in (1.0, -1.0):
        pad = curve([(side * 0.80, -0.15, 0.0), (side * 0.88, -0.55, -0.25), (side * 1.06, -0.95, -0.40)], 8)
        made.append(swept(pad, np.tile([0.10, 0.20], (8, 1)), closed=False))
    return made


def temples() -> list[Part]:
    """The arms, from the hinges past the ears."""
    line = [(5.42, 1.05, -1.30), (6.20, 1.10, -1.65), (6.68, 1.05, -2.8), (7.25, 0.95, -5.5), (7.85, 0.8, -8.2)]
    line += [(7.97, 0.35, -10.0), (7.80, -1.2, -11.6), (7.65, -2.6, -12.3)]
    path = curve(line, 28)
    tall = np.interp(np.arange(28), [0, 4, 18, 27], [0.34, 0.36, 0.22, 0.26])
    points, corners = swept(path, np.column_stack([tall, np.full(28, 0.13)]), closed=False)
    return [(points, corners), (points * [-1, 1, 1], corners[:, ::-1])]


def hinges() -> list[Part]:
    """Two small rivets on each side of the front."""
    made = []
    for side in (1.0, -1.0):
        for y in (0.85, 1.2):
            at = bent(np.array([[side * 5.25, y, 0.2], [side * 5.25, y, 0.24]]))
            made.append(swept(at, np.tile([0.09, 0.09], (2, 1)), closed=False))
    return made


def lenses() -> list[Part]:
    """Both lenses: fans within the rims, bulging a little."""
    made = []
    for side in (1.0, -1.0):
        edge, middle = outline(side), np.array([side * LENS_AT[0], LENS_AT[1]])
        rings = [middle + (edge - middle) * share for share in (0.34, 0.67, 0.98)]
        flat = np.vstack([middle, *rings])
        bulge = 0.16 * (1.0 - ((flat - middle) ** 2 / np.square(LENS_HALF)).sum(axis=1))
        points = bent(np.column_stack([flat, bulge]))
        faces = []
        for j in range(STEPS):
            k = (j + 1) % STEPS
            faces.append([0, 1 + j, 1 + k])
            for ring in range(2):
                a, b = 1 + ring * STEPS + j, 1 + ring * STEPS + k
                faces += [[a, a + STEPS, b], [b, a + STEPS, b + STEPS]]
        corners = np.array(faces)
        made.append((points, corners if side > 0 else corners[:, ::-1]))
    return made


def smooth_normals(points: Array, corners: NDArray[np.int64]) -> Array:
    """The normal of each point: of the triangles round it, by their areas."""
    ends = points[corners]
    flat = np.cross(ends[:, 1] - ends[:, 0], ends[:, 2] - ends[:, 0])
    total = np.zeros_like(points)
    for column in corners.T:
        np.add.at(total, column, flat)
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12))


def glb(parts: list[tuple[dict[str, Any], list[Part]]]) -> bytes:
    """The parts, each with its material, as binary glTF 2.0 (Khronos Group)."""
    blob, views, accessors, primitives, materials = b"", [], [], [], []
    for number, (material, shapes) in enumerate(parts):
        starts = np.cumsum([0, *(len(points) for points, _ in shapes)])
        points = np.concatenate([points for points, _ in shapes]) * 0.01
        corners = np.concatenate([c + start for (_, c), start in zip(shapes, starts, strict=False)])
        normals = np.concatenate([smooth_normals(*shape) for shape in shapes])
        indices = []
        for array, kind, target in (
            (points, "VEC3", 34962),
            (normals, "VEC3", 34962),
            (corners.ravel(), "SCALAR", 34963),
        ):
            data = array.astype("<f4" if kind == "VEC3" else "<u2").tobytes()
            views.append({"buffer": 0, "byteOffset": len(blob), "byteLength": len(data), "target": target})
            number_type = 5126 if kind == "VEC3" else 5123
            accessor: dict[str, Any] = {"bufferView": len(views) - 1, "componentType": number_type}
            accessor |= {"count": len(array), "type": kind}
            if array is points:
                single = array.astype("<f4")
                accessor |= {"min": single.min(axis=0).tolist(), "max": single.max(axis=0).tolist()}
            accessors.append(accessor)
            indices.append(len(accessors) - 1)
            blob += data + b"\0" * (-len(data) % 4)
        at, facing, faces = indices
        primitives.append({"attributes": {"POSITION": at, "NORMAL": facing}, "indices": faces, "material": number})
        surface = {"baseColorFactor": material["color"], "metallicFactor": material["metallic"]}
        surface["roughnessFactor"] = material["rough"]
        made = {"name": material["name"], "pbrMetallicRoughness": surface, "doubleSided": True}
        materials.append(made | ({"alphaMode": "BLEND"} if material["color"][3] < 1.0 else {}))
    document = {
        "asset": {"version": "2.0", "generator": "Phosphene effects/glasses/make.py"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": "glasses"}],
        "meshes": [{"primitives": primitives}],
        "materials": materials,
        "buffers": [{"byteLength": len(blob)}],
        "bufferViews": views,
        "accessors": accessors,
    }
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    body = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(blob), b"BIN\0") + blob
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def made() -> bytes:
    """The whole model."""
    return glb([(FRAME, [*rims(), *temples()]), (METAL, hinges()), (LENS, lenses())])


if __name__ == "__main__":
    FILE.write_bytes(made())
