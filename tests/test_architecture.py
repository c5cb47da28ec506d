"""The rules of the house, read from the source text: who may import whom, where heavy libraries live, words."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Bottom to top: a room imports only itself and the rooms before it. `commands` is imported by nobody but main.py.
ROOMS = (
    "core", "sources", "models", "matte", "audio", "effect", "trackers", "glsl", "scene", "renderer", "sinks",
    "control", "check", "show", "commands",
)  # fmt: skip
FACES = ("__init__", "api")  # of the engine as a whole: the list of public names, which is in no room
PACKAGES = ("engine", "effects", "phosphene")
FILES = sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
HEAVY = {
    "cv2", "mediapipe", "tensorflow", "av", "glfw", "moderngl", "pyvirtualcam", "ai_edge_litert", "matplotlib", "rich",
    "PIL", "tomlkit", "fontTools", "sounddevice", "trimesh", "aiohttp", "aiortc", "mss",
}  # fmt: skip
# Which files may import which heavy library when they themselves are imported. They are backends, loaded when needed.
BACKENDS = {
    "moderngl": ("engine/renderer/", "engine/sinks/window.py"),
    "glfw": ("engine/sinks/window.py",),
    "av": (
        "engine/sources/decoder.py",
        "engine/sources/extent.py",
        "engine/sources/samples.py",
        "engine/sources/stream.py",
        "engine/sources/tracks.py",
        "engine/sinks/video.py",
        "engine/sinks/encodings.py",
        "engine/sinks/audio_live.py",
        "engine/sinks/exr.py",
        "engine/sinks/muxer.py",
        "engine/sinks/audio_copy.py",
        "engine/sinks/audio_copied.py",
        "engine/sinks/audio_encoded.py",
        "engine/sinks/web_rtc.py",
    ),
    "aiortc": ("engine/sinks/web_rtc.py",),
    "cv2": (
        "engine/core/imaging.py",
        "engine/matte/",
        "engine/sources/",
        "engine/sinks/",
        "engine/trackers/",
        "engine/commands/bench/",
        "engine/commands/score/",
        "engine/commands/soak/",
    ),
    "PIL": ("engine/renderer/text.py", "engine/sources/", "engine/sinks/", "engine/commands/score/"),
    "ai_edge_litert": ("engine/models/litert.py",),
}
# The modules that are loaded to answer `list`, `show` and `--help`: they stay light, as all faces of packages do.
LIGHT = {
    "engine/sources/base.py", "engine/sinks/base.py", "engine/trackers/base.py", "engine/trackers/names.py",
    *(p.relative_to(ROOT).as_posix() for p in FILES if p.name == "__init__.py" and p.is_relative_to(ROOT / "engine")),
}  # fmt: skip
OURS = {"engine", "effects", "phosphene", "main", "dev"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def within(folder: str) -> list[Path]:
    return [p for p in FILES if name(p).startswith(f"{folder}/")]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes(), str(path))


def imported(path: Path, *, at_top: bool = False, typing_too: bool = True) -> Iterator[tuple[int, str]]:
    """(line, module) of what a file imports, by full names without the leading `phosphene.` of our own.

    `from .x import y` names `x.y` where that is a module. `at_top`: only what importing the file imports.
    """

    def walk(node: ast.AST) -> Iterator[ast.AST]:
        for child in ast.iter_child_nodes(node):
            if at_top and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                continue
            if not typing_too and isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            yield child
            yield from walk(child)

    package = list(path.relative_to(ROOT).parent.parts)
    for node in walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, own(alias.name)) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            if node.level and package == ["phosphene"] and (node.module or "").split(".")[0] in ("engine", "effects"):
                base = []  # these lie beside `phosphene` in a checkout, and within it when installed
            module = own(".".join([*base, *([node.module] if node.module else [])]))
            for alias in node.names:
                yield node.lineno, inner if is_module(inner := f"{module}.{alias.name}") else module


def own(module: str) -> str:
    """`engine.x` of `phosphene.engine.x`."""
    return re.sub(r"^phosphene\.(?=(?:engine|effects)\b)", "", module)


@cache
def is_module(dotted: str) -> bool:
    place = ROOT.joinpath(*dotted.split("."))
    return dotted.split(".")[0] in PACKAGES and (place.with_suffix(".py").is_file() or place.is_dir())


def top(module: str) -> str:
    return module.split(".")[0]


def room(module: str) -> str:
    """The room of a module of the engine, or an empty string."""
    parts = module.split(".")
    return parts[1] if parts[0] == "engine" and len(parts) > 1 and parts[1] not in FACES else ""


def room_of(path: Path) -> str:
    return room(".".join(path.relative_to(ROOT).with_suffix("").parts))


def arrows() -> dict[tuple[str, str], list[str]]:
    """(room, room that it imports) -> where. Imports within functions and for types alone count like all others."""
    found: dict[tuple[str, str], list[str]] = {}
    for path in within("engine"):
        for line, module in imported(path):
            pair = room_of(path), room(module)
            if all(pair) and pair[0] != pair[1]:
                found.setdefault(pair, []).append(f"{name(path)}:{line} imports {module}")
    return found


# Rooms


def test_every_file_of_the_engine_is_in_a_room() -> None:
    assert {room_of(p) for p in within("engine")} - {""} == set(ROOMS)
    assert sorted(name(p) for p in within("engine") if not room_of(p)) == ["engine/__init__.py", "engine/api.py"]


def test_no_room_imports_one_above_it() -> None:
    """So there is no circle between rooms either."""
    height = {room: number for number, room in enumerate(ROOMS)}
    upward = [at for (a, b), places in arrows().items() if height[b] > height[a] for at in places]
    assert upward == []


def test_the_engine_imports_relatively_and_its_faces_are_for_others() -> None:
    """`phosphene.engine.x` within the engine would bind it to the one name twice; api.py would load everything."""
    offenders = []
    for path in within("engine"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and not node.level and top(node.module or "") in OURS:
                offenders.append(f"{name(path)}:{node.lineno} imports {node.module}")
            elif isinstance(node, ast.Import):
                offenders += [f"{name(path)}:{node.lineno} imports {a.name}" for a in node.names if top(a.name) in OURS]
        offenders += [f"{name(path)}:{line} imports {m}" for line, m in imported(path) if m == "engine.api"]
    assert offenders == []


def test_the_engine_knows_no_concrete_effect() -> None:
    """Neither by an import nor by a name in text; the loader puts the name together from a file's name."""
    offenders = []
    for path in within("engine"):
        offenders += [
            f"{name(path)}:{line} imports {module}"
            for line, module in imported(path)
            if top(module) in {"effects", "main", "dev"}
        ]
        if name(path) == "engine/scene/load.py":
            continue
        offenders += [
            f"{name(path)}:{node.lineno} names {node.value!r}"
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.match(r"(?:phosphene\.)?effects\.", node.value)
        ]
    assert offenders == []


def test_no_circle_when_files_are_imported() -> None:
    """What importing a file imports never leads back to it; imports within functions and for types are no part of
    it."""
    graph = {
        own(".".join(p.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__"): sorted(
            {m for _, m in imported(p, at_top=True, typing_too=False) if top(m) in OURS}
        )
        for p in FILES
    }
    circles: list[str] = []
    state: dict[str, int] = {}

    def visit(module: str, path: list[str]) -> None:
        if state.get(module) == 1:
            circles.append(" -> ".join([*path[path.index(module) :], module]))
        if module in state or module not in graph:
            return
        state[module] = 1
        for other in graph[module]:
            visit(other, [*path, module])
        state[module] = 2

    for module in graph:
        visit(module, [])
    assert circles == []


def test_no_face_has_a_name_of_one_of_its_files() -> None:
    """Importing `x/y.py` sets the attribute `y` of `x`, whatever `x/__init__.py` calls so."""
    offenders = []
    for path in (p for p in within("engine") if p.name == "__init__.py"):
        said = {n.name for n in tree(path).body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
        assigned = [t for n in tree(path).body if isinstance(n, ast.Assign) for t in n.targets]
        said |= {t.id for t in assigned if isinstance(t, ast.Name)}
        offenders += [f"{name(path)}: {p.stem}" for p in path.parent.iterdir() if p.stem in said]
    assert offenders == []


# Who may import whom beside the rooms


def test_main_imports_the_engine_alone() -> None:
    assert {m for _, m in imported(ROOT / "main.py") if top(m) in OURS | HEAVY} == {"engine.commands.cli"}


def test_an_effect_imports_phosphene_numpy_its_own_and_the_standard_library() -> None:
    offenders = []
    for path in within("effects"):
        parts = path.relative_to(ROOT / "effects").parts
        mine = f"effects.{parts[0].removesuffix('.py')}"
        offenders += [
            f"{name(path)}:{line} imports {module}"
            for line, module in imported(path)
            if top(module) not in {"phosphene", "numpy", *sys.stdlib_module_names}
            and module != mine
            and not module.startswith(f"{mine}.")
        ]
    assert offenders == []


def test_the_facade_imports_the_engine_alone() -> None:
    allowed = {"engine", "phosphene", *sys.stdlib_module_names}
    facade = [*within("phosphene"), ROOT / "engine" / "api.py"]
    offenders = [f"{name(p)}:{at} imports {m}" for p in facade for at, m in imported(p) if top(m) not in allowed]
    assert offenders == []


def public_names() -> list[str]:
    """What engine/api.py imports, under the names that it gives."""
    imports = [node for node in tree(ROOT / "engine" / "api.py").body if isinstance(node, ast.ImportFrom)]
    return [alias.asname or alias.name for node in imports for alias in node.names]


def test_the_public_names_are_said_once_and_exported() -> None:
    (exported,) = (
        ast.literal_eval(node.value)
        for node in tree(ROOT / "engine" / "api.py").body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    assert sorted(public_names()) == sorted(exported)
    code = "import phosphene; print(*(name for name in phosphene.__all__ if getattr(phosphene, name) is not None))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300, check=True
    )
    assert done.stdout.split() == sorted(exported)


def test_no_public_name_is_that_of_a_module_of_the_package() -> None:
    """Importing `phosphene.effects.duotone` sets the attribute `effects` of `phosphene`, whatever it was before."""
    modules = {p.stem for p in (ROOT / "phosphene").glob("*.py")} | {"engine", "effects", "shaders", "scenes"}
    assert modules & set(public_names()) == set()


def test_the_ground_floor_stands_on_nothing() -> None:
    """These are loaded by everything, or run alone."""
    alone = ("errors", "frame", "mailbox", "descriptor", "python_ast", "version")
    allowed = {
        **{f"engine/core/{file}.py": set[str]() for file in alone},
        "engine/effect/shapes.py": set(),
        "engine/commands/doctor/driver_probe.py": set(),
        "engine/core/results.py": {"engine.core.frame"},
        "engine/core/params.py": {"engine.core.errors", "engine.core.descriptor"},
    }
    offenders = [
        f"{file}:{line} imports {module}"
        for file, known in allowed.items()
        for line, module in imported(ROOT / file)
        if top(module) in OURS and module not in known
    ]
    assert offenders == []


# Heavy libraries


def test_heavy_libraries_are_imported_in_their_backends_only() -> None:
    offenders = []
    for path in FILES:
        file = name(path)
        for line, module in imported(path, at_top=True, typing_too=False):
            library = top(module)
            if library in HEAVY and (file in LIGHT or not file.startswith(BACKENDS.get(library, ("nowhere",)))):
                offenders.append(f"{file}:{line} imports {library} at its top")
    assert offenders == []


ASKED = [["--help"], ["list"], ["list", "--json"], ["run", "--help"], ["show", "laser-eyes"], ["show", "teleport"]]


@pytest.mark.parametrize("arguments", ASKED, ids=" ".join)
def test_questions_are_answered_without_heavy_libraries(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom phosphene.engine.commands.cli import main\n"
        "try:\n    status = main(sys.argv[1:])\nexcept SystemExit as end:\n    status = end.code\n"
        f"print('LOADED', *sorted(set({sorted(HEAVY)!r}) & set(sys.modules)))\nsys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].split() == ["LOADED"]


@pytest.mark.parametrize(
    ("used", "loaded"),
    [
        ("__version__", []),
        ("UsageError", []),
        ("list_sources()", []),
        ("Effect", ["numpy"]),
        ("Renderer", ["numpy"]),
        ("run", ["numpy"]),
    ],
)
def test_a_public_name_loads_no_more_than_it_needs(used: str, loaded: list[str]) -> None:
    heavy = sorted({"numpy", *HEAVY})
    code = f"import sys, phosphene; phosphene.{used}; print(*sorted(set({heavy!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300, check=True
    )
    assert done.stdout.split() == loaded


# Words


def test_no_path_of_one_machine() -> None:
    """No home folder, and nothing beside the checkout."""
    texts = [*FILES, *TESTS, ROOT / "main.py", ROOT / "dev.py", *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    spared = (Path(__file__).resolve(), ROOT / "tests/conftest.py")
    pattern = re.compile(r"(?<![\w.~$}-])/(?:home|Users)/\w|\.\./\w+/data")
    assert [name(p) for p in texts if p not in spared and pattern.search(p.read_text(encoding="utf-8"))] == []


def test_every_module_says_what_it_is() -> None:
    silent = []
    for path in FILES:
        module = tree(path)
        described = ast.get_docstring(module)
        if name(path).startswith("effects/"):  # a module that holds one effect is described by its class
            described = described or next(
                (ast.get_docstring(n) for n in module.body if isinstance(n, ast.ClassDef)), None
            )
        if module.body and not described:
            silent.append(name(path))
    assert silent == []


def test_no_file_is_empty() -> None:
    """An empty file says nothing; the face of `effects` is the one that has nothing to say."""
    assert [name(p) for p in FILES if not tree(p).body] == ["effects/__init__.py"]


def test_every_public_class_and_function_says_what_it_does() -> None:
    silent = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in FILES
        if not name(path).startswith("effects/")
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert silent == []


def test_nothing_is_left_to_do() -> None:
    words = ("TODO", "FIXME", "XXX", "HACK")
    assert [f"{name(p)}: {w}" for p in FILES for w in words if w in p.read_text(encoding="utf-8")] == []


def test_the_renderer_asks_no_effect_for_its_kind_and_writes_on_no_class() -> None:
    """What differs between effects is a method of the effect or its pass; what the engine notes is the engine's own."""
    asks = [
        f"{name(path)}:{node.lineno}"
        for path in FILES
        if name(path).startswith("engine/renderer/")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Name) and node.id in ("Foreign", "ForeignPass")
    ]
    writes = [
        f"{name(path)}:{node.lineno}"
        for path in FILES
        if name(path).startswith("engine/")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        if isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name) and node.value.func.id == "type"
    ]
    assert (asks, writes) == ([], [])
