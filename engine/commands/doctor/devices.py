"""Cameras and virtual cameras as the system lists them: nothing is switched on, and no camera library is loaded."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...sinks.pipewire_api import PIPEWIRE_HELP, PIPEWIRE_START
from ...sources import v4l2_api
from ...sources.camera_formats import Offer, choose, list_offers, summary

Row = tuple[str, Literal["ok", "not ok", "note"], str, str]

SYSFS = Path("/sys/class/video4linux")
DEV = Path("/dev")
LIST_TIMEOUT_S = 20.0
SIZE, FPS = (1280, 720), 30.0  # what a show asks for by default
LOOPBACK_DRIVER = "v4l2 loopback"
LOOPBACK_HELP = (
    "sudo apt install v4l2loopback-dkms && sudo modprobe v4l2loopback exclusive_caps=1 card_label=Phosphene "
    "(Fedora, Arch: package v4l2loopback)"
)
OBS_PLACES = {
    "win32": (Path("C:/Program Files/obs-studio"),),
    "darwin": (Path("/Applications/OBS.app"), Path.home() / "Applications" / "OBS.app"),
}


@dataclass(frozen=True, slots=True)
class Device:
    """One V4L2 node. Where it cannot be opened, `problem` says why, and nothing more is known than its name."""

    path: Path
    name: str
    driver: str = ""
    captures: bool = False
    takes: bool = False
    problem: str = ""
    forbidden: bool = False

    @property
    def loopback(self) -> bool:
        """Whether it is a virtual camera."""
        return self.driver == LOOPBACK_DRIVER


def v4l2_devices(sysfs: Path = SYSFS, dev: Path = DEV) -> list[Device]:
    """The V4L2 nodes in the order of their numbers; asks each driver what it is, which starts no stream."""
    if not sysfs.is_dir():
        return []
    nodes = [node for node in sysfs.iterdir() if node.name.removeprefix("video").isdigit()]
    return [_device(node, dev / node.name) for node in sorted(nodes, key=lambda n: int(n.name.removeprefix("video")))]


def _device(node: Path, path: Path) -> Device:
    try:
        name = (node / "name").read_text("utf-8", "replace").strip()
    except OSError:
        name = node.name
    try:
        handle = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except PermissionError as error:
        return Device(path, name, problem=str(error), forbidden=True)
    except OSError as error:
        return Device(path, name, problem=error.strerror or str(error))
    try:
        found = v4l2_api.query(handle)
    except OSError as error:
        return Device(path, name, problem=error.strerror or str(error))
    finally:
        os.close(handle)
    return Device(path, found.card or name, found.driver, found.captures, found.takes)


def cameras(platform: str = sys.platform, *, size: tuple[int, int] = SIZE, fps: float = FPS) -> list[Row]:
    """The rows on cameras, and what is asked of each to get `size` at `fps`. None is a note: files need none."""
    if platform.startswith("linux"):
        return linux_cameras(v4l2_devices(), size=size, fps=fps)
    names = macos_names() if platform == "darwin" else windows_names()
    if names is None:
        return [("cameras", "note", "the system's list of cameras cannot be read", "")]
    if not names:
        return [("cameras", "note", "no camera found; files and the demo need none", "")]
    return [("cameras", "ok", ", ".join(names), "")]


def linux_cameras(devices: list[Device], *, size: tuple[int, int] = SIZE, fps: float = FPS) -> list[Row]:
    """The rows on V4L2 cameras; nodes that carry only metadata are left out."""
    rows: list[Row] = []
    for device in devices:
        if device.forbidden:
            fix = f"sudo usermod -aG video {os.environ.get('USER', '$USER')}, then log in again"
            rows.append(("camera", "not ok", f"{device.path} {device.name}: no permission to open it", fix))
        elif device.problem:
            rows.append(("camera", "note", f"{device.path} {device.name}: {device.problem}", ""))
        elif device.captures and not device.loopback:
            rows.append(("camera", "ok", f"{device.path} {device.name}", ""))
            rows += camera_formats_rows(list_offers(str(device.path)), size, fps)
    return rows or [("cameras", "note", "no camera found; files and the demo need none", "")]


def camera_formats_rows(offers: list[Offer], size: tuple[int, int], fps: float) -> list[Row]:
    """What a camera offers, and what is asked of it; nothing where it does not say."""
    if not offers:
        return []
    found = choose(offers, size, fps)
    if found is None:
        return [("camera formats", "not ok", summary(offers), "")]
    rows: list[Row] = [("camera formats", "ok", summary(offers), "")]
    return [*rows, ("camera mode", "ok", f"{found[0]} for {size[0]}x{size[1]} at {fps:g}: {found[1]}", "")]


def macos_names() -> list[str] | None:
    """The cameras' names, None where the system's own lister does not answer."""
    answer = _listed(["system_profiler", "SPCameraDataType", "-json"])
    if answer is None:
        return None
    return [entry["_name"] for entry in json.loads(answer).get("SPCameraDataType", [])]


def windows_names() -> list[str] | None:
    """The cameras' names, None where the system's own lister does not answer."""
    ask = "Get-PnpDevice -PresentOnly -Class Camera,Image -ErrorAction SilentlyContinue | ForEach-Object FriendlyName"
    answer = _listed(["powershell", "-NoProfile", "-NonInteractive", "-Command", ask])
    if answer is None:
        return None
    return [line.strip() for line in answer.splitlines() if line.strip()]


def _listed(command: list[str]) -> str | None:
    if not shutil.which(command[0]):
        return None
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIST_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def virtual_cameras(pyvirtualcam: bool, platform: str = sys.platform) -> list[Row]:
    """The row on virtual cameras; `pyvirtualcam`: that package is installed, which Windows and macOS use."""
    if platform.startswith("linux"):
        found = [f"{device.path} {device.name}" for device in v4l2_devices() if device.loopback]
        if found:
            return [("virtual camera", "ok", ", ".join(found), "")]
        return [("virtual camera", "note", "no v4l2loopback device; needed only to appear in calls", LOOPBACK_HELP)]
    if not any(place.exists() for place in OBS_PLACES.get(platform, ())):
        step = "install OBS Studio 30 or newer, start it once, and start and stop its virtual camera"
        return [("virtual camera", "note", "OBS Studio not found; it provides the device", step)]
    if not pyvirtualcam:
        step = f"{sys.executable} -m pip install pyvirtualcam==0.15.0 (GPL-2.0)"
        return [("virtual camera", "note", "the extra `virtual-camera` is not installed", step)]
    return [("virtual camera", "ok", "OBS Virtual Camera through pyvirtualcam", "")]


def pipewire(platform: str = sys.platform) -> list[Row]:
    """The row on the PipeWire camera, which only Linux has."""
    if not platform.startswith("linux"):
        return []
    from ...sinks import pipewire_api

    try:
        version = pipewire_api.load().pw_get_library_version().decode("ascii", "replace")
    except OSError as error:
        return [("PipeWire camera", "note", f"library not found ({error})", PIPEWIRE_HELP)]
    place = pipewire_socket()
    if not answers(place):
        return [("PipeWire camera", "note", f"libpipewire {version}, but no daemon answers at {place}", PIPEWIRE_START)]
    return [("PipeWire camera", "ok", f"libpipewire {version}: --output pipewire", "")]


def pipewire_socket() -> Path:
    """Where the daemon listens, by the variables that the library itself reads."""
    remote = Path(os.environ.get("PIPEWIRE_REMOTE", "pipewire-0"))
    runtime = os.environ.get("PIPEWIRE_RUNTIME_DIR") or os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    return Path(runtime) / remote


def answers(path: Path) -> bool:
    """Whether something listens at a local socket."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
    except OSError:
        return False
    return True
