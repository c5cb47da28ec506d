"""Animated WebP, which FFmpeg cannot decode, read through Pillow with the same interface as the video decoder."""

from __future__ import annotations

import warnings
from pathlib import Path

from PIL import Image, ImageSequence

from ..core.closing import Closing
from ..core.errors import SourceError
from ..core.frame import Pixels
from .read_image import MAX_PIXELS, to_rgb8

_MAX_BYTES = 1_000_000_000


def is_flipbook(path: Path) -> bool:
    """Whether the file is a WebP by its first bytes."""
    with path.open("rb") as file:
        start = file.read(12)
    return start[:4] == b"RIFF" and start[8:] == b"WEBP"


class Flipbook(Closing):
    """Images with times, all decoded at once: (seconds, H×W×3 uint8 sRGB), transparent parts over black.

    Raises SourceError for a damaged file and for one that would need more than a gigabyte.
    """

    has_audio = False
    start_s = 0.0

    def __init__(self, path: Path) -> None:
        self.path = path
        self._frames: list[tuple[float, Pixels]] = []
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow's own size warning: the size is judged below
                with Image.open(path) as book:
                    count = getattr(book, "n_frames", 1)
                    if book.width * book.height > MAX_PIXELS or book.width * book.height * 3 * count > _MAX_BYTES:
                        raise SourceError(
                            "the animation is too large", where=str(path), hint="scale it down, or make a video of it"
                        )
                    clock_ms = 0.0
                    for image in ImageSequence.Iterator(book):
                        self._frames.append((clock_ms / 1000, to_rgb8(image)))
                        clock_ms += max(float(image.info.get("duration", 100)), 10.0)
        except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
            raise SourceError(
                f"the animation is damaged or cut off ({error})", where=str(path), hint="copy or download it again"
            ) from error
        height, width = self._frames[0][1].shape[:2]
        self.size = (width, height)
        self.frame_count: int | None = len(self._frames)
        self._length_s = clock_ms / 1000
        self.rate = len(self._frames) / self._length_s
        self._next = 0

    def __iter__(self) -> Flipbook:
        return self

    def __next__(self) -> tuple[float, Pixels]:
        if self._next >= len(self._frames):
            raise StopIteration
        self._next += 1
        return self._frames[self._next - 1]

    @property
    def end_s(self) -> float | None:
        """When the last image ends."""
        return self._length_s

    def seek(self, time_s: float) -> None:
        """Goes to the image shown at `time_s`."""
        self._next = max(0, sum(moment <= time_s for moment, _ in self._frames) - 1)

    def length(self) -> float | None:
        """Seconds from the first image's begin to the last one's end."""
        return self._length_s

    def close(self) -> None:
        """Nothing is held open."""
