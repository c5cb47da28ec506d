"""The window: presents images, reads keys. It owns the GL context, so that nothing is copied to be shown."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, cast

import glfw
import moderngl
import numpy as np

from ..core.closing import Closing
from ..core.errors import GpuError, SinkError
from ..core.frame import Pixels
from ..effect.shapes import Box, Label, Shape
from ..renderer.gpu import Gpu
from ..renderer.native_gl import NO_GL
from ..renderer.renderer import Renderer
from ..renderer.targets import Target
from . import check_image

KEYS = {
    "Esc, Q": "quit",
    "F, F11": "full screen",
    "?": "show or hide this list",
    "N, P, 1…9": "next scene, the one before, one by its number",
    "T, 0": "tap the beat; go back to that of the sound",
    "others": "held keys are signals: Space is key.space, 1 is key.1",
}

BUTTONS = {
    "mouse.left": glfw.MOUSE_BUTTON_LEFT,
    "mouse.middle": glfw.MOUSE_BUTTON_MIDDLE,
    "mouse.right": glfw.MOUSE_BUTTON_RIGHT,
}


class WindowSink(Closing):
    """A window of the images' `size` (width, height) that can be resized; the image keeps its shape.

    It presents what is drawn in its own context, `gpu`, and is used in the thread that opened it; on macOS and Windows
    that is the main thread. Raises SinkError where no window can be opened, and GpuError where it has no OpenGL 3.3.
    """

    alpha = False

    def __init__(self, rest: str = "", *, size: tuple[int, int], fps: float = 0.0) -> None:
        self.size, self.fps = size, fps
        self.held: set[str] = set()  # the names of the keys that are down
        self._pressed: list[str] = []
        self._help_shown = False
        self._written: Target | None = None  # holds the pixels that are written
        self._errors: list[str] = []
        self._closed = False
        self._windowed: tuple[int, int, int, int] | None = None
        glfw.set_error_callback(self._on_error)
        if not glfw.init():
            raise SinkError(
                f"no window can be opened: {self._why()}",
                where="window",
                hint="on a machine without a screen write a file: --output out.mp4",
            )
        glfw.window_hint(glfw.CONTEXT_VERSION_MAJOR, 3)
        glfw.window_hint(glfw.CONTEXT_VERSION_MINOR, 3)
        glfw.window_hint(glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE)
        glfw.window_hint(glfw.OPENGL_FORWARD_COMPAT, True)
        glfw.window_hint_string(glfw.WAYLAND_APP_ID, "phosphene")
        self._window: Any = glfw.create_window(*fitting(size), "Phosphene", None, None)
        if not self._window:
            glfw.terminate()
            raise GpuError(f"no window with OpenGL 3.3: {self._why()}", hint=NO_GL)
        glfw.make_context_current(self._window)
        glfw.swap_interval(1)
        glfw.set_key_callback(self._window, self._on_key)
        glfw.set_char_callback(self._window, self._on_char)
        glfw.set_window_focus_callback(self._window, self._on_focus)
        try:
            self.gpu = Gpu(moderngl.create_context(require=330))
        except Exception as error:
            self.close()
            raise GpuError(f"no OpenGL 3.3 in the window: {error}", hint=NO_GL) from error

    def _on_error(self, code: int, text: Any) -> None:
        reason = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
        self._errors.append(f"{reason} ({code})")

    def _why(self) -> str:
        return self._errors[-1] if self._errors else "no reason given"

    def _on_key(self, window: Any, key: int, scancode: int, action: int, modifiers: int) -> None:
        name = key_name(key, scancode)
        if action == glfw.PRESS:
            if key == glfw.KEY_ESCAPE or name == "q":
                glfw.set_window_should_close(window, True)
            elif key == glfw.KEY_F11 or name == "f":
                self.toggle_fullscreen()
            elif name:
                self.held.add(name)
                self._pressed.append(name)
        elif action == glfw.RELEASE and name:
            self.held.discard(name)

    def _on_char(self, window: Any, code: int) -> None:
        if chr(code) == "?":
            self._help_shown = not self._help_shown

    def _on_focus(self, window: Any, focused: int) -> None:
        if not focused:
            self.held.clear()  # the release of a key that was held meanwhile would never be seen

    def pressed(self) -> list[str]:
        """The keys that went down since the last call, however short."""
        pressed, self._pressed = self._pressed, []
        return pressed

    @property
    def mouse(self) -> dict[str, float]:
        """The signals of the mouse: where it is over the image, held to 0..1, and which buttons are down."""
        size = glfw.get_window_size(self._window)
        left, top, width, height = letterbox(self.size, (max(1, size[0]), max(1, size[1])))
        x, y = glfw.get_cursor_pos(self._window)
        return {
            "mouse.x": min(max((x - left) / width, 0.0), 1.0),
            "mouse.y": min(max((y - top) / height, 0.0), 1.0),
            **{name: float(glfw.get_mouse_button(self._window, button)) for name, button in BUTTONS.items()},
        }

    def toggle_fullscreen(self) -> None:
        """Full screen on the monitor that the window is on most, and back."""
        if self._windowed is not None:
            glfw.set_window_monitor(self._window, cast(Any, None), *self._windowed, glfw.DONT_CARE)
            self._windowed = None
            return
        monitor = glfw.get_primary_monitor()
        if not monitor:
            return
        self._windowed = (*glfw.get_window_pos(self._window), *glfw.get_window_size(self._window))
        mode = glfw.get_video_mode(monitor)
        glfw.set_window_monitor(self._window, monitor, 0, 0, mode.size.width, mode.size.height, mode.refresh_rate)

    def rename(self, title: str) -> None:
        """Writes another title over the window."""
        glfw.set_window_title(self._window, title)

    def present(self, image: Renderer, over: Sequence[Shape] = ()) -> bool:
        """Shows the canvas of `image`, with the list of keys or the shapes `over` drawn on top of it; returns False
        once the window was closed."""
        if shapes := help_shapes(image.size) if self._help_shown else over:
            image.overlay.draw(shapes, image.canvas.framebuffer)
        return self._show(image.canvas.framebuffer)

    def write(self, image: Pixels, time_s: float) -> None:
        """Shows pixels that were drawn elsewhere. Raises SinkError once the window was closed."""
        check_image(image.shape, self.size)
        if self._written is None:
            self._written = Target(self.gpu, self.size)
        self._written.texture.write(np.ascontiguousarray(image))
        if not self._show(self._written.framebuffer):
            raise SinkError("the window was closed", where="window")

    def _show(self, image: moderngl.Framebuffer) -> bool:
        size = glfw.get_framebuffer_size(self._window)
        if all(size):
            self.gpu.present(image, letterbox((image.width, image.height), size), size)
            glfw.swap_buffers(self._window)
        glfw.poll_events()
        return not glfw.window_should_close(self._window)

    def close(self) -> None:
        """Closes the window; harmless when called twice."""
        if not self._closed:
            self._closed = True
            if self._written is not None:
                self._written.release()
            glfw.destroy_window(self._window)
            glfw.terminate()


def fitting(size: tuple[int, int]) -> tuple[int, int]:
    """A window size with the image's shape that fits the screen."""
    monitor = glfw.get_primary_monitor()
    if not monitor:
        return size
    _, _, width, height = glfw.get_monitor_workarea(monitor)
    scale = min(1.0, 0.95 * width / size[0], 0.9 * height / size[1]) if width and height else 1.0
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def letterbox(image: tuple[int, int], window: tuple[int, int]) -> tuple[int, int, int, int]:
    """(left, bottom, width, height) of an image that fills a window as far as its shape allows."""
    scale = min(window[0] / image[0], window[1] / image[1])
    width, height = max(1, round(image[0] * scale)), max(1, round(image[1] * scale))
    return (window[0] - width) // 2, (window[1] - height) // 2, width, height


def key_name(key: int, scancode: int) -> str:
    """A key's name in signals: the letter or digit that the user's layout has there, else `space`, `enter`, `f1`, …"""
    special = {
        glfw.KEY_SPACE: "space",
        glfw.KEY_ENTER: "enter",
        glfw.KEY_TAB: "tab",
        glfw.KEY_UP: "up",
        glfw.KEY_DOWN: "down",
        glfw.KEY_LEFT: "left",
        glfw.KEY_RIGHT: "right",
    }
    if key in special:
        return special[key]
    if glfw.KEY_F1 <= key <= glfw.KEY_F25:
        return f"f{key - glfw.KEY_F1 + 1}"
    return (glfw.get_key_name(key, scancode) or "").lower()


def help_shapes(size: tuple[int, int]) -> list[Shape]:
    """The list of keys, over the image."""
    size_px = max(12.0, size[1] / 28)
    lines = len(KEYS)
    left, top = 0.05, 0.06
    height = (lines + 1) * size_px * 1.35 / size[1]
    shapes: list[Shape] = [Box((left - 0.02, top - 0.03), (0.95, top + height), "#0a0e18e0", size_px / 2)]
    column = left + 6.5 * size_px / size[0]
    for row, (key, what) in enumerate(KEYS.items()):
        y = top + row * size_px * 1.35 / size[1]
        shapes.append(Label(key, (left, y), size_px, "#ffd166", outline=None, bold=True))
        shapes.append(Label(what, (column, y), size_px, "#ffffff", outline=None))
    return shapes


def display_present() -> bool:
    """Whether there is a screen to open a window on."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
