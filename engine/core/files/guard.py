"""The one place that sees to it that no file is read and written by the same run."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ..errors import SinkError, UsageError
from ..paths import is_file, named
from .claim import hidden, is_leftover
from .put import behind
from .target import Target, place

LINKS = 40  # how many symbolic links may follow one another, as Linux has it

Identity = tuple[int, int]  # device and number of a file, by which hard links are one


class Guard:
    """What a run reads and what it writes. A file is known by what it is, not by how it is named: links of both kinds,
    `..`, other capitals and other forms of an accent, where the file system takes them for one, lead to the same.
    """

    def __init__(self, read: Iterable[str | os.PathLike[str]] = ()) -> None:
        self._read: dict[Identity, Path] = {}
        self._entries: dict[object, dict[str, Path]] = {}  # by folder and name, also of each link on the way
        self._written: list[Target] = []
        self.reads(read)

    def reads(self, paths: Iterable[str | os.PathLike[str]]) -> None:
        """Notes files that the run reads; what is not there, or no regular file, is nothing that could be lost."""
        places: dict[Path, object] = {}  # thousands of images lie in one folder
        for name in paths:
            path = named(name)
            with suppress(OSError, ValueError):  # a name that no file can have
                if is_file(path):
                    self._read.setdefault(_identity(path), path)
                    for entry in _way(path):
                        folder = entry.parent
                        here = places[folder] if folder in places else places.setdefault(folder, place(folder))
                        self._entries.setdefault(here, {}).setdefault(entry.name, path)

    def writes(self, targets: Iterable[Target]) -> None:
        """Notes files that the run will write. Raises SinkError, before anything is written, where one is read by the
        run, UsageError where two outputs meet in one."""
        for target in targets:
            real = real_of(target)
            for written in (target, real, Target(hidden(real.path))):
                if (hit := self._hit(written)) is not None:
                    name, read = hit
                    other = "" if name == read else f" ('{read}')"
                    raise SinkError(
                        f"is an input of this run{other} and is never overwritten",
                        where=str(name),
                        hint="choose another name" if not target.numbered else "choose another name or folder",
                    )
            for other_target in self._written:
                if real.meets(real_of(other_target)):
                    words = f"the output '{target.path}' is given twice"
                    if target.path != other_target.path:
                        words = f"the outputs '{other_target.path}' and '{target.path}' would write the same file"
                    raise UsageError(words, hint="remove one, or choose another name")
            self._written.append(target)

    def check(self, path: str | os.PathLike[str]) -> None:
        """Raises UsageError where `path`, which shall be read from now on, is a file that the run writes."""
        read = Guard([path])
        for target in self._written:
            if any(read._hit(written) for written in (target, real_of(target), Target(hidden(real_of(target).path)))):
                raise UsageError(f"'{path}' is an output of this run", hint="show another file")

    def _hit(self, target: Target) -> tuple[Path, Path] | None:
        """A file that `target` would write and that is read: by the name it would be written under, and as read."""
        if not self._read:
            return None
        for name, read in self._entries.get(place(target.path.parent), {}).items():
            if target.names(name) or is_leftover(name):  # those are swept by whoever writes here
                return target.path.with_name(name), read
        there = target.taken() if target.numbered else [target.path]
        for entry in there:  # by another name
            try:
                found = _identity(entry)
            except OSError:
                continue
            if found in self._read:
                return entry, self._read[found]
        return None


def real_of(target: Target) -> Target:
    """The file that is written where `target` is a symbolic link."""
    return target if target.numbered else Target(behind(target.path))


def _identity(path: Path) -> Identity:
    found = path.stat()
    return found.st_dev, found.st_ino


def _way(path: Path) -> Iterable[Path]:
    """`path` and, where it is a symbolic link, every link that follows, up to the file."""
    for _ in range(LINKS):
        yield path
        if not path.is_symlink():
            return
        path = path.parent / path.readlink()
