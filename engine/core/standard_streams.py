"""Standard output and error as they may be: closed, absent, on a full disk, or a pipe that nobody reads any more."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TextIO, cast


class Printed:
    """Standard output. What it could not take is raised at once and kept in `failed`, which tells it from any other
    broken pipe or full disk. Where standard output is closed it takes everything, and `failed` says so."""

    def __init__(self, inner: TextIO, *, closed: bool = False) -> None:
        self.inner, self._closed = inner, closed
        self.failed: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def write(self, text: str) -> int:
        """Prints `text`. Raises OSError."""
        if self._closed:
            self.failed = OSError(errno.EBADF, "standard output is closed")
        try:
            return self.inner.write(text)
        except OSError as error:
            self.failed = error
            raise

    def writelines(self, lines: Iterable[str]) -> None:
        """Prints `lines`. Raises OSError."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Brings out what is held back. Raises OSError."""
        try:
            self.inner.flush()
        except OSError as error:
            self.failed = error
            raise


class Aside(Printed):
    """What nothing may fail for: standard error, as nobody can be told that it cannot be written to; and what effects
    print while a show runs, as what standard output did not take is reported at the end."""

    def write(self, text: str) -> int:
        """Prints `text` where that goes."""
        with contextlib.suppress(OSError, ValueError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        """Brings out what is held back, where that goes."""
        with contextlib.suppress(OSError, ValueError):
            super().flush()


def occupy() -> None:
    """Sees to it that the descriptors 0, 1 and 2 are taken: else the next file that is opened, a video say, would get
    one, and what a library prints would land in it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # Open for the wrong direction, as glibc does it for programs with more rights than their caller.
            opened = os.open(os.devnull, os.O_WRONLY if number == 0 else os.O_RDONLY)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)


@contextmanager
def standard_streams() -> Iterator[Printed]:
    """While a command runs, `print` and the log meet no stream that is not there. Gives standard output."""
    occupy()
    before = sys.stdout, sys.stderr
    with ExitStack() as stack:
        nowhere = stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
        out = Printed(before[0] or nowhere, closed=before[0] is None)
        errors = Aside(before[1] or nowhere)
        for stream in (out.inner, errors.inner):  # what a terminal or a pipe of another alphabet lacks is escaped
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        sys.stdout, sys.stderr = cast("TextIO", out), cast("TextIO", errors)
        try:
            yield out
        finally:
            sys.stdout, sys.stderr = before
            settle(1, out.inner)
            settle(2, errors.inner)


def settle(number: int, stream: TextIO) -> None:
    """What a stream cannot bring out goes nowhere, so that the interpreter does not fail on it at its exit."""
    with contextlib.suppress(OSError, ValueError):
        try:
            stream.flush()
        except OSError:
            if stream.fileno() == number:
                os.dup2(os.open(os.devnull, os.O_WRONLY), number)


@contextmanager
def others_print() -> Iterator[None]:
    """While effects of others run: what they print fails none of them."""
    before = sys.stdout
    sys.stdout = cast("TextIO", Aside(before))
    try:
        yield
    finally:
        sys.stdout = before
