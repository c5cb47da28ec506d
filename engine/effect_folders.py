"""Folders with effects and scenes of one's own that are named on the command line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.paths import checked_folder, named
from engine.registry import Registry


def registry_with(folders: Iterable[str | Path]) -> Registry:
    """The registry, in which what lies in `folders` comes before all else. Raises UsageError where one is not there."""
    registry = Registry()
    own = [named(folder) for folder in folders]
    for folder in own:
        checked_folder(folder, "--effects")
    registry.effect_folders[:0] = own
    registry.scene_folders[:0] = own
    return registry
