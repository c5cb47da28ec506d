"""Where an effect comes from: its file and its folder."""

from __future__ import annotations

import inspect
from pathlib import Path

from ..core.places import SHADERS
from .effect import Effect


def file_of(effect: type[Effect]) -> Path | None:
    """The file that defines `effect`: the author's shader, or the Python file of its class."""
    if (file := effect.__dict__.get("shader_file")) is not None:
        return Path(file).resolve()
    try:
        return Path(inspect.getfile(effect)).resolve()
    except (TypeError, OSError):
        return None


def folder_of(effect: type[Effect]) -> Path:
    """The folder of the file that defines `effect`."""
    file = file_of(effect)
    return SHADERS if file is None else file.parent
