"""Where the presets of a scene lie, and what one may be called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import UsageError
from ..core.places import ROOT, config_folder

if TYPE_CHECKING:
    from .scene import Scene

PRESETS = ".presets.toml"  # after the scene's own name
DEFAULT = "default"  # the scene as its file says: always there, never written
LONGEST = 60  # characters in a name


def presets_path(scene: Scene) -> Path:
    """The file of a scene's presets: beside its own, or in the user's folder for a scene that came with the program.

    Raises UsageError for a scene that has no file.
    """
    if scene.path is None:
        raise UsageError(f"'{scene.name}' has no file, so it can have no presets", hint="save the scene first")
    built_in = scene.path.resolve().is_relative_to(ROOT / "scenes")
    return (config_folder() / "presets" if built_in else scene.path.parent) / f"{scene.path.stem}{PRESETS}"


def checked_name(name: str) -> str:
    """A name under which a preset may be saved. Raises UsageError."""
    if not name.strip() or len(name) > LONGEST or not name.isprintable():
        raise UsageError(f"a preset cannot be called {name!r}", hint=f"give it a name of 1 to {LONGEST} characters")
    if name == DEFAULT:
        raise UsageError(f"'{DEFAULT}' is the scene as its file says", hint="choose another name")
    return name
