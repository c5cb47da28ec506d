"""A photo or clip as what a measuring effect wants: observations, and what the file itself says of its camera."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...core.frame import Frame, Pixels
from ...core.observation import Observation

# A whole, distant body: its own outline at full resolution; one person more than allowed, so that a second is noticed.
TRACKERS: Mapping[str, Mapping[str, Any]] = {"pose": {"masks": True, "max_poses": 2}}


def frames_of(path: Path | Pixels, most: int | None = None) -> Iterator[Frame]:
    """The frames of a clip in order, at most `most` spread evenly over it, or the one frame of a photo or of pixels.

    Raises UsageError, SourceError.
    """
    from ...sources import open_source

    if not isinstance(path, Path):
        yield Frame(0, 0.0, path)
        return
    with open_source(str(path)) as source:
        if source.endless:
            frame = source.read()
            if frame is not None:
                yield frame
            return
        step = 1 if most is None or not source.frame_count else max(1, -(-source.frame_count // most))
        while (frame := source.read()) is not None:
            if frame.id % step == 0:
                yield frame


def observe(path: Path | Pixels, needs: Sequence[str] = ("pose",), most: int | None = None) -> Iterator[Observation]:
    """Each frame of a file with what the trackers `needs` find in it. Raises PhospheneError."""
    from ...trackers import open_tracker

    with contextlib.ExitStack() as stack:
        trackers = {name: stack.enter_context(open_tracker(name, **TRACKERS.get(name, {}))) for name in needs}
        for frame in frames_of(path, most):
            yield Observation(frame, {name: tracker.track(frame) for name, tracker in trackers.items()})


def field_of_view_deg(path: Path) -> float | None:
    """The horizontal field of view that a photo's EXIF data give by the focal length in 35 mm terms; None where not.

    The 35 mm frame is 36 mm wide along the image's longer side (CIPA DC-008, tag 0xA405).
    """
    import math

    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            exif = picture.getexif()
            details = exif.get_ifd(0x8769)
            width, height = picture.size
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError):
        return None  # a clip, or a photo that says nothing
    try:
        focal_mm = float(details.get(0xA405) or 0.0)
    except (TypeError, ValueError):
        return None
    if not 5.0 <= focal_mm <= 1200.0:
        return None
    if exif.get(0x0112, 1) >= 5:  # turned by a quarter when it is shown
        width, height = height, width
    along = 36.0 * width / max(width, height)
    return math.degrees(2.0 * math.atan2(along, 2.0 * focal_mm))
