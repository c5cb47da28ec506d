"""Loads the effect class in a file or behind an entry point, with every failure named by file and line."""

from __future__ import annotations

import importlib.util
import sys
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ..core.errors import PhospheneError, ShaderError, UsageError
from ..core.source_lines import location_of_error
from ..glsl.dialects import is_shader
from .describe import ENTRY_POINTS, Entry, describe_point

if TYPE_CHECKING:
    from ..effect.effect import Effect


def load_file(entry: Entry, again: bool = False) -> type[Effect]:
    """The effect class in a file. Raises UsageError, or ShaderError naming the author's line."""
    if not is_shader(entry.path):
        return class_in(load_module(entry, again), entry)
    from ..glsl.dialects import load

    if entry.problem:
        raise UsageError(f"effect '{entry.name}' cannot be used", where=entry.problem, hint=entry.hint)
    try:
        return load(entry.path, entry.name)
    except ShaderError as error:
        raise UsageError(error.message, where=error.where, hint=error.hint) from error


def load_module(entry: Entry, again: bool = False) -> ModuleType:
    """Runs the file of an effect; raises UsageError naming its own file and line where it fails."""
    if entry.problem:
        raise UsageError(f"effect '{entry.name}' cannot be used", where=entry.problem, hint=entry.hint)
    stem = entry.name.replace("-", "_")
    inner = f"{'phosphene.effects.' if entry.origin == 'built-in' else 'phosphene_user_'}{stem}."
    for part in [name for name in sys.modules if again and name.startswith(inner)]:
        del sys.modules[part]  # the files that it imports from its own folder are read again, too
    try:
        if entry.origin == "built-in":
            known = sys.modules.get(f"phosphene.effects.{stem}")
            if known and again:
                return importlib.reload(known)
            return importlib.import_module(f"phosphene.effects.{stem}")
        package = entry.path.name == "__init__.py"
        spec = importlib.util.spec_from_file_location(
            f"phosphene_user_{stem}",
            entry.path,
            submodule_search_locations=[str(entry.path.parent)] if package else None,
        )
        if spec is None or spec.loader is None:
            raise UsageError(f"effect '{entry.name}' cannot be loaded", where=str(entry.path))
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    except PhospheneError as error:
        error.where = error.where or location_of_error(error, entry.path)
        raise
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"effect '{entry.name}' fails when it is loaded: {type(error).__name__}: {error}",
            where=location_of_error(error, entry.path),
        ) from error
    return module


def name_of_module(module: str) -> str:
    """The effect's name, where `load_module` loaded it as `module`; empty for any other module."""
    for folder in ("phosphene.effects.", "phosphene_user_"):
        if module.startswith(folder):
            return module.removeprefix(folder).partition(".")[0].replace("_", "-")
    return ""


def class_in(module: ModuleType, entry: Entry) -> type[Effect]:
    """The one Effect class that a module defines itself. Raises UsageError."""
    from ..effect.effect import Effect
    from .validation import validate

    own = [
        v
        for v in vars(module).values()
        if isinstance(v, type) and issubclass(v, Effect) and v is not Effect and v.__module__ == module.__name__
    ]
    if len(own) != 1:
        raise UsageError(f"expected one class derived from Effect, found {len(own)}", where=str(entry.path))
    return validate(own[0], entry.path)


def load_entry_point(name: str) -> type[Effect]:
    """The effect class behind a package's entry point."""
    from ..effect.effect import Effect
    from ..effect.origin import file_of
    from .validation import validate

    (point,) = entry_points(group=ENTRY_POINTS, name=name)
    try:
        loaded = point.load()
    except (Exception, SystemExit) as error:
        why = f"effect '{name}' fails when it is loaded: {type(error).__name__}: {error}"
        raise UsageError(why, where=location_of_error(error, describe_point(point).path)) from error
    if not (isinstance(loaded, type) and issubclass(loaded, Effect)):
        raise UsageError(f"effect '{name}' is not an Effect class", where=point.value)
    return validate(loaded, file_of(loaded) or Path(point.value))
