"""Reads 3D models in glTF's binary form (.glb), by trimesh."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import SourceError
from ..core.frame import Floats
from .face_mesh import normals_of
from .mesh import Corners

MAX_BYTES = 64_000_000
MAX_TRIANGLES = 400_000
SHININESS = 0.6  # roughness where a material gives none


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A model as triangles: `positions` (N, 3) in the file's unit, x right, y up, z to the front; `corners` (T, 3);
    `normals` (N, 3); `colors` (N, 4) linear light and opacity; `finish` (N, 2) how metallic and how rough, 0..1.

    Triangles that let light through come last. Textures are taken at the positions.
    """

    positions: Floats
    corners: Corners
    normals: Floats
    colors: Floats
    finish: Floats


def read_model(path: str | Path) -> Model:
    """The model in a .glb file. Raises SourceError for what cannot be read, is empty or is too large."""
    path = Path(path)
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        raise SourceError(f"cannot be read ({error.strerror})", where=str(path), hint="check the path") from error
    if size > MAX_BYTES:
        raise SourceError(
            f"the model has {size // 1_000_000} MB", where=str(path), hint="up to 64 MB: simplify it first"
        )
    if not data.startswith(b"glTF"):
        hint = "expected glTF's binary form (.glb), as Blender and others export it"
        raise SourceError("is not a 3D model that can be read", where=str(path), hint=hint)
    import trimesh

    try:
        # Read from memory: a file can name no other file.
        scene = trimesh.load_scene(io.BytesIO(data), file_type="glb", process=False)
        parts = [part_of(mesh) for mesh in scene.dump() if isinstance(mesh, trimesh.Trimesh) and len(mesh.faces)]
    except SourceError:
        raise
    except Exception as error:
        raise SourceError(
            f"the model is damaged or cut off ({error or type(error).__name__})",
            where=str(path),
            hint="export it again",
        ) from error
    if not parts:
        raise SourceError("the model has no triangles", where=str(path), hint="export its meshes, not only its scene")
    return joined(parts, path)


def joined(parts: list[Model], path: Path) -> Model:
    """The parts as one, those that let light through last. Raises SourceError."""
    parts = sorted(parts, key=lambda part: bool((part.colors[:, 3] < 0.99).any()))
    starts = np.cumsum([0, *(len(part.positions) for part in parts)])
    corners = np.concatenate([part.corners + start for part, start in zip(parts, starts, strict=False)])
    columns = [[getattr(p, name) for p in parts] for name in ("positions", "normals", "colors", "finish")]
    positions, normals, colors, finish = (np.concatenate(c).astype(np.float32) for c in columns)
    if len(corners) > MAX_TRIANGLES:
        hint = f"up to {MAX_TRIANGLES}: simplify it first"
        raise SourceError(f"the model has {len(corners)} triangles", where=str(path), hint=hint)
    if not np.isfinite(positions).all() or float(np.ptp(positions, axis=0).max()) <= 0.0:
        raise SourceError(
            "the model's positions are not numbers, or all the same", where=str(path), hint="export it again"
        )
    return Model(positions, corners.astype(np.int32), np.nan_to_num(normals), np.nan_to_num(colors), finish)


def part_of(mesh: Any) -> Model:
    """One mesh of trimesh's with its material."""
    count = len(mesh.vertices)
    colors = np.ones((count, 4), np.float32)
    metallic, rough = 0.0, SHININESS
    visual, material = mesh.visual, getattr(mesh.visual, "material", None)
    if material is not None and hasattr(material, "to_pbr"):
        material = material.to_pbr()
    if material is not None and hasattr(material, "metallicFactor"):
        metallic = 1.0 if material.metallicFactor is None else float(material.metallicFactor)
        rough = 1.0 if material.roughnessFactor is None else float(material.roughnessFactor)
        if material.baseColorFactor is not None:
            colors *= factor(material.baseColorFactor)
        if material.baseColorTexture is not None and visual.uv is not None:
            colors *= sampled(material.baseColorTexture, np.asarray(visual.uv))
        if (material.alphaMode or "OPAQUE") == "OPAQUE":
            colors[:, 3] = 1.0
    elif visual.kind == "vertex":
        colors *= decoded(np.asarray(visual.vertex_colors))
    finish = np.tile(np.array([np.clip(metallic, 0, 1), np.clip(rough, 0.05, 1)], np.float32), (count, 1))
    positions, corners = np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.int32)
    return Model(positions, corners, normals_of(positions, corners), colors, finish)


def factor(value: Any) -> Floats:
    """A material's colour, which trimesh gives as bytes; glTF's factors are linear light."""
    given = np.asarray(value)
    return np.asarray(given / 255.0 if given.dtype.kind in "ui" else given, np.float32)


def decoded(codes: Any) -> Floats:
    """Bytes of colour (N, 4) as linear light; glTF's vertex colours are linear."""
    return np.asarray(codes, np.float32) / np.float32(255)


def sampled(image: Any, uv: Any) -> Floats:
    """A texture's linear light and opacity (N, 4) at `uv`, which trimesh counts from the bottom left."""
    from ..core.srgb import LINEAR

    codes = np.asarray(image.convert("RGBA"))
    at = np.nan_to_num(uv) % 1.0
    x = np.minimum((at[:, 0] * codes.shape[1]).astype(int), codes.shape[1] - 1)
    y = np.minimum(((1.0 - at[:, 1]) * codes.shape[0]).astype(int), codes.shape[0] - 1)
    found = codes[y, x]
    return np.concatenate([LINEAR[found[:, :3]], found[:, 3:].astype(np.float32) / 255], axis=1)
