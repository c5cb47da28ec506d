"""What an output will create: one file, or numbered ones."""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .. import paths
from ..paths import named
from .claim import is_empty
from .put import behind

NUMBER = re.compile(r"%(?:0(\d+))?d")


@dataclass(frozen=True, slots=True)
class Target:
    """A file at `path`; or, where it is `numbered`, every file that its name gives with a number for `%05d` in it."""

    path: Path
    numbered: bool = False

    def file(self, number: int) -> Path:
        """The file of that number."""
        return self.path.with_name(self.path.name % number) if self.numbered else self.path

    def names(self, name: str) -> bool:
        """Whether a file called `name` in the same folder is one that would be written.

        A file system that tells no capitals apart, or no forms of an accent, knows one file by several names.
        """
        mine = self.path.name
        if self.numbered:
            match = _pattern(*self.parts()).fullmatch(spelled(name))
            if match is None:
                return False
            mine %= int(match[1])
        if mine == name:
            return True
        return spelled(mine) == spelled(name) and _same_file(self.path.with_name(mine), self.path.with_name(name))

    def parts(self) -> tuple[str, int, str]:
        """Of a numbered name: what stands before the number, its least width, and what stands after it."""
        number = NUMBER.search(self.path.name)
        assert number is not None
        return self.path.name[: number.start()], int(number[1] or 0), self.path.name[number.end() :]

    def taken(self) -> list[Path]:
        """What is there already and would be replaced; a file without a byte in it is nothing."""
        if not self.numbered:
            return [self.path] if os.path.lexists(self.path) and not is_empty(self.path) else []
        try:
            names = [entry.name for entry in os.scandir(self.path.parent)]
        except OSError:  # it is not there, or shows nobody what is in it
            return []
        return sorted(path for name in names if self.names(name) and not is_empty(path := self.path.with_name(name)))

    def meets(self, other: Target) -> bool:
        """Whether both could write the same file, capitals aside: many a file system does not tell them apart."""
        if place(self.path.parent) != place(other.path.parent):
            return False
        if not (self.numbered and other.numbered):
            single, many = (other, self) if self.numbered else (self, other)
            if not many.numbered:
                return spelled(single.path.name) == spelled(many.path.name)
            before, _, after = many.parts()
            pattern = f"{re.escape(spelled(before))}[0-9]+{re.escape(spelled(after))}"
            return re.fullmatch(pattern, spelled(single.path.name)) is not None
        (before, _, after), (other_before, _, other_after) = self.parts(), other.parts()
        heads = sorted((spelled(before), spelled(other_before)), key=len)
        tails = sorted((spelled(after), spelled(other_after)), key=len)
        return (
            heads[1].startswith(heads[0])
            and tails[1].endswith(tails[0])
            and re.fullmatch("[0-9]*", heads[1][len(heads[0]) :]) is not None
            and re.fullmatch("[0-9]*", tails[1][: len(tails[1]) - len(tails[0])]) is not None
        )


@lru_cache(maxsize=64)
def _pattern(before: str, width: int, after: str) -> re.Pattern[str]:
    """What every file of a numbered name matches, spelled as `spelled` does."""
    return re.compile(f"{re.escape(spelled(before))}([0-9]{{{max(width, 1)},}}){re.escape(spelled(after))}")


def is_folder(name: str) -> bool:
    """Whether a name is a folder's, whatever its suffix: there is one, or it ends with a slash. Raises NotAllowed."""
    return name.endswith(("/", "\\")) or paths.is_folder(named(name))


def spelled(name: str) -> str:
    """A name as a file system that tells no capitals apart would know it."""
    return unicodedata.normalize("NFC", name).casefold()


def place(folder: Path) -> object:
    """What tells a folder from others: the folder itself where it is there, else the name it would have."""
    try:
        found = folder.stat()
    except OSError:
        return spelled(str(behind(folder)))
    return found.st_dev, found.st_ino


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
