"""Label files as people and tools write them: numbered or not, any line ends, byte order marks, other encodings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ...core.errors import ModelError
from ...core.paths import kind_of

MAX_BYTES = 4_000_000
MAX_LABEL = 200
NUMBERED = re.compile(r"(\d+)(?:[\s:,;)]+(.*))?")


def read_labels(path: Path) -> tuple[str, ...]:
    """The class names in a text file, one a line. Raises ModelError."""
    try:
        if (kind := kind_of(path)) not in ("", "file"):
            raise ModelError(f"is a {kind}, not a list of labels", where=str(path))
        if path.stat().st_size > MAX_BYTES:
            raise ModelError(f"the list of labels is larger than {MAX_BYTES} bytes", where=str(path))
        return parse_labels(decoded(path.read_bytes()))
    except OSError as error:
        raise ModelError(f"cannot be read: {error.strerror or error}", where=str(path)) from error


def decoded(raw: bytes) -> str:
    """Text of any usual encoding: what its mark says, else UTF-8, else Korean Windows, else Latin."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def parse_labels(text: str) -> tuple[str, ...]:
    """The names in `text`, a line each. Numbers before them are left out where every line has one and they count on."""
    lines = [line.strip().replace("\0", "")[:MAX_LABEL] for line in re.split(r"\r\n|\r|\n", text)]
    lines = [line for line in lines if line]
    found = [NUMBERED.fullmatch(line) for line in lines]
    numbers = [int(match[1]) for match in found if match]
    # Names that are numbers themselves ("0", "1", "2" for digits) stay.
    counts_on = len(numbers) == len(lines) > 0 and sorted(numbers) == list(range(min(numbers), max(numbers) + 1))
    if counts_on and min(numbers) <= 1 and any(match and match[2] for match in found):
        pairs = sorted((int(match[1]), (match[2] or "").strip() or match[1]) for match in found if match)
        return tuple(label for _, label in pairs)
    return tuple(lines)


def slug(label: str) -> str:
    """How a label is written in the name of a signal: `Class 1` is `class-1`; letters of any alphabet stay."""
    return re.sub(r"(?:[^\w]|_)+", "-", label.strip().casefold()).strip("-") or "unnamed"


def slugs(labels: Sequence[str]) -> tuple[str, ...]:
    """The slug of each label; the second of two that are alike gets `-2`."""
    found: list[str] = []
    for label in labels:
        base, name, number = slug(label), slug(label), 2
        while name in found:
            name, number = f"{base}-{number}", number + 1
        found.append(name)
    return tuple(found)
