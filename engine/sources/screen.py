"""The screen as a source, through mss (an extra)."""

from __future__ import annotations

import re
import time
from typing import Any, Self

import numpy as np

from ..core.errors import SourceError
from ..core.frame import Pixels
from .polled import PolledSource

EXTRA = "pip install 'phosphene[screen]' (it brings mss)"
_SPEC = re.compile(r"(\d*)(?:@(\d+)x(\d+)\+(\d+)\+(\d+))?$")


class ScreenSource(PolledSource):
    """Gives what a monitor shows, `fps` (30) times a second; `monitor` counts from 1, 0 is all of them together.

    `region` is a part of it: left, top, width and height in its pixels.

    Raises SourceError where the extra, the screen or the monitor is missing.
    """

    def __init__(
        self,
        monitor: int = 1,
        *,
        region: tuple[int, int, int, int] | None = None,
        size: tuple[int, int] | None = None,
        fps: float | None = None,
    ) -> None:
        try:
            import mss
        except ImportError as error:
            raise SourceError("screen capture needs mss", hint=EXTRA) from error
        self._mss: Any = mss
        self.where, self.monitor, self.region = f"screen {monitor}", monitor, region
        try:
            with mss.MSS() as grabber:
                monitors = grabber.monitors
                shot = grabber.grab(self._part(monitors[monitor])) if monitor < len(monitors) else None
        except SourceError:
            raise
        except Exception as error:
            hint = "check that there is a screen; on Wayland only X11 programs can be captured"
            raise SourceError(f"the screen cannot be captured ({error})", where=self.where, hint=hint) from error
        if shot is None:
            raise SourceError(
                f"monitor {monitor} not found", where=self.where, hint=f"{len(monitors) - 1} found: screen:1 …"
            )
        super().__init__(size or (shot.width, shot.height), fps or 30.0)
        self.begin()

    @classmethod
    def from_spec(cls, rest: str, *, size: tuple[int, int] | None, fps: float | None) -> Self:
        """`rest` is empty or the monitor's number, and a part of it as WIDTHxHEIGHT+LEFT+TOP after @."""
        found = _SPEC.match(rest)
        if not found:
            raise SourceError(
                f"'{rest}' is not a monitor number",
                hint="write screen, screen:1, screen:0 for all, or a part of one: screen:1@640x480+100+50",
            )
        monitor, width, height, left, top = found.groups()
        region = (int(left), int(top), int(width), int(height)) if width else None
        return cls(int(monitor or 1), region=region, size=size, fps=fps)

    def _part(self, monitor: dict[str, Any]) -> dict[str, Any]:
        """The wanted part of a monitor, which must lie on it."""
        if self.region is None:
            return monitor
        left, top, width, height = self.region
        if not width or not height or left + width > monitor["width"] or top + height > monitor["height"]:
            raise SourceError(
                f"{width}x{height}+{left}+{top} is not on the monitor",
                where=self.where,
                hint=f"it has {monitor['width']}x{monitor['height']} pixels",
            )
        return {"left": monitor["left"] + left, "top": monitor["top"] + top, "width": width, "height": height}

    def drain(self) -> None:
        """Grabs until the source is closed. The grabber belongs to this thread."""
        due = time.perf_counter()
        with self._mss.MSS() as grabber:
            while not self.ended.wait(max(0.0, due - time.perf_counter())):
                due = max(due + 1 / (self.fps or 30.0), time.perf_counter() - 1.0)
                try:
                    shot = grabber.grab(self._part(grabber.monitors[self.monitor]))
                except Exception as error:  # noqa: BLE001 (as above; a monitor may be unplugged)
                    self.fail(f"the screen cannot be captured ({error})")
                    self.ended.wait(1.0)
                    continue
                bgra = np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)
                rgb: Pixels = np.ascontiguousarray(bgra[..., 2::-1])
                self.deliver(rgb)
