"""Where files lie: the program's own, in a checkout as in an installed package, and the user's folders."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .errors import UsageError
from .paths import home, named

ROOT = Path(__file__).resolve().parents[2]  # holds engine, effects, shaders and scenes
SHADERS = ROOT / "shaders"
CACHE_FOLDER = "PHOSPHENE_CACHE"


def import_root() -> str:
    """The folder from which a child process imports `phosphene`."""
    package = sys.modules[__name__.partition(".")[0]].__file__
    assert package is not None
    return str(Path(package).resolve().parent.parent)


def cache_dir() -> Path:
    """The folder of everything that can be made or fetched again; `PHOSPHENE_CACHE` names another one."""
    if named_folder := os.environ.get(CACHE_FOLDER):
        return named(named_folder).absolute()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else home(CACHE_FOLDER) / "AppData" / "Local") / "phosphene" / "cache"
    if sys.platform == "darwin":
        return home(CACHE_FOLDER) / "Library" / "Caches" / "phosphene"
    listed = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG base directory specification says to ignore a relative path.
    base = Path(listed) if listed and Path(listed).is_absolute() else home(CACHE_FOLDER) / ".cache"
    return base / "phosphene"


def user_folders(kind: str) -> list[Path]:
    """The user's folders for `effects`, `scenes` or `models`: $PHOSPHENE_EFFECTS (and so on), then the config folder,
    where a home folder is known."""
    listed = os.environ.get(f"PHOSPHENE_{kind.upper()}", "")
    folders = [named(p) for p in listed.split(os.pathsep) if p]
    try:
        return [*folders, config_folder() / kind]
    except UsageError:
        return folders


def config_folder() -> Path:
    """The user's own folder of settings. Raises UsageError where nobody knows a home folder."""
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or home("APPDATA")) / "phosphene"
    if sys.platform == "darwin":
        return home("PHOSPHENE_EFFECTS") / "Library" / "Application Support" / "phosphene"
    return Path(os.environ.get("XDG_CONFIG_HOME") or home("XDG_CONFIG_HOME") / ".config") / "phosphene"
