"""Models: the built-in one, materials, and files that are broken in many ways."""

from __future__ import annotations

import contextlib
import io
import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from phosphene.effects.glasses import make
from phosphene.effects.glasses.fit import FRONT, WIDTH_CM, head, worn
from phosphene.engine.core.errors import SourceError
from phosphene.engine.effect import gltf
from phosphene.engine.effect.gltf import Model, read_model

GLASSES = make.FILE


def box(**settings: Any) -> bytes:
    """A cube as .glb, with a material."""
    import trimesh

    made = trimesh.creation.box((2.0, 1.0, 0.5))
    if settings:
        made.visual = trimesh.visual.TextureVisuals(
            uv=settings.pop("uv", None), material=trimesh.visual.material.PBRMaterial(**settings)
        )
    return bytes(trimesh.Scene([made]).export(file_type="glb"))


def at(tmp_path: Path, data: bytes) -> Path:
    file = tmp_path / "model.glb"
    file.write_bytes(data)
    return file


def parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    """A .glb's document and its numbers."""
    length = struct.unpack("<I", data[12:16])[0]
    return json.loads(data[20 : 20 + length]), data[20 + length :]


def changed(data: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """A .glb with another document."""
    document, rest = parts(data)
    change(document)
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    return struct.pack("<4sIII4s", b"glTF", 2, 20 + len(text) + len(rest), len(text), b"JSON") + text + rest


def test_the_built_in_model_is_what_its_script_makes() -> None:
    assert GLASSES.read_bytes() == make.made()
    assert len(GLASSES.read_bytes()) < 120_000


def test_the_built_in_model() -> None:
    model = read_model(GLASSES)
    low, high = model.positions.min(axis=0), model.positions.max(axis=0)
    assert high[0] - low[0] == pytest.approx(0.16, abs=0.005)  # metres
    assert (model.colors[model.corners[:100]][..., 3] == 1.0).all()
    assert (model.colors[model.corners[-100:]][..., 3] < 0.5).all()  # lenses come last
    assert set(model.finish[:, 0]) == {0.0, 1.0}
    assert np.linalg.norm(model.normals, axis=1) == pytest.approx(np.ones(len(model.normals)), abs=1e-3)


def test_it_is_shut_everywhere_but_at_the_lenses() -> None:
    """Every edge of the frame belongs to two triangles, which run along it in opposite directions."""
    model = read_model(GLASSES)
    solid = model.corners[(model.colors[model.corners][..., 3] == 1.0).all(axis=1)]
    edges = {(int(t[i]), int(t[(i + 1) % 3])) for t in solid for i in range(3)}
    assert len(edges) == 3 * len(solid)
    assert {(b, a) for a, b in edges} == edges


def test_as_worn_it_is_as_wide_as_glasses_whatever_its_unit() -> None:
    model = read_model(GLASSES)
    for scale in (1.0, 100.0, 0.01):
        grown = Model(model.positions * np.float32(scale), model.corners, model.normals, model.colors, model.finish)
        placed = worn(grown)
        assert np.ptp(placed[:, 0]) == pytest.approx(WIDTH_CM, rel=1e-4)
        assert placed[:, 2].max() == pytest.approx(FRONT[2], abs=1e-3)
        assert (placed[:, 0].min() + placed[:, 0].max()) / 2 == pytest.approx(0.0, abs=1e-3)


def test_the_head_that_hides() -> None:
    points, corners = head()
    assert corners.max() < len(points)
    assert points[:, 2].min() < -12.0
    assert np.abs(points[:, 0]).max() < 8.6


# Materials


def test_a_plain_colour(tmp_path: Path) -> None:
    model = read_model(at(tmp_path, box(baseColorFactor=[255, 128, 0, 255], metallicFactor=0.75, roughnessFactor=0.25)))
    assert model.colors[0] == pytest.approx([1.0, 0.5, 0.0, 1.0], abs=0.01)
    assert model.finish[0] == pytest.approx([0.75, 0.25])
    assert np.ptp(model.positions, axis=0) == pytest.approx([2.0, 1.0, 0.5])


@pytest.mark.parametrize(("mode", "opacity"), [("OPAQUE", 1.0), ("BLEND", 0.5)])
def test_opacity_counts_where_the_material_says_so(tmp_path: Path, mode: str, opacity: float) -> None:
    model = read_model(at(tmp_path, box(baseColorFactor=[255, 255, 255, 128], alphaMode=mode)))
    assert model.colors[0, 3] == pytest.approx(opacity, abs=0.01)


def test_a_texture_is_taken_at_the_positions(tmp_path: Path) -> None:
    from PIL import Image

    picture = Image.new("RGB", (4, 4), (255, 0, 0))
    picture.paste((0, 0, 255), (2, 0, 4, 4))
    uv = np.array([[0.2, 0.5]] * 4 + [[0.8, 0.5]] * 4)
    model = read_model(at(tmp_path, box(baseColorTexture=picture, uv=uv)))
    found = {tuple(np.round(c, 2)) for c in model.colors}
    assert found == {(1.0, 0.0, 0.0, 1.0), (0.0, 0.0, 1.0, 1.0)}


def test_where_a_part_stands_in_its_scene_counts(tmp_path: Path) -> None:
    def move(document: dict[str, Any]) -> None:
        for node in document["nodes"]:
            if "mesh" in node:
                node["translation"] = [10.0, 0.0, 0.0]
                node.pop("matrix", None)

    assert read_model(at(tmp_path, changed(box(), move))).positions[:, 0].mean() == pytest.approx(10.0)


# Broken files


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is not a 3D model"),
        (b"solid cube\nendsolid", "is not a 3D model"),
        (b'{"asset": {"version": "2.0"}}', "is not a 3D model"),
        (b"glTF", "damaged"),
        (b"glTF" + b"\0" * 8, "damaged"),
        (b"glTF" + b"\xff" * 200, "damaged"),
        (make.glb([]), "no triangles"),
    ],
)
def test_what_is_no_model_is_told(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(SourceError, match=words) as told:
        read_model(at(tmp_path, data))
    assert "model.glb" in str(told.value)
    assert told.value.hint


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        read_model(tmp_path / "none.glb")
    with pytest.raises(SourceError, match="cannot be read"):
        read_model(tmp_path)


@pytest.mark.parametrize("share", np.linspace(0.001, 0.995, 25))
def test_a_file_cut_off_anywhere_is_told(tmp_path: Path, share: float) -> None:
    data = GLASSES.read_bytes()
    with pytest.raises(SourceError):
        read_model(at(tmp_path, data[: int(share * len(data))]))


@pytest.mark.parametrize("seed", range(40))
def test_damaged_files_are_read_or_told_and_never_crash(tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    data = bytearray(box(baseColorFactor=[255, 128, 0, 255]))
    for place in random.integers(12, len(data), 1 + seed % 8):
        data[place] = random.integers(0, 256)
    try:
        model = read_model(at(tmp_path, bytes(data)))
    except SourceError:
        return
    assert np.isfinite(model.positions).all()
    assert 0 <= model.corners.min() <= model.corners.max() < len(model.positions)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0])
def test_positions_that_are_no_shape_are_told(tmp_path: Path, value: float) -> None:
    document, rest = parts(GLASSES.read_bytes())
    view = document["bufferViews"][document["accessors"][0]["bufferView"]]
    data = bytearray(GLASSES.read_bytes())
    start = len(data) - len(rest) + 8
    for accessor in document["accessors"]:
        if accessor["type"] == "VEC3":
            view = document["bufferViews"][accessor["bufferView"]]
            count = view["byteLength"] // 4
            data[start + view["byteOffset"] :][: view["byteLength"]] = b""
            data[start + view["byteOffset"] : start + view["byteOffset"] + view["byteLength"]] = struct.pack(
                f"<{count}f", *[value] * count
            )
    with pytest.raises(SourceError):
        read_model(at(tmp_path, bytes(data)))


def test_what_is_too_large_is_told(tmp_path: Path) -> None:
    import trimesh

    faces = np.tile([0, 1, 2], (gltf.MAX_TRIANGLES + 1, 1))
    many = trimesh.Trimesh(vertices=np.eye(3), faces=faces, process=False)
    with pytest.raises(SourceError, match="triangles"):
        read_model(at(tmp_path, bytes(many.export(file_type="glb"))))
    file = at(tmp_path, GLASSES.read_bytes())
    os.truncate(file, gltf.MAX_BYTES + 1)  # a hole, which takes no space
    with pytest.raises(SourceError, match="MB"):
        read_model(file)


def test_a_file_names_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers that a model says are elsewhere are not fetched from there."""
    (tmp_path / "secret.bin").write_bytes(parts(GLASSES.read_bytes())[1][8:])
    opened: list[str] = []
    real = io.open

    def watched(file: Any, *arguments: Any, **named: Any) -> Any:
        opened.append(str(file))
        return real(file, *arguments, **named)

    monkeypatch.setattr("builtins.open", watched)

    def elsewhere(document: dict[str, Any]) -> None:
        document["buffers"][0]["uri"] = "secret.bin"

    with contextlib.suppress(SourceError):
        read_model(at(tmp_path, changed(GLASSES.read_bytes(), elsewhere)))
    assert not any("secret" in name for name in opened)
