"""The last step of every image: general and red flashes are kept under three a second (WCAG 2.3.1).

Each image is measured small before anybody sees it. One that would flash once too often is mixed, all of it, into
what was shown before; engine/renderer/flash_meter.py says by how much. Nothing is altered as long as nothing flashes,
and all it costs is one small draw and its read-back, or in software, where the bytes are at hand, a look at some of
them.
"""

from __future__ import annotations

import numpy as np

from ..core.frame import Pixels
from ..core.imaging import light_at
from ..effect.effect import Effect, Pass
from ..glsl.assemble import assemble
from .flash_meter import COLUMNS, ROWS, FlashMeter, Light, light_of
from .gpu import Gpu
from .program import Program
from .targets import Target

# The mean of 16 pixels of each cell, four by four.
FINER = 4
SMALL = """
uniform sampler2D _picture;
vec4 effect(vec2 uv) {
    vec2 whole = vec2(textureSize(_picture, 0));
    vec4 sum = vec4(0.0);
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 4; x++)
            sum += texelFetch(_picture, ivec2((uv + (vec2(x, y) * 0.25 - 0.375) / size_px) * whole), 0);
    return sum / 16.0;
}
"""
MIXED = """
uniform sampler2D _picture;
uniform sampler2D _before;
uniform float _share;
vec4 effect(vec2 uv) {
    ivec2 at = ivec2(gl_FragCoord.xy);
    return mix(texelFetch(_before, at, 0), texelFetch(_picture, at, 0), _share);
}
"""


class FlashGuard:
    """Looks at each finished image and gives what is to be shown instead: mostly the image itself."""

    def __init__(self, gpu: Gpu) -> None:
        self.gpu = gpu
        self.damps = False  # whether it held anything of the last image back
        self._meter = FlashMeter()
        self._measure = Program(gpu, assemble(Effect, Pass(SMALL), ()))
        self._mix = Program(gpu, assemble(Effect, Pass(MIXED), ()))
        self._small = Target(gpu, (COLUMNS, ROWS), dtype="f1")
        self._pixels: Pixels = np.empty((ROWS, COLUMNS, 4), np.uint8)
        self._bytes: Pixels = np.empty((0, 0, 4), np.uint8)
        self._shown: Target | None = None
        self._free: list[Target] = []

    def begin(self, shown: Target) -> Target:
        """Keeps what was `shown` last; gives a target of the same kind to draw the next image on."""
        if self._shown is not None:  # the last image came to no end
            self._free.append(self._shown)
        for target in [t for t in self._free if not t.like(shown)]:
            self._free.remove(target)
            target.release()
        self._shown = shown
        return self._other(shown)

    def end(self, image: Target, time_s: float, *, whole: bool) -> Target:
        """What is to be shown at `time_s` for the finished `image`; that itself where `whole`."""
        assert self._shown is not None
        light = self._measured(image)
        share = 1.0 if whole else self._meter.share(light, time_s)
        self.damps = share < 1.0
        if self.damps:
            mixed = self._other(image)
            self._mix.texture("_picture", image.texture)
            self._mix.texture("_before", self._shown.texture)
            self._mix.set("_share", share)
            self._mix.draw(mixed.framebuffer)
            self._free.append(image)
            image, light = mixed, self._measured(mixed)
        self._meter.take(light, time_s)
        self._free.append(self._shown)
        self._shown = None
        return image

    def _measured(self, image: Target) -> Light:
        if self.gpu.software:
            self.gpu.finish()
            width, height = image.size
            if self._bytes.shape[:2] != (height, width):
                self._bytes = np.empty((height, width, 4), np.uint8)
            image.framebuffer.read_into(self._bytes, components=4)
            return light_of(light_at(self._bytes, (COLUMNS, ROWS), FINER))
        self._measure.texture("_picture", image.texture)
        self._measure.draw(self._small.framebuffer)
        self.gpu.finish()
        self._small.framebuffer.read_into(self._pixels, components=4)
        return light_of(self._pixels)

    def _other(self, like: Target) -> Target:
        return self._free.pop() if self._free else Target(self.gpu, like.size)

    def release(self) -> None:
        """Gives back every GL object."""
        for target in (self._small, self._shown, *self._free):
            if target is not None:
                target.release()
        self._free.clear()
        self._shown = None
        self._measure.release()
        self._mix.release()
