"""Effects that ended a show by never coming back from a frame: refused until one of their files changes."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..core.files.stamp import stamp
from ..core.places import cache_dir

log = logging.getLogger("phosphene")

KEPT = 100  # the newest


def list_file() -> Path:
    """Where they are written down; without that file all are drawn again."""
    return cache_dir() / "quarantine.json"


def quarantine_effect(path: Path, files: Iterable[Path], why: str) -> bool:
    """Remembers the effect in `path`, made of `files`, and `why`; returns whether that could be written down."""
    stamps = {str(file.resolve()): as_listed(file) for file in (path, *files)}
    entries = read()
    entries.pop(str(path.resolve()), None)
    entries[str(path.resolve())] = {"why": why, "files": stamps}
    kept = dict(list(entries.items())[-KEPT:])
    target = list_file()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        part.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        part.replace(target)
    except OSError as error:
        log.warning("%s: %s cannot be remembered: %s", target, path.name, error)
        return False
    return True


def verdict_on(path: Path) -> str:
    """Why the effect in `path` must not be drawn; nothing where it is not known, or has been saved since."""
    entry = read().get(str(path.resolve()))
    if entry is None or any(as_listed(Path(name)) != then for name, then in entry["files"].items()):
        return ""
    return f"{entry['why']} (in an earlier show)\n  next: mend and save it, or delete {list_file()} to try it as it is"


def read() -> dict[str, Any]:
    """What is written down, by file; nothing where that cannot be read."""
    try:
        entries = json.loads(list_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        log.warning("%s cannot be read and is left aside: %s", list_file(), error)
        return {}
    if not isinstance(entries, dict):
        return {}
    known = {p: e for p, e in entries.items() if isinstance(e, dict) and isinstance(e.get("files"), dict)}
    return {path: entry for path, entry in known.items() if "why" in entry}


def as_listed(file: Path) -> list[int]:
    """A file's stamp as the list holds it; empty where there is no such file."""
    return list(stamp(file) or ())
