"""Images of which the true matte is known, read from a folder: COCO polygons, CIHP part masks, green screens."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ...core.errors import UsageError
from ...core.frame import Floats, Pixels
from ...core.paths import checked, checked_folder, is_file, is_folder
from ...sources.read_image import read_image
from .metrics import Bools

PICTURES = (".jpg", ".jpeg", ".png", ".ppm", ".webp", ".bmp")
SOFT_EDGE_PX = 3  # the green-screen composites' alpha is their mask, blurred by this


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """An image (H×W×3 uint8 sRGB) and its true alpha (H×W float32 0..1); `known`: where it is known, None for all."""

    name: str
    pixels: Pixels
    alpha: Floats
    known: Bools | None = None


def stills(folder: Path) -> list[Still]:
    """Every image with a true matte in `folder`, by name. Raises UsageError where the folder is missing."""
    if not is_folder(folder):
        raise UsageError(f"no folder '{folder}'", hint="--data takes a folder with coco/, masks/, greenscreen/ in it")
    checked_folder(folder, "--data")
    found = [*coco(folder / "coco"), *parts(folder / "masks"), *composites(folder / "greenscreen")]
    return sorted(found, key=lambda s: s.name)


def coco(folder: Path) -> Iterator[Still]:
    """COCO annotations: the people's polygons, drawn with soft edges; crowds are unknown."""
    seen: set[str] = set()
    for file in sorted(folder.glob("*.json")):
        content = read_json(file)
        if not isinstance(content, dict):
            continue
        people = {c["id"] for c in content.get("categories", ()) if c.get("name") == "person"} or {1}
        notes: dict[Any, list[dict[str, Any]]] = {}
        for note in content.get("annotations", ()):
            if note.get("category_id", 1) in people and note.get("segmentation"):
                notes.setdefault(note.get("image_id"), []).append(note)
        for image in content.get("images", ()):
            path = folder / Path(str(image.get("file_name"))).name
            if path.name in seen or image.get("id") not in notes or not is_file(path):
                continue
            seen.add(path.name)
            pixels = read_image(path)
            yield Still(f"coco/{path.stem}", pixels, *drawn(notes[image["id"]], pixels.shape[:2]))


def drawn(notes: Iterable[dict[str, Any]], shape: tuple[int, ...]) -> tuple[Floats, Bools | None]:
    """The people's polygons as an alpha, and where it is known."""
    height, width = shape[:2]
    scale = 4  # drawn larger, so that edges are as soft as a pixel is large
    large = np.zeros((height * scale, width * scale), np.uint8)
    crowd = np.zeros((height, width), np.bool_)
    for note in notes:
        outline = note["segmentation"]
        if isinstance(outline, dict):
            crowd |= runs(outline, (height, width))
            continue
        for ring in outline:
            points = np.asarray(ring, np.float64).reshape(-1, 2) * scale - 0.5
            cv2.fillPoly(large, [np.round(points).astype(np.int32)], 255)
    alpha = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    unknown = crowd & (alpha < 0.5)
    return alpha, ~unknown if unknown.any() else None


def runs(outline: dict[str, Any], shape: tuple[int, int]) -> Bools:
    """COCO's run lengths, column by column; compressed ones (text) mark nothing."""
    counts = outline.get("counts", ())
    flat = np.zeros(shape[0] * shape[1], np.bool_)
    if isinstance(counts, list) and list(outline.get("size", ())) == list(shape):
        at = 0
        for number, length in enumerate(counts):
            flat[at : at + length] = number % 2 == 1
            at += length
    return flat.reshape(shape, order="F")


def parts(folder: Path) -> Iterator[Still]:
    """`NAME_parts.png` (labels, 0 is nobody) beside `NAME.jpg`."""
    for file in sorted(folder.glob("*_parts.png")):
        path = beside(file, file.stem.removesuffix("_parts"))
        labels = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        if path is None or labels is None:
            continue
        labels = labels if labels.ndim == 2 else labels.max(axis=2)
        yield fitting(f"masks/{path.stem}", read_image(path), (labels > 0).astype(np.float32))


def composites(folder: Path) -> Iterator[Still]:
    """`NAME_composite.png` and `NAME_mask.png`: somebody from a green screen set before a room."""
    for file in sorted(folder.glob("*_mask.png")):
        path = beside(file, file.stem.removesuffix("_mask") + "_composite")
        mask = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        if path is None or mask is None:
            continue
        side = (SOFT_EDGE_PX, SOFT_EDGE_PX)
        alpha = cv2.GaussianBlur(mask, side, 0, borderType=cv2.BORDER_REPLICATE).astype(np.float32) / np.float32(255)
        yield fitting(f"greenscreen/{file.stem.removesuffix('_mask')}", read_image(path), alpha)


def fitting(name: str, pixels: Pixels, alpha: Floats) -> Still:
    """The still, with an alpha of the image's size."""
    height, width = pixels.shape[:2]
    if alpha.shape != (height, width):
        alpha = np.asarray(cv2.resize(alpha, (width, height), interpolation=cv2.INTER_LINEAR))
    return Still(name, pixels, alpha)


def beside(file: Path, stem: str) -> Path | None:
    """The image called `stem` in the same folder."""
    return next((p for end in PICTURES if is_file(p := file.with_name(stem + end))), None)


def read_json(file: Path) -> Any:
    """A JSON file's content. Raises UsageError where it is none."""
    try:
        return json.loads(checked(file, "JSON file").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot be read as JSON: {error}", where=str(file)) from error
