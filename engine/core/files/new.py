"""New files of one output: beside their place until they are whole, or, of what is live, at once under a free name."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from ..errors import SinkError
from ..paths import is_folder
from .claim import Claim, TakenError, claim, claim_new, is_empty
from .put import BUSY, WAIT, behind, cannot_write, check_free, is_there, put
from .target import Target

log = logging.getLogger("phosphene")

MOST = 100_000  # names that are tried


class NewFiles:
    """Files that belong together, such as a video and its matte, and none of which replaces another unasked.

    `names(1)` gives the paths that are wanted, `names(2)` and so on what to take where those are not free. `begin`
    says where to write, `land` puts the files in their places, `drop` takes them away.

    What can be made again is written under hidden names, which a kill leaves behind and the next run takes away.
    `live` cannot: it is written under its own name from the begin, a free one, for it must be there after a kill; with
    `overwrite` it takes the place of the old one at its end. What was cut short replaces nothing.

    Raises SinkError: where there is no such folder, a file is there that is not to be replaced, another program is
    writing it, or it cannot be written.
    """

    def __init__(
        self,
        names: Callable[[int], Sequence[Path]],
        *,
        live: bool = False,
        overwrite: bool = False,
        direct: bool = True,
    ) -> None:
        self._names, self._live, self._overwrite = names, live, overwrite
        self._direct = live and direct  # a single image of a live show is put in its place like any other
        self._claims: list[Claim] = []
        self.paths = list(names(1))  # where they are, or will be
        for path in self.paths:
            check_folder(path)
            if live:
                is_there(path)  # says what is wrong with the name; another is found where it is taken
            else:
                check_free(path, overwrite=overwrite)
        try:
            self._claims = claim_all(self._places(1))
            if self._direct:
                self._release(remove=True)  # it was only asked whether one may write there
        except TakenError as error:
            if not live:
                raise SinkError(BUSY, where=str(error), hint=WAIT) from None
        except OSError as error:
            raise cannot_write(error, self.paths[0]) from error

    def _places(self, number: int) -> list[Path]:
        """The files behind the names: what a symbolic link leads to is what is written."""
        return [behind(path) for path in self._names(number)]

    def begin(self) -> list[Path]:
        """Where to write; of what is live the names are taken now. Raises OSError."""
        if not self._claims:
            for number in range(1, MOST):
                if (claims := claim_all_new(self._places(number))) is not None:
                    self._claims, self.paths = claims, list(self._names(number))
                    if number > 1 and not self._overwrite:
                        log.warning("%s already exists: recording to %s", self._names(1)[0], self.paths[0])
                    break
            else:
                raise OSError(errno.EEXIST, "all numbered names are in use")
        return [claimed.path for claimed in self._claims]

    def land(self, *, whole: bool = True) -> list[Path]:
        """Puts the files in their places, and returns these. `whole`: they hold all that they should.

        Raises OSError where they cannot be put there.
        """
        if not self._claims:
            return []
        try:
            for claimed in self._claims:
                claimed.settle()
            replace = whole and self._overwrite
            if self._direct:
                if replace and self.paths != list(self._names(1)):
                    self._take_place()
            else:
                self._put_free(replace)
        finally:
            self._release(remove=not self._direct)
        return self.paths

    def _take_place(self) -> None:
        """What is live has ended, and takes the place of the old one, which it may."""
        try:
            for claimed, path in zip(self._claims, self._places(1), strict=True):
                put(claimed.path, path, overwrite=True)
        except OSError as error:
            why = error.strerror or "another program is writing it"
            log.warning("%s is kept (%s): the recording is in %s", self._names(1)[0], why, self.paths[0])
        else:
            self.paths = list(self._names(1))

    def _put_free(self, replace: bool) -> None:
        parts = [claimed.path for claimed in self._claims]
        why = "is kept, as the new one was cut short" if self._overwrite and not replace else "already exists"
        for number in range(1, MOST):
            paths, places = list(self._names(number)), self._places(number)
            if any(Target(path).taken() for path in places) and not (replace and number == 1):
                continue
            try:
                for part, place in zip(parts, places, strict=True):
                    if part.exists():  # else it was put there before somebody was quicker
                        put(part, place, overwrite=replace and number == 1)
            except FileExistsError:
                continue  # somebody was quicker
            except OSError as error:
                if number > 1:
                    raise
                why = f"cannot be replaced ({error.strerror})"
                continue
            self.paths = paths
            if number > 1:
                log.warning("%s %s: the new file is %s", self._names(1)[0], why, paths[0])
            return

    def drop(self) -> None:
        """Takes away what was begun, but what is live only where it is empty; harmless when called twice, and after
        `land`."""
        self._release(remove=True)

    def _release(self, *, remove: bool) -> None:
        for claimed in self._claims:
            claimed.release(remove=remove and (not self._direct or is_empty(claimed.path)))
        self._claims = []


def numbered(path: Path, number: int) -> Path:
    """`rec.mp4`, then `rec-2.mp4` and so on."""
    return path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")


def claim_all(paths: Sequence[Path]) -> list[Claim]:
    """The hidden files of all of these, or of none. Raises TakenError and OSError."""
    with ExitStack() as undo:
        claims = []
        for path in paths:
            claims.append(claim(path))
            undo.callback(claims[-1].release, remove=True)
        undo.pop_all()
    return claims


def claim_all_new(paths: Sequence[Path]) -> list[Claim] | None:
    """All of these, made now; None where one of them is there. Raises OSError."""
    with ExitStack() as undo:
        claims = []
        for path in paths:
            if (found := claim_new(path)) is None:
                return None
            claims.append(found)
            undo.callback(found.release, remove=True)
        undo.pop_all()
    return claims


def check_folder(path: Path) -> None:
    """Raises SinkError where the folder of `path` does not exist."""
    if not is_folder(path.parent):
        raise SinkError(
            "folder not found", where=str(path.parent), hint=f"mkdir -p '{path.parent}', or choose another place"
        )
