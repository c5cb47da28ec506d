"""Numbered images: each appears whole, and none replaces another unasked."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

from ..errors import SinkError
from ..paths import is_folder
from .claim import FLAGS, NEXT, Claim, TakenError, claim
from .new import MOST, check_folder
from .put import BUSY, OVERWRITE, WAIT, cannot_write, is_there, put
from .target import NUMBER, Target

log = logging.getLogger("phosphene")


class NumberedFiles:
    """Files `names(1)` with a number for the `%05d` in it.

    Where some are there already a `live` show, which cannot be made again, takes `names(2)` and so on instead; what
    can be is refused unless `overwrite`. The files' folder is made where it is missing and `makes_folder`.
    Raises SinkError, also where another program is writing these files.
    """

    def __init__(
        self, names: Callable[[int], Path], *, makes_folder: bool = False, live: bool = False, overwrite: bool = False
    ) -> None:
        self._overwrite = overwrite
        self._made: list[Path] = []  # folders, which are taken away again where nothing comes into them
        self.count = 0  # images written
        for number in range(1, MOST if live and not overwrite else 2):
            self.target = Target(names(number), numbered=True)
            if self._claim(makes_folder, last=not live or overwrite):
                if number > 1:
                    log.warning("images named %s already exist: these are named %s", names(1).name, self.target.path)
                return
        raise SinkError("all numbered names are in use", where=str(names(1)), hint="choose another name")

    def _claim(self, makes_folder: bool, *, last: bool) -> bool:
        """Whether these names are free, and ours from now on. Raises SinkError for the `last` ones that are tried."""
        path = self.target.path
        try:
            if makes_folder and not is_folder(path.parent):
                check_folder(path.parent)
                path.parent.mkdir(exist_ok=True)
                self._made.append(path.parent)
            check_folder(path)
            is_there(self.target.file(0))
            self._held: Claim = claim(path)
        except TakenError:
            if last:
                raise SinkError(BUSY, where=str(path), hint=WAIT) from None
            return False
        except OSError as error:
            raise cannot_write(error, path) from error
        taken = self.target.taken()
        if taken and not self._overwrite:
            self.close()
            if last:
                count = f", with {len(taken) - 1} more of its kind" if len(taken) > 1 else ""
                raise SinkError(f"already exists{count}", where=str(taken[0]), hint=OVERWRITE)
            return False
        return True

    def write(self, number: int, data: bytes) -> None:
        """Writes file `number`. Raises OSError, FileExistsError where it has come to be there meanwhile."""
        part, path = self._held.path.with_name(self._held.path.name + NEXT), self.target.file(number)
        with os.fdopen(os.open(part, FLAGS | os.O_CREAT | os.O_TRUNC, 0o666), "wb") as file:
            file.write(data)
        put(part, path, overwrite=self._overwrite)
        self.count += 1

    def close(self) -> None:
        """Lets others write these files; harmless when called twice."""
        if not self._held.held:
            return
        self._held.path.with_name(self._held.path.name + NEXT).unlink(missing_ok=True)
        self._held.release(remove=True)
        for folder in self._made:
            if not self.count and folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        self._made = []
        if self.count and self._overwrite:
            ours = {self.target.file(number).name for number in range(self.count)}
            if older := [path.name for path in self.target.taken() if path.name not in ours]:
                log.warning("%d older images are among the new ones, such as %s", len(older), older[0])


def numbered_again(path: Path, number: int) -> Path:
    """`shot_%05d.png`, then `shot-2_%05d.png` and so on."""
    if number == 1:
        return path
    place = NUMBER.search(path.name)
    assert place is not None
    before = path.name[: place.start()]
    stem = before.rstrip("_-. ")
    middle = before[len(stem) :] or "-"
    return path.with_name(f"{stem}{'-' if stem else ''}{number}{middle}{path.name[place.start() :]}")
