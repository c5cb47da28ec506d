"""A sequence of pictures: a folder, a pattern with `*`, or a numbered `frame_%04d.png`."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Self

from engine.closing import Closing
from engine.data import Frame
from engine.errors import SourceError
from engine.sources import PICTURE_SUFFIXES, missing_file
from engine.sources.fit import cover
from engine.sources.picture import read_picture

_NUMBER = re.compile(r"%(0?)(\d*)d")


class ImagesSource(Closing):
    """Gives one picture after another in natural order (2 before 10), `fps` a second, and ends after the last.

    Pictures of another size than the first are scaled to fill it.
    """

    live = False
    endless = False
    audio_path: str | None = None

    def __init__(self, paths: list[Path], *, size: tuple[int, int] | None = None, fps: float | None = None) -> None:
        self._paths = paths
        self.path, self.files = paths[0].parent, tuple(paths)
        self.fps: float | None = fps or 30.0
        self._rate = fps or 30.0
        self.frame_count: int | None = len(paths)
        self._first = cover(read_picture(paths[0]), size)
        self.size = (self._first.shape[1], self._first.shape[0])
        self._next = 0

    @classmethod
    def from_spec(cls, rest: str, *, size: tuple[int, int] | None, fps: float | None) -> Self:
        """`rest` is a folder or a pattern."""
        return cls(find_pictures(rest), size=size, fps=fps)

    def read(self) -> Frame | None:
        """The next picture, or None after the last."""
        number = self._next
        if number >= len(self._paths):
            return None
        pixels = self._first if number == 0 else cover(read_picture(self._paths[number]), self.size)
        self._next += 1
        return Frame(number, number / self._rate, pixels, time.perf_counter())


def find_pictures(spec: str) -> list[Path]:
    """The picture files that a folder or pattern names, in natural order; SourceError where there is none."""
    path = Path(spec).expanduser()
    if path.is_dir():
        found = [p for p in path.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES and p.is_file()]
        wanted = "a folder with pictures in it"
    elif not path.parent.is_dir():
        raise missing_file(path)
    elif _NUMBER.search(path.name):
        number = _NUMBER.search(path.name)
        assert number is not None
        width = int(number[2] or 0)
        digits = rf"\d{{{width},}}" if width and number[1] else r"\d+"
        name = re.compile(re.escape(path.name[: number.start()]) + digits + re.escape(path.name[number.end() :]))
        found = [p for p in path.parent.iterdir() if name.fullmatch(p.name) and p.is_file()]
        wanted = f"files named like {path.name}"
    elif re.search(r"[*?]", path.name):
        found = [p for p in path.parent.glob(path.name) if p.is_file()]
        wanted = f"files that match {path.name}"
    else:
        found = [path] if path.is_file() else []
        wanted = "a folder, a pattern such as frame_%04d.png, or *.png"
    if not found:
        raise SourceError("no pictures found", where=str(path), hint=f"expected {wanted}")
    return sorted(found, key=_natural)


def _natural(path: Path) -> list[tuple[int, int, str]]:
    """Sort key in which numbers inside a name count as numbers."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", path.name.lower())]
