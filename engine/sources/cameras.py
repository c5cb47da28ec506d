"""Which cameras this machine has, read from sysfs (Linux); no device is opened and nothing heavy imported."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

SYSFS = Path("/sys/class/video4linux")
BY_ID = Path("/dev/v4l/by-id")


class CameraInfo(NamedTuple):
    """A video device: its path, what it calls itself, whether it is virtual, and the place where it is plugged in."""

    path: str
    name: str
    virtual: bool
    place: str = ""


class Identity(NamedTuple):
    """What a camera is known by when it comes back, perhaps under another number.

    `link` is its name in /dev/v4l/by-id, which has the serial number; `twins` are the places of others of that name.
    """

    path: int | str
    name: str = ""
    place: str = ""
    link: str = ""
    twins: tuple[str, ...] = ()


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
        if index == "0":  # further nodes of one camera carry metadata, not images
            place = str((entry / "device").resolve()) if (entry / "device").exists() else ""
            found.append(CameraInfo(f"/dev/{entry.name}", name, "/virtual/" in str(entry.resolve()), place))
    return found


def list_cameras() -> list[CameraInfo]:
    """The devices that may be cameras, real ones first."""
    return sorted(list_devices(), key=lambda camera: camera.virtual)


def identify(device: int | str) -> Identity:
    """What `device`, a number or a path, is known by; only its path where the system tells nothing of it."""
    if not SYSFS.is_dir():
        return Identity(device)
    path = os.path.realpath(f"/dev/video{device}" if isinstance(device, int) else device)
    devices = list_devices()
    own = next((camera for camera in devices if camera.path == path), None)
    if own is None:
        return Identity(path)
    links = sorted(BY_ID.iterdir()) if BY_ID.is_dir() else []
    link = next((str(link) for link in links if os.path.realpath(link) == path), "")
    twins = tuple(camera.place for camera in devices if camera.name == own.name and camera.path != path)
    return Identity(path, own.name, own.place, link, twins)


def find(camera: Identity) -> int | str | None:
    """Where that camera is now, None where it is not plugged in.

    The same place counts most, as cameras without a serial number share one link; then the link; then what alone is
    called so. One that was plugged in beside it from the start is never taken for it.
    """
    if not camera.name:
        return camera.path if isinstance(camera.path, int) or os.path.exists(camera.path) else None  # noqa: PTH110
    called = [found for found in list_devices() if found.name == camera.name]
    here = [found for found in called if found.place and found.place == camera.place]
    new = [found for found in called if found.place not in camera.twins or (not found.place and len(called) == 1)]
    linked = [found for found in new if camera.link and os.path.realpath(camera.link) == found.path]
    return next((found[0].path for found in (here, linked, new) if len(found) == 1), None)
