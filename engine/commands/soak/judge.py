"""Looks at every frame that comes out of a soak: is it one, is it a slate, does it show the room?"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...core.closing import Closing
from ...core.frame import Frame, Pixels
from ...core.results import Mask

MARK = (255, 0, 255)  # the room's colour: no skin, no cloth and no place is painted like that
MARK_PART = 0.06  # of the height, at the top: no head reaches there
_MARKED = 100  # 8-bit codes by which red and blue lie above green where the room is seen
_STRIP = 0.25  # part of the strip that shows the room; a mask that is soft or wrong here and there shows less
_DARK = 40  # the slate's background, in 8-bit codes, and below
_NOBODY = 0.02  # confidence below which nobody is said to be there
_EDGE_CELLS = 4  # of the mask, by which a matte may move its edge to where the frame has one
_BESIDE = 0.0005  # of the frame: the cells of an edge that trembles; a late mask shows one to twenty percent
_KEPT = 64  # frames and images that wait to be judged

Bools = NDArray[np.bool_]


class Judge(Closing):
    """The output that somebody watches: counts frames, slates, and frames in which the room can be seen.

    The room is seen in the strip at the top that no head reaches; and anywhere else where the person tracker has said
    of the very pixels that are shown that nobody is there. `said` is called by the tracker, `drawn` by the show,
    `write` by the output's own thread, for the same frame in whatever order.
    """

    alpha = False

    def __init__(self, hides_room: bool) -> None:
        self.hides_room = hides_room
        self.pictures = self.slates = self.leaks = 0
        self.worst_beside = 0.0  # the largest share of a frame that showed the room beside somebody
        self.longest_gap_s = 0.0
        self._last_s: float | None = None
        self._lock = threading.Lock()
        self._said: deque[tuple[Pixels, Mask]] = deque(maxlen=_KEPT)
        self._drawn: dict[float, Mask | None] = {}
        self._marked: dict[float, Bools] = {}

    def said(self, frame: Frame, result: Any) -> None:
        """A tracker has answered for `frame`."""
        if isinstance(result, Mask):
            with self._lock:
                self._said.append((frame.pixels, result))

    def drawn(self, frame: Frame) -> None:
        """The frame at the time of `frame` shows its pixels."""
        with self._lock:
            masks = (mask for pixels, mask in reversed(self._said) if pixels is frame.pixels)
            self._drawn[frame.time_s] = next(masks, None)
            self._judge()

    def write(self, image: Pixels, time_s: float) -> None:
        """Looks at one frame."""
        now = time.perf_counter()
        if self._last_s is not None:
            self.longest_gap_s = max(self.longest_gap_s, now - self._last_s)
        self._last_s = now
        slate = int(image[0, 0, :3].max()) < _DARK and int(image[-1, -1, :3].max()) < _DARK
        self.slates += slate
        self.pictures += not slate
        if not self.hides_room:
            return
        codes = image[..., :3].astype(np.int16)
        marked: Bools = np.minimum(codes[..., 0], codes[..., 2]) - codes[..., 1] > _MARKED
        strip = marked[: max(1, round(image.shape[0] * MARK_PART * 0.7))]
        if float(strip.mean()) > _STRIP:
            self.leaks += 1
        elif not slate:
            with self._lock:
                self._marked[time_s] = marked
                self._judge()

    def _judge(self) -> None:
        """Compares what is known of a frame from both sides."""
        for time_s in self._marked.keys() & self._drawn.keys():
            marked, mask = self._marked.pop(time_s), self._drawn.pop(time_s)
            if mask is not None:
                marked &= nobody(mask, marked.shape)
            share = float(marked.mean())
            self.worst_beside = max(self.worst_beside, share)
            self.leaks += share > _BESIDE
        for waiting in (self._marked, self._drawn):  # of a slate no frame is drawn, and a dropped frame never comes
            while len(waiting) > _KEPT:
                waiting.pop(next(iter(waiting)))


def nobody(mask: Mask, shape: tuple[int, ...]) -> Bools:
    """Where, in a frame of `shape` (h, w), a mask says that nobody is, not even near."""
    side = 2 * _EDGE_CELLS + 1
    near = cv2.dilate((mask.confidence > _NOBODY).astype(np.uint8), np.ones((side, side), np.uint8))
    return np.asarray(cv2.resize(near, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST) == 0)
