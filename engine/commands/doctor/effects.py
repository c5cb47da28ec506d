"""The user's own effects and those of installed packages: where they are, and which of them cannot be used, and why."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ...core.errors import GpuError
from ...core.paths import named, resolved
from ...scene.describe import Entry, effect_files
from ...scene.registry import registry_with
from ...show import quarantine
from .devices import Row

ALTOGETHER_S = 20.0  # for all of them: hundreds of shader files may lie there
EACH_S = 10.0


def rows(named: Sequence[str] = ()) -> list[Row]:
    """The folders, those that were `named` first, then a row for each effect that is broken, or that ended a show.

    Raises UsageError where a folder that was named is not there.
    """
    known = registry_with(named)
    folders = known.effect_folders
    there = [folder for folder in folders if folder.is_dir()]
    counts = [f"{folder} ({sum(1 for _ in effect_files(folder))})" for folder in there]
    own: Row = ("own effects", "ok", ", ".join(counts), "")
    if not there:
        own = ("own effects", "note", f"none found; put them into {folders[-1]}", "")
    hung = [
        (Path(path), entry["why"]) for path, entry in quarantine.read().items() if quarantine.verdict_on(Path(path))
    ]
    others = [entry for entry in known.effects().values() if entry.origin != "built-in"]
    return [
        own,
        *((f"effect {name}", "note", why, f"phosphene check {path}") for name, path, why in broken(others, named)),
        *((f"effect {p.name}", "note", why, f"fix it, or delete {quarantine.list_file()}") for p, why in hung),
    ]


def broken(entries: Iterable[Entry], folders: Sequence[str]) -> Iterator[tuple[str, Path, str]]:
    """Name, file, and what is wrong, of those that cannot be read, loaded or compiled.

    They are loaded and compiled in a process of its own, for as long as all of them may take.
    """
    from ...check.watch import Child, stopped

    end_s = time.monotonic() + ALTOGETHER_S
    child: Child | None = None
    waiting = list(entries)
    try:
        while waiting:
            entry = waiting.pop(0)
            if entry.problem:
                yield entry.name, entry.path, entry.problem
                continue
            if time.monotonic() > end_s:
                yield f"{entry.name} and others", entry.path.parent, f"{len(waiting) + 1} were not checked"
                return
            child = child or Child((64, 36), EACH_S)
            answer = child.ask({"use": entry.name, "folders": [str(resolved(named(f))) for f in folders]})
            if answer is None:
                yield entry.name, entry.path, stopped(entry.path, child.died, EACH_S, child.last_words()).error
                child.kill()
                child = None
            elif answer["error"]:
                yield entry.name, entry.path, str(answer["error"])
    except GpuError:  # the row about OpenGL says it; what can be read without it has been said
        yield from ((entry.name, entry.path, entry.problem) for entry in waiting if entry.problem)
    finally:
        if child is not None:
            child.close()
