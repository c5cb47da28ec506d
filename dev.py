#!/usr/bin/env python3
"""Sets Phosphene up and runs it from a checkout: `python3 dev.py demo`, `python3 dev.py test`.

Standard library only. It makes `.venv`, installs the pinned dependencies, fetches the models, sees to OpenGL, and then
does its job; what is already done is not done again. This file must parse under old Pythons, so that they can be told.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (the very Pythons that the project does not support are told here)
    sys.exit(
        f"Phosphene needs Python 3.11 or newer; this is Python {sys.version_info[0]}.{sys.version_info[1]}.\n"
        f"  next: install a newer one and run this file with it: python3.11 dev.py {' '.join(sys.argv[1:]) or 'demo'}"
    )

import contextlib
import ctypes
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "phosphene-setup.json"
LOCK = "requirements.lock"
TEACH = ROOT / ".venv-teach"
TENSORFLOW = ["tensorflow-cpu==2.21.0", "tf-keras==2.21.0", "pillow==13.0.0"]
TEST_MODELS = ["gesture_recognizer", "efficientdet_lite0", "efficientnet_lite0"]
SOAK = ["soak", "--minutes", "10", "--size", "320x240", "--fps", "15"]
TAIL_LINES = 25
PIP_TOO_OLD = (22, 3)  # the first pip that can install into another environment with --python

USAGE = """usage: python3 dev.py COMMAND [ARGUMENTS]

  demo [...]    laser eyes on a portrait: in a window, or as a video where there is no display
  run SCENE     the program itself, with all its arguments: dev.py run laser-eyes --input 0
  test [...]    style, types, tests and a soak of ten minutes beside them; arguments go to pytest, which then runs
                without the soak: dev.py test -k scene
  test --fast   the same in minutes: no soak, none of the tests marked slow, nothing installed for those
  virtual-camera [FILE]
                cameras and the virtual camera on a real kernel, in a virtual machine: the tests, and a table of what
                arrives (Debian and its kin)
  check         style and types alone (ruff, mypy)
  format        lays the code out anew (ruff)
  setup         only the setting-up that every command does first
"""

# What the wheels expect of a Linux system, by the name under which the loader looks for it.
LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLESv2.so.2": "libgles2",
    "libglib-2.0.so.0": "libglib2.0-0",
}
# Programs that tests drive: their Debian packages, and which tests are skipped without them.
TEST_PROGRAMS = {
    "Xvfb": (["xvfb"], "window"),
    "wireplumber": (
        ["pipewire", "wireplumber", "libpipewire-0.3-0", "dbus-daemon", "dbus-bin", "xdg-desktop-portal"],
        "PipeWire camera",
    ),
    "chromium": (["chromium"], "browser"),
    "chromium-headless-shell": (["chromium-headless-shell"], "virtual camera's browser"),
    "ffmpeg": (["ffmpeg"], "time stamps'"),
    "espeak-ng": (["espeak-ng"], "speech"),
    "xdotool": (["xdotool"], "keyboard"),
    "vlc": (["vlc-bin", "vlc-plugin-base"], "RTSP"),
    "qemu-system-x86_64": (["qemu-system-x86", "gcc", "make"], "virtual machine's"),
}
GUEST_TESTS = ["tests/system/test_virtual_camera.py", "tests/system/test_guest_cameras.py"]
MESA_DEBIAN = ["libegl-mesa0", "libgl1-mesa-dri", "libglx-mesa0"]
OTHER_LINUX = {
    "dnf": "sudo dnf install mesa-libEGL mesa-libGL libglvnd-gles mesa-dri-drivers glib2",
    "pacman": "sudo pacman -S --needed libglvnd mesa glib2",
    "zypper": "sudo zypper install Mesa-libEGL1 Mesa-libGL1 Mesa-libGLESv2-devel Mesa-dri libglib-2_0-0",
}


class Failed(Exception):  # noqa: N818 (reads as what happened)
    """A step that cannot be done; the text says what to do next."""


def main(argv: list[str]) -> int:
    """Does one command; returns the exit code."""
    command, rest = (argv[0], argv[1:]) if argv else ("", [])
    if command in ("", "-h", "--help", "help"):
        print(USAGE, end="")
        return 0 if command else 2
    if command not in COMMANDS:
        print(f"dev.py: unknown command '{command}'\n\n{USAGE}", end="", file=sys.stderr)
        return 2
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)  # what it runs writes to the same pipe, and the order should hold
    try:
        return COMMANDS[command](rest)
    except Failed as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def demo(rest: list[str]) -> int:
    """The demo."""
    set_up()
    return stream([venv_python(), "main.py", "demo", *rest])


def run(rest: list[str]) -> int:
    """The program itself."""
    set_up()
    return stream([venv_python(), "main.py", "run", *rest])


def test(rest: list[str]) -> int:
    """Style, types and tests. All of them run, so that one failure does not hide another."""
    set_up()
    if "--fast" not in rest:  # pytest knows the word too, see tests/conftest.py
        test_programs()
        test_models()
        test_tensorflow()
    failed = check_code()
    pytest = [venv_python(), "-m", "pytest", *pytest_arguments(rest)]
    if rest:  # who chooses tests has no time for the soak
        code = stream(pytest)
    else:
        with Soak() as soak:
            code = stream(pytest)
            failed |= soak.end()
    if failed:
        print("style, types or the soak failed, see above", file=sys.stderr)
    return code or failed


def virtual_camera(rest: list[str]) -> int:
    """The tests that need a kernel of their own, and the table of docs/virtual-camera.md."""
    set_up()
    test_programs()
    out = rest[0] if rest else "virtual-camera.md"
    code = stream([venv_python(), "-m", "pytest", "-q", "-rs", *GUEST_TESTS])
    return stream([venv_python(), "-m", "tests.system.virtual_camera_report", out]) or code


def check(rest: list[str]) -> int:
    """Style and types."""
    refuse(rest)
    environment()
    return check_code()


def format_code(rest: list[str]) -> int:
    """Lays the code out anew."""
    environment()
    ruff = [venv_python(), "-m", "ruff"]
    return stream([*ruff, "check", "--fix", *rest]) or stream([*ruff, "format", *rest])


def setup(rest: list[str]) -> int:
    """Only the setting-up."""
    refuse(rest)
    set_up()
    print("ready: python3 dev.py demo")
    return 0


COMMANDS = {
    "demo": demo,
    "run": run,
    "test": test,
    "virtual-camera": virtual_camera,
    "check": check,
    "format": format_code,
    "setup": setup,
}


def refuse(rest: list[str]) -> None:
    """These commands take no arguments."""
    if rest:
        raise Failed("unknown argument: " + " ".join(rest))


# ---------------------------------------------------------------------------------------------------------- the steps


def set_up() -> None:
    """The environment, the system's libraries, the models and OpenGL."""
    environment()
    system_libraries()
    with Step("models"):
        quiet([venv_python(), "main.py", "models", "--fetch"])
    open_gl()


def environment() -> None:
    """`.venv` with the pinned dependencies. Nothing is installed where the stamp says that this was done."""
    wanted = stamp(ROOT, sys.version_info, platform.platform(terse=True))
    if read_stamp() == wanted and venv_python_path().exists():
        return
    if not usable(venv_python_path()):
        with Step("virtual environment .venv"):
            make_venv()
    with Step("dependencies (about 0.8 GB on the disk, once)"):
        STAMP.unlink(missing_ok=True)
        quiet(install_command(venv_python()))
    STAMP.write_text(json.dumps(wanted), encoding="utf-8")


def stamp(root: Path, version: Sequence[Any], system: str) -> dict[str, str]:
    """What the installed environment depends on, as plain data: the two files that pin it, the Python, the system."""
    digest = hashlib.sha256()
    for name in ("pyproject.toml", LOCK):
        # Line ends differ with git's settings, and mean nothing here.
        digest.update((root / name).read_bytes().replace(b"\r\n", b"\n"))
        digest.update(b"\0")
    return {"pins": digest.hexdigest(), "python": f"{version[0]}.{version[1]}", "system": system, "root": str(root)}


def read_stamp() -> Any:
    """The stamp of the last complete installation, or None."""
    try:
        return json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def usable(python: Path) -> bool:
    """Whether there is an environment whose Python runs, is new enough, and can install."""
    if not python.exists():
        return False
    test = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([str(python), "-c", test], capture_output=True, check=False).returncode == 0


def make_venv() -> None:
    """Makes `.venv`. Debian takes `ensurepip` out of Python: then the system's pip fills the environment."""
    if importlib.util.find_spec("ensurepip") is None and pip_version() < PIP_TOO_OLD:
        if not is_debian():
            raise Failed("This Python has neither ensurepip nor pip.\n  next: install pip for it")
        apt(["python3-venv"])
    if importlib.util.find_spec("ensurepip") is not None or pip_version() < PIP_TOO_OLD:
        quiet([sys.executable, "-m", "venv", "--clear", str(VENV)])
        return
    quiet([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)])
    into = ["--python", venv_python(), "install", "--quiet", "--constraint", LOCK, "pip"]
    quiet([sys.executable, "-m", "pip", *into])


def pip_version() -> tuple[int, ...]:
    """The version of this Python's own pip as numbers, (0,) where there is none."""
    if importlib.util.find_spec("pip") is None:
        return (0,)
    return tuple(int(part) for part in importlib.metadata.version("pip").split(".")[:2] if part.isdigit())


def install_command(python: str) -> list[str]:
    """How the dependencies and the project itself get into the environment."""
    settings = ["--quiet", "--disable-pip-version-check", "--no-input"]
    return [python, "-m", "pip", "install", *settings, "--constraint", LOCK, "--editable", ".[dev]"]


def system_libraries() -> None:
    """The shared libraries that the wheels expect of a Linux system."""
    if not sys.platform.startswith("linux"):
        return
    missing = missing_libraries()
    if not missing:
        return
    if not is_debian():
        raise Failed(f"missing system libraries: {', '.join(missing)}\n  next: {other_linux_command()}")
    with Step("system libraries"):
        apt([LIBRARIES[name] for name in missing])


def missing_libraries() -> list[str]:
    """Those of LIBRARIES that the loader does not find."""
    missing = []
    for name in LIBRARIES:
        try:
            ctypes.CDLL(name)
        except OSError:
            missing.append(name)
    return missing


def other_linux_command() -> str:
    """What to type on a Linux that is not Debian's kin."""
    for tool, command in OTHER_LINUX.items():
        if shutil.which(tool):
            return command
    return "install EGL, OpenGL and OpenGL ES (Mesa) and GLib with the system's package manager"


def open_gl() -> None:
    """Makes an OpenGL context in a process of its own, and says which."""
    with Step("OpenGL") as step:
        found = probe_gl()
        if "error" in found and sys.platform.startswith("linux") and is_debian():
            apt(MESA_DEBIAN)  # the libraries are there, but no driver behind them
            found = probe_gl()
        if "error" in found:
            raise Failed(f"no OpenGL 3.3 context: {found['error']}\n  next: {gl_advice()}")
        step.detail = found["renderer"]


def probe_gl() -> dict[str, Any]:
    """What engine/commands/doctor/driver_probe.py says of OpenGL."""
    command = [venv_python(), "-P", str(ROOT / "engine" / "commands" / "doctor" / "driver_probe.py"), "gl"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        return {"error": "the driver did not answer in 120 s"}
    try:
        found: dict[str, Any] = json.loads(done.stdout)
        return found
    except ValueError:
        return {"error": (done.stderr.strip().splitlines() or [f"the probe ended with code {done.returncode}"])[-1]}


def gl_advice() -> str:
    """What helps where no context can be made."""
    if sys.platform.startswith("linux"):
        return other_linux_command() if not is_debian() else "sudo apt-get install " + " ".join(MESA_DEBIAN)
    return "update the graphics driver; a remote desktop may offer none"


def test_programs() -> None:
    """What some tests drive on Debian and its kin; without it they are skipped, so this never fails."""
    if not (sys.platform.startswith("linux") and is_debian() and is_root()):
        return
    for program, (packages, which) in TEST_PROGRAMS.items():
        if not shutil.which(program):
            with Step(f"{packages[0]} (for the {which} tests)"):
                try:
                    apt(packages)
                except Failed as error:
                    print(f"note: the {which} tests will be skipped: {error}")


def test_models() -> None:
    """The models that only some scenes need; those that cannot be had here are done without, as are their tests."""
    for name in TEST_MODELS:
        with contextlib.suppress(Failed), Step(f"model {name}"):
            quiet([venv_python(), "main.py", "models", "--fetch", name])


def test_tensorflow() -> None:
    """TensorFlow in an environment of its own, as it must not share a process with OpenGL. Never fails, as above."""
    python, done = TEACH / "bin" / "python", TEACH / "complete"
    wanted = " ".join(TENSORFLOW)
    if sys.platform.startswith("linux") and not (done.is_file() and done.read_text(encoding="utf-8") == wanted):
        try:
            with Step("TensorFlow (for the teaching tests, 1.5 GB on the disk, once)"):
                quiet([venv_python(), "-m", "venv", "--clear", "--without-pip", str(TEACH)])
                quiet([venv_python(), "-m", "pip", "--python", str(python), "install", "--quiet", *TENSORFLOW])
                done.write_text(wanted, encoding="utf-8")
        except Failed as error:
            print(f"note: the teaching tests will be skipped: {error}")
    if done.is_file():
        os.environ.setdefault("PHOSPHENE_TENSORFLOW", str(python))


def check_code() -> int:
    """Style and types; 0 when both are clean."""
    failed = 0
    for what, arguments in (
        ("style", ["ruff", "check", "--quiet", "--output-format", "concise"]),
        ("layout", ["ruff", "format", "--check", "--quiet", "--output-format", "concise"]),
        ("types", ["mypy"]),
    ):
        try:
            with Step(what):
                quiet([venv_python(), "-m", *arguments])
        except Failed as error:
            failed = 1
            print(error)
    return failed


def pytest_arguments(rest: list[str]) -> list[str]:
    """pytest's arguments: the user's own, and as many workers as the machine has cores unless they say otherwise."""
    alone = any(a.startswith("-n") or a in ("--pdb", "-s") for a in rest)
    loudness = [] if any(a.startswith(("-q", "-v", "--verbose", "--quiet")) for a in rest) else ["-q"]
    return [*loudness, *([] if alone else ["-n", "auto", "--dist", "worksteal"]), *rest]


# ------------------------------------------------------------------------------------------------------------- helpers


def is_root() -> bool:
    """Whether this process may install packages."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def is_debian() -> bool:
    """Debian and its kin, by their package manager."""
    return shutil.which("apt-get") is not None


def apt(packages: list[str]) -> None:
    """Installs Debian packages where that is allowed, else says the one command."""
    command = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages]
    if not is_root():
        raise Failed(f"missing on this system: {' '.join(packages)}\n  next: sudo apt-get install {' '.join(packages)}")
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    try:
        quiet(command, env=env)
    except Failed:
        # A fresh machine has no package lists, an old one has lists of packages that are gone.
        quiet(["apt-get", "update", "--quiet"], env=env)
        quiet(command, env=env)


def venv_python_path(windows: bool = sys.platform == "win32") -> Path:
    """The environment's Python."""
    return VENV / "Scripts" / "python.exe" if windows else VENV / "bin" / "python"


def venv_python() -> str:
    """The environment's Python, as a command."""
    return str(venv_python_path())


class Step:
    """Prints what is being done, then how long it took."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.detail = ""

    def __enter__(self) -> "Step":
        self.start = time.monotonic()
        if sys.stdout.isatty():
            print("...  " + self.what, end="", flush=True)
        return self

    def __exit__(self, kind: "type[BaseException] | None", *_: object) -> None:
        mark = "ok " if kind is None else "no "
        start = "\r" if sys.stdout.isatty() else ""
        detail = ": " + self.detail if self.detail else ""
        print(f"{start}{mark}  {self.what}{detail} ({time.monotonic() - self.start:.1f} s)", flush=True)


class Soak:
    """Ten minutes of a show with faults, beside the tests: small and slow, it takes a sixth of a core."""

    def __enter__(self) -> "Soak":
        self.told = tempfile.TemporaryFile()
        command = [venv_python(), "main.py", *SOAK]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=self.told, stderr=subprocess.STDOUT)
        return self

    def end(self) -> int:
        """Waits for it and says what came of it; 0 where nothing was wrong."""
        with Step("soak") as step:
            code = self.process.wait()
            self.told.seek(0)
            lines = self.told.read().decode("utf-8", "replace").rstrip().splitlines()
            step.detail = lines[-1] if lines else "it said nothing"
        if code:
            print("\n".join(lines))
        return int(code != 0)

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.told.close()


def quiet(command: list[str], env: dict[str, str] | None = None) -> None:
    """Runs a command without a word; where it fails, says which and the end of what it printed."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        lines = done.stdout.decode("utf-8", "replace").rstrip().splitlines()[-TAIL_LINES:]
        raise Failed(
            f"failed (code {done.returncode}): {shlex.join(command)}\n" + "\n".join("  " + line for line in lines)
        )


def stream(command: list[str]) -> int:
    """Runs a command on this terminal; returns its exit code. Ctrl-C reaches it too, and it ends as it likes."""
    process = subprocess.Popen(command, cwd=ROOT)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
