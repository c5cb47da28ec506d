"""The virtual camera: our own writer on Linux, pyvirtualcam (an extra) on Windows and macOS."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from ..core.closing import Closing
from ..core.errors import SinkError
from ..core.frame import Pixels
from . import check_image
from .base import Sink

EXTRA = "pip install 'phosphene[virtual-camera]' (it brings pyvirtualcam, GPL-2.0)"
_OBS = "install OBS Studio 30 or newer, start it once, press 'Start Virtual Camera', then 'Stop Virtual Camera'"


def open_virtual_camera(device: str = "", *, size: tuple[int, int], fps: float) -> Sink:
    """The virtual camera of this system; `device` is its path (Linux) or name, empty for the first."""
    if sys.platform.startswith("linux"):
        from .v4l2 import V4l2Sink

        return V4l2Sink(device, size=size, fps=fps)
    return PyVirtualCamSink(device, size=size, fps=fps)


class PyVirtualCamSink(Closing):
    """Feeds the virtual camera of OBS through pyvirtualcam. Raises SinkError where one of them is missing."""

    alpha = False

    def __init__(self, device: str = "", *, size: tuple[int, int], fps: float) -> None:
        self.size = size
        self.frames = 0
        try:
            library: Any = importlib.import_module("pyvirtualcam")
        except ImportError as error:
            raise SinkError("the virtual camera needs pyvirtualcam", hint=f"{EXTRA}; then {_OBS}") from error
        try:
            self._camera: Any = library.Camera(
                width=size[0], height=size[1], fps=fps, fmt=library.PixelFormat.RGBA, device=device or None
            )
        except (RuntimeError, ValueError) as error:
            raise SinkError(f"no virtual camera found ({error})", hint=_OBS) from error
        self.device = str(self._camera.device)

    def write(self, image: Pixels, time_s: float) -> None:
        """Hands one image to whoever watches."""
        if self._camera is None:
            raise SinkError("is closed", where=self.device)
        check_image(image.shape, self.size)
        try:
            self._camera.send(image)
        except (RuntimeError, ValueError) as error:
            raise SinkError(f"the device accepts no more images ({error})", where=self.device, hint=_OBS) from error
        self.frames += 1

    def close(self) -> None:
        """Gives the camera back; harmless when called twice."""
        if self._camera is not None:
            self._camera.close()
            self._camera = None
