"""The GL context and every object made in it, each counted until it is released."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import moderngl

from ..core.errors import GpuError, GpuLost
from .native_gl import headless_context, leave_thread, native_gl

if TYPE_CHECKING:
    from .effect_runner import EffectRunner


SRGB8_ALPHA8 = 0x8C43
FRAMEBUFFER_SRGB = 0x8DB9
COLOR_BUFFER_BIT, DEPTH_BUFFER_BIT = 0x4000, 0x100
READ_FRAMEBUFFER, DRAW_FRAMEBUFFER = 0x8CA8, 0x8CA9
NEAREST, LINEAR = 0x2600, 0x2601
SOFTWARE = ("llvmpipe", "softpipe", "swrast", "software", "swiftshader", "gdi generic", "basic render")


class Watch(Protocol):
    """Sees an effect that never comes back from its work. A show that runs has one."""

    def over(self, runner: EffectRunner) -> AbstractContextManager[None]:
        """While the effect of `runner` is at work."""


class Gpu:
    """Owns a context and counts what is made in it. Use it from the one thread that made it."""

    def __init__(self, context: moderngl.Context, another: Callable[[], moderngl.Context] | None = None) -> None:
        self._another = another
        self._live: set[int] = set()
        self.watchdog: Watch | None = None  # of a running show: sees an effect that never comes back
        self._native = native_gl()
        self._begin(context)

    def _begin(self, context: moderngl.Context) -> None:
        self.context = context
        self._witness = context.texture((1, 1), 4)  # as long as the context knows it, it knows everything
        self.renderer = str(context.info["GL_RENDERER"])
        self.version = str(context.info["GL_VERSION"])
        self.software = any(word in self.renderer.lower() for word in SOFTWARE)
        context.enable_direct(FRAMEBUFFER_SRGB)

    @classmethod
    def headless(cls) -> Gpu:
        """A context without a window: EGL on Linux, the platform's own elsewhere. Raises GpuError."""
        os.environ.setdefault("MESA_SHADER_CACHE_MAX_SIZE", "128M")
        return cls(headless_context(), headless_context)

    @property
    def lost(self) -> bool:
        """Whether the context is gone: then calls do nothing, and what is read is whatever the memory held."""
        reset = getattr(self._native, "glGetGraphicsResetStatus", None)  # OpenGL 4.5, KHR_robustness
        return not self._native.glIsTexture(self._witness.glo) or bool(reset is not None and reset())

    def check(self) -> None:
        """Raises GpuLost where the context is gone."""
        if self.lost:
            raise GpuLost

    def recreate(self) -> None:
        """Another context in the place of a lost one. Raises GpuError where there can be none.

        Release what was made in the old one first: its names may mean other things in the new.
        """
        if self._another is None:
            raise GpuLost(hint="start the show again; the window went with it")
        self.context.release()
        self._begin(self._another())

    def close(self) -> None:
        """Releases a headless context. No context is current in this thread then."""
        self.context.release()
        leave_thread()

    def detach(self) -> None:
        """Lets go of a context of somebody else's, which stays open."""
        self._witness.release()

    @contextmanager
    def borrowed(self) -> Iterator[None]:
        """While a context of somebody else's, the current one, is drawn in; what was bound is bound again after."""
        bound = self.context.fbo
        self.context.enable_direct(FRAMEBUFFER_SRGB)
        try:
            yield
        finally:
            self.context.disable_direct(FRAMEBUFFER_SRGB)
            if bound is not None:
                bound.use()

    @property
    def live_objects(self) -> int:
        """How many objects were made and not released."""
        return len(self._live)

    def keep(self, resource: Any) -> Any:
        """Counts an object until `release`."""
        self._live.add(id(resource))
        return resource

    def release(self, *resources: Any) -> None:
        """Releases objects; None and what was released before are left alone."""
        for resource in resources:
            if resource is not None and id(resource) in self._live:
                self._live.discard(id(resource))
                resource.release()

    def texture(
        self,
        size: tuple[int, int],
        components: int = 4,
        data: Any = None,
        *,
        dtype: str = "f1",
        srgb: bool = False,
        smooth: bool = True,
        repeat: bool = False,
    ) -> moderngl.Texture:
        """A texture; `srgb` ones hold sRGB codes and give linear light when they are read."""
        limit = int(self.context.info["GL_MAX_TEXTURE_SIZE"])
        if max(size) > limit or min(size) < 1:
            raise GpuError(f"a texture of {size[0]}×{size[1]} pixels: this GPU takes 1 to {limit}")
        extra = {"internal_format": SRGB8_ALPHA8} if srgb else {}
        texture = self.context.texture(size, components, data, dtype=dtype, **extra)
        mode = moderngl.LINEAR if smooth else moderngl.NEAREST
        texture.filter = (mode, mode)
        texture.repeat_x = texture.repeat_y = repeat
        self.keep(texture)
        return texture

    def framebuffer(self, textures: Sequence[moderngl.Texture]) -> moderngl.Framebuffer:
        """A framebuffer that draws into `textures`."""
        framebuffer = self.context.framebuffer(color_attachments=list(textures))
        self.keep(framebuffer)
        return framebuffer

    def flush(self) -> None:
        """Sends off everything drawn, without a wait: the GPU works on it while this thread goes on."""
        self._native.glFlush()

    def finish(self) -> None:
        """Waits until everything drawn is there. moderngl would hold the interpreter's lock; this call does not.

        Raises GpuLost.
        """
        self._native.glFinish()
        self.check()

    def blit(self, source: moderngl.Framebuffer, target: moderngl.Framebuffer) -> None:
        """Fills `target` with `source` at another size."""
        gl = self._native
        gl.glBindFramebuffer(READ_FRAMEBUFFER, source.glo)
        gl.glBindFramebuffer(DRAW_FRAMEBUFFER, target.glo)
        ends = (0, 0, source.width, source.height, 0, 0, target.width, target.height)
        gl.glBlitFramebuffer(*ends, COLOR_BUFFER_BIT, LINEAR)
        target.use()

    def blit_region(
        self, source: moderngl.Framebuffer, target: moderngl.Framebuffer, box: tuple[int, int, int, int]
    ) -> None:
        """Copies the pixels in `box` (left, top, right, bottom); either may hold several samples a pixel."""
        gl = self._native
        gl.glBindFramebuffer(READ_FRAMEBUFFER, source.glo)
        gl.glBindFramebuffer(DRAW_FRAMEBUFFER, target.glo)
        gl.glBlitFramebuffer(*box, *box, COLOR_BUFFER_BIT, NEAREST)
        target.use()

    def clear_depth(self) -> None:
        """Clears the depth of what is bound, within the scissor's box, and leaves its colour."""
        self._native.glClear(DEPTH_BUFFER_BIT)

    def present(self, source: moderngl.Framebuffer, box: tuple[int, int, int, int], window: tuple[int, int]) -> None:
        """Shows `source` in the window: in `box` (left, bottom, width, height), black round it, top row up."""
        gl, context = self._native, self.context
        context.disable_direct(FRAMEBUFFER_SRGB)
        screen = context.screen
        screen.use()
        context.viewport = (0, 0, *window)
        screen.clear(0.0, 0.0, 0.0, 1.0)
        gl.glBindFramebuffer(READ_FRAMEBUFFER, source.glo)
        gl.glBindFramebuffer(DRAW_FRAMEBUFFER, 0)
        left, bottom, width, height = box
        # Row 0 of our images is the top, of the window the bottom: the one flip stands here.
        gl.glBlitFramebuffer(
            0, 0, source.width, source.height, left, bottom + height, left + width, bottom, COLOR_BUFFER_BIT, LINEAR
        )
        source.use()
        context.enable_direct(FRAMEBUFFER_SRGB)
