"""The clips that all contenders read: one size, Motion JPEG as a webcam delivers it, the same bytes for everybody."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...core.closing import Closing
from ...core.errors import SourceError
from ...core.frame import Frame, Pixels
from ...sources import open_source

if TYPE_CHECKING:
    from ...sources.base import Source

FPS = 30
QUALITY = 4  # the encoder's quantiser, 2 best … 31: about the size that webcams send (0.25 MB a frame at 1280×720)


def make_clip(spec: str, size: tuple[int, int], frames: int, people: int, path: Path) -> Path:
    """Writes `frames` frames of the input `spec` to `path` (.avi) as 4:2:2 Motion JPEG at 30 frames a second.

    An input that ends sooner begins again. `people`: so often the middle of the frame stands side by side.
    """
    import av

    with av.open(str(path), "w", format="avi") as container:
        stream = container.add_stream("mjpeg", rate=FPS)
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj422p"
        stream.codec_context.qmin = stream.codec_context.qmax = QUALITY
        for number, pixels in enumerate(pictures(spec, size, frames)):
            picture = av.VideoFrame.from_ndarray(side_by_side(pixels, people), format="rgb24")
            picture.pts = number
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def pictures(spec: str, size: tuple[int, int], count: int) -> list[Pixels]:
    """`count` frames of the input, from its start, again and again where it is shorter. Raises SourceError."""
    found: list[Pixels] = []
    while len(found) < count:
        before = len(found)
        with open_source(spec, size=size) as source:
            while len(found) < count and (frame := source.read()) is not None:
                found.append(frame.pixels)
        if len(found) == before:
            raise SourceError("has no frame in it", where=spec)
    return found


def side_by_side(pixels: Pixels, people: int) -> Pixels:
    """The middle strip of the frame `people` times, in a frame of the same size."""
    if people <= 1:
        return pixels
    width = pixels.shape[1]
    edges = [round(width * i / people) for i in range(people + 1)]
    strips = []
    for left, right in pairwise(edges):
        start = (width - (right - left)) // 2
        strips.append(pixels[:, start : start + right - left])
    return np.ascontiguousarray(np.concatenate(strips, axis=1))


class ClipCamera(Closing):
    """A camera that shows a clip for ever, `rate` frames a second whoever reads them: late readers lose frames.

    A frame's time of capture is when it was due, before it is decoded, as with a real camera.
    """

    live = True
    endless = True
    frame_count: int | None = None
    audio_path: str | None = None

    def __init__(self, path: Path, rate: float) -> None:
        self.path = path
        self.fps: float | None = rate
        self._rate = rate
        self._clip: Source = open_source(str(path))
        self.size = self._clip.size
        self._begun_s: float | None = None
        self._next = 0
        self._closed = False

    def read(self) -> Frame | None:
        """Waits until the next frame is due, and gives it."""
        now = time.perf_counter()
        if self._begun_s is None:
            self._begun_s = now
        # What was due while nobody read is lost: the clock goes on.
        due_s = max(self._begun_s, now - 1.0 / self._rate)
        if due_s > now:
            time.sleep(due_s - now)
        self._begun_s = due_s + 1.0 / self._rate
        frame = self._clip.read()
        if frame is None and not self._closed:
            self._clip.close()
            self._clip = open_source(str(self.path))
            frame = self._clip.read()
        if frame is None:
            return None
        number, self._next = self._next, self._next + 1
        return Frame(number, number / self._rate, frame.pixels, due_s)

    def close(self) -> None:
        """Closes the clip; harmless when called twice."""
        self._closed = True
        self._clip.close()
