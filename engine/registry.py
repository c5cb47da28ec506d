"""Names of effects and scenes: user folder over entry points over built-in. Looking does not import an effect."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from engine.dialects import is_shader, is_transition
from engine.errors import PhospheneError, ShaderError, UsageError, unknown_name, unknown_scene
from engine.paths import checked, home, is_file, named, own_entries
from engine.syntax import module_in

if TYPE_CHECKING:
    from engine.effect import Effect

ROOT = Path(__file__).resolve().parent.parent
ENTRY_POINTS = "phosphene.effects"
PARAM_KINDS = {"Float", "Int", "Bool", "Choice", "Color", "Point", "File", "Media", "Text"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One effect or scene as far as it is known without running it. `problem` says why it cannot be used."""

    name: str
    doc: str
    path: Path
    origin: str  # user | plugin | built-in
    params: tuple[str, ...] = ()
    problem: str = ""
    hint: str = ""  # what to do about it


@dataclass(slots=True)
class Registry:
    """Where effects and scenes are found. `effect_folders`: searched before everything else, first wins."""

    effect_folders: list[Path] = field(default_factory=lambda: user_folders("effects"))
    scene_folders: list[Path] = field(default_factory=lambda: user_folders("scenes"))
    _loaded: dict[str, type[Effect]] = field(default_factory=dict)

    def effects(self) -> dict[str, Entry]:
        """Every effect by name."""
        found = {name_of(path): describe_effect(path, "built-in") for path in effect_files(ROOT / "effects")}
        for point in entry_points(group=ENTRY_POINTS):
            found[point.name] = describe_point(point)
        for folder in reversed(self.effect_folders):
            for path in effect_files(folder):
                entry = describe_effect(path, "user")
                found[entry.name] = entry
        return dict(sorted(found.items()))

    def transitions(self) -> dict[str, Entry]:
        """Every transition by name: the built-in ones, and those among the user's effects."""
        found = {
            name_of(path): describe_effect(path, "built-in") for path in effect_files(ROOT / "shaders" / "transitions")
        }
        for folder in reversed(self.effect_folders):
            for path in effect_files(folder):
                if is_shader(path) and is_transition(path):
                    found[name_of(path)] = describe_effect(path, "user")
        return dict(sorted(found.items()))

    def transition(self, name: str) -> type[Effect]:
        """The transition called `name`, or the one in the file of that path. Raises UsageError."""
        path = named(name)
        known = self.transitions()
        if name not in known and (is_shader(path) or os.sep in name):
            checked(path, "transition file", hint="`phosphene list transitions` shows the others")
            return load_file(describe_effect(path, "user"))
        if name not in known:
            raise unknown_name("transition", name, known)
        return load_file(known[name])

    def scenes(self) -> dict[str, Entry]:
        """Every scene by name."""
        found: dict[str, Entry] = {}
        for origin, folder in [("built-in", ROOT / "scenes"), *(("user", f) for f in reversed(self.scene_folders))]:
            for path in own_entries(folder):
                if path.suffix == ".toml":
                    found[path.stem] = describe_scene(path, origin)
        return dict(sorted(found.items()))

    def effect(self, name: str, *, where: str = "", again: bool = False) -> type[Effect]:
        """The effect class called `name`; imports its file, and does so `again` where it has changed.

        Raises UsageError for an unknown or broken one.
        """
        if name in self._loaded and not again:
            return self._loaded[name]
        entries = self.effects()
        if name not in entries:
            raise unknown_name("effect", name, entries, where=where)
        entry = entries[name]
        loaded = load_entry_point(name) if entry.origin == "plugin" else load_file(entry, again)
        self._loaded[name] = loaded
        return loaded

    def forget(self, but: Iterable[str]) -> None:
        """Loads every effect anew when it is asked for again, but for these."""
        self._loaded = {name: self._loaded[name] for name in but if name in self._loaded}

    def scene_path(self, name: str) -> Path:
        """The file of a scene, by its name or its path. Raises UsageError where there is none."""
        if name.endswith(".toml") or os.sep in name:
            return checked(named(name), "scene file", hint="`phosphene list scenes` shows the built-in ones")
        scenes = self.scenes()
        if name not in scenes:
            raise unknown_scene(name, scenes, self.effects())
        return scenes[name].path


def user_folders(kind: str) -> list[Path]:
    """The user's folders for `effects`, `scenes` or `models`: $PHOSPHENE_EFFECTS (and so on), then the config folder,
    where a home folder is known."""
    listed = os.environ.get(f"PHOSPHENE_{kind.upper()}", "")
    folders = [named(p) for p in listed.split(os.pathsep) if p]
    try:
        return [*folders, config_folder() / kind]
    except UsageError:
        return folders


def first_user_folder(kind: str) -> Path:
    """Where what a user makes is put. Raises UsageError where nobody knows a home folder."""
    return next(iter(user_folders(kind)), None) or config_folder() / kind


def config_folder() -> Path:
    """The user's own folder of settings. Raises UsageError where nobody knows a home folder."""
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or home("APPDATA")) / "phosphene"
    if sys.platform == "darwin":
        return home("PHOSPHENE_EFFECTS") / "Library" / "Application Support" / "phosphene"
    return Path(os.environ.get("XDG_CONFIG_HOME") or home("XDG_CONFIG_HOME") / ".config") / "phosphene"


def effect_files(folder: Path) -> Iterator[Path]:
    """The effects in a folder: shader files, `name.py`, or `name/__init__.py` where an effect brings data.

    Where several have the same name, the last one counts: Python comes after shaders.
    """
    for path in own_entries(folder):
        if path.name.startswith(("_", ".")):
            continue
        if path.suffix == ".py" or is_shader(path):
            if is_file(path):
                yield path
        elif own_entries(path) and is_file(path / "__init__.py"):
            yield path / "__init__.py"


def name_of(path: Path) -> str:
    """`laser_eyes.py` is the effect `laser-eyes`, `Bump Distortion.fs` is `Bump-Distortion`."""
    stem = path.parent.name if path.name == "__init__.py" else path.stem
    if is_shader(path):  # a scene, an address and a command line must be able to say it
        return re.sub(r"[^A-Za-z0-9]+", "-", stem).strip("-")[:40] or "shader"
    return stem.replace("_", "-")


def describe_effect(path: Path, origin: str) -> Entry:
    """An effect's name, doc and parameters, read from its syntax tree or its header; it is not run."""
    name = name_of(path)
    if is_shader(path):
        from engine.dialects import describe

        try:
            doc, params = describe(path)
        except PhospheneError as error:
            return Entry(name, "", path, origin, problem=f"{error.where}: {error.message}", hint=error.hint)
        return Entry(name, doc, path, origin, params)
    try:
        tree = module_in(path)
    except SyntaxError as error:
        return Entry(name, "", path, origin, problem=f"{path}:{error.lineno}: {error.msg}")
    except (OSError, ValueError) as error:
        return Entry(name, "", path, origin, problem=f"{path}: {error}")
    except (RecursionError, MemoryError):  # Python's parser says MemoryError for what is nested too deeply
        return Entry(name, "", path, origin, problem=f"{path}: nested too deeply")
    classes = [n for n in tree.body if isinstance(n, ast.ClassDef) and "Effect" in [base_name(b) for b in n.bases]]
    if len(classes) != 1:
        line = classes[1].lineno if classes else 1
        problem = f"{path}:{line}: expected one class derived from Effect, found {len(classes)}"
        return Entry(name, "", path, origin, problem=problem)
    doc, params = said_by(classes[0])
    return Entry(name, doc, path, origin, params)


def said_by(node: ast.ClassDef) -> tuple[str, tuple[str, ...]]:
    """The first line of a class's docstring, and the names of its parameters."""
    doc = (ast.get_docstring(node) or "").split("\n")[0]
    params = tuple(
        target.id
        for line in node.body
        if isinstance(line, ast.Assign)
        and isinstance(line.value, ast.Call)
        and base_name(line.value.func) in PARAM_KINDS
        for target in line.targets
        if isinstance(target, ast.Name)
    )
    return doc, params


def base_name(node: ast.expr) -> str:
    """The last part of `a.b.C` or `C`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def describe_scene(path: Path, origin: str) -> Entry:
    """A scene's name and doc, read from its file."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        return Entry(path.stem, "", path, origin, problem=f"{path}: {error}")
    except RecursionError:
        return Entry(path.stem, "", path, origin, problem=f"{path}: nested too deeply")
    doc = table.get("doc") or table.get("title") or ""
    return Entry(path.stem, str(doc), path, origin)


def load_file(entry: Entry, again: bool = False) -> type[Effect]:
    """The effect class in a file. Raises UsageError, or ShaderError naming the author's line."""
    if not is_shader(entry.path):
        return class_in(load_module(entry, again), entry)
    from engine.dialects import load

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
    inner = f"{'effects.' if entry.origin == 'built-in' else 'phosphene_user_'}{stem}."
    for part in [name for name in sys.modules if again and name.startswith(inner)]:
        del sys.modules[part]  # the files that it imports from its own folder are read again, too
    try:
        if entry.origin == "built-in":
            known = sys.modules.get(f"effects.{stem}")
            return importlib.reload(known) if known and again else importlib.import_module(f"effects.{stem}")
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
        error.where = error.where or line_in(error, entry.path)
        raise
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"effect '{entry.name}' fails when it is loaded: {type(error).__name__}: {error}",
            where=line_in(error, entry.path),
        ) from error
    return module


def line_in(error: BaseException, path: Path, otherwise: str = "") -> str:
    """`file:line` of the deepest line of `path`, or of its folder where that is the effect, in an error's traceback."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    where, trace = otherwise or str(path), error.__traceback__
    own = path.resolve()
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.resolve() == own:
            where = f"{path}:{trace.tb_lineno}"
        elif path.name == "__init__.py" and file.resolve().is_relative_to(own.parent):
            where = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return where


def class_in(module: ModuleType, entry: Entry) -> type[Effect]:
    """The one Effect class that a module defines itself. Raises UsageError."""
    from engine.effect import Effect
    from engine.vetting import vet

    own = [
        v
        for v in vars(module).values()
        if isinstance(v, type) and issubclass(v, Effect) and v is not Effect and v.__module__ == module.__name__
    ]
    if len(own) != 1:
        raise UsageError(f"expected one class derived from Effect, found {len(own)}", where=str(entry.path))
    return vet(own[0], entry.path)


def describe_point(point: EntryPoint) -> Entry:
    """What a package's entry point offers, read from its source; nothing of the package is imported."""
    package = f"from package {point.dist.name}" if point.dist else "from a package"
    top, *rest = point.module.split(".")
    spec = importlib.util.find_spec(top)  # of a package without dots: that imports nothing
    if spec is None or spec.origin is None:
        return Entry(point.name, "", Path(top), "plugin", problem=f"{point.value}: there is no module {top}")
    path = Path(spec.origin)
    if rest:
        inner = path.parent.joinpath(*rest)
        path = inner / "__init__.py" if inner.is_dir() else inner.with_suffix(".py")
    try:
        tree = module_in(path)
    except SyntaxError as error:
        return Entry(point.name, "", path, "plugin", problem=f"{path}:{error.lineno}: {error.msg}")
    except FileNotFoundError:
        return Entry(point.name, "", path, "plugin", problem=f"{point.value}: there is no module {point.module}")
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        return Entry(point.name, "", path, "plugin", problem=f"{path}: {error}")
    made = [n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == point.value.partition(":")[2]]
    doc, params = said_by(made[0]) if made else ("", ())  # it may come from elsewhere in the package
    return Entry(point.name, f"{doc} ({package})".strip() if doc else package, path, "plugin", params)


def load_entry_point(name: str) -> type[Effect]:
    """The effect class behind a package's entry point."""
    from engine.effect import Effect
    from engine.glsl import file_of
    from engine.vetting import vet

    (point,) = entry_points(group=ENTRY_POINTS, name=name)
    try:
        loaded = point.load()
    except (Exception, SystemExit) as error:
        why = f"effect '{name}' fails when it is loaded: {type(error).__name__}: {error}"
        raise UsageError(why, where=line_in(error, describe_point(point).path)) from error
    if not (isinstance(loaded, type) and issubclass(loaded, Effect)):
        raise UsageError(f"effect '{name}' is not an Effect class", where=point.value)
    return vet(loaded, file_of(loaded) or Path(point.value))
