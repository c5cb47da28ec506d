"""What installed packages offer by entry points: named without being imported, imported only when asked for."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import PhospheneError, UsageError
from .python_ast import module_in
from .source_lines import location_of_error

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
SHORTEST = 2  # a single letter is a drive of Windows


@dataclass(frozen=True, slots=True)
class Written:
    """What the source of an entry point says: its file, its class or function, or why neither can be read."""

    path: Path
    node: ast.ClassDef | ast.FunctionDef | None = None
    problem: str = ""

    @property
    def doc(self) -> str:
        """The first line of its docstring; empty where there is none."""
        return "" if self.node is None else (ast.get_docstring(self.node) or "").split("\n")[0]


@dataclass(frozen=True, slots=True)
class Plugin:
    """One name that a package offers. `problem` says why it cannot be used, as far as that is known unimported."""

    name: str
    doc: str
    package: str
    problem: str = ""


class Plugins:
    """The entry points of one group beside the engine's own names, which win over those of packages.

    `what` is the word for one of them in messages, `own` the engine's names, `error` the kind of error where a package
    fails. Nothing is imported, nor are packages looked through, before a name is asked for that is not in `own`.
    """

    def __init__(self, group: str, what: str, own: Collection[str], error: type[PhospheneError]) -> None:
        self.group, self.what, self._own, self._error = group, what, own, error

    def listed(self) -> list[Plugin]:
        """Everything that packages offer, by name; nothing is imported."""
        found = []
        for point in sorted(entry_points(self.group), key=lambda point: (point.name, package_of(point))):
            written = read_source(point)
            package = package_of(point)
            found.append(Plugin(point.name, written.doc, package, self._refused(point.name) or written.problem))
        return found

    def names(self) -> list[str]:
        """The names that can be asked for."""
        return sorted({p.name for p in entry_points(self.group) if not self._refused(p.name)})

    def has(self, name: str) -> bool:
        """Whether a package offers `name`, and the engine does not."""
        return name not in self._own and usable(name) and bool(entry_points(self.group, name))

    def load(self, name: str) -> Callable[..., Any]:
        """What the entry point called `name` stands for, imported. Raises UsageError where two packages offer it."""
        point = self._point(name)
        try:
            loaded = point.load()
        except (Exception, SystemExit) as error:
            raise self._failure(point, "cannot be imported", error) from error
        if not callable(loaded):
            raise self._failure(point, "is not a class or a function")
        made: Callable[..., Any] = loaded
        return made

    def open(self, name: str, protocol: type[Any], *positional: Any, **arguments: Any) -> Any:
        """Calls what the entry point called `name` stands for; what it returns has all that `protocol` asks for.

        A PhospheneError of the package comes out as it is, everything else names the package.
        """
        point, make = self._point(name), self.load(name)
        try:
            made = make(*positional, **arguments)
        except PhospheneError:
            raise
        except Exception as error:
            raise self._failure(point, "cannot be opened", error) from error
        if missing := [member for member in members(protocol) if not hasattr(made, member)]:
            raise self._failure(point, f"is not a {protocol.__name__}: it has no {', '.join(missing)}")
        return made

    def _point(self, name: str) -> EntryPoint:
        points = entry_points(self.group, name)
        if len(points) > 1:
            packages = ", ".join(sorted(package_of(point) for point in points))
            hint = "uninstall all but one of them"
            raise UsageError(f"several packages offer the {self.what} '{name}': {packages}", hint=hint)
        return points[0]

    def _refused(self, name: str) -> str:
        """Why a package cannot offer `name`; empty where it can."""
        if name in self._own:
            return f"the name '{name}' is taken: the engine's own {self.what} wins"
        if not usable(name):
            return f"'{name}' is not a name: use small letters, digits and single hyphens, two characters or more"
        if len(points := entry_points(self.group, name)) > 1:
            return f"several packages offer it: {', '.join(sorted(package_of(point) for point in points))}"
        return ""

    def _failure(self, point: EntryPoint, why: str, error: BaseException | None = None) -> PhospheneError:
        said = "" if error is None else f": {type(error).__name__}: {error}"
        return self._error(
            f"the {self.what} '{point.name}' of package {package_of(point)} {why}{said}",
            where=point.value if error is None else location_of_error(error, read_source(point).path, point.value),
            hint="update that package, or report it to its author",
        )


def entry_points(group: str, name: str = "") -> list[EntryPoint]:
    """The entry points of a group, or those called `name`, of every installed package."""
    import importlib.metadata  # which takes a tenth of a second to import, and most runs ask for no package

    found = importlib.metadata.entry_points(group=group)
    return [point for point in found if not name or point.name == name]


def usable(name: str) -> bool:
    """Whether `name` can be typed before a colon and is never taken for a path."""
    return len(name) >= SHORTEST and NAME.fullmatch(name) is not None


def package_of(point: EntryPoint) -> str:
    """The package that an entry point belongs to, as pip calls it."""
    return point.dist.name if point.dist else "?"


def members(protocol: type) -> list[str]:
    """The attributes and methods that a protocol asks for, by name."""
    special = ("__enter__", "__exit__")
    methods = [n for n, v in vars(protocol).items() if callable(v) and (n in special or not n.startswith("_"))]
    return sorted({*protocol.__annotations__, *methods})


def read_source(point: EntryPoint) -> Written:
    """What the source of an entry point says of it; nothing of the package is imported."""
    import importlib.util

    top, *rest = point.module.split(".")
    spec = importlib.util.find_spec(top)  # of a package without dots: that imports nothing
    if spec is None or spec.origin is None:
        return Written(Path(top), problem=f"{point.value}: no module {top}")
    path = Path(spec.origin)
    if rest:
        inner = path.parent.joinpath(*rest)
        path = inner / "__init__.py" if inner.is_dir() else inner.with_suffix(".py")
    try:
        tree = module_in(path)
    except SyntaxError as error:
        return Written(path, problem=f"{location_of_error(error, path)}: {error.msg}")
    except FileNotFoundError:
        return Written(path, problem=f"{point.value}: no module {point.module}")
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        return Written(path, problem=f"{path}: {error}")
    kinds, attribute = (ast.ClassDef, ast.FunctionDef), point.value.partition(":")[2]
    made = [n for n in tree.body if isinstance(n, kinds) and n.name == attribute]
    return Written(path, made[0] if made else None)  # it may come from elsewhere in the package
