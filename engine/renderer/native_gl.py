"""Contexts without a window, and the calls of OpenGL that moderngl does not offer."""

from __future__ import annotations

import ctypes.util
import sys
from typing import Any

import moderngl

from ..core.errors import GpuError

NO_GL = (
    "install OpenGL: `apt install libegl1 libgl1 libgles2` (Debian, Ubuntu), `dnf install mesa-libEGL mesa-libGL` "
    "(Fedora); `phosphene doctor` tells more"
)


def headless_context() -> moderngl.Context:
    """A context without a window. Raises GpuError."""
    options: dict[str, Any] = {"backend": "egl"} if sys.platform.startswith("linux") else {}
    try:
        return moderngl.create_context(standalone=True, require=330, **options)
    except Exception as error:
        raise GpuError(f"no OpenGL 3.3 context: {error}", hint=NO_GL) from error


def leave_thread() -> None:
    """Lets go of the context that is current in this thread. EGL keeps it that long, released or not, and all of its
    memory for ever where the thread ends before."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL("libEGL.so.1").eglReleaseThread()


def native_gl() -> Any:
    """The system's GL library, for the calls that moderngl lacks or makes without releasing the interpreter's lock."""
    if sys.platform == "win32":
        return ctypes.WinDLL("opengl32")  # type: ignore[attr-defined,unused-ignore]
    if sys.platform == "darwin":
        return ctypes.CDLL("/System/Library/Frameworks/OpenGL.framework/OpenGL")
    for name in ("libGL.so.1", "libOpenGL.so.0", ctypes.util.find_library("GL")):
        if name:
            try:
                return ctypes.CDLL(name)
            except OSError:
                continue
    raise GpuError("no OpenGL library", hint=NO_GL)
