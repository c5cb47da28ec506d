"""Heights by a known distance, of people of whom a webcam shows only a part; and whether the rest is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .evaluate import Look, people_in

if TYPE_CHECKING:
    from . import ClothingSize


def judge_height(kind: type[ClothingSize], folder: Path, look: Look, report: Callable[[str], None]) -> dict[str, Any]:
    """How many pictures were refused, and of those that state a height: its mean absolute error and how many of the
    intervals hold the truth. Columns of the truth: file, height_cm, camera_distance_cm."""
    errors, inside, refused, pictures = [], [], 0, 0
    for row in people_in(folder):
        report(f"{folder.name}: {row['file']}")
        frames = look(folder / row["file"])
        effect = kind(distance_m=float(row["camera_distance_cm"]) / 100, hold_s=0.0)
        effect.update(frames[0], 0.0)
        found = effect.report()
        pictures += 1
        refused += not found["measured"]
        if known := found.get("height"):
            errors.append(abs(known["cm"] - float(row["height_cm"])))
            inside.append(known["low_cm"] <= float(row["height_cm"]) <= known["high_cm"])
    stated = len(errors)
    return {
        "by distance": {
            "pictures": pictures,
            "refused": refused,
            "heights_stated": stated,
            "height_mae_cm": round(sum(errors) / stated, 3) if stated else None,
            "coverage_90": round(sum(inside) / stated, 3) if stated else None,
        }
    }
