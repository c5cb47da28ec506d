"""The rules of the house, read from the source text: who may import whom, where heavy libraries live, sizes, words."""

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
PACKAGES = ("engine", "effects", "phosphene")
FILES = sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
# About 300 is the aim; params.py (every kind of parameter) and loop.py (every thread of a show) are a little longer.
LONGEST = 350
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
        "engine/sinks/live_sound.py",
        "engine/sinks/exr.py",
        "engine/sinks/muxer.py",
        "engine/sinks/sound.py",
        "engine/sinks/sound_copied.py",
        "engine/sinks/sound_encoded.py",
        "engine/sinks/web_rtc.py",
    ),
    "aiortc": ("engine/sinks/web_rtc.py",),
    "cv2": (
        "engine/imaging.py",
        "engine/matte_steps.py",
        "engine/people.py",
        "engine/plate.py",
        "engine/sources/",
        "engine/sinks/",
        "engine/trackers/",
        "engine/bench/",
        "engine/score/",
        "engine/soak/",
    ),
    "PIL": ("engine/renderer/text.py", "engine/sources/", "engine/sinks/", "engine/score/"),
    "ai_edge_litert": ("engine/trackers/litert.py", "engine/nodes/runtime.py"),
}
# The modules that are loaded to answer `list`, `show` and `--help`: they stay light.
LIGHT = (
    "engine/sources/__init__.py", "engine/sources/base.py", "engine/sinks/__init__.py", "engine/sinks/base.py",
    "engine/trackers/__init__.py", "engine/trackers/base.py",
)  # fmt: skip
OURS = {"engine", "effects", "phosphene", "main", "dev"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes(), str(path))


def imported(path: Path, *, at_top: bool = False, typing_too: bool = True) -> Iterator[str]:
    """The modules that a file imports, by their full names; `at_top` only those which importing the file imports."""

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
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            yield ".".join([*base, *([node.module] if node.module else [])])


def top(module: str) -> str:
    return module.split(".")[0]


each_file = pytest.mark.parametrize("path", FILES, ids=name)


def test_main_imports_the_engine_alone() -> None:
    assert {top(m) for m in imported(ROOT / "main.py")} & (OURS | HEAVY) == {"engine"}


@pytest.mark.parametrize("path", [p for p in FILES if name(p).startswith("effects/")], ids=name)
def test_an_effect_imports_phosphene_numpy_its_own_and_the_standard_library(path: Path) -> None:
    parts = path.relative_to(ROOT / "effects").parts
    own = f"effects.{parts[0].removesuffix('.py')}"
    for module in imported(path):
        fits = top(module) in {"phosphene", "numpy", *sys.stdlib_module_names}
        assert fits or module == own or module.startswith(f"{own}."), f"{name(path)} imports {module}"


@pytest.mark.parametrize("path", [p for p in FILES if name(p).startswith("phosphene/")], ids=name)
def test_the_facade_imports_the_engine_alone(path: Path) -> None:
    for module in imported(path):
        assert top(module) in {"engine", "phosphene", *sys.stdlib_module_names}, f"{name(path)} imports {module}"


@pytest.mark.parametrize("path", [p for p in FILES if name(p).startswith("engine/")], ids=name)
def test_the_engine_knows_no_concrete_effect(path: Path) -> None:
    for module in imported(path):
        assert top(module) not in {"effects", "main", "dev"}, f"{name(path)} imports {module}"
    # the version stands in the façade; nothing else of it is used
    if name(path) not in ("engine/cli.py",):
        assert not any(top(m) == "phosphene" for m in imported(path)), f"{name(path)} imports the façade"


def test_the_engine_imports_no_effect_by_its_name_in_text() -> None:
    literal = [
        f"{name(path)}:{node.lineno}"
        for path in FILES
        if name(path).startswith("engine/")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("effects.")
    ]
    # the registry puts the name together from a file's name
    assert [at for at in literal if not at.startswith("engine/registry.py")] == []


@pytest.mark.parametrize(
    ("file", "allowed"),
    [
        ("engine/errors.py", set()),
        ("engine/data.py", set()),
        ("engine/shapes.py", set()),
        ("engine/mailbox.py", set()),
        ("engine/stats.py", set()),
        ("engine/probe.py", set()),
        ("engine/params.py", {"engine.errors", "engine.slots"}),
        ("engine/slots.py", set()),
        ("engine/effect.py", {"engine.data", "engine.params", "engine.shapes", "engine.slots"}),
    ],
)
def test_the_ground_floor_stands_on_nothing(file: str, allowed: set[str]) -> None:
    assert {m for m in imported(ROOT / file) if top(m) in OURS} <= allowed


@each_file
def test_heavy_libraries_are_imported_in_their_backends_only(path: Path) -> None:
    file = name(path)
    for module in imported(path, at_top=True, typing_too=False):
        library = top(module)
        if library in HEAVY:
            homes = BACKENDS.get(library, ())
            assert file.startswith(homes) if homes else False, f"{file} imports {library} at its top"
            assert file not in LIGHT, f"{file} answers `list` and must stay light, but imports {library}"


ASKED = [["--help"], ["list"], ["list", "--json"], ["run", "--help"], ["show", "laser-eyes"], ["show", "teleport"]]


@pytest.mark.parametrize("arguments", ASKED, ids=" ".join)
def test_questions_are_answered_without_heavy_libraries(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom engine.cli import main\n"
        "try:\n    status = main(sys.argv[1:])\nexcept SystemExit as end:\n    status = end.code\n"
        f"print('LOADED', *sorted(set({sorted(HEAVY)!r}) & set(sys.modules)))\nsys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].split() == ["LOADED"]


@each_file
def test_files_stay_small(path: Path) -> None:
    count = len(path.read_text(encoding="utf-8").splitlines())
    assert count <= LONGEST, f"{name(path)} has {count} lines: it asks for a room of its own"


@pytest.mark.parametrize(
    "path",
    [
        p
        for p in (*FILES, *TESTS, ROOT / "main.py", ROOT / "dev.py", *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
        if p not in (Path(__file__).resolve(), ROOT / "tests/conftest.py")
    ],
    ids=name,
)
def test_no_path_of_one_machine(path: Path) -> None:
    """No home folder, and nothing beside the checkout."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w.~$}-])/(?:home|Users)/\w|\.\./\w+/data", text)


@each_file
def test_every_module_says_what_it_is(path: Path) -> None:
    module = tree(path)
    if not module.body:
        return
    described = ast.get_docstring(module)
    if name(path).startswith("effects/"):  # a module that holds one effect is described by its class
        described = described or next((ast.get_docstring(n) for n in module.body if isinstance(n, ast.ClassDef)), None)
    assert described, f"{name(path)} has no docstring"


def public(module: ast.Module) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """The public classes and functions of a module."""
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node


@pytest.mark.parametrize("path", [p for p in FILES if not name(p).startswith("effects/")], ids=name)
def test_every_public_class_and_function_says_what_it_does(path: Path) -> None:
    silent = [f"{name(path)}:{n.lineno} {n.name}" for n in public(tree(path)) if not ast.get_docstring(n)]
    assert silent == []


def test_nothing_is_left_to_do() -> None:
    words = ("TODO", "FIXME", "XXX", "HACK")
    found = [f"{name(p)}: {w}" for p in FILES for w in words if w in p.read_text(encoding="utf-8")]
    assert found == []
