"""Folders with effects and scenes of one's own that are named on the command line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.errors import UsageError
from engine.registry import Registry


def registry_with(folders: Iterable[str | Path]) -> Registry:
    """The registry, in which what lies in `folders` comes before all else. Raises UsageError where one is not there."""
    registry = Registry()
    named = [Path(folder).expanduser() for folder in folders]
    for folder in named:
        if not folder.is_dir():
            raise UsageError(f"--effects {folder}: there is no such folder", hint="check the path, or mkdir it")
    registry.effect_folders[:0] = named
    registry.scene_folders[:0] = named
    return registry
