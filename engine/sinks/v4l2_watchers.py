"""Whether a program reads a loopback device: v4l2loopback 0.13 and newer say it, else /proc is looked through."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from ..sources import v4l2_api as api

_PROC = Path("/proc")
_EVERY_S = 1.0  # how often /proc is looked through


class Watchers:
    """Counts the readers of `device`; `descriptor` is the writer's, which must stay open."""

    def __init__(self, descriptor: int, device: str) -> None:
        self._descriptor, self._device = descriptor, device
        self._watched = False
        self._looked_s = 0.0
        try:
            api.ioctl(descriptor, api.SUBSCRIBE_EVENT, api.make_subscription(api.CLIENT_USAGE))
            self.driver_reports = True
        except OSError:
            self.driver_reports = False  # a driver before 0.13 knows no such event

    @property
    def watched(self) -> bool:
        """Whether somebody reads at the moment (by /proc: has the device open, up to a second ago)."""
        if self.driver_reports:
            self._take_events()
        elif time.monotonic() - self._looked_s >= _EVERY_S:
            self._watched = opened_by_others(self._device)
            self._looked_s = time.monotonic()
        return self._watched

    def _take_events(self) -> None:
        """Reads what the driver has reported since the last time; the newest counts."""
        with contextlib.suppress(OSError):  # no event is left
            while True:
                event = api.ioctl(self._descriptor, api.DQEVENT, bytearray(api.EVENT_SIZE))
                kind, count = api.read_event(event)
                if kind == api.CLIENT_USAGE:
                    self._watched = count > 0


def opened_by_others(device: str, proc: Path = _PROC) -> bool:
    """Whether another process (of those that may be looked into) has `device` open."""
    own, target = str(os.getpid()), os.path.realpath(device)
    for process in proc.iterdir():
        if not process.name.isdecimal() or process.name == own:
            continue
        try:
            opened = list((process / "fd").iterdir())
        except OSError:
            continue  # ended meanwhile, or another user's
        for descriptor in opened:
            with contextlib.suppress(OSError):
                if os.readlink(descriptor) == target:  # noqa: PTH115 (a text, not a path, is compared)
                    return True
    return False
