"""What an effect's or scene's file says of itself, read without running it."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path

from ..core.errors import PhospheneError
from ..core.paths import is_file, own_entries
from ..core.plugins import package_of, read_source
from ..core.python_ast import module_in
from ..core.source_lines import location, location_of_error
from ..glsl.dialects import is_shader

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


class Entries(Mapping[str, Entry]):
    """Effects, transitions or scenes by name, in the order of the names. Each is described once, when it is asked for.

    `describe` holds what describes each of them.
    """

    def __init__(self, describe: Mapping[str, Callable[[], Entry]]) -> None:
        self._describe = dict(sorted(describe.items()))
        self._known: dict[str, Entry] = {}

    def __getitem__(self, name: str) -> Entry:
        if name not in self._known:
            self._known[name] = self._describe[name]()
        return self._known[name]

    def __contains__(self, name: object) -> bool:
        return name in self._describe

    def __iter__(self) -> Iterator[str]:
        return iter(self._describe)

    def __len__(self) -> int:
        return len(self._describe)


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
        from ..glsl.dialects import describe

        try:
            doc, params = describe(path)
        except PhospheneError as error:
            return Entry(name, "", path, origin, problem=f"{error.where}: {error.message}", hint=error.hint)
        return Entry(name, doc, path, origin, params)
    try:
        tree = module_in(path)
    except SyntaxError as error:
        return Entry(name, "", path, origin, problem=f"{location_of_error(error, path)}: {error.msg}")
    except (OSError, ValueError) as error:
        return Entry(name, "", path, origin, problem=f"{path}: {error}")
    except (RecursionError, MemoryError):  # Python's parser says MemoryError for what is nested too deeply
        return Entry(name, "", path, origin, problem=f"{path}: nested too deeply")
    classes = [n for n in tree.body if isinstance(n, ast.ClassDef) and "Effect" in [base_name(b) for b in n.bases]]
    if len(classes) != 1:
        line = classes[1].lineno if classes else 1
        problem = f"{location(path, line)}: expected one class derived from Effect, found {len(classes)}"
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


def describe_point(point: EntryPoint) -> Entry:
    """What a package's entry point offers, read from its source; nothing of the package is imported."""
    written = read_source(point)
    if written.problem:
        return Entry(point.name, "", written.path, "plugin", problem=written.problem)
    package = f"from package {package_of(point)}"
    doc, params = said_by(written.node) if isinstance(written.node, ast.ClassDef) else ("", ())
    return Entry(point.name, f"{doc} ({package})" if doc else package, written.path, "plugin", params)
