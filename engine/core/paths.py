"""What lies at a path, and why the system does not tell.

pathlib raises PermissionError or answers "no", as the version of Python has it. Here "no" means that nothing is there;
where the system refuses to say, NotAllowed names the folder that is in the way.
"""

from __future__ import annotations

import errno
import logging
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from .errors import NotAllowed, PhospheneError, SinkError, UsageError

log = logging.getLogger("phosphene")

# The answers that mean that nothing is there; EINVAL is Windows' for a name that cannot be one.
_NOT_FOUND = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL, errno.EBADF)
_KINDS = {stat.S_IFDIR: "folder", stat.S_IFREG: "file", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}
_FULL = (errno.ENOSPC, errno.EDQUOT)
_MACHINE = (*_FULL, *_NOT_FOUND, errno.EACCES, errno.EPERM, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.EIO)
_reported: set[Path] = set()


def named(text: str | os.PathLike[str]) -> Path:
    """The path that a user typed, `~` expanded. Raises UsageError where nobody has that home folder."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        hint = "set HOME to a folder, or write the path in full"
        raise UsageError(f"'{text}': unknown home folder", hint=hint) from error


def home(instead: str) -> Path:
    """The user's home folder. Raises UsageError where the system knows of none; `instead` is the variable to set."""
    try:
        return Path.home()
    except RuntimeError as error:
        raise UsageError("this user has no home folder", hint=f"set HOME, or {instead}") from error


def kind_of(path: str | Path) -> str:
    """`file`, `folder`, `pipe`, `socket` or `device`; empty where nothing is there. Raises NotAllowed."""
    try:
        mode = Path(path).stat().st_mode
    except ValueError:  # a NUL in the name
        return ""
    except OSError as error:
        if error.errno in _NOT_FOUND:
            return ""
        raise in_words(error, path) from error
    return _KINDS.get(stat.S_IFMT(mode), "device")


def is_file(path: str | Path) -> bool:
    """Whether a regular file is there. Raises NotAllowed."""
    return kind_of(path) == "file"


def is_folder(path: str | Path) -> bool:
    """Whether a folder is there. Raises NotAllowed."""
    return kind_of(path) == "folder"


def is_there(path: str | Path) -> bool:
    """Whether anything is there. Raises NotAllowed."""
    return bool(kind_of(path))


def resolved(path: str | Path) -> Path:
    """The path without links and `..`, as far as it is there; a link that leads to itself stays."""
    return Path(os.path.realpath(path))


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, sorted by name. Raises NotAllowed."""
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise in_words(error, folder) from error


def own_entries(folder: Path) -> list[Path]:
    """What lies in a folder that nobody has named on the command line, so that it may be missing. One that may not be
    looked into is reported once, and left out."""
    try:
        return entries(folder) if is_folder(folder) else []
    except PhospheneError as error:
        if folder not in _reported:
            _reported.add(folder)
            log.warning("%s: skipped", str(error).partition("\n")[0])
        return []


def within(folder: Path, suffixes: Iterable[str] = ()) -> list[Path]:
    """The regular files of these suffixes (or all) in a folder and the folders in it, sorted. Raises NotAllowed."""

    def refuse(error: OSError) -> None:
        raise in_words(error, folder) from error

    wanted = frozenset(suffixes)
    found: list[Path] = []
    for root, _, files in os.walk(folder, onerror=refuse):
        found += [Path(root, name) for name in files if not wanted or Path(name).suffix.lower() in wanted]
    return sorted(path for path in found if is_file(path))


def checked(path: Path, what: str, *, typed: str = "", hint: str = "check the path") -> Path:
    """`path`, where a regular file is there that may be read; `what` was expected, `typed` is how the user wrote it.

    Pipes and devices are refused: reading one may never end. Raises UsageError.
    """
    kind = kind_of(path)
    if not kind:
        raise UsageError(f"no {what} '{typed or path}'", hint=hint)
    if kind != "file":
        raise UsageError(f"'{typed or path}' is a {kind}, expected a {what}", hint=hint)
    if not os.access(path, os.R_OK):
        raise denied(path)
    return path


def checked_folder(path: Path, what: str) -> Path:
    """`path`, where a folder is there whose files may be read; `what` was expected. Raises UsageError."""
    kind = kind_of(path)
    if kind != "folder":
        why = f"is a {kind}, not a folder" if kind else "folder not found"
        raise UsageError(f"{what} {path}: {why}".strip(), hint="check the path")
    entries(path)
    if not _enters(path):
        raise denied(path / "…")
    return path


def check_writable(path: Path) -> None:
    """Raises NotAllowed where this user may not write to a file that is there, or not make files in a folder."""
    if not os.access(path, os.W_OK | os.X_OK if is_folder(path) else os.W_OK):
        raise denied(path, errno.EROFS if _is_read_only(path) else errno.EACCES)


def denied(path: Path, number: int = errno.EACCES) -> PhospheneError:
    """The error for a path that cannot be used as it is meant to."""
    return in_words(OSError(number, os.strerror(number)), path)


def in_words(error: OSError, path: str | Path = "") -> PhospheneError:
    """What the system has refused, for a user: which path, why, and what to do.

    NotAllowed where rights are missing, which nothing but another place or other rights mends.
    """
    where = str(path or error.filename or "")
    reason = error.strerror or type(error).__name__
    if error.errno in (errno.EACCES, errno.EPERM):
        shut = next((p for p in reversed(Path(where).absolute().parents) if not _enters(p)), None) if where else None
        if shut is not None:
            why = f"no access to the folder {shut} ({reason})"
            return NotAllowed(why, where=where, hint="choose another place, or give this user access to that folder")
        hint = "give this user the right to read and write there (chmod, chown), or choose another place"
        return NotAllowed(f"no access ({reason})", where=where, hint=hint)
    if error.errno == errno.EROFS:
        return NotAllowed("is on a read-only disk", where=where, hint="choose another place")
    if error.errno in _FULL:
        return PhospheneError("the disk is full", where=where, hint="free some space, or choose another place")
    hint = "check the path and its disk" if where else "run it with --debug to see where"
    return PhospheneError(f"could not be used ({reason})" if where else reason, where=where, hint=hint)


def is_explained(error: OSError) -> bool:
    """Whether an error is about the machine, its files and rights, so that a user can mend it; else it is ours."""
    return error.filename is not None or error.errno in _MACHINE


def check_place(where: str | None, *, pipes: bool = True) -> None:
    """Raises SinkError or NotAllowed where a report could not be written to the file `where` (None and `-` are none):
    it is asked for before the work that is reported on."""
    if where is None or where == "-":
        return
    path = named(where)
    kind = kind_of(path)
    if kind == "folder":
        raise SinkError("is a folder", where=where, hint="name a file in it")
    if kind == "pipe" and not pipes:
        raise SinkError("is a pipe, not a file", where=where, hint="choose another name")
    if not kind:
        _check_name(path)
    if not kind and not is_folder(path.parent):
        raise SinkError(f"folder {path.parent} not found", where=where, hint="create it, or choose another place")
    check_writable(path if kind else path.parent)


def check_new_folder(where: str | Path | None) -> None:
    """Raises UsageError where a folder could not be made, or files in it: it is asked for before the work."""
    if where is None:
        return
    path = named(where)
    if is_there(path):
        checked_folder(path, "")
    elif path.is_symlink():
        raise UsageError("is a broken link", where=str(path), hint="choose another place")
    there = next(place for place in (path, *path.absolute().parents) if is_there(place))
    if not is_folder(there):
        raise UsageError(f"{there} is a {kind_of(there)}, not a folder", where=str(path), hint="choose another place")
    check_writable(there)


def write_through(path: Path, data: bytes) -> None:
    """Writes to what is no regular file. A pipe that nobody reads is refused, for that would wait for ever.

    Raises PhospheneError.
    """
    opener = _read_by_somebody if kind_of(path) == "pipe" else None
    try:
        with open(path, "wb", opener=opener) as file:
            file.write(data)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise SinkError("no program reads this pipe", where=str(path), hint="start its reader first") from error
        raise in_words(error, path) from error


def _check_name(path: Path) -> None:
    """Raises SinkError for a name at which nothing is and nothing can be made."""
    try:
        if not path.is_symlink() or (is_folder(resolved(path).parent) and not resolved(path).is_symlink()):
            path.lstat()
            return
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise in_words(error, path) from error
        return
    raise SinkError("is a broken link", where=str(path), hint="choose another name")


def _read_by_somebody(path: str, flags: int) -> int:
    """Opens a pipe for writing; fails where nobody reads it, instead of waiting."""
    handle = os.open(path, flags | os.O_NONBLOCK)
    os.set_blocking(handle, True)
    return handle


def _is_read_only(path: Path) -> bool:
    """Whether the disk is one that nothing can be written to, as far as the system says it."""
    flag: int = getattr(os, "ST_RDONLY", 0)
    return bool(flag and os.statvfs(path).f_flag & flag)


def _enters(folder: Path) -> bool:
    return os.access(folder, os.X_OK) or not os.path.lexists(folder)
