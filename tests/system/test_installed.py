"""What an installation is: one name, `phosphene`, from a wheel as from an sdist, and every part found from anywhere."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow
TYPED = ROOT / "tests" / "typing"  # what users write, and what a type checker must say of it
MISTAKE = re.compile(r"# mypy: (?P<mypy>[\w-]+), pyright: (?P<pyright>\w+)$")


def do(command: Sequence[object], cwd: Path, code: int | None = 0) -> subprocess.CompletedProcess[str]:
    """Runs a command in `cwd`, with nothing of this checkout on Python's path."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MYPYPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True, timeout=600, check=False
    )
    assert code is None or done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def build(tree: Path, out: Path, *targets: str) -> None:
    do([sys.executable, "-m", "hatchling", "build", "-d", out, *(x for t in targets for x in ("-t", t))], tree)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist of this checkout."""
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed (python3 dev.py setup brings it)")
    out = tmp_path_factory.mktemp("built")
    build(ROOT, out, "sdist", "wheel")
    return out


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def environment(folder: Path) -> Path:
    """A fresh environment whose dependencies are this one's, but in which nothing of ours is installed: its Python."""
    do([sys.executable, "-m", "venv", "--without-pip", folder], folder.parent)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    site = do([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], folder).stdout.strip()
    # A folder that a .pth file names is searched, but the .pth files in it are not read: not that of this checkout.
    paths = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    (Path(site) / "dependencies.pth").write_text("\n".join(paths) + "\n", encoding="utf-8")
    return python


def install(python: Path, *what: object) -> None:
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check"]
    do([*pip, "--no-index", "--no-deps", "--no-compile", "--no-build-isolation", *what], python.parent)


@pytest.fixture(scope="module")
def python(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment into which the wheel was installed."""
    python = environment(tmp_path_factory.mktemp("installed") / "venv")
    install(python, only(built, "*.whl"))
    return python


def program(python: Path) -> Path:
    return python.with_name("phosphene.exe" if sys.platform == "win32" else "phosphene")


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_the_wheel_holds_one_name(built: Path) -> None:
    files = names(only(built, "*.whl"))
    assert {name.split("/")[0] for name in files} == {"phosphene"}
    for part in (
        "engine/core/errors.py",
        "effects/duotone.py",
        "scenes/laser-eyes.toml",
        "engine/sinks/web_page/show.js",
    ):
        assert f"phosphene/{part}" in files
    assert not [name for name in files if "tests" in name or "__pycache__" in name]


def test_every_file_of_the_packages_is_in_the_wheel(built: Path) -> None:
    folders = ("engine", "effects", "shaders", "scenes")
    here = {
        f"phosphene/{p.relative_to(ROOT).as_posix()}" for f in folders for p in (ROOT / f).rglob("*") if p.is_file()
    }
    here |= {p.relative_to(ROOT).as_posix() for p in (ROOT / "phosphene").rglob("*") if p.is_file()}
    assert {name for name in here if "__pycache__" not in name} - names(only(built, "*.whl")) == set()


def test_the_sdist_makes_the_same_wheel(built: Path, tmp_path: Path) -> None:
    with tarfile.open(only(built, "*.tar.gz")) as archive:
        archive.extractall(tmp_path / "tree", filter="data")
    tree = only(tmp_path / "tree", "*")
    assert not (tree / ".venv").exists()
    build(tree, tmp_path / "again", "wheel")
    assert names(only(tmp_path / "again", "*.whl")) == names(only(built, "*.whl"))


def test_nothing_else_can_be_imported(python: Path, tmp_path: Path) -> None:
    for name in ("engine", "effects", "shaders", "scenes", "main"):
        said = do([python, "-c", f"import {name}"], tmp_path, code=1).stderr
        assert f"No module named '{name}'" in said
    where = do([python, "-c", "import phosphene, phosphene.engine; print(phosphene.engine.__file__)"], tmp_path).stdout
    assert Path(where.strip()).is_relative_to(python.parents[1])


def test_it_answers_from_anywhere(python: Path, tmp_path: Path) -> None:
    shown = do([program(python), "list"], tmp_path).stdout
    assert "laser-eyes" in shown
    assert "duotone" in shown
    assert do([python, "-m", "phosphene", "list"], tmp_path).stdout == shown


@pytest.mark.gl
@pytest.mark.models
def test_it_shows_a_scene(python: Path, tmp_path: Path, models_ready: None) -> None:
    run = ["run", "laser-eyes", "--input", "demo", "--seconds", "0.2", "--output", "null"]
    done = do([program(python), *run], tmp_path)
    assert "frames" in done.stderr
    assert "switched off" not in done.stderr


@pytest.mark.gl
def test_it_judges_a_users_effect_in_a_child_process(python: Path, tmp_path: Path) -> None:
    do([program(python), "new", "my-look", "--out", tmp_path], tmp_path)
    effect = next(p for p in tmp_path.rglob("my*look*.py") if not p.name.startswith("test"))
    assert "not ok" not in do([program(python), "check", effect], tmp_path).stdout


def test_an_editable_installation_is_the_checkout(built: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "venv")
    install(python, "--editable", ROOT)
    assert "laser-eyes" in do([program(python), "list"], tmp_path).stdout
    where = do([python, "-c", "import phosphene.engine; print(phosphene.engine.__file__)"], tmp_path).stdout
    assert Path(where.strip()) == ROOT / "engine" / "__init__.py"
    assert "import phosphene.engine" in do([python, "-c", "import engine"], tmp_path, code=1).stderr


# What a user's type checker sees


Findings = set[tuple[str, int, str]]  # file, line, the checker's name for what is wrong


def mistakes(checker: str) -> Findings:
    """What the comments in the fixtures say that a checker finds."""
    return {
        (path.name, number, found[checker])
        for path in TYPED.glob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (found := MISTAKE.search(line))
    }


@pytest.fixture
def fixtures(tmp_path: Path) -> Path:
    """A folder with the fixtures alone, so that no settings of this checkout apply."""
    return Path(shutil.copytree(TYPED, tmp_path / "typing"))


def test_mypy_finds_the_mistakes_in_what_users_write_and_nothing_else(python: Path, fixtures: Path) -> None:
    mypy = [sys.executable, "-m", "mypy", "--strict", "--output", "json", "--python-executable", python]
    said = do([*mypy, "--cache-dir", fixtures / "cache", *fixtures.glob("*.py")], fixtures, code=None)
    assert not said.stderr
    rows = [json.loads(line) for line in said.stdout.splitlines()]
    found = {(Path(row["file"]).name, row["line"], row["code"]) for row in rows if row["severity"] == "error"}
    assert found == mistakes("mypy"), said.stdout


def test_pyright_finds_the_same(python: Path, fixtures: Path) -> None:
    """Pyright, which basedpyright brings along without a Node of its own."""
    here = str(Path(sys.executable).parent)
    programs = [shutil.which(name, path=path) for name in ("basedpyright", "pyright") for path in (here, None)]
    if not any(programs):
        pytest.skip("pyright is not installed (python3 dev.py setup brings it)")
    (fixtures / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}', encoding="utf-8")
    said = do([next(filter(None, programs)), "--outputjson", "--pythonpath", python], fixtures, code=None)
    rows = [row for row in json.loads(said.stdout)["generalDiagnostics"] if row["severity"] == "error"]
    found = {(Path(row["file"]).name, row["range"]["start"]["line"] + 1, row["rule"]) for row in rows}
    # What a mistake makes unknown is no finding of its own.
    wrong = {place[:2] for place in found if not place[2].startswith("reportUnknown")}
    found = {place for place in found if place[:2] not in wrong or not place[2].startswith("reportUnknown")}
    assert found == mistakes("pyright"), "\n".join(f"{row['file']}: {row['message']}" for row in rows)
