"""`phosphene doctor`: what this machine has, what it lacks, and what to do about it; one line each."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal

from ...core.places import CACHE_FOLDER, ROOT, cache_dir
from ...models import store as models
from ...models import tensorflow as tf_jobs
from ..options import add_effects, add_option
from ..output import emit
from . import devices as doctor_cameras
from . import effects as doctor_effects

NAME = "doctor"

Status = Literal["ok", "not ok", "note"]
OLDEST_PYTHON = (3, 11)
PROBE_TIMEOUT_S = 60.0
LITTLE_SPACE = 500e6
GL_HELP = {
    "linux": "install OpenGL: `apt install libegl1 libgl1 libgles2` (Debian, Ubuntu), "
    "`dnf install mesa-libEGL mesa-libGL` (Fedora), `pacman -S mesa libglvnd` (Arch)",
    "darwin": "OpenGL 4.1 is part of macOS; a session without a screen may offer none",
    "win32": "install the graphics card's own driver; a remote desktop may offer none",
}
# Two of these share one folder `cv2` and overwrite each other's files.
OPENCV = ("opencv-python", "opencv-contrib-python", "opencv-python-headless", "opencv-contrib-python-headless")


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: `not ok` needs doing something, a `note` is good to know; `next_step` may be empty."""

    name: str
    status: Status
    detail: str
    next_step: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.description = (
        "Looks at everything that Phosphene needs or can use: Python and packages, OpenGL, display, cameras, virtual "
        "cameras, models, encoders. Opens no camera and sends nothing. Exits with 1 if something needed is missing."
    )
    parser.add_argument(
        "--json",
        nargs="?",
        const="-",
        metavar="FILE",
        help="write the findings as JSON, to standard output without FILE",
    )
    add_effects(parser, "check the effects in a folder of your own too")
    wanted, rate = doctor_cameras.SIZE, doctor_cameras.FPS
    add_option(
        parser,
        "size",
        default=wanted,
        help=f"show which camera mode fits a show of this size (default: {wanted[0]}x{wanted[1]})",
    )
    add_option(parser, "fps", default=rate, help=f"and this rate (default: {rate:g})")


def run(args: argparse.Namespace) -> int:
    """Runs every check, prints one line each; 0 when nothing needed is missing, else 1."""
    asked: dict[Any, Callable[[], list[Check]]] = {
        cameras: partial(cameras, args.size, args.fps),
        user_folders: partial(user_folders, args.effects),
    }
    found = [finding for check in CHECKS for finding in asked.get(check, check)()]
    text = screen(found, colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ)
    emit([asdict(check) for check in found], args.json, text)
    return int(any(check.status == "not ok" for check in found))


def screen(found: Iterable[Check], *, colour: bool) -> str:
    """The findings as text: a line each, what to do below it where there is something."""
    found = list(found)
    paint = {"ok": "32", "not ok": "1;31", "note": "33"}
    lines = []
    for check in found:
        mark = f"{check.status:<6}"
        if colour:
            mark = f"\x1b[{paint[check.status]}m{mark}\x1b[0m"
        lines.append(f"{mark}  {check.name:<15} {check.detail}")
        if check.next_step:
            lines.append(f"{'':<24} next: {check.next_step}")
    bad = sum(check.status == "not ok" for check in found)
    lines.append("nothing is missing" if not bad else f"{bad} not ok")
    return "\n".join(lines)


def python() -> list[Check]:
    """The Python that runs this."""
    detail = f"{platform.python_version()} on {platform.system()} {platform.release()} {platform.machine()}"
    if sys.version_info[:2] < OLDEST_PYTHON:
        return [Check("Python", "not ok", detail, "install Python 3.11 or newer")]
    return [Check("Python", "ok", detail)]


def packages() -> list[Check]:
    """The versions of what is installed against those that will do, and that there is one OpenCV."""
    if not installed("packaging"):  # which reads the versions of the others
        return [Check("packages", "not ok", "packaging missing", f"{sys.executable} -m pip install packaging")]
    ranges = wanted_versions()
    wrong = {name: versions for name, versions in ranges.items() if not fits(installed(name), versions)}
    said = ", ".join(f"{name} {installed(name) or 'missing'} (needs {versions})" for name, versions in wrong.items())
    fix = f"{sys.executable} -m pip install " + " ".join(f'"{name}{versions}"' for name, versions in wrong.items())
    checks = [
        Check("packages", "not ok", said, fix)
        if wrong
        else Check("packages", "ok", f"{len(ranges)} in suitable versions" if ranges else "no list of packages found")
    ]
    opencv = [name for name in OPENCV if installed(name)]
    if len(opencv) > 1:
        keep = "opencv-contrib-python"
        rest = " ".join(opencv)
        again = f'pip uninstall {rest}, then pip install "{keep}{ranges.get(keep, "")}"'
        checks.append(Check("OpenCV", "not ok", f"{' and '.join(opencv)} overwrite each other", again))
    return checks


def wanted_versions() -> dict[str, str]:
    """Package -> versions that will do, of the core dependencies, from the installed metadata, else from the
    checkout."""
    try:
        lines = importlib.metadata.requires("phosphene") or []
    except importlib.metadata.PackageNotFoundError:
        import tomllib

        file = ROOT / "pyproject.toml"
        lines = tomllib.loads(file.read_text("utf-8"))["project"]["dependencies"] if file.is_file() else []
    return parse_ranges(lines)


def parse_ranges(lines: Iterable[str]) -> dict[str, str]:
    """Names and versions of the requirements without a marker; extras and other systems carry one."""
    from packaging.requirements import Requirement

    return {r.name: str(r.specifier) for r in map(Requirement, lines) if r.marker is None}


def fits(version: str, wanted: str) -> bool:
    """Whether a version is installed, and is one of those that are `wanted`."""
    from packaging.specifiers import SpecifierSet

    return bool(version) and SpecifierSet(wanted).contains(version, prereleases=True)


def installed(name: str) -> str:
    """The version of an installed package, an empty string where it is not there. Imports nothing of it."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def gl() -> list[Check]:
    """An OpenGL context, made in a process of its own."""
    found = probe("gl")
    if "error" in found:
        system = "linux" if sys.platform.startswith("linux") else sys.platform
        return [Check("OpenGL", "not ok", found["error"], GL_HELP.get(system, GL_HELP["linux"]))]
    detail = f"{found['version']}, {found['renderer']}"
    if found["software"]:
        return [Check("OpenGL", "ok", f"{detail}: software rendering on the processor, no graphics card in use")]
    return [Check("OpenGL", "ok", detail)]


def probe(what: str, timeout_s: float = PROBE_TIMEOUT_S) -> dict[str, Any]:
    """What engine/commands/doctor/driver_probe.py answers; a crash or a hang of a driver becomes an `error`."""
    command = [sys.executable, "-P", str(ROOT / "engine" / "commands" / "doctor" / "driver_probe.py"), what]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired:
        return {"error": f"no answer in {timeout_s:.0f} s"}
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        said = done.stderr.strip().splitlines()
        return {"error": f"crashed with code {done.returncode}" + (f": {said[-1]}" if said else "")}
    return answer


def display() -> list[Check]:
    """Whether a window can be opened."""
    if not sys.platform.startswith("linux"):
        return [Check("display", "ok", "the desktop's own")]
    for kind, variable in (("Wayland", "WAYLAND_DISPLAY"), ("X11", "DISPLAY")):
        if name := os.environ.get(variable):
            return [Check("display", "ok", f"{kind} {name}")]
    return [Check("display", "note", "no display found: windows cannot open, files and virtual cameras work")]


def cameras(wanted: tuple[int, int] = doctor_cameras.SIZE, fps: float = doctor_cameras.FPS) -> list[Check]:
    """The cameras by name, whether they may be opened, what they offer, and what is asked of them for `wanted`."""
    return [Check(*row) for row in doctor_cameras.cameras(size=wanted, fps=fps)]


def virtual_cameras() -> list[Check]:
    """The virtual camera that other programs can see."""
    rows = [*doctor_cameras.virtual_cameras(bool(installed("pyvirtualcam"))), *doctor_cameras.pipewire()]
    return [Check(*row) for row in rows]


def tracker_models() -> list[Check]:
    """The models; those that are optional only where they are damaged."""
    states = {name: models.state(name) for name in models.MODELS}
    checks = []
    for name, model in models.MODELS.items():
        state = states[name]
        if not state.ready and (model.default or state.problem != models.NOT_FETCHED):
            fix = f"phosphene models --fetch {name}"
            checks.append(Check("model", "not ok", f"{name}: {state.problem} ({state.path})", fix))
    if not checks:
        ready = [name for name, state in states.items() if state.ready]
        checks.append(Check("models", "ok", f"{len(ready)} ready: {', '.join(ready)}"))
    return checks


def encoders() -> list[Check]:
    """What video files can be written."""
    found = probe("av")
    fix = f'{sys.executable} -m pip install --force-reinstall "av{wanted_versions().get("av", "")}"'
    if "error" in found:
        return [Check("video files", "not ok", found["error"], fix)]
    names = found["encoders"]
    if "libx264" not in names:
        return [Check("video files", "not ok", f"PyAV {found['version']} without H.264: {', '.join(names)}", fix)]
    return [Check("video files", "ok", f"PyAV {found['version']}: {', '.join(names)}")]


def extras() -> list[Check]:
    """What is not needed: TensorFlow, which only teaching uses and which is never imported here."""
    version = installed("tensorflow") or installed("tensorflow-cpu")
    if named := os.environ.get(tf_jobs.INTERPRETER):
        if tf_jobs.interpreter():
            return [Check("TensorFlow", "ok", f"{named} is used for teaching and converting")]
        fix = f"set {tf_jobs.INTERPRETER} to the python of an environment that has TensorFlow, or unset it"
        return [Check("TensorFlow", "note", f"{tf_jobs.INTERPRETER} names {named}, which does not exist", fix)]
    if version:
        return [Check("TensorFlow", "ok", version)]
    return [
        Check(
            "TensorFlow",
            "note",
            "not installed; only needed to train networks and convert models (2 GB): extra `teach`",
        )
    ]


def user_folders(folders: Sequence[str] = ()) -> list[Check]:
    """Where the user's own effects are looked for, and which of them, or of installed packages, are broken."""
    return [Check(*row) for row in doctor_effects.rows(folders)]


def disk() -> list[Check]:
    """Room in the cache."""
    folder = cache_dir()
    there = next(place for place in (folder, *folder.parents) if os.path.exists(place))  # noqa: PTH110 (raises for nothing)
    free = shutil.disk_usage(there).free
    detail = f"{folder}, {free / 1e9:.1f} GB free"
    if not os.access(there, os.W_OK):
        return [Check("cache", "not ok", f"{detail}, not writable", f"set {CACHE_FOLDER} to a writable folder")]
    if free < LITTLE_SPACE:
        return [Check("cache", "note", detail, f"free some space, or set {CACHE_FOLDER} to another disk")]
    return [Check("cache", "ok", detail)]


CHECKS: tuple[Callable[[], list[Check]], ...] = (
    python,
    packages,
    gl,
    display,
    cameras,
    virtual_cameras,
    tracker_models,
    encoders,
    extras,
    user_folders,
    disk,
)
