"""Where to look for somebody new, and when: the whole image, and parts of it for people who are small in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the image: left, top, width, height, 0..1."""

    left: float
    top: float
    width: float
    height: float

    def slices(self, width: int, height: int) -> tuple[slice, slice]:
        """The rows and columns of a `width` × `height` image, at least one of each."""
        x, y = min(int(self.left * width), width - 1), min(int(self.top * height), height - 1)
        x1, y1 = (
            max(x + 1, round((self.left + self.width) * width)),
            max(y + 1, round((self.top + self.height) * height)),
        )
        return slice(y, min(y1, height)), slice(x, min(x1, width))


WHOLE = Area(0.0, 0.0, 1.0, 1.0)


def grid(part: float, steps: int) -> tuple[Area, ...]:
    """`steps` × `steps` overlapping areas, each `part` of the image wide and high."""
    offsets = [(1.0 - part) * i / (steps - 1) for i in range(steps)]
    return tuple(Area(x, y, part, part) for y in offsets for x in offsets)


class Search:
    """Says, by the time of the frames alone, which areas to search in a frame.

    The first frame is searched everywhere. After that, the whole image on every frame while nobody is there, else
    together with the next one of the `parts` every `every_s`; nothing once all who are wanted were found.
    """

    def __init__(self, parts: tuple[Area, ...] = grid(0.6, 2), every_s: float = 0.5) -> None:
        self._parts = parts
        self._every_s = every_s
        self._last_s: float | None = None
        self._next = 0

    def areas(self, time_s: float, known: int, wanted: int, lost: bool = False) -> tuple[Area, ...]:
        """The areas to search in the frame at `time_s`, in which `known` of at most `wanted` were found already.

        `lost`: somebody who was there a frame ago is not any more.
        """
        if self._last_s is None or time_s < self._last_s:
            self._last_s, self._next = time_s, 0
            return (WHOLE, *self._parts)
        if known >= wanted:
            return ()
        if time_s - self._last_s < self._every_s - 1e-6:
            return () if known and not lost else (WHOLE,)
        self._last_s = time_s
        part = self._parts[self._next % len(self._parts)]
        self._next += 1
        return WHOLE, part
