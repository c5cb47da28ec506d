"""The screen as a source, through mss (an extra)."""

from __future__ import annotations

import time
from typing import Any, Self

import numpy as np

from engine.data import Pixels
from engine.errors import SourceError
from engine.sources.newest import NewestSource

EXTRA = "pip install 'phosphene[screen]' (it brings mss)"


class ScreenSource(NewestSource):
    """Gives what a monitor shows, `fps` (30) times a second; `monitor` counts from 1, 0 is all of them together.

    Raises SourceError where the extra, the screen or the monitor is missing.
    """

    def __init__(self, monitor: int = 1, *, size: tuple[int, int] | None = None, fps: float | None = None) -> None:
        try:
            import mss
        except ImportError as error:
            raise SourceError("the screen needs mss", hint=EXTRA) from error
        self._mss: Any = mss
        self.where, self.monitor = f"screen {monitor}", monitor
        try:
            with mss.MSS() as grabber:
                monitors = grabber.monitors
                shot = grabber.grab(monitors[monitor]) if monitor < len(monitors) else None
        except Exception as error:
            hint = "is there a screen? On Wayland screens can be taken only through X11 programs"
            raise SourceError(f"the screen cannot be taken ({error})", where=self.where, hint=hint) from error
        if shot is None:
            raise SourceError(
                f"there is no monitor {monitor}", where=self.where, hint=f"there are {len(monitors) - 1}: screen:1 …"
            )
        super().__init__(size or (shot.width, shot.height), fps or 30.0)
        self.begin()

    @classmethod
    def from_spec(cls, rest: str, *, size: tuple[int, int] | None, fps: float | None) -> Self:
        """`rest` is empty or the monitor's number."""
        if rest and not rest.isdecimal():
            raise SourceError(f"'{rest}' is no monitor's number", hint="write screen, screen:1, or screen:0 for all")
        return cls(int(rest or 1), size=size, fps=fps)

    def drain(self) -> None:
        """Grabs until the source is closed. The grabber belongs to this thread."""
        due = time.perf_counter()
        with self._mss.MSS() as grabber:
            while not self.ended.wait(max(0.0, due - time.perf_counter())):
                due = max(due + 1 / (self.fps or 30.0), time.perf_counter() - 1.0)
                try:
                    shot = grabber.grab(grabber.monitors[self.monitor])
                except Exception as error:  # noqa: BLE001 (as above; a monitor may be unplugged)
                    self.fail(f"the screen cannot be taken ({error})")
                    self.ended.wait(1.0)
                    continue
                bgra = np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)
                rgb: Pixels = np.ascontiguousarray(bgra[..., 2::-1])
                self.deliver(rgb)
