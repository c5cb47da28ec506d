"""dev.py: what it would do on each system, and that it tells an old Python so."""

from __future__ import annotations

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Literal

import pytest
from conftest import over_budget

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "dev.py"


@pytest.fixture
def dev() -> ModuleType:
    """A fresh copy of dev.py as a module."""
    spec = importlib.util.spec_from_file_location("dev_under_test", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_parses_under_old_pythons() -> None:
    ast.parse(FILE.read_text("utf-8"), feature_version=(3, 7))


def test_an_old_python_is_told_before_anything_else() -> None:
    code = (
        f"import sys, runpy; sys.version_info = (3, 8, 1); sys.argv = ['dev.py', 'test']; runpy.run_path({str(FILE)!r})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1
    assert "needs Python 3.11" in done.stderr
    assert "dev.py test" in done.stderr


def test_it_uses_the_standard_library_alone() -> None:
    tree = ast.parse(FILE.read_text("utf-8"))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names)


def test_no_shell_is_ever_used() -> None:
    assert "shell=" not in FILE.read_text("utf-8")


def test_usage_names_every_command(dev: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(re.search(rf"^  {name}\b", shown, re.MULTILINE) for name in dev.COMMANDS)
    assert dev.main([]) == 2
    assert dev.main(["nonsense"]) == 2


def test_the_python_of_the_environment_on_each_system(dev: ModuleType) -> None:
    assert dev.venv_python_path(windows=True).parts[-3:] == (".venv", "Scripts", "python.exe")
    assert dev.venv_python_path(windows=False).parts[-3:] == (".venv", "bin", "python")


def test_the_installation_is_pinned_and_holds_the_tools(dev: ModuleType) -> None:
    command = dev.install_command("py")
    assert command[:4] == ["py", "-m", "pip", "install"]
    assert command[command.index("--constraint") + 1] == dev.LOCK
    assert command[-2:] == ["--editable", ".[dev]"]


def project(folder: Path, lock: str = "a==1\n") -> Path:
    (folder / "pyproject.toml").write_bytes(b"[project]\n")
    (folder / "requirements.lock").write_bytes(lock.encode())
    return folder


def test_the_stamp_changes_with_what_it_stands_for(dev: ModuleType, tmp_path: Path) -> None:
    before = dev.stamp(project(tmp_path), (3, 11, 2), "Linux")
    assert dev.stamp(tmp_path, (3, 11, 9), "Linux") == before
    assert dev.stamp(tmp_path, (3, 12, 0), "Linux") != before
    assert dev.stamp(tmp_path, (3, 11, 2), "macOS") != before
    assert dev.stamp(project(tmp_path, "a==2\n"), (3, 11, 2), "Linux") != before


def test_the_stamp_does_not_change_with_line_ends(dev: ModuleType, tmp_path: Path) -> None:
    before = dev.stamp(project(tmp_path), (3, 11, 2), "Linux")
    assert dev.stamp(project(tmp_path, "a==1\r\n"), (3, 11, 2), "Linux") == before


def test_nothing_is_installed_where_the_stamp_is_right(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []
    project(tmp_path)
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(dev, "STAMP", tmp_path / ".venv" / "stamp.json")
    monkeypatch.setattr(dev, "quiet", lambda command, env=None: ran.append(command))
    monkeypatch.setattr(dev, "usable", lambda python: True)
    python = dev.venv_python_path()
    python.parent.mkdir(parents=True)
    python.touch()
    dev.environment()
    dev.environment()
    assert ran == [dev.install_command(str(python))]


def test_a_failed_installation_leaves_no_stamp(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(command: list[str], env: dict[str, str] | None = None) -> None:
        raise dev.Failed("no network")

    project(tmp_path)
    (tmp_path / ".venv").mkdir()
    stamp = tmp_path / ".venv" / "stamp.json"
    stamp.write_text("{}")
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev, "STAMP", stamp)
    monkeypatch.setattr(dev, "quiet", fail)
    monkeypatch.setattr(dev, "usable", lambda python: True)
    with pytest.raises(dev.Failed):
        dev.environment()
    assert not stamp.exists()


def no_ensurepip(dev: ModuleType, monkeypatch: pytest.MonkeyPatch, pip: tuple[int, ...]) -> list[list[str]]:
    """A Debian whose Python has no ensurepip until python3-venv is installed; returns what is run."""
    ran: list[list[str]] = []
    state = SimpleNamespace(ensurepip=False)

    def quiet(command: list[str], env: dict[str, str] | None = None) -> None:
        ran.append(command)
        state.ensurepip |= "python3-venv" in command

    monkeypatch.setattr(dev, "quiet", quiet)
    monkeypatch.setattr(dev, "pip_version", lambda: pip)
    monkeypatch.setattr(dev, "is_debian", lambda: True)
    monkeypatch.setattr(dev, "is_root", lambda: True)
    monkeypatch.setattr(dev.importlib.util, "find_spec", lambda name: object() if state.ensurepip else None)
    return ran


def test_without_ensurepip_the_systems_pip_fills_the_environment(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = no_ensurepip(dev, monkeypatch, (23, 0))
    dev.make_venv()
    make, fill = ran
    assert "--without-pip" in make
    assert fill[1:4] == ["-m", "pip", "--python"]
    assert fill[-1] == "pip"


def test_with_neither_debian_gets_python3_venv(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = no_ensurepip(dev, monkeypatch, (0,))
    dev.make_venv()
    assert ran[0][:2] == ["apt-get", "install"]
    assert ran[-1][1:3] == ["-m", "venv"]
    assert "--without-pip" not in ran[-1]


def test_who_is_not_root_is_told_the_one_command(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "is_root", lambda: False)
    with pytest.raises(dev.Failed, match="sudo apt-get install libegl1 libgl1"):
        dev.apt(["libegl1", "libgl1"])


def test_apt_renews_its_lists_once_where_a_package_is_not_found(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def quiet(command: list[str], env: dict[str, str] | None = None) -> None:
        assert env is not None
        assert env["DEBIAN_FRONTEND"] == "noninteractive"
        ran.append(command[1])
        if ran == ["install"]:
            raise dev.Failed("unable to locate package")

    monkeypatch.setattr(dev, "is_root", lambda: True)
    monkeypatch.setattr(dev, "quiet", quiet)
    dev.apt(["libegl1"])
    assert ran == ["install", "update", "install"]


@pytest.mark.parametrize("tool", ["dnf", "pacman", "zypper", ""])
def test_other_linuxes_are_told_their_own_command(dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tool: str) -> None:
    monkeypatch.setattr(dev.shutil, "which", lambda name: "/usr/bin/" + name if name == tool else None)
    monkeypatch.setattr(dev.sys, "platform", "linux")
    monkeypatch.setattr(dev, "missing_libraries", lambda: ["libEGL.so.1"])
    with pytest.raises(dev.Failed) as caught:
        dev.system_libraries()
    assert "libEGL.so.1" in str(caught.value)
    assert (f"sudo {tool}" if tool else "package manager") in str(caught.value)


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_windows_and_macos_need_no_libraries(dev: ModuleType, monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    monkeypatch.setattr(dev.sys, "platform", system)
    monkeypatch.setattr(dev, "missing_libraries", lambda: pytest.fail("asked"))
    dev.system_libraries()


def test_missing_libraries_are_found_out(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "LIBRARIES", {"libnowhere.so.7": "libnowhere7"})
    assert dev.missing_libraries() == ["libnowhere.so.7"]


def test_a_failing_step_shows_the_command_and_its_last_lines(dev: ModuleType) -> None:
    with pytest.raises(dev.Failed) as caught:
        dev.quiet(
            [sys.executable, "-c", "print('first'); print('x\\n' * 99); print('the reason'); raise SystemExit(3)"]
        )
    text = str(caught.value)
    assert "code 3" in text
    assert "the reason" in text
    assert "first" not in text.split("\n", 1)[1]


def test_the_exit_code_of_what_it_runs_is_its_own(dev: ModuleType) -> None:
    assert dev.stream([sys.executable, "-c", "raise SystemExit(5)"]) == 5


def test_pytests_arguments(dev: ModuleType) -> None:
    assert dev.pytest_arguments(["-k", "scene"])[-2:] == ["-k", "scene"]
    assert dev.pytest_arguments(["-n0"]) == ["-q", "-n0"]
    assert dev.pytest_arguments(["-vv", "--pdb"]) == ["-vv", "--pdb"]


def test_every_check_runs_though_one_fails(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def quiet(command: list[str], env: dict[str, str] | None = None) -> None:
        ran.append(command[2])
        if command[2] == "ruff":
            raise dev.Failed("untidy")

    monkeypatch.setattr(dev, "quiet", quiet)
    assert dev.check_code() == 1
    assert ran == ["ruff", "ruff", "mypy"]


@pytest.mark.parametrize(("code", "said"), [(0, "nothing was wrong"), (1, "WRONG: the room was seen")])
def test_the_soak_runs_beside_the_tests_and_counts(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: int, said: str
) -> None:
    ran: list[list[str]] = []

    def stream(command: list[str]) -> int:
        ran.append(command)
        return 0

    for name in ("set_up", "test_programs", "test_models", "test_tensorflow"):
        monkeypatch.setattr(dev, name, lambda: None)
    monkeypatch.setattr(dev, "check_code", lambda: 0)
    monkeypatch.setattr(dev, "stream", stream)
    monkeypatch.setattr(dev, "venv_python", lambda: sys.executable)
    monkeypatch.setattr(dev, "ROOT", ROOT / "tests")  # where there is no main.py: only the words below may run
    monkeypatch.setattr(dev.subprocess, "Popen", told(f"print('a fault')\nprint({said!r})\nraise SystemExit({code})"))
    assert dev.test([]) == code
    out = capsys.readouterr().out
    assert said in out
    assert ("a fault" in out) is bool(code)
    assert ran[0][1:3] == ["-m", "pytest"]
    assert dev.test(["-k", "scene"]) == 0  # no soak beside chosen tests
    assert len(ran) == 2


def test_fast_leaves_out_the_soak_and_what_only_long_tests_want(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []
    for name in ("test_programs", "test_models", "test_tensorflow", "Soak"):
        monkeypatch.setattr(dev, name, lambda: pytest.fail("this takes long"))
    monkeypatch.setattr(dev, "set_up", lambda: None)
    monkeypatch.setattr(dev, "check_code", lambda: 0)
    monkeypatch.setattr(dev, "stream", lambda command: ran.append(command) or 0)
    assert dev.test(["--fast", "-k", "scene"]) == 0
    assert ran[0][-3:] == ["--fast", "-k", "scene"]


def test_fast_leaves_out_what_is_marked_slow() -> None:
    """`test_mailbox` has no such test, `test_installed` no other."""
    command = [sys.executable, "-m", "pytest", "--fast", "--collect-only", "-q", "-p", "no:cacheprovider"]
    files = ["tests/unit/test_mailbox.py", "tests/system/test_installed.py"]
    done = subprocess.run([*command, *files], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "test_mailbox.py::" in done.stdout
    assert "test_installed.py::" not in done.stdout
    assert "deselected" in done.stdout


def test_what_takes_long_without_the_mark_is_named() -> None:
    def report(name: str, seconds: float, when: Literal["setup", "call"], *marks: str) -> pytest.TestReport:
        return pytest.TestReport(name, (name, 0, name), dict.fromkeys(marks, 1), "passed", None, when, duration=seconds)

    reports = [
        report("quick", 4.0, "call"),
        report("marked", 40.0, "call", "slow"),
        report("long", 6.0, "call"),
        report("long in both", 4.0, "setup"),
        report("long in both", 4.0, "call"),
    ]
    assert over_budget(reports) == [("long in both", 8.0), ("long", 6.0)]


def told(script: str) -> Any:
    """Starts `script` in the place of a command."""
    start = subprocess.Popen
    return lambda command, **more: start([sys.executable, "-c", script], **more)


def test_a_soak_is_not_left_behind(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "venv_python", lambda: sys.executable)
    monkeypatch.setattr(dev.subprocess, "Popen", told("import time\ntime.sleep(600)"))
    with dev.Soak() as soak:
        process = soak.process
    assert process.poll() is not None


def test_the_lock_pins_every_direct_dependency_to_a_version_of_its_range() -> None:
    import tomllib

    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    lines = [x for x in (ROOT / "requirements.lock").read_text("utf-8").splitlines() if x and not x.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9A-Za-z.+]+", line) for line in lines)
    locked = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines)}
    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for wanted in map(Requirement, (*table["dependencies"], *table["optional-dependencies"]["dev"])):
        name = canonicalize_name(wanted.name)
        assert wanted.specifier.contains(locked[name]), name


def test_ci_calls_the_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "set -euo pipefail" in script
    assert script.rstrip().endswith("python3 dev.py test")


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_environment_is_not_part_of_the_repository() -> None:
    assert ".venv/" in (ROOT / ".gitignore").read_text("utf-8").split()


def test_what_only_some_tests_want_never_stops_the_others(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*command: object, **_: object) -> None:
        raise dev.Failed("no such package")

    monkeypatch.setattr(dev, "quiet", refused)
    monkeypatch.setattr(dev, "TEACH", tmp_path / "teach")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("PHOSPHENE_TENSORFLOW", raising=False)
    dev.test_models()
    dev.test_tensorflow()
    assert "teaching tests will be skipped: no such package" in capsys.readouterr().out
    assert "PHOSPHENE_TENSORFLOW" not in dev.os.environ


def test_the_tests_find_the_tensorflow_that_was_installed_for_them(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "complete").write_text(" ".join(dev.TENSORFLOW), encoding="utf-8")
    monkeypatch.setattr(dev, "quiet", lambda *_, **__: pytest.fail("nothing is to be installed"))
    monkeypatch.setattr(dev, "TEACH", tmp_path)
    monkeypatch.setenv("PHOSPHENE_TENSORFLOW", "")
    monkeypatch.delenv("PHOSPHENE_TENSORFLOW")
    dev.test_tensorflow()
    assert dev.os.environ["PHOSPHENE_TENSORFLOW"] == str(tmp_path / "bin" / "python")
