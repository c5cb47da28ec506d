"""A sequence of images: a folder, a pattern with `*`, or a numbered `frame_%04d.png`."""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Self

from ..core.closing import Closing
from ..core.errors import PhospheneError, SourceError
from ..core.frame import Frame, Pixels
from ..core.paths import entries, is_file, is_folder, kind_of, named
from . import IMAGE_SUFFIXES, missing_file
from .fit import cover
from .read_image import read_image

log = logging.getLogger("phosphene")

NAMED = 3  # names in a message
_NUMBER = re.compile(r"%(0?)(\d*)d")


@dataclass(frozen=True, slots=True)
class Found:
    """The images of a sequence in natural order, and what lies among them that is none: (name, why)."""

    paths: list[Path]
    others: list[tuple[str, str]] = field(default_factory=list)

    @property
    def all(self) -> list[Path]:
        """Every file that belongs to the sequence, readable or not."""
        return [*self.paths, *(self.paths[0].with_name(name) for name, _ in self.others)]


class ImagesSource(Closing):
    """Gives one image after another in natural order (2 before 10), `fps` a second, and ends after the last.

    Images of another size than the first are scaled to fill it. What cannot be read is left out, and the next image
    takes its place in time; that, other sizes and gaps in the numbers are reported once. Raises SourceError where no
    image can be read.
    """

    live = False
    endless = False
    audio_path: str | None = None

    def __init__(self, found: Found, *, size: tuple[int, int] | None = None, fps: float | None = None) -> None:
        self._paths, self._left_out = found.paths, list(found.others)
        self.path, self.files = found.paths[0].parent, tuple(found.all)
        self.fps: float | None = fps or 30.0
        self._rate = fps or 30.0
        self._scaled: list[str] = []
        self._looked_at = self._given = 0
        self._size = size
        first = self._following()
        if first is None:
            raise SourceError(
                f"none of the {len(found.paths)} images can be read: {listed(self._left_out)}",
                where=str(self.path),
                hint="check that other programs can open them",
            )
        self._first: Pixels | None = first
        self.size = self._size = (first.shape[1], first.shape[0])
        self.frame_count: int | None = len(found.paths) - self._looked_at + 1
        if gaps := gaps_in(found.paths):
            log.warning("%s: gaps in the numbering: %s", self.path, gaps)
        self._reported = False

    @classmethod
    def from_spec(cls, rest: str, *, size: tuple[int, int] | None, fps: float | None) -> Self:
        """`rest` is a folder or a pattern."""
        return cls(find_images(rest), size=size, fps=fps)

    def read(self) -> Frame | None:
        """The next image, or None after the last."""
        pixels, self._first = self._first if self._first is not None else self._following(), None
        if pixels is None:
            self._report()
            return None
        number, self._given = self._given, self._given + 1
        return Frame(number, number / self._rate, pixels, time.perf_counter())

    def close(self) -> None:
        """Tells what was left out, where the end was not reached; harmless when called twice."""
        self._report()

    def _following(self) -> Pixels | None:
        """The next image that can be read, at the size of all; None after the last."""
        while self._looked_at < len(self._paths):
            path = self._paths[self._looked_at]
            self._looked_at += 1
            try:
                pixels = read_image(path)
            except PhospheneError as error:
                self._left_out.append((path.name, error.message))
                continue
            if self._size not in (None, (pixels.shape[1], pixels.shape[0])):
                self._scaled.append(path.name)
            return cover(pixels, self._size)
        return None

    def _report(self) -> None:
        if self._reported:
            return
        self._reported = True
        if self._left_out:
            log.warning("%s: skipped %s", self.path, listed(self._left_out))
        if self._given and 0 < len(self._scaled) < self._given:
            names = listed([(name, "") for name in self._scaled])
            log.warning("%s: scaled to %d×%d like the first: %s", self.path, *self.size, names)


def listed(what: list[tuple[str, str]]) -> str:
    """How many, and the first of them by name, each with why: `2: ._a.png (is damaged), notes.txt (no image)`."""
    shown = [f"{name} ({why})" if why else name for name, why in what[:NAMED]]
    return f"{len(what)}: {', '.join(shown)}{', …' if len(what) > NAMED else ''}"


def gaps_in(paths: list[Path]) -> str:
    """The numbers that are missing in names that differ by their last number alone, in words; empty where none is."""
    parts = [re.fullmatch(r"(.*?)(\d+)(\D*)", path.name) for path in paths]
    if len({(part[1], part[3]) if part else None for part in parts}) != 1 or len(parts) < 2 or parts[0] is None:
        return ""
    numbers = [int(part[2]) for part in parts if part]
    missing = [(before + 1, after - 1) for before, after in pairwise(numbers) if after > before + 1]
    count = sum(last - first + 1 for first, last in missing)
    words = [str(first) if first == last else f"{first} to {last}" for first, last in missing[:NAMED]]
    return f"{count} missing ({', '.join(words)}{', …' if len(missing) > NAMED else ''})" if missing else ""


def find_images(spec: str) -> Found:
    """The images that a folder or pattern names; what else lies in a folder, or fits the pattern, is listed apart.

    Raises SourceError where there is no image.
    """
    path = named(spec)
    if is_folder(path):
        found, wanted = entries(path), "a folder of images"
    elif not is_folder(path.parent):
        raise missing_file(path)
    elif number := _NUMBER.search(path.name):
        width = int(number[2] or 0)
        digits = rf"\d{{{width},}}" if width and number[1] else r"\d+"
        name = re.compile(re.escape(path.name[: number.start()]) + digits + re.escape(path.name[number.end() :]))
        found, wanted = [p for p in entries(path.parent) if name.fullmatch(p.name)], f"files named like {path.name}"
    elif re.search(r"[*?]", path.name):
        found, wanted = [p for p in entries(path.parent) if p.match(path.name)], f"files that match {path.name}"
    else:
        found, wanted = [path] if is_file(path) else [], "a folder, a pattern such as frame_%04d.png, or *.png"
    why = {p: why_none(p, any_name=not is_folder(path)) for p in found}
    images = sorted((p for p in found if not why[p]), key=_natural)
    others = [(p.name, why[p]) for p in found if why[p]]
    if not images:
        what = f"; found {listed(others)}" if others else ""
        raise SourceError(f"no images found{what}", where=str(path), hint=f"expected {wanted}")
    return Found(images, others)


def why_none(path: Path, *, any_name: bool) -> str:
    """Why a file is no image of a sequence, as far as that is known without reading it; empty where it may be one.
    With `any_name` its name's ending does not tell."""
    try:
        kind = kind_of(path)
    except PhospheneError as error:
        return error.message
    if kind != "file":
        return f"a {kind}" if kind else "a broken link"
    if path.name.startswith("._"):
        return "a macOS metadata file"
    if any_name or path.suffix.lower() in IMAGE_SUFFIXES:
        return ""
    return "not an image by its name"


def _natural(path: Path) -> list[tuple[int, int, str]]:
    """Sort key in which numbers inside a name count as numbers."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", path.name.lower())]
