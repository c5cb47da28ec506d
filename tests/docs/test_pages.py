"""What the pages on the house say of it is true: the index of pages, the rooms, the walk of a frame, the threads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from test_architecture import ROOMS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
ENGINE = ROOT / "engine"
ARCHITECTURE = (DOCS / "architecture.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """The text below a heading of the page on the architecture."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", ARCHITECTURE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no heading '{title}'"
    return found[1]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_every_page_is_in_the_index_once() -> None:
    text = (DOCS / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"^(?:\d+\.|-) \[[^\]]+\]\(([^)#]+\.md)\)", text, re.MULTILINE)
    pages = [p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.md") if p != DOCS / "README.md"]
    beside = [t for t in targets if not t.startswith("../")]
    assert sorted(beside) == sorted(pages)


def test_the_rooms_are_those_of_the_house() -> None:
    """Each has its paragraph, in the order in which they may import one another."""
    told = re.findall(r"^\*\*`(\w+)`\*\* ", section("The rooms"), re.MULTILINE)
    assert tuple(told) == ROOMS


def test_every_room_says_what_it_is_what_it_imports_and_which_threads_it_owns() -> None:
    silent = []
    for room in ROOMS:
        said = ast.get_docstring(tree(ENGINE / room / "__init__.py")) or ""
        silent += [f"{room}: nothing of its {word}s" for word in ("import", "thread") if word not in said]
    assert silent == []


def test_every_file_that_a_page_names_exists() -> None:
    """Paths from the root of the repository; a word in capitals stands for any name."""
    pages = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
    named = re.compile(r"`((?:docs|effects|engine|phosphene|scenes|shaders|tests)/[\w./-]+\.\w+)`")
    gone = [
        f"{page.relative_to(ROOT)}: {path}"
        for page in pages
        for path in named.findall(page.read_text(encoding="utf-8"))
        if "NAME" not in path and not (ROOT / path).exists() and not (ROOT / "engine" / path).exists()
    ]
    assert gone == []


# One frame


def steps() -> list[tuple[str, str]]:
    """The functions of the walk, each with its file under engine/."""
    return re.findall(r"^\d+\. `([\w.]+)` \(`([\w/]+\.py)`\)", section("A frame's walk"), re.MULTILINE)


def functions(path: Path) -> dict[str, ast.stmt]:
    """`function` and `Class.method` of a file."""
    module = tree(path)
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    found: dict[str, ast.stmt] = {node.name: node for node in module.body if isinstance(node, kinds)}
    for owner in module.body:
        if isinstance(owner, ast.ClassDef):
            found |= {f"{owner.name}.{node.name}": node for node in owner.body if isinstance(node, kinds)}
    return found


def test_the_walk_has_at_most_twelve_functions_and_each_exists() -> None:
    numbers = re.findall(r"^(\d+)\. ", section("A frame's walk"), re.MULTILINE)
    walk = steps()
    assert len(walk) == len(numbers) <= 12, "each step names a function and its file"
    assert [name for name, file in walk if name not in functions(ENGINE / file)] == []
    assert walk[0][0].endswith(".read")
    assert walk[0][1].startswith("sources/")
    assert walk[-1][0].endswith(".write")
    assert walk[-1][1].startswith("sinks/")


# Threads


def text_of(node: ast.expr) -> str:
    """A name of a thread as the page writes it: what changes is NAME."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(p.value) if isinstance(p, ast.Constant) else "NAME" for p in node.values)
    return "NAME"


def threads_of(module: ast.Module) -> Iterator[str]:
    """The name of each thread that a file makes: by `Thread(…)`, or by a class of its own that passes its name on."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("threading.Thread", "Thread"):
            names = [k.value for k in node.keywords if k.arg == "name"]
            yield text_of(names[0]) if names else "(no name)"
        if isinstance(node, ast.ClassDef) and {ast.unparse(b) for b in node.bases} & {"threading.Thread", "Worker"}:
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__":
                    names = [*call.args, *(k.value for k in call.keywords if k.arg == "name")]
                    yield text_of(names[0]) if names else "(no name)"


def test_the_table_of_threads_has_every_thread_of_the_engine() -> None:
    rows = re.findall(r"^\| ([^|]+?) \| `([\w/]+\.py)` \|", section("Threads"), re.MULTILINE)
    table = {(file, name) for names, file in rows for name in names.split(", ")}
    made = {
        (path.relative_to(ENGINE).as_posix(), name)
        for path in sorted(ENGINE.rglob("*.py"))
        for name in threads_of(tree(path))
    }
    made = {(file, name) for file, name in made if file != "show/worker.py"}  # what the classes above are made of
    assert sorted(table) == sorted(made)


def joins(node: ast.AST) -> bool:
    """Whether this is `thread.join(…)`, not `", ".join(…)`."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "join"
        and not isinstance(node.func.value, ast.Constant)
        and ast.unparse(node.func.value) not in ("os.path", "os.pathsep")
    )


def test_who_joins_a_thread_does() -> None:
    """Each function that the last column names joins a thread."""
    rows = [row.split("|") for row in section("Threads").splitlines() if row.startswith("| ")][1:]
    named = {name for row in rows for name in re.findall(r"^ `([\w.]+)`", row[-2])}
    joining = {
        name
        for path in ENGINE.rglob("*.py")
        for name, node in functions(path).items()
        if any(joins(part) for part in ast.walk(node))
    }
    assert named
    assert named - joining == set()
