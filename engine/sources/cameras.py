"""Which cameras this machine has, read from sysfs (Linux); no device is opened and nothing heavy imported."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

SYSFS = Path("/sys/class/video4linux")
_BY_ID = Path("/dev/v4l/by-id")
_BY_PATH = Path("/dev/v4l/by-path")


class CameraInfo(NamedTuple):
    """A video device: its path, what it calls itself, and whether it is virtual (a loopback)."""

    path: str
    name: str
    virtual: bool


def list_devices() -> list[CameraInfo]:
    """Every video device by number, cameras and loopbacks; empty where there is none or this is not Linux."""
    if not SYSFS.is_dir():
        return []
    found = []
    for entry in sorted(SYSFS.glob("video*"), key=lambda p: int(re.sub(r"\D", "", p.name) or 0)):
        try:
            name = (entry / "name").read_text().strip()
            index = (entry / "index").read_text().strip() if (entry / "index").exists() else "0"
        except OSError:
            continue  # unplugged while looking
        if index == "0":  # further nodes of one camera carry metadata, not pictures
            found.append(CameraInfo(f"/dev/{entry.name}", name, "/virtual/" in str(entry.resolve())))
    return found


def list_cameras() -> list[CameraInfo]:
    """The devices that may be cameras, real ones first."""
    return sorted(list_devices(), key=lambda camera: camera.virtual)


def stable_path(device: int | str) -> int | str:
    """The name under which `device` is found again after unplugging: its by-id or by-path link where it has one."""
    number = device if isinstance(device, int) else None
    path = Path(f"/dev/video{device}" if number is not None else str(device))
    if not path.exists():
        return device
    for folder in (_BY_ID, _BY_PATH):
        if folder.is_dir():
            for link in sorted(folder.iterdir()):
                if link.resolve() == path.resolve() and link.name.endswith("index0"):
                    return str(link)
    return str(path)
