"""Who writes a file: a lock of the operating system, which ends with its process, however that ends."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import stat
import sys
import time
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

log = logging.getLogger("phosphene")

PART = ".phosphene-part"  # how a hidden file ends that is being written, or was when its writer died
NEXT = ".next"  # of numbered images: the one that is being written; it belongs to the hidden file of that name
LONGEST = 200  # bytes of a name; with what is put before and after it, file systems take 255
TRIES, PAUSE_S = 12, 0.025  # somebody who sweeps holds a lock for less than a millisecond
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
FLAGS = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_FAR = 2**31 - 2  # Windows locks bytes, also against who has locked them: none that a file of ours holds


class TakenError(Exception):
    """Somebody else is writing this file at the moment."""


class Claim:
    """A file that this process alone writes, until `release`. `path` is where it lies now."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path, self._descriptor = path, descriptor

    @property
    def held(self) -> bool:
        """Whether it was not released yet."""
        return self._descriptor >= 0

    def settle(self) -> None:
        """Brings everything that was written to the disk, so that the file may be moved. Raises OSError."""
        if self._descriptor >= 0:
            os.fsync(self._descriptor)
            if sys.platform == "win32":  # where a file that is open cannot be moved
                os.close(self._descriptor)
                self._descriptor = -1

    def release(self, *, remove: bool = False) -> None:
        """Lets others write it, or takes it away; harmless when called twice."""
        if sys.platform == "win32":
            if self._descriptor >= 0:
                os.close(self._descriptor)
            if remove:
                with contextlib.suppress(OSError):  # somebody else has it by now, or it was moved
                    self.path.unlink()
        elif self._descriptor >= 0:
            if remove and _is_at(self._descriptor, self.path):
                self.path.unlink()  # while the lock is held: nobody else has it
            os.close(self._descriptor)
        self._descriptor = -1


def hidden(path: Path) -> Path:
    """The hidden file beside `path` that stands for it while it is written."""
    name = path.name
    if len(os.fsencode(name)) > LONGEST:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()[:32]
    return path.with_name(f".{name}{PART}")


def is_leftover(name: str) -> bool:
    """Whether a file of that name is one that is being written, or was when its writer died."""
    return name.endswith((PART, PART + NEXT))


def claim(path: Path) -> Claim:
    """The hidden file of `path`, empty. Raises TakenError where somebody writes it, OSError where it cannot be made."""
    sweep(path.parent)
    place = hidden(path)
    for _ in range(TRIES):
        descriptor = os.open(place, FLAGS | os.O_CREAT, 0o666)
        if _lock(descriptor) is not False and _is_at(descriptor, place):
            if os.fstat(descriptor).st_size == 0:
                return Claim(place, descriptor)
            Claim(place, descriptor).release(remove=True)  # of a writer that died; it may be the whole file's twin
            continue
        os.close(descriptor)
        time.sleep(PAUSE_S)
    raise TakenError(str(path))


def claim_new(path: Path) -> Claim | None:
    """`path` itself, where nothing is there yet, or an empty file that nobody writes; else None. Raises OSError."""
    try:
        descriptor = os.open(path, FLAGS | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        if not is_empty(path):
            return None
        descriptor = os.open(path, FLAGS)
        ours = _lock(descriptor) is True  # without locks nobody knows whether it is somebody's beginning
    else:
        ours = _lock(descriptor) is not False
    if ours and _is_at(descriptor, path) and os.fstat(descriptor).st_size == 0:
        return Claim(path, descriptor)
    os.close(descriptor)
    return None


def being_written(path: Path) -> bool:
    """Whether somebody holds the claim to `path` itself, as a recording does."""
    if sys.platform == "win32":
        return False  # a file that is open there cannot be replaced anyway
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return _lock(descriptor, shared=True) is False
    finally:
        os.close(descriptor)


def is_empty(path: Path) -> bool:
    """Whether `path` is a regular file without a byte in it: nothing that could be lost."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size == 0


def sweep(folder: Path) -> None:
    """Takes away the hidden files in `folder` whose writers have died; a folder that cannot be read is left alone."""
    try:
        names = [entry.name for entry in os.scandir(folder) if entry.name.endswith(PART)]
    except OSError:
        return
    for name in names:
        path = folder / name
        with contextlib.suppress(OSError):  # it is gone, or not ours to take away: then it stays, and harms nobody
            descriptor = os.open(path, FLAGS)
            if _lock(descriptor) is True and _is_at(descriptor, path):
                path.with_name(name + NEXT).unlink(missing_ok=True)
                Claim(path, descriptor).release(remove=True)
            else:
                os.close(descriptor)


def _lock(descriptor: int, *, shared: bool = False) -> bool | None:
    """Whether the lock could be had; None where this file system knows none."""
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, _FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if sys.platform == "win32" or error.errno not in _NO_LOCKS:
            return False
        log.warning("this file system has no locks: two shows that write to the same file are not noticed here")
        return None
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the open file is still the one at `path`: it may have been put in its place, or taken away, meanwhile."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except OSError:
        return False
