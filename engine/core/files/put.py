"""Puts a finished file in its place, in one step: whoever looks sees the old one, none, or the whole new one."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import NotAllowed, PhospheneError, SinkError
from ..paths import in_words, is_file, kind_of, named, write_through
from .claim import TakenError, being_written, claim, is_empty

OVERWRITE = "use --overwrite to replace it, or choose another name"
BUSY, WAIT = "is being written by another program", "wait for it, or choose another name"


def put(part: Path, path: Path, *, overwrite: bool) -> None:
    """Moves `part` to `path`, in the same folder. Raises FileExistsError where something is there that is not to be
    replaced (an empty file is nothing) or is being written, OSError where it cannot be moved."""
    if being_written(path):
        raise FileExistsError(str(path))
    if overwrite or is_empty(path):
        with suppress(OSError):  # who may read it stays as it was
            shutil.copymode(path, part)
        part.replace(path)
    elif sys.platform == "win32":
        part.rename(path)  # which there replaces nothing
    else:
        try:
            os.link(part, path, follow_symlinks=False)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            if os.path.lexists(path):
                raise FileExistsError(str(path)) from None
            part.rename(path)
        else:
            part.unlink()


def write_whole(path: Path, data: bytes, *, overwrite: bool = False) -> None:
    """Writes a file that is there whole or not at all; the old one stays where it cannot be written.

    What is no regular file (a pipe, a device) is written as it is. Raises SinkError: for what is there already, where
    it is not to be replaced, and where it cannot be written.
    """
    path = named(path)
    try:
        if kind_of(path) not in ("", "file"):
            write_through(path, data)
            return
        check_free(path, overwrite=overwrite)
        place = behind(path)
        claimed = claim(place)
        try:
            claimed.path.write_bytes(data)
            claimed.settle()
            put(claimed.path, place, overwrite=overwrite)
        finally:
            claimed.release(remove=True)
    except TakenError:
        raise SinkError(BUSY, where=str(path), hint=WAIT) from None
    except FileExistsError:
        raise SinkError("already exists", where=str(path), hint=OVERWRITE) from None
    except OSError as error:
        raise cannot_write(error, path) from error


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """While it lasts, who else works on `path` is refused. Raises SinkError."""
    try:
        held = claim(behind(path))
    except TakenError:
        raise SinkError(BUSY, where=str(path), hint=WAIT) from None
    except OSError as error:
        raise cannot_write(error, path) from error
    try:
        yield
    finally:
        held.release(remove=True)


def check_free(path: Path, *, overwrite: bool) -> None:
    """Raises SinkError where a file is there that is not to be replaced, or may not be, or is being written."""
    there = behind(path)
    if being_written(there):
        raise SinkError(BUSY, where=str(path), hint=WAIT)
    if not is_there(path) or is_empty(there):
        return
    if not overwrite:
        raise SinkError("already exists", where=str(path), hint=OVERWRITE)
    if not os.access(there, os.W_OK):
        raise SinkError("cannot be written (Permission denied)", where=str(path), hint="check the permissions")


def is_there(path: Path) -> bool:
    """Whether a file has that name. Raises SinkError for what is no regular file, or a name that no file can have."""
    there = behind(path)
    try:
        there.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise cannot_write(error, path) from error
    if not is_file(there):
        raise SinkError("is not a regular file", where=str(path), hint="choose another name")
    return True


def behind(path: Path) -> Path:
    """What is written under that name: the file that a symbolic link leads to, else the path itself."""
    path = named(path)
    try:
        return Path(os.path.realpath(path))
    except OSError:  # the working folder is gone; writing there says so
        return path


def cannot_write(error: OSError, path: Path) -> PhospheneError:
    """`error` in words; a lack of rights names what is in the way."""
    explained = in_words(error, path)
    if isinstance(explained, NotAllowed):
        return explained
    return SinkError(
        f"cannot be written ({error.strerror or error})",
        where=str(path),
        hint="check the permissions and the disk's space, or choose another place",
    )
