"""Rooms in which nobody is: no beam and no person may appear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from phosphene.engine.core.frame import Pixels

from phosphene.testing import FakeSource
from tests.helpers_system import Run, difference, run

pytestmark = [pytest.mark.gl, pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("models_ready")]
Settings = list[tuple[str, Any]]


def rooms(data: Path) -> Iterator[tuple[str, list[Pixels]]]:
    """Rooms and other places in which nobody is."""
    empty, backgrounds = data / "empty", data / "backgrounds"
    for path in [*sorted(empty.glob("room_*.jpg")), empty / "fb_wall_plate.jpg", *sorted(backgrounds.glob("*.jpg"))]:
        if not path.name.startswith("pano_"):
            yield path.name, [_read(path)] * 3
    for name, skip in (("exo_desks.3gp", 0), ("onebyone_empty_5s9.mp4", 0), ("intel_people_detection.gif", 12)):
        clip = run("mirror", empty / name, count=6, skip=skip, every=2)
        yield name, [frame.pixels for frame in clip.frames]
    for path in sorted(backgrounds.glob("pano_*")):
        panorama = _read(path)
        # In the square of this one people walk about and sit, seen at 240 degrees.
        for turn in (0, 120) if "venice" in path.name else (0, 120, 240):
            yield f"{path.stem} {turn}°", [_view(panorama, turn)] * 3


def _read(path: Path) -> Pixels:
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., :3]
    if picture.dtype != np.uint8:  # high dynamic range: Reinhard's curve, then sRGB's
        bright = picture / (picture.mean() + 1e-6) * 0.5
        picture = (np.clip(bright / (1 + bright), 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)
    return np.ascontiguousarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))


def _view(panorama: Pixels, turn_deg: float, size: tuple[int, int] = (960, 540)) -> Pixels:
    """A flat view, 75 degrees wide, into an equirectangular panorama."""
    x, y = np.meshgrid(np.linspace(-1, 1, size[0]), np.linspace(-1, 1, size[1]) * size[1] / size[0])
    reach = np.tan(np.deg2rad(75) / 2)
    longitude = np.arctan2(x * reach, 1.0) + np.deg2rad(turn_deg)
    latitude = np.arctan2(-y * reach, np.hypot(x * reach, 1.0))
    u = ((longitude / (2 * np.pi) + 0.5) % 1.0 * panorama.shape[1]).astype(np.float32)
    v = ((0.5 - latitude / np.pi) * panorama.shape[0]).astype(np.float32)
    return np.ascontiguousarray(cv2.remap(panorama, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP))


def test_empty_rooms(data_dir: Path) -> None:
    """In at least 15 rooms without anybody: no beam, no person, the place alone, on every frame."""
    count, wrong = 0, []
    settings: Settings = [("place.follow", 0.0)]
    alone: Run | None = None
    for name, frames in rooms(data_dir):
        count += 1
        room = [cv2.resize(picture, (640, 360), interpolation=cv2.INTER_AREA) for picture in frames[:3]]
        beams = run("laser-eyes", FakeSource(room, fps=6), settings=[("trigger", "always")])
        placed = run("teleport", FakeSource(room, fps=6), settings=settings)
        # The place is the same whatever the room looks like: drawn once.
        alone = alone or run("teleport", FakeSource(room, fps=6), settings=[*settings, ("person/visible", False)])
        added = max(int(difference(image, frame.pixels).max()) for frame, image, _ in beams)
        people = [difference(a, b) for a, b in zip(placed.images, alone.images, strict=True)]
        if added > 2:
            wrong.append(f"{name}: beams (difference {added})")
        if max(int(p.max()) for p in people) > 2:
            share = max(float((p > 8).mean()) for p in people)
            wrong.append(f"{name}: a person on {100 * share:.1f} % of the picture")
    assert count >= 15
    assert not wrong, f"{len(wrong)} in {count} rooms: " + "; ".join(wrong)
