"""Opens the sound that `--sound` names: a file or a microphone, its library loaded only then."""

from __future__ import annotations

from typing import cast

from ..core.backends import load
from ..core.errors import UsageError
from ..core.paths import is_file
from .base import Sound

MICROPHONE = "mic"
_HERE = __name__.rpartition(".")[0]


def open_sound(spec: str) -> Sound:
    """Opens the sound that `spec` names: `mic`, `mic:NAME` (a part of a microphone's name, or its number), or a file.

    Raises UsageError for an empty name, SourceError for what cannot be opened.
    """
    kind, colon, rest = spec.partition(":")
    if not spec.strip():
        raise UsageError("--sound is empty", hint="use mic, or the path of a file with audio")
    # Each back end is loaded when it is opened.
    if kind == MICROPHONE and (colon or not is_file(spec)):
        return cast("Sound", load(f"{_HERE}.microphone:Microphone")(rest))
    from ..sources import checked_file

    return cast("Sound", load(f"{_HERE}.file_sound:FileSound")(checked_file(spec)))
